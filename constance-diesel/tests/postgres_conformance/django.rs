//! The PostgreSQL backend keeps the contract over the table that Django made.

use std::sync::LazyLock;

use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};
use constance_diesel::{Layout, PostgresBackend};

use crate::django_table;
use crate::postgres_support::{patient, raw, server_url, url_in};

/// One schema for all cases, which each have a key space of their own. It stays until the next run.
fn schema(base: String) -> String {
    let statements = "DROP SCHEMA IF EXISTS django CASCADE; CREATE SCHEMA django; SET search_path = django";
    raw(&base).batch_execute(&format!("{statements}; {}", django_table::ON_POSTGRES)).expect("a schema");
    let mark = if base.contains('?') { '&' } else { '?' };
    format!("{base}{mark}options=-c%20search_path%3Ddjango")
}

static PLAIN: LazyLock<Option<String>> = LazyLock::new(|| Some(schema(server_url()?)));
static ICU: LazyLock<Option<String>> = LazyLock::new(|| Some(schema(url_in("CONSTANCE_POSTGRES_ICU_URL")?)));

fn looked_at(backend: PostgresBackend) -> PostgresBackend {
    backend.migrate().expect("it is Django's table");
    backend
}

fn backend(url: &Option<String>) -> Option<PostgresBackend> {
    let builder = patient(url.as_ref()?).layout(Layout::Django);
    Some(looked_at(builder.build().expect("a valid URL")))
}

constance_core::conformance_tests!(|| backend(&PLAIN));

constance_core::conformance_tests!(mod with_icu_and_other_words: || backend(&ICU));

constance_core::conformance_tests!(mod with_own_pool: || {
    let manager = ConnectionManager::<PgConnection>::new(PLAIN.as_ref()?);
    let pool = Pool::builder().max_size(3).build(manager).expect("a pool");
    Some(looked_at(PostgresBackend::builder().pool(pool).layout(Layout::Django).build().expect("a pool")))
});
