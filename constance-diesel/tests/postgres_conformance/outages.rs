//! A server that is not there, and a process of ours that is killed.

use std::path::Path;

use constance_diesel::PostgresBackend;

use crate::postgres_support::{patient, server_url};

constance_core::unreachable_backend_tests!(mod unreachable: || {
    PostgresBackend::from_url("postgres://constance:hunter2@127.0.0.1:1/constance").expect("a valid URL")
});

constance_core::persistence_tests!(mod persistent: |_: &Path| {
    Some(patient(&server_url()?).table("persistent").build().expect("a valid URL"))
});
