//! One server: plain, with users, on a unix socket, with TLS.

use std::path::Path;

use crate::error::Result;
use crate::services::certificates::Certificates;
use crate::services::ports;
use crate::services::resp::Address;
use crate::services::set::Set;

use super::node::{Node, quoted};
use super::{set, url};

const PASSWORD: &str = "password-of-default";
const USER: &str = "constance";
const USERS_PASSWORD: &str = "password-of-constance";

/// The least that a settings backend on the prefix `constance:` works with.
const RULES: &str = "resetkeys ~constance:* resetchannels nocommands \
    +get +mget +set +del +scan +eval +evalsha +script|load +hello +ping +select +client";

pub(in crate::services) fn plain(folder: &Path) -> Result<Set> {
    let port = ports::one()?;
    let mut node = Node::server(folder, "server", Address::Port(port), &[])?;
    node.wait()?;
    Ok(set(vec![node]).with("CONSTANCE_REDIS_URL", url::plain(port)))
}

pub(in crate::services) fn acl(folder: &Path) -> Result<Set> {
    let port = ports::one()?;
    let lines = [format!("requirepass {PASSWORD}"), format!("user {USER} on >{USERS_PASSWORD} {RULES}")];
    let mut node = Node::server(folder, "server", Address::Port(port), &lines)?.with_password(PASSWORD);
    node.wait()?;
    let set = super::set(vec![node]).with("CONSTANCE_REDIS_ACL_URL", url::with_user(USER, USERS_PASSWORD, port));
    // For tests that prepare what the user may not write.
    Ok(set.with("CONSTANCE_REDIS_PASSWORD_URL", url::with_user("", PASSWORD, port)))
}

pub(in crate::services) fn unix(folder: &Path) -> Result<Set> {
    let socket = folder.join("redis.sock");
    let mut node = Node::server(folder, "server", Address::Socket(socket.clone()), &[])?;
    node.wait()?;
    Ok(set(vec![node]).with("CONSTANCE_REDIS_UNIX_URL", url::unix(&socket)))
}

pub(in crate::services) fn tls(folder: &Path) -> Result<Set> {
    let made = Certificates::make(folder)?;
    let port = ports::one()?;
    let lines = [
        format!("tls-port {port}"),
        format!("tls-ca-cert-file {}", quoted(&made.ca)),
        format!("tls-cert-file {}", quoted(&made.server)),
        format!("tls-key-file {}", quoted(&made.server_key)),
        "tls-auth-clients optional".to_owned(),
    ];
    // A unix socket beside it, because we speak no TLS and want to know when the server is ready.
    let mut node = Node::server(folder, "server", Address::Socket(folder.join("ready.sock")), &lines)?;
    node.wait()?;
    let set = super::set(vec![node]).with("CONSTANCE_REDIS_TLS_URL", url::tls(port));
    let set = set.with("CONSTANCE_REDIS_TLS_CA", made.ca.display().to_string());
    let set = set.with("CONSTANCE_REDIS_TLS_CERT", made.client.display().to_string());
    Ok(set.with("CONSTANCE_REDIS_TLS_KEY", made.client_key.display().to_string()))
}
