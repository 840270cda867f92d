//! No log record shows a value. A program of its own with one test: whether a record is wanted is found out once in a process, and
//! may be by a thread that wants none.
#![cfg(feature = "testing")]
#![allow(clippy::expect_used)]

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use constance_core::testing::ReferenceBackend;
use constance_core::{Config, Settings};

const SECRET: &str = "hunter2";
/// The same as a number.
const NUMBER: i64 = 73_577_357;

#[derive(Debug, Clone, Settings)]
struct Vault {
    #[setting(default = "", secret)]
    password: String,
    #[setting(default = 1, min = 0, max = 9)]
    digit: i64,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_log_record_shows_a_value() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let config = Config::<Vault>::new(ReferenceBackend::new());
        config.set(Vault::PASSWORD, SECRET.to_owned()).expect("writes");
        assert!(config.set(Vault::DIGIT, NUMBER).is_err());
    });
    let log = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("UTF-8");
    assert!(!log.contains(SECRET) && !log.contains(&NUMBER.to_string()), "the log shows a value: {log}");
    assert_eq!(log.contains("setting written setting=\"password\""), cfg!(feature = "tracing"), "{log}");
}
