//! PostgreSQL: one server with TLS, and one that speaks another language and sorts by ICU.

use std::path::Path;

use constance_testserver::{Certificates, Options, PostgresServer};

use crate::command::Cmd;
use crate::error::{Error, Result};

use super::durability::Durability;
use super::locale;
use super::set::Set;

/// One server with a database of the `C` locale, its owner who may do nothing else, and TLS beside plain connections.
pub(super) fn plain(durability: Durability) -> Result<Set> {
    let made = Certificates::try_make(Some(PostgresServer::USER))?;
    let ssl = [("ssl_cert_file", &made.server), ("ssl_key_file", &made.server_key), ("ssl_ca_file", &made.ca)];
    let ssl = ssl.map(|(name, path)| format!("{name}={}", path.display()));
    let server = PostgresServer::try_start(&options(durability).settings(["ssl=on"]).settings(ssl))?;
    let (url, admin) = (server.url(), server.admin_url());
    let tls = format!("{url}?sslmode=verify-ca&sslrootcert={}", made.ca.display());
    let set = Set::of([server]).with("CONSTANCE_POSTGRES_URL", url);
    Ok(set.with("CONSTANCE_POSTGRES_ADMIN_URL", admin).with("CONSTANCE_POSTGRES_TLS_URL", tls))
}

/// One server whose messages are not English, those of its log-in included, with a database of the ICU locale `en`.
pub(super) fn icu(durability: Durability) -> Result<Set> {
    let mut options = options(durability);
    let locale = locale::find()?;
    if let Some(locale) = &locale {
        options = options.settings([format!("lc_messages={}", locale::NAME)]);
        if let Some(folder) = &locale.folder {
            options = options.env("LOCPATH", &folder.display().to_string());
        }
    }
    let server = PostgresServer::try_start(&options)?;
    sql(&server, "DROP DATABASE constance")?;
    let create = "CREATE DATABASE constance OWNER constance TEMPLATE template0 LOCALE_PROVIDER icu";
    sql(&server, &format!("{create} ICU_LOCALE 'en' ENCODING 'UTF8'"))?;
    let foreign = locale.is_some() && speaks_a_foreign_language(&server)?;
    let (url, admin) = (server.url(), server.admin_url());
    let mut set = Set::of([server]).with("CONSTANCE_POSTGRES_ICU_URL", url);
    if !foreign {
        let remark = "its messages are English: the locale de_DE or PostgreSQL's translations are not installed";
        set.remark = Some(remark.to_owned());
    }
    Ok(set.with("CONSTANCE_POSTGRES_ICU_ADMIN_URL", admin))
}

fn options(durability: Durability) -> Options {
    // Tests have many pools.
    let options = Options::default().settings(["max_connections=300"]);
    match durability {
        Durability::Throwaway => options.settings(["fsync=off", "full_page_writes=off", "synchronous_commit=off"]),
        Durability::Production => options,
    }
}

/// Runs a statement as the administrator, outside of the database.
fn sql(server: &PostgresServer, text: &str) -> Result<()> {
    let url = server.admin_url().replace("/constance", "/postgres");
    let command = Cmd::new("psql").words("-X -q -v ON_ERROR_STOP=1 -c").args([text, &url]);
    command.env("LC_ALL", "C").output(Path::new(".")).map(|_| ())
}

/// Whether an error of the server is told in other words than the English ones.
fn speaks_a_foreign_language(server: &PostgresServer) -> Result<bool> {
    match sql(server, "SELECT 1 / 0") {
        Ok(()) => Err(Error::failed("a division by zero has a result")),
        Err(error) => Ok(!error.to_string().contains("division by zero")),
    }
}
