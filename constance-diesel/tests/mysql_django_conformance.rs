//! The MySQL backend keeps the contract over the table that Django made, on MariaDB and, where there is one, on MySQL.
#![cfg(feature = "mysql")]
#![allow(clippy::expect_used)]

#[path = "common/django.rs"]
mod django;
mod mysql_support;

use std::sync::LazyLock;
use std::time::Duration;

use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::{Layout, MysqlBackend};
use mysql_support::{mariadb, mysql, raw};

const TABLE: &str = "django_conformance";

/// One table for all cases, which each have a key space of their own.
fn made(url: String) -> String {
    let create = django::named(django::ON_MYSQL, "`django_conformance`");
    raw(&url).batch_execute(&format!("DROP TABLE IF EXISTS {TABLE}; {create}")).expect("Django's statements");
    url
}

static MARIADB: LazyLock<Option<String>> = LazyLock::new(|| mariadb().map(made));
static MYSQL: LazyLock<Option<String>> = LazyLock::new(|| mysql().map(made));

fn backend(url: &Option<String>) -> Option<MysqlBackend> {
    let builder = MysqlBackend::builder().url(url.as_ref()?).layout(Layout::Django).table(TABLE);
    // Many cases at once, each with its own pool, on a machine that may be slow.
    let backend = builder.busy_timeout(Duration::from_secs(30)).build().expect("a valid URL");
    backend.migrate().expect("it is Django's table");
    Some(backend)
}

constance_core::conformance_tests!(mod mariadb_django: || backend(&MARIADB));
constance_core::conformance_tests!(mod mysql_django: || backend(&MYSQL));
