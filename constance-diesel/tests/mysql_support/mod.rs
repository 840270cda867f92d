//! What the tests of MySQL and MariaDB share.
#![allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub, unused_imports)]

#[path = "../common/values.rs"]
mod values;

use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use constance_core::{Backend, Error};
use constance_diesel::MysqlBackend;
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::mysql::MysqlConnection;
use constance_diesel::diesel::sql_types::{BigInt, Text};
use constance_diesel::diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};

use constance_testserver::MariadbServer;

pub use constance_testserver::until;

pub use self::values::{key, read, set, store, value, write};

/// One server for all tests of a program that do nothing to it, each with a table of its own.
static SERVER: LazyLock<Option<Shared>> = LazyLock::new(|| {
    let server = MariadbServer::start()?;
    let (url, admin_url) = (server.url(), server.admin_url());
    Some(Shared { url, admin_url, _server: Mutex::new(server) })
});

struct Shared {
    url: String,
    admin_url: String,
    _server: Mutex<MariadbServer>,
}

/// A MariaDB that is there already, or the one of this program.
pub fn mariadb() -> Option<String> {
    std::env::var("CONSTANCE_MARIADB_URL").ok().or_else(|| SERVER.as_ref().map(|server| server.url.clone()))
}

/// The same as an administrator.
pub fn mariadb_admin() -> Option<String> {
    match std::env::var("CONSTANCE_MARIADB_URL") {
        Ok(_) => std::env::var("CONSTANCE_MARIADB_ADMIN_URL").ok(),
        Err(_) => SERVER.as_ref().map(|server| server.admin_url.clone()),
    }
}

/// A MySQL, where one is given: no Linux distribution that we test on has it.
pub fn mysql() -> Option<String> {
    let url = std::env::var("CONSTANCE_MYSQL_URL").ok();
    if url.is_none() {
        eprintln!("skipped on MySQL: CONSTANCE_MYSQL_URL is not set");
    }
    url
}

/// The servers that there are.
pub fn urls() -> Vec<String> {
    mariadb().into_iter().chain(mysql()).collect()
}

/// A table for one test, removed at its end.
pub struct Place {
    pub url: String,
    pub table: String,
}

impl Place {
    pub fn new(url: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { url: url.to_owned(), table: format!("test {}`{number}", std::process::id()) }
    }

    /// A place on each server that there is.
    pub fn each() -> Vec<Self> {
        urls().iter().map(|url| Self::new(url)).collect()
    }

    pub fn builder(&self) -> constance_diesel::Builder<MysqlConnection> {
        patient(&self.url).table(&self.table)
    }

    pub fn unmigrated(&self) -> MysqlBackend {
        self.builder().build().expect("a valid URL")
    }

    /// A backend whose table is there.
    pub fn backend(&self) -> MysqlBackend {
        let backend = self.unmigrated();
        backend.migrate().expect("tables");
        backend
    }

    /// The table's name in quotes.
    pub fn quoted(&self) -> String {
        format!("`{}`", self.table.replace('`', "``"))
    }

    /// Runs statements past the backend, in which `{}` stands for the table.
    pub fn run(&self, statements: &str) {
        raw(&self.url).batch_execute(&statements.replace("{}", &self.quoted())).expect("statements");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(mut connection) = MysqlConnection::establish(&self.url) {
            let versions = self.table.replace('`', "``");
            let _ =
                connection.batch_execute(&format!("DROP TABLE IF EXISTS {}, `{versions}_migrations`", self.quoted()));
        }
    }
}

/// A backend that waits as long as a busy machine makes it.
pub fn patient(url: &str) -> constance_diesel::Builder<MysqlConnection> {
    let minute = Duration::from_secs(60);
    MysqlBackend::builder().url(url).connect_timeout(minute).acquire_timeout(minute).busy_timeout(minute)
}

/// A connection past the backend.
pub fn raw(url: &str) -> MysqlConnection {
    // Else libmariadb would do it, with a handler that breaks the end of this process.
    constance_diesel::init_openssl();
    let mut connection = MysqlConnection::establish(url).expect("a connection");
    connection.batch_execute("SET SESSION lock_wait_timeout = 60").expect("a setting");
    connection
}

/// The same URL with another user and password.
pub fn as_user(url: &str, user: &str, password: &str) -> String {
    let at = url.find('@').expect("a URL with a user");
    format!("mysql://{user}:{password}{}", &url[at..])
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The column `text` of a query.
pub fn texts(connection: &mut MysqlConnection, query: &str) -> Vec<String> {
    sql_query(query).load::<Answer>(connection).expect("a query").into_iter().map(|row| row.text).collect()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The column `number` of a query.
pub fn number(connection: &mut MysqlConnection, query: &str) -> i64 {
    sql_query(query).get_result::<Count>(connection).expect("a query").number
}

/// What an error shows anywhere.
pub fn shown(error: &Error) -> String {
    format!("{error} {error:?} {:?}", error.source().map(ToString::to_string))
}
