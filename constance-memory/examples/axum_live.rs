//! axum with `live()`: handlers read the settings without I/O, and see a change at the next request.
//!
//! ```text
//! cargo run -p constance-memory --example axum_live
//! ```
//!
//! A service keeps its settings in a store that an operator can reach: replace `MemoryBackend::new()` by one, such as
//! `RedisBackend::from_url("redis://127.0.0.1:6379/0")?`. `examples/shop` of the repository is a whole service.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use constance_core::{Config, Live, Settings};
use constance_memory::MemoryBackend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Live settings of the shop.
#[derive(Debug, Clone, Settings)]
struct Shop {
    /// Website title
    #[setting(default = "My Title")]
    site_name: String,
}

/// No I/O, so there is nothing to await. All of one request is of one moment.
async fn index(State(live): State<Live<Shop>>) -> String {
    live.load().site_name.clone()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `live()` loads once, and may wait for that: before the runtime serves requests.
    let config = Config::<Shop>::new(MemoryBackend::new());
    let live = config.live()?;
    tokio::runtime::Runtime::new()?.block_on(serve(config, live))
}

async fn serve(config: Config<Shop>, live: Live<Shop>) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/", get(index)).with_state(live);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    let before = body(address).await?;
    // What an operator does. It waits for the store, so a task leaves it to a thread that may block.
    tokio::task::spawn_blocking(move || config.set(Shop::SITE_NAME, "Corner".to_owned())).await??;
    let after = body(address).await?;
    println!("before: {before}\nafter:  {after}");
    assert_eq!((before.as_str(), after.as_str()), ("My Title", "Corner"));
    server.abort();
    Ok(())
}

/// What the service answers.
async fn body(address: std::net::SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.rsplit("\r\n").next().unwrap_or_default().to_owned())
}

#[test]
fn it_runs() {
    main().expect("it runs");
}
