//! `redis+cluster://user:password@host:6379,host:6379`.

use constance_core::{Error, ErrorKind, Result};
use redis::ConnectionAddr;

use super::slot_map::Address;
use super::{ClusterBackend, Options};
use crate::connect_options::ConnectOptions;
use crate::tls::Certificates;
use crate::url::Url;

/// The cluster of a URL.
pub(crate) fn from_url(url: Url, certificates: &Certificates, options: Options) -> Result<ClusterBackend> {
    let address = |info: &redis::ConnectionInfo| match info.addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            Some(Address { host: host.clone(), port: *port })
        }
        _ => None,
    };
    let seeds: Vec<Address> = url.servers.iter().filter_map(address).collect();
    let node_options = url.servers.into_iter().next();
    let node_options =
        node_options.ok_or_else(|| Error::new(ErrorKind::Configuration).with_detail("the URL names no host"))?;
    let node_options = ConnectOptions::new(node_options, certificates.clone())?;
    Ok(ClusterBackend::new(node_options, seeds, options))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use constance_core::Prefix;

    use super::*;
    use crate::limits::Limits;

    fn read(url: &str) -> Result<ClusterBackend> {
        let soon = Duration::from_secs(1);
        let limits = Limits {
            pool_size: Some(1),
            connect_timeout: Some(soon),
            response_timeout: Some(soon),
            acquire_timeout: Some(soon),
        };
        let options = Options { limits, replicas: None, prefix: Prefix::empty() };
        from_url(Url::parse(url)?, &Certificates::default(), options)
    }

    #[test]
    fn every_host_is_a_way_in() -> Result<()> {
        let found = read("redis+cluster://user:hunter2@one:7,two,[::1]/?db=0")?;
        let shown = format!("{found:?}");
        assert!(shown.contains("one:7") && shown.contains("two:6379") && shown.contains("::1:6379"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        Ok(())
    }

    #[test]
    fn another_database_is_refused() {
        for url in
            ["redis+cluster://:hunter2@one/1", "redis+cluster://:hunter2@one?db=1", "redis+cluster://:hunter2@one/a"]
        {
            let error = read(url).map(drop).expect_err("there is none");
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
