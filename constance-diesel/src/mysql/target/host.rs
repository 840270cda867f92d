//! The host in a URL, which may have several addresses.
//!
//! The client library tries them one after the other, each for as long as the system tries: minutes.

use std::net::SocketAddr;

/// MySQL's port.
const PORT: u16 = 3306;

/// The host and the port, where the client library would look the host up: not where it takes a socket of the machine, nor where
/// it checks that the certificate is for this name.
pub(in crate::mysql) fn of(url: &str) -> Option<(&str, u16)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    if query.contains("unix_socket=") || query.to_ascii_lowercase().contains("verify_identity") {
        return None;
    }
    let (start, end) = place(url)?;
    let (host, port) = split(url.get(start..end)?);
    (host != "localhost").then_some((host, port.parse().unwrap_or(PORT)))
}

/// The same URL with an address in the place of the host.
pub(in crate::mysql) fn replaced(url: &str, address: SocketAddr) -> String {
    match place(url) {
        Some((start, end)) => format!("{}{address}{}", &url[..start], &url[end..]),
        None => url.to_owned(),
    }
}

/// Where the host and its port stand.
fn place(url: &str) -> Option<(usize, usize)> {
    let begin = url.find("://")? + 3;
    let end = url[begin..].find(['/', '?']).map_or(url.len(), |at| begin + at);
    let start = url[begin..end].rfind('@').map_or(begin, |at| begin + at + 1);
    Some((start, end))
}

/// An address of IPv6 stands in brackets and has colons of its own.
fn split(place: &str) -> (&str, &str) {
    match place.rfind(']') {
        Some(end) => (&place[..=end], place[end + 1..].trim_start_matches(':')),
        None => place.split_once(':').unwrap_or((place, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_library_would_look_up_is_found_and_replaced() {
        let address = SocketAddr::from(([10, 0, 0, 1], 3307));
        for (url, found, replaced_by) in [
            ("mysql://u:p%40@h/d?ssl_mode=REQUIRED", ("h", 3306), "mysql://u:p%40@10.0.0.1:3307/d?ssl_mode=REQUIRED"),
            ("mysql://h:3307/d", ("h", 3307), "mysql://10.0.0.1:3307/d"),
            ("mysql://u@[::1]:7/d", ("[::1]", 7), "mysql://u@10.0.0.1:3307/d"),
        ] {
            assert_eq!(of(url), Some(found), "{url}");
            assert_eq!(replaced(url, address), replaced_by, "{url}");
        }
    }

    #[test]
    fn a_socket_and_a_name_that_is_checked_stay_as_they_are() {
        for url in [
            "mysql://u@localhost/d",
            "mysql://u@h/d?unix_socket=/run/x.sock",
            "mysql://u@h/d?ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca.pem",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
    }
}
