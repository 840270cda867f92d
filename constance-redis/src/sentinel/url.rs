//! `redis+sentinel://user:password@host:26379,host:26379/name/0`.

use std::fmt;
use std::sync::atomic::AtomicUsize;

use constance_core::{Error, ErrorKind, Result};

use super::Sentinels;
use crate::hosts::Hosts;
use crate::target::Target;
use crate::tls::Certificates;

/// How to log in to the sentinels themselves.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
}

/// The sentinels that a URL names, or `None` where it is no URL of sentinels.
pub(crate) fn parse(url: &str, login: &Login, certificates: &Certificates) -> Result<Option<Sentinels>> {
    let Some(hosts) = Hosts::of(url, "sentinel") else { return Ok(None) };
    let (name, db) = hosts.path.split_once('/').unwrap_or((hosts.path, "0"));
    // The characters that a sentinel takes in a name.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return Err(Error::new(ErrorKind::Configuration)
            .with_detail("the URL does not name the master as sentinels do")
            .with_hint("it looks like redis+sentinel://user:password@host:26379,host:26379/name/0"));
    }
    let infos = hosts.infos(26379, if db.is_empty() { "0" } else { db })?;
    let mut targets = infos.into_iter().map(|info| Target::new(info, certificates.clone()));
    let first = match targets.next() {
        Some(first) => first?,
        None => return Ok(None),
    };
    let of_sentinel = |target: &Target| target.logging_in(login.username.as_deref(), login.password.as_deref());
    let mut sentinels = vec![of_sentinel(&first)];
    for target in targets {
        sentinels.push(of_sentinel(&target?));
    }
    Ok(Some(Sentinels { sentinels, name: name.to_owned(), master: first, first: AtomicUsize::new(0) }))
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, password } = self;
        f.debug_struct("Login").field("username", username).field("password", &password.as_ref().map(|_| "…")).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Option<Sentinels>> {
        let login = Login { username: None, password: Some("sentinels-own".to_owned()) };
        parse(url, &login, &Certificates::default())
    }

    #[test]
    fn the_name_and_the_database_follow_the_hosts() {
        for (url, name, db) in [
            ("redis+sentinel://one:1,two:2/mymaster/3", "mymaster", 3),
            ("redis+sentinel://one/my-master.1_a", "my-master.1_a", 0),
            ("redis+sentinel://one/m/", "m", 0),
        ] {
            let found = read(url).expect("a valid URL").expect("sentinels");
            assert_eq!(found.name, name);
            assert_eq!(found.master.info().expect("options").redis_settings().db(), db, "{url}");
        }
    }

    #[test]
    fn sentinels_have_a_login_of_their_own_and_no_database() {
        let found = read("redis+sentinel://user:masters-own@one,two/m/3").expect("a valid URL").expect("sentinels");
        for sentinel in &found.sentinels {
            let info = sentinel.info().expect("options");
            let login = info.redis_settings();
            assert_eq!((login.username(), login.password(), login.db()), (None, Some("sentinels-own"), 0));
        }
        let shown = format!("{found:?}");
        assert!(!shown.contains("masters-own") && !shown.contains("sentinels-own"), "{shown}");
    }

    #[test]
    fn a_url_without_a_name_is_refused() {
        for url in ["redis+sentinel://one", "redis+sentinel://:hunter2@one/", "redis+sentinel://one/a b/0"] {
            let error = read(url).map(drop).expect_err("no name");
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        assert!(read("redis://one/0").expect("no failure").is_none());
    }
}
