//! The schemes of URLs.

use constance_core::{Error, ErrorKind, Result};

use crate::tls;

/// What a scheme leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Server,
    Socket,
    Cluster,
    Sentinels,
}

/// A URL's scheme.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scheme {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) is_secure: bool,
}

const fn scheme(name: &'static str, place: Place, is_secure: bool) -> Scheme {
    Scheme { name, place, is_secure }
}

/// Those that there are, whatever is built in.
pub(crate) const SCHEMES: [Scheme; 11] = [
    scheme("redis", Place::Server, false),
    scheme("rediss", Place::Server, true),
    scheme("redis+unix", Place::Socket, false),
    scheme("unix", Place::Socket, false),
    scheme("valkey", Place::Server, false),
    scheme("valkeys", Place::Server, true),
    scheme("valkey+unix", Place::Socket, false),
    scheme("redis+cluster", Place::Cluster, false),
    scheme("rediss+cluster", Place::Cluster, true),
    scheme("redis+sentinel", Place::Sentinels, false),
    scheme("rediss+sentinel", Place::Sentinels, true),
];

impl Scheme {
    /// The feature that it needs and that this crate was built without.
    pub(crate) fn missing_feature(self) -> Option<&'static str> {
        match self.place {
            Place::Cluster if !cfg!(feature = "cluster") => Some("cluster"),
            Place::Sentinels if !cfg!(feature = "sentinel") => Some("sentinel"),
            _ if self.is_secure && !tls::BUILT_IN => Some("tls-rustls or tls-native-tls"),
            _ => None,
        }
    }

    /// Whether the asynchronous backend connects there: to one server, and by rustls if at all.
    #[cfg(feature = "aio")]
    pub(crate) fn is_asynchronous(self) -> bool {
        matches!(self.place, Place::Server | Place::Socket) && (!self.is_secure || cfg!(feature = "tls-rustls"))
    }

    /// The scheme of a tidy URL.
    ///
    /// # Errors
    ///
    /// `Configuration` where it is none of Redis, or not built in.
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
