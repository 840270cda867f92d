//! PostgreSQL: one server with TLS, and one that speaks another language and sorts by ICU.

mod locale;
mod server;

use std::path::Path;

use crate::error::Result;

use super::certificates::Certificates;
use super::durability::Durability;
use super::set::Set;

use self::server::{ADMIN, DATABASE, Server, USER};

/// One server with a database of the `C` locale, its owner who may do nothing else, and TLS beside plain connections.
pub(super) fn plain(own: &Path, durability: Durability) -> Result<Set> {
    let server = Server::prepare(own, durability)?;
    let made = Certificates::make(own)?;
    // The server refuses a key that is not its own; and whoever makes files may be the only one to read them.
    server.own(&[&made.ca, &made.server, &made.server_key])?;
    let ssl = [("ssl_cert_file", &made.server), ("ssl_key_file", &made.server_key), ("ssl_ca_file", &made.ca)];
    let lines = ssl.map(|(name, path)| format!("{name} = {}", server::quoted(&path.display().to_string())));
    let lines = [&["ssl = on".to_owned()][..], &lines].concat();
    let running = server.start(&lines, None)?;
    running.sql(&format!("CREATE DATABASE {DATABASE} OWNER {}", USER.name))?;
    let url = running.url(&USER, DATABASE);
    let admin = running.url(&ADMIN, DATABASE);
    let tls = format!("{url}?sslmode=verify-ca&sslrootcert={}", made.ca.display());
    let set = Set::of([running.into_process()]).with("CONSTANCE_POSTGRES_URL", url);
    Ok(set.with("CONSTANCE_POSTGRES_ADMIN_URL", admin).with("CONSTANCE_POSTGRES_TLS_URL", tls))
}

/// One server whose messages are not English, those of its log-in included, with a database of the ICU locale `en`.
pub(super) fn icu(own: &Path, durability: Durability) -> Result<Set> {
    let server = Server::prepare(own, durability)?;
    let locale = locale::find(&server, own)?;
    let lines: Vec<String> =
        locale.iter().map(|locale| format!("lc_messages = {}", server::quoted(&locale.name))).collect();
    let running = server.start(&lines, locale.as_ref())?;
    let create = format!("CREATE DATABASE {DATABASE} OWNER {} TEMPLATE template0 LOCALE_PROVIDER icu", USER.name);
    running.sql(&format!("{create} ICU_LOCALE 'en' ENCODING 'UTF8'"))?;
    let foreign = locale.is_some() && running.speaks_a_foreign_language()?;
    let (url, admin) = (running.url(&USER, DATABASE), running.url(&ADMIN, DATABASE));
    let mut set = Set::of([running.into_process()]).with("CONSTANCE_POSTGRES_ICU_URL", url);
    if !foreign {
        let remark = "its messages are English: the locale de_DE or PostgreSQL's translations are not installed";
        set.remark = Some(remark.to_owned());
    }
    Ok(set.with("CONSTANCE_POSTGRES_ICU_ADMIN_URL", admin))
}
