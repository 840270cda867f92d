//! The addresses of started servers, as `constance-redis` reads them.

use std::path::Path;

pub(super) fn with_user(user: &str, password: &str, port: u16) -> String {
    format!("redis://{user}:{password}@127.0.0.1:{port}/0")
}

pub(super) fn tls(port: u16) -> String {
    format!("rediss://127.0.0.1:{port}/0")
}

pub(super) fn unix(socket: &Path) -> String {
    format!("redis+unix://{}", socket.display())
}

pub(super) fn cluster(ports: &[u16]) -> String {
    format!("redis+cluster://{}", hosts(ports))
}

pub(super) fn sentinel(ports: &[u16], master: &str) -> String {
    format!("redis+sentinel://{}/{master}/0", hosts(ports))
}

fn hosts(ports: &[u16]) -> String {
    ports.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_form() {
        assert_eq!(with_user("u", "p", 1), "redis://u:p@127.0.0.1:1/0");
        assert_eq!(with_user("", "p", 1), "redis://:p@127.0.0.1:1/0");
        assert_eq!(tls(1), "rediss://127.0.0.1:1/0");
        assert_eq!(unix(Path::new("/t/r.sock")), "redis+unix:///t/r.sock");
        assert_eq!(cluster(&[1, 2]), "redis+cluster://127.0.0.1:1,127.0.0.1:2");
        assert_eq!(sentinel(&[1, 2], "m"), "redis+sentinel://127.0.0.1:1,127.0.0.1:2/m/0");
    }
}
