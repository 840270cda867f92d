//! The PostgreSQL backend keeps the contract.

use std::sync::LazyLock;

use constance_core::Registry;
use constance_diesel::PostgresBackend;
use constance_diesel::diesel::PgConnection;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::r2d2::{ConnectionManager, Pool};

use crate::postgres_support::{patient, raw, server_url, url_in};

/// One schema for all cases, which each have a key space of their own. It stays until the next run.
fn schema(base: String, name: &'static str) -> String {
    raw(&base).batch_execute(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")).expect("a schema");
    let mark = if base.contains('?') { '&' } else { '?' };
    format!("{base}{mark}options=-c%20search_path%3D{name}")
}

static PLAIN: LazyLock<Option<String>> = LazyLock::new(|| Some(schema(server_url()?, "conformance")));
static ICU: LazyLock<Option<String>> =
    LazyLock::new(|| Some(schema(url_in("CONSTANCE_POSTGRES_ICU_URL")?, "conformance")));
static TLS: LazyLock<Option<String>> =
    LazyLock::new(|| Some(schema(url_in("CONSTANCE_POSTGRES_TLS_URL")?, "conformance_tls")));

fn migrated(backend: PostgresBackend) -> PostgresBackend {
    backend.migrate().expect("the tables can be made");
    backend
}

/// Each in a table of its own, with as many connections.
fn backend(url: &Option<String>, table: &str, connections: u32) -> Option<PostgresBackend> {
    let backend = patient(url.as_ref()?).table(table).pool_size(connections).build();
    Some(migrated(backend.expect("a valid URL")))
}

constance_core::conformance_tests!(|| {
    Some(migrated(PostgresBackend::from_url(PLAIN.as_ref()?).expect("a valid URL")))
});

constance_core::conformance_tests!(mod with_one_connection: || backend(&PLAIN, "one", 1));

constance_core::conformance_tests!(mod with_an_odd_table: || backend(&PLAIN, "My \"settings\"; -- 50% of 'em", 4));

constance_core::conformance_tests!(mod with_icu_and_other_words: || backend(&ICU, "icu", 4));

constance_core::conformance_tests!(mod with_tls: || backend(&TLS, "tls", 4));

constance_core::conformance_tests!(mod by_scheme: || {
    let url = PLAIN.clone()?.replacen("postgres:", "postgresql:", 1);
    migrated(PostgresBackend::from_url(&url).expect("a valid URL"));
    Some(Registry::new().with(constance_diesel::schemes()).open(&url).expect("a registered scheme"))
});

fn own_pool(url: &str) -> Pool<ConnectionManager<PgConnection>> {
    Pool::builder().max_size(3).build(ConnectionManager::new(url)).expect("a pool")
}

constance_core::conformance_tests!(mod with_own_pool: || {
    let pool = own_pool(PLAIN.as_ref()?);
    Some(migrated(PostgresBackend::builder().pool(pool).table("own").build().expect("a pool")))
});

// As strict as an application may have its connections: reads see one moment, and writes fail where they would not.
constance_core::conformance_tests!(mod with_own_pool_that_is_serializable: || {
    let url = format!("{}%20-c%20default_transaction_isolation%3Dserializable", PLAIN.as_ref()?);
    Some(migrated(PostgresBackend::builder().pool(own_pool(&url)).table("strict").build().expect("a pool")))
});

constance_core::conformance_tests!(mod with_own_pool_and_a_url_to_watch: || {
    let url = PLAIN.as_ref()?;
    let builder = PostgresBackend::builder().pool(own_pool(url)).watch_url(url).table("watched");
    Some(migrated(builder.build().expect("a pool")))
});
