//! What the tests of PostgreSQL share.
#![allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub, unused_imports)]

#[path = "../common/values.rs"]
mod values;

use std::error::Error as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use constance_core::{Backend, Error};
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::sql_types::Text;
use constance_diesel::diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use constance_diesel::{Builder, PostgresBackend};

pub use constance_testserver::{PostgresServer, until, url_in};

pub use self::values::{key, read, set, store, value, write};

/// Longer than any test may take: it ends by a wake or not at all.
pub const LONG: Duration = Duration::from_secs(600);

/// The server of this program, where there is no other.
static SERVER: LazyLock<Option<Mutex<PostgresServer>>> = LazyLock::new(|| PostgresServer::start().map(Mutex::new));

/// A server that is there already, or the one of this program. Where it offers TLS, a feed would poll.
pub fn server_url() -> Option<String> {
    let given = std::env::var("CONSTANCE_POSTGRES_URL").ok();
    let url = given.or_else(|| Some(SERVER.as_ref()?.lock().expect("no panic").url()))?;
    Some(if url.contains('?') { url } else { format!("{url}?sslmode=disable") })
}

/// The same server as its administrator.
pub fn admin_url() -> Option<String> {
    if std::env::var_os("CONSTANCE_POSTGRES_URL").is_some() {
        return url_in("CONSTANCE_POSTGRES_ADMIN_URL");
    }
    Some(SERVER.as_ref()?.lock().expect("no panic").admin_url())
}

/// A schema on each server there is, of which one speaks another language, and who may do what there.
pub fn everywhere() -> Vec<(Schema, PgConnection)> {
    let plain = Schema::new().zip(admin_url());
    let icu = Schema::icu().zip(url_in("CONSTANCE_POSTGRES_ICU_ADMIN_URL"));
    plain.into_iter().chain(icu).map(|(schema, admin)| (schema, raw(&admin))).collect()
}

/// A user with a random name, as a part of SQL and with their password as a part of a URL. They go with the admin's connection
/// that is given back.
pub struct User<'a> {
    pub name: String,
    admin: &'a mut PgConnection,
}

impl<'a> User<'a> {
    pub fn new(admin: &'a mut PgConnection, options: &str) -> Self {
        let name = format!("user_{:016x}", RandomState::new().hash_one(0));
        admin.batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'hunter2' {options}")).expect("a user");
        Self { name, admin }
    }

    pub fn run(&mut self, sql: &str) {
        self.admin.batch_execute(&sql.replace("{user}", &self.name)).expect("an administrator's statement");
    }

    /// The URL with this user in it.
    pub fn in_url(&self, url: &str) -> String {
        let (_, rest) = url.split_once('@').expect("a user in the URL");
        format!("postgres://{}:hunter2@{rest}", self.name)
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        let _ = self.admin.batch_execute(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}

/// A schema of its own, removed at the end: tables have their usual names in it, and nobody else's tests see them.
pub struct Schema {
    base: String,
    pub name: String,
}

impl Schema {
    pub fn new() -> Option<Self> {
        Self::at(&server_url()?)
    }

    /// Where messages are not English and names are sorted by a language.
    pub fn icu() -> Option<Self> {
        Self::at(&url_in("CONSTANCE_POSTGRES_ICU_URL")?)
    }

    pub fn at(base: &str) -> Option<Self> {
        let name = format!("test_{:016x}", RandomState::new().hash_one(0));
        raw(base).batch_execute(&format!("CREATE SCHEMA {name}")).expect("a schema");
        Some(Self { base: base.to_owned(), name })
    }

    /// A URL that leads into the schema.
    pub fn url(&self) -> String {
        self.url_with("")
    }

    /// The same with further options of the session, such as ` -c lock_timeout=1`.
    pub fn url_with(&self, options: &str) -> String {
        self.through(&self.base, options)
    }

    /// Into the schema by way of another URL.
    pub fn through(&self, base: &str, options: &str) -> String {
        let options = options.replace(' ', "%20").replace('=', "%3D");
        let mark = if base.contains('?') { '&' } else { '?' };
        format!("{base}{mark}options=-c%20search_path%3D{}{options}", self.name)
    }

    /// A backend whose tables are there, which waits for no lock long.
    pub fn backend(&self) -> PostgresBackend {
        patient(&self.url()).build().and_then(|backend| backend.migrate()).expect("tables");
        patient(&self.url()).busy_timeout(Duration::from_millis(50)).build().expect("a valid URL")
    }

    /// A connection past the backend.
    pub fn raw(&self) -> PgConnection {
        raw(&self.url())
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if let Ok(mut connection) = PgConnection::establish(&self.base) {
            let _ = connection.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }
}

/// A backend that waits as long as a busy machine makes it. It also waits for its turn: who makes tables of the usual name
/// keeps out whoever does the same in another schema.
pub fn patient(url: &str) -> Builder<PgConnection> {
    let minute = LONG / 10;
    PostgresBackend::builder().url(url).connect_timeout(minute).acquire_timeout(LONG).busy_timeout(minute)
}

pub fn raw(url: &str) -> PgConnection {
    // Else libpq would do it, with a handler that breaks the end of this process.
    constance_diesel::init_openssl();
    PgConnection::establish(url).expect("a connection")
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

/// What a query gives in its column `text`.
pub fn texts(connection: &mut PgConnection, query: &str) -> Vec<String> {
    sql_query(query).load::<Row>(connection).expect("a query").into_iter().map(|row| row.text).collect()
}

/// Waits until a connection that bears the schema's name waits for a lock.
pub fn until_somebody_waits(schema: &Schema) {
    let mut raw = schema.raw();
    let query = format!(
        "SELECT pid::text AS text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = '{}'",
        schema.name
    );
    until("a wait for a lock", || (!texts(&mut raw, &query).is_empty()).then_some(()));
}

/// What an error shows anywhere.
pub fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        shown.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    shown
}
