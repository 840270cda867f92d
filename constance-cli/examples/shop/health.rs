//! The readiness probe.

use axum::extract::State;
use axum::http::StatusCode;

use crate::serve::Shop;

/// 200 where the settings are those of the store and the store is in order, else 503; with a line for each.
pub(crate) async fn health(State(shop): State<Shop>) -> (StatusCode, String) {
    let status = shop.live.status();
    let config = shop.config.clone();
    // It asks the store and waits for it, which must not keep this thread from other requests.
    let store = match tokio::task::spawn_blocking(move || config.verify()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the check of the store was broken off".to_owned()),
    };
    // Values from the store that grow old while it is away are still served, and a shop on its defaults is not ready.
    let code = match status.age.is_some() && store.is_ok() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let store = store.err().unwrap_or_else(|| "in order".to_owned());
    (code, format!("settings: {status}\nstore: {store}\n"))
}
