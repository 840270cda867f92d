//! The schemes of URLs.

use constance_core::{Error, ErrorKind, Result};

use crate::tls;

/// What a scheme leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemeKind {
    Server,
    Socket,
    Cluster,
    Sentinels,
}

/// A URL's scheme.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scheme {
    pub(crate) name: &'static str,
    pub(crate) kind: SchemeKind,
    pub(crate) is_secure: bool,
}

const fn scheme(name: &'static str, kind: SchemeKind, is_secure: bool) -> Scheme {
    Scheme { name, kind, is_secure }
}

/// All schemes, with those that are not built in.
pub(crate) const SCHEMES: [Scheme; 11] = [
    scheme("redis", SchemeKind::Server, false),
    scheme("rediss", SchemeKind::Server, true),
    scheme("redis+unix", SchemeKind::Socket, false),
    scheme("unix", SchemeKind::Socket, false),
    scheme("valkey", SchemeKind::Server, false),
    scheme("valkeys", SchemeKind::Server, true),
    scheme("valkey+unix", SchemeKind::Socket, false),
    scheme("redis+cluster", SchemeKind::Cluster, false),
    scheme("rediss+cluster", SchemeKind::Cluster, true),
    scheme("redis+sentinel", SchemeKind::Sentinels, false),
    scheme("rediss+sentinel", SchemeKind::Sentinels, true),
];

impl Scheme {
    /// The feature that the scheme needs and that is off.
    pub(crate) fn missing_feature(self) -> Option<&'static str> {
        match self.kind {
            SchemeKind::Cluster if !cfg!(feature = "cluster") => Some("cluster"),
            SchemeKind::Sentinels if !cfg!(feature = "sentinel") => Some("sentinel"),
            _ if self.is_secure && !tls::BUILT_IN => Some("tls-rustls or tls-native-tls"),
            _ => None,
        }
    }

    /// Whether the asynchronous backend has it: it connects to one server, and has TLS by rustls alone.
    #[cfg(feature = "aio")]
    pub(crate) fn is_asynchronous(self) -> bool {
        matches!(self.kind, SchemeKind::Server | SchemeKind::Socket)
            && (!self.is_secure || cfg!(feature = "tls-rustls"))
    }

    /// The scheme of a URL that is trimmed and in lower case.
    ///
    /// # Errors
    ///
    /// `Configuration` where it is no scheme of Redis, or not built in.
    pub(super) fn of(url: &str) -> Result<Self> {
        let name = url.split_once("://").map_or("", |(name, _)| name);
        let wrong =
            |detail: String, hint: String| Error::new(ErrorKind::Configuration).with_detail(detail).with_hint(hint);
        let Some(scheme) = SCHEMES.into_iter().find(|scheme| scheme.name == name) else {
            return Err(wrong(
                "the URL does not begin with a scheme of Redis".to_owned(),
                "use redis://user:password@host:6379/0, rediss:// or redis+unix:///path".to_owned(),
            ));
        };
        match scheme.missing_feature() {
            Some(feature) => Err(wrong(
                format!("constance-redis was built without the scheme \"{}\"", scheme.name),
                format!("enable the feature {feature} of constance-redis"),
            )),
            None => Ok(scheme),
        }
    }
}
