//! The service.

use std::io::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use constance_core::{Config, Live, LiveOptions, SettingType};
use serde_json::json;
use tokio::net::TcpListener;

use crate::settings::{Shop, Theme};
use crate::{health, store};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What every request may use. Cloning it is cheap.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) config: Config<Shop>,
    pub(crate) live: Live<Shop>,
}

/// Listens at `addr` and answers until the process ends.
pub(crate) fn run(addr: SocketAddr) -> Result<()> {
    // What does I/O comes before the runtime: these calls block.
    let service = start()?;
    tokio::runtime::Runtime::new()?.block_on(serve(addr, service))
}

fn start() -> Result<Service> {
    let config = store::open()?;
    // A shop that sells on its defaults is better than one that does not come back during an outage: it starts, says so
    // here and on /health, and follows the store as soon as it answers. A service whose defaults would do harm (no limit,
    // a test system's address) uses `live()` instead, and does not start without its store. What waiting does not mend,
    // such as a wrong URL, ends the start here too.
    match config.migrate() {
        Err(error) if error.is_transient() => store::say(&format!("warning: {error}")),
        done => done?,
    }
    let live = config.live_with(LiveOptions::new().default_if_unreadable().defaults_if_unreachable())?;
    let status = live.status();
    if let Some(error) = status.last_error {
        store::say(&format!("warning: starting on the defaults of {}: {error}", status.on_default.join(", ")));
    }
    Ok(Service { config, live })
}

async fn serve(addr: SocketAddr, service: Service) -> Result<()> {
    let router = Router::new().route("/", get(index)).route("/health", get(health::health)).with_state(service);
    let listener = TcpListener::bind(addr).await?;
    let mut out = std::io::stdout();
    // The address that it has now: with port 0 the system chose one.
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()?;
    // No shutdown to wait for: a set has been stored when it returns, so that ending the process at any moment loses
    // nothing.
    Ok(axum::serve(listener, router).await?)
}

/// The settings as they are now. No I/O, so there is nothing to await.
async fn index(State(service): State<Service>) -> impl IntoResponse {
    // All of one moment, and let go at the end of the request.
    let settings = service.live.load();
    let answer = json!({
        "site_name": settings.site_name,
        "the_answer": settings.the_answer,
        "theme": match settings.theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        },
        "basket_timeout": settings.basket_timeout.print(),
        // Whether there is a key, never the key.
        "can_pay": settings.api_key.is_some(),
    });
    // In lines and with one at the end, since the reader is likely to be `curl` in a terminal.
    ([(CONTENT_TYPE, "application/json")], format!("{answer:#}\n"))
}
