//! The parts of a store's [identity](crate::Backend::identity), for backend authors.
//!
//! An identity is worth something only where no two stores have the same. `127.0.0.1` is another server on each machine, and
//! `redis` another one in each network of containers, so neither says by itself which server it is.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::path::Path;
use std::time::SystemTime;

/// The host of a server: as it is, and with a mark of this machine where only this machine reaches the server by it.
///
/// `None` where it cannot be told which server it is: a name without a dot, or one of a cluster such as
/// `redis.shop.svc.cluster.local`, means another server in each network, and not every system has a mark.
///
/// ```
/// use constance_core::identity;
///
/// assert_eq!(identity::of_host("db.example.org").as_deref(), Some("db.example.org"));
/// assert_ne!(identity::of_host("127.0.0.1").as_deref(), Some("127.0.0.1"));
/// assert_eq!(identity::of_host("db"), None);
/// ```
#[must_use]
pub fn of_host(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) if is_of_machine(address.to_canonical()) => marked(&host, "net"),
        Ok(_) => Some(host),
        Err(_) if host == "localhost" || host.ends_with(".localhost") => marked(&host, "net"),
        Err(_) if LOCAL.iter().any(|end| host.ends_with(end)) => None,
        Err(_) => host.contains('.').then_some(host),
    }
}

/// The ends of such names: of multicast DNS and Kubernetes, of Docker, of Podman.
const LOCAL: [&str; 3] = [".local", ".docker.internal", ".containers.internal"];

/// Loopback and link-local addresses, which are those of another server for each machine or network.
fn is_of_machine(address: IpAddr) -> bool {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    address.is_loopback() || address.is_unspecified() || is_link_local
}

/// The path of a file or of a socket, with a mark of this machine; a relative one counts from the current folder.
#[must_use]
pub fn of_path(path: &Path) -> Option<String> {
    marked(&std::path::absolute(path).ok()?.display().to_string(), "mnt")
}

/// For a store that lives and dies with a value in this process: nothing else is ever given the same.
#[must_use]
pub fn unique() -> String {
    format!("{:016x}", RandomState::new().hash_one((SystemTime::now(), std::process::id())))
}

/// What tells this machine, or this container, from others until its next start. Containers may share the machine's name, its
/// network or its files, so the namespace is the one that the place is in.
fn marked(place: &str, namespace: &str) -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link(Path::new("/proc/self/ns").join(namespace)).ok()?;
    Some(format!("{place} on {} {} {}", name.trim(), start.trim(), namespace.display()))
}

/// The identity for a file on this machine, which outlives the machine's start and the container's: without its mark.
pub(crate) fn without_mark(identity: &str) -> String {
    let marks = ["net", "mnt"].into_iter().filter_map(|namespace| marked("", namespace));
    marks.fold(identity.to_owned(), |identity, mark| identity.replace(&mark, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_another_server_elsewhere_has_a_mark_or_is_not_told() {
        let hosts = ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST.", "0.0.0.0"];
        for host in hosts.into_iter().chain(["::ffff:127.0.0.1", "[::ffff:0.0.0.0]", "169.254.7.1", "fe80::1"]) {
            let told = of_host(host);
            assert!(told.as_ref().is_none_or(|told| told.contains(" on ")), "{host}: {told:?}");
        }
        let hosts = ["redis", "db", "", "printer.local", "redis.shop.svc.cluster.local", "host.docker.internal"];
        for host in hosts {
            assert_eq!(of_host(host), None, "{host}");
        }
        for host in ["10.0.0.1", "db.internal", "2001:db8::1"] {
            assert_eq!(of_host(host).as_deref(), Some(host));
        }
        assert_eq!(of_host("DB.Example.org."), of_host("db.example.org"));
    }

    #[test]
    fn a_relative_path_is_that_of_its_file() {
        let folder = std::env::current_dir().expect("a folder");
        assert_eq!(of_path(Path::new("a.db")), of_path(&folder.join("a.db")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_path_belongs_to_the_files_of_its_container() {
        let namespace = fs::read_link("/proc/self/ns/mnt").expect("a namespace").display().to_string();
        assert!(of_path(Path::new("/a.db")).is_some_and(|told| told.ends_with(&namespace)));
    }

    #[test]
    fn without_its_mark_it_is_the_same_after_the_next_start() {
        let of = |host: &str| Some(format!("redis {}:6379 0", of_host(host)?));
        for (told, kept) in [
            (of("127.0.0.1"), "redis 127.0.0.1:6379 0"),
            (of("db.example.org"), "redis db.example.org:6379 0"),
            (of_path(Path::new("/on on/a.db")), "/on on/a.db"),
        ] {
            assert!(told.is_none_or(|told| without_mark(&told) == kept), "{kept}");
        }
    }

    #[test]
    fn stores_in_a_process_are_never_the_same() {
        assert_ne!(unique(), unique());
    }
}
