//! `redis+cluster://user:password@host:6379,host:6379`.

use constance_core::{Error, ErrorKind, Result};

use super::map::Address;
use super::{Cluster, Options};
use crate::hosts::{Hosts, place};
use crate::target::Target;
use crate::tls::Certificates;

/// The cluster that a URL names, or `None` where it is no URL of a cluster.
pub(crate) fn parse(url: &str, certificates: &Certificates, options: &Options) -> Result<Option<Cluster>> {
    let Some(hosts) = Hosts::of(url, "cluster") else { return Ok(None) };
    let wrong = |detail: &'static str| Error::new(ErrorKind::Configuration).with_detail(detail);
    if !matches!(hosts.path, "" | "0") {
        return Err(wrong("a cluster has no database but 0").with_hint("leave the number out of the URL"));
    }
    let infos = hosts.infos(6379, "0")?;
    let address = |info: &redis::ConnectionInfo| {
        let (host, port) = place(info.addr())?;
        Some(Address { host: host.to_owned(), port })
    };
    let seeds: Vec<Address> = infos.iter().filter_map(address).collect();
    let login = infos.into_iter().next().ok_or_else(|| wrong("the URL names no host"))?;
    let login = Target::new(login, certificates.clone())?;
    Ok(Some(Cluster::new(login, seeds, options.clone())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use constance_core::Prefix;

    use super::*;
    use crate::pool::Limits;

    fn read(url: &str) -> Result<Option<Cluster>> {
        let soon = Duration::from_secs(1);
        let limits = Limits { pool_size: 1, connect_timeout: soon, response_timeout: soon, acquire_timeout: soon };
        let options = Options { limits, replicas: None, prefix: Prefix::empty() };
        parse(url, &Certificates::default(), &options)
    }

    #[test]
    fn every_host_is_a_way_in() {
        let found = read("redis+cluster://user:hunter2@one:7,two").expect("a valid URL").expect("a cluster");
        let shown = format!("{found:?}");
        assert!(shown.contains("one:7") && shown.contains("two:6379"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(read("redis://one/0").expect("no failure").is_none());
    }

    #[test]
    fn another_database_is_refused() {
        let error = read("redis+cluster://:hunter2@one/1").map(drop).expect_err("there is none");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
