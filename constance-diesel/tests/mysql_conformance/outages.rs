//! A server that is not there, and a process of ours that is killed.

use std::path::Path;

use constance_diesel::MysqlBackend;

use crate::mysql_support::{mariadb, patient};

constance_core::unreachable_backend_tests!(mod unreachable: || {
    MysqlBackend::from_url("mysql://constance:hunter2@127.0.0.1:1/constance").expect("a valid URL")
});

constance_core::persistence_tests!(mod persistent: |_: &Path| {
    Some(patient(&mariadb()?).table("persistent").build().expect("a valid URL"))
});
