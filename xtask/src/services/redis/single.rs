//! One server: plain, with users, on a unix socket, with TLS.

use constance_testserver::{Certificates, Options, RedisServer};

use crate::error::Result;
use crate::services::set::Set;

use super::url;

const PASSWORD: &str = "password-of-default";
const USER: &str = "constance";
const USERS_PASSWORD: &str = "password-of-constance";

/// The least that a settings backend on the prefix `constance:` works with.
const RULES: &str = "resetkeys ~constance:* resetchannels nocommands \
    +get +mget +set +del +scan +eval +evalsha +script|load +hello +ping +select +client";

pub(in crate::services) fn plain() -> Result<Set> {
    let server = RedisServer::try_start(&Options::default())?;
    let url = server.url();
    Ok(Set::of([server]).with("CONSTANCE_REDIS_URL", url))
}

pub(in crate::services) fn acl() -> Result<Set> {
    let password = format!(">{USERS_PASSWORD}");
    let options = Options::default().settings(["--requirepass", PASSWORD, "--user", USER, "on", &password]);
    let server = RedisServer::try_start(&options.settings(RULES.split_whitespace()))?;
    let port = server.port();
    let set = Set::of([server]).with("CONSTANCE_REDIS_ACL_URL", url::with_user(USER, USERS_PASSWORD, port));
    // For tests that prepare what the user may not write.
    Ok(set.with("CONSTANCE_REDIS_PASSWORD_URL", url::with_user("", PASSWORD, port)))
}

pub(in crate::services) fn unix() -> Result<Set> {
    let options = Options::default().settings(["--port", "0", "--unixsocket", "{folder}/redis.sock"]);
    let server = RedisServer::try_start(&options)?;
    let url = url::unix(&server.folder().join("redis.sock"));
    Ok(Set::of([server]).with("CONSTANCE_REDIS_UNIX_URL", url))
}

pub(in crate::services) fn tls() -> Result<Set> {
    let made = Certificates::try_make(None)?;
    let files = [("ca-cert", &made.ca), ("cert", &made.server), ("key", &made.server_key)];
    let files = files.map(|(name, path)| [format!("--tls-{name}-file"), path.display().to_string()]);
    let options =
        Options::default().settings(["--port", "0", "--tls-port", "{port}", "--tls-auth-clients", "optional"]);
    let server = RedisServer::try_start(&options.settings(files.into_iter().flatten()))?;
    let url = url::tls(server.port());
    let set = Set::of([server]).with("CONSTANCE_REDIS_TLS_URL", url);
    let set = set.with("CONSTANCE_REDIS_TLS_CA", made.ca.display().to_string());
    let set = set.with("CONSTANCE_REDIS_TLS_CERT", made.client.display().to_string());
    Ok(set.with("CONSTANCE_REDIS_TLS_KEY", made.client_key.display().to_string()))
}
