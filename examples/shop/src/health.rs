//! The readiness probe.

use axum::extract::State;
use axum::http::StatusCode;

use crate::serve::Service;

/// 200 where the shop has the settings of its store, 503 while it is on defaults; with what is known about both.
pub(crate) async fn health(State(service): State<Service>) -> (StatusCode, String) {
    let config = service.config.clone();
    // It asks the store and waits for it, which must not keep this thread from other requests.
    let store = match tokio::task::spawn_blocking(move || config.verify()).await {
        Ok(Ok(warnings)) if warnings.is_empty() => "in order".to_owned(),
        Ok(Ok(warnings)) => warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "its check was broken off".to_owned(),
    };
    let status = service.live.status();
    // What the store says now is there to be read, and does not decide: were every instance to report itself unready when
    // the store goes away, the whole shop would go with it, although all of them still have good settings.
    let code = if status.age.is_some() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, format!("settings: {status}\nstore: {store}\n"))
}
