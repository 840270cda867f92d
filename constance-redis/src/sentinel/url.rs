//! `redis+sentinel://user:password@host:26379,host:26379/name/0`.

use std::sync::atomic::AtomicUsize;

use constance_core::{Error, ErrorKind, Result};

use super::Sentinels;
use crate::connect_options::ConnectOptions;
use crate::login::Login;
use crate::tls::Certificates;
use crate::url::Url;

/// The sentinels of a URL, with their own login.
pub(crate) fn from_url(url: Url, login: &Login, certificates: &Certificates) -> Result<Sentinels> {
    let hint = "it is the login of the sentinels themselves: give a user and a password, a password alone, or neither";
    login.check().map_err(|error| error.with_hint(hint))?;
    let mut servers = url.servers.into_iter().map(|info| ConnectOptions::new(info, certificates.clone()));
    let first = match servers.next() {
        Some(first) => first?,
        None => return Err(Error::new(ErrorKind::Configuration).with_detail("the URL names no host")),
    };
    let of_sentinel = |options: &ConnectOptions| options.with_login(login);
    let mut sentinels = vec![of_sentinel(&first)];
    for options in servers {
        sentinels.push(of_sentinel(&options?));
    }
    Ok(Sentinels { sentinels, name: url.master, master: first, first: AtomicUsize::new(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Sentinels> {
        let login = Login { username: None, password: Some("sentinels-own".to_owned()) };
        from_url(Url::parse(url)?, &login, &Certificates::default())
    }

    #[test]
    fn the_name_and_the_database_follow_the_hosts() -> Result<()> {
        for (url, name, db) in [
            ("redis+sentinel://one:1,two:2/mymaster/3", "mymaster", 3),
            ("redis+sentinel://one/my-master.1_a", "my-master.1_a", 0),
            ("redis+sentinel://one/m/", "m", 0),
            ("redis+sentinel://one/m?db=3", "m", 3),
        ] {
            let found = read(url)?;
            assert_eq!(found.name, name);
            assert_eq!(found.master.connection_info()?.redis_settings().db(), db, "{url}");
        }
        Ok(())
    }

    #[test]
    fn the_order_of_the_sentinels_makes_no_other_group() -> Result<()> {
        let identity = |url: &str| read(url).map(|found| found.identity());
        let group = identity("redis+sentinel://one.test,two.test/m/3")?;
        assert!(group.is_some());
        assert_eq!(identity("redis+sentinel://two.test,one.test/m/3")?, group);
        for other in ["one.test,two.test/m/4", "one.test,two.test/n/3", "one.test/m/3", "one.test,two.test:1/m/3"] {
            assert_ne!(identity(&format!("redis+sentinel://{other}"))?, group, "{other}");
        }
        Ok(())
    }

    #[test]
    fn sentinels_have_a_login_of_their_own_and_no_database() -> Result<()> {
        let found = read("redis+sentinel://user:masters-own@one,two/m/3")?;
        for sentinel in &found.sentinels {
            let info = sentinel.connection_info()?;
            let login = info.redis_settings();
            assert_eq!((login.username(), login.password(), login.db()), (None, Some("sentinels-own"), 0));
        }
        let shown = format!("{found:?}");
        assert!(!shown.contains("masters-own") && !shown.contains("sentinels-own"), "{shown}");
        Ok(())
    }

    #[test]
    fn a_url_without_a_name_or_with_half_a_login_is_refused() {
        for (url, words) in [
            ("redis+sentinel://one", "does not name the master"),
            ("redis+sentinel://:hunter2@one/", "does not name the master"),
            ("redis+sentinel://one/a%20b/0", "does not name the master"),
            ("redis+sentinel://one/m/zero", "no number"),
            ("redis+sentinel://one/m/0?db=3", "two databases"),
            ("redis+sentinel://:hunter2@one,,two/m", "a host that is empty"),
            ("redis+sentinel:///m", "no host"),
            ("redis+sentinel://shop@one/m", "the password is missing"),
            ("redis+sentinel://one/m?decode_responses=1", "decode_responses"),
        ] {
            let error = read(url).map(drop).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        let half = Login { username: Some("watcher".to_owned()), password: None };
        let url = Url::parse("redis+sentinel://one/m").expect("a valid URL");
        let error = from_url(url, &half, &Certificates::default()).map(drop).expect_err("no password");
        assert!(error.to_string().contains("the password is missing; it is the login of the sentinels"), "{error}");
    }
}
