//! The status of `live()` says whether the server tells of changes or the table is looked at.

use std::time::Duration;

use constance_core::{Config, LiveMode, Settings};
use constance_diesel::PostgresBackend;

use crate::postgres_support::{Schema, server_url, url_in};

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

const LOOKING: LiveMode = LiveMode::Looking { every: Duration::from_millis(250) };

/// How changes are noticed through this URL.
fn mode(url: &str) -> LiveMode {
    let config = Config::<Shop>::new(PostgresBackend::from_url(url).expect("a valid URL"));
    config.migrate().expect("tables");
    let status = config.live().expect("loads").status();
    assert!(status.mode_for.is_some());
    let words = if status.mode == LiveMode::Pushed { "told of changes" } else { "looking for changes every 250ms" };
    assert!(status.to_string().contains(words), "{status}");
    status.mode
}

#[test]
fn it_is_told_with_the_listener_and_looks_without() {
    let Some(schema) = server_url().and_then(|url| Schema::at(&url)) else { return };
    let url = schema.url();
    assert_eq!(mode(&url), if cfg!(feature = "listen") { LiveMode::Pushed } else { LOOKING });
    // The listener does not know what this asks of libpq.
    assert_eq!(mode(&format!("{url}&gssencmode=disable&krbsrvname=x")), LOOKING);
}

#[test]
fn through_tls_it_is_told_with_the_listener_for_that_only() {
    let Some(schema) = url_in("CONSTANCE_POSTGRES_TLS_URL").and_then(|url| Schema::at(&url)) else { return };
    assert_eq!(mode(&schema.url()), if cfg!(feature = "listen-tls") { LiveMode::Pushed } else { LOOKING });
}
