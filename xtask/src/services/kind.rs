//! The ways in which a Redis can be set up, and how tests are told where it is.

use crate::error::{Error, Result};

/// One way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Plain,
    Acl,
    Tls,
    Unix,
    Cluster,
    Sentinel,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Plain, Self::Acl, Self::Tls, Self::Unix, Self::Cluster, Self::Sentinel];

    /// As it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Acl => "acl",
            Self::Tls => "tls",
            Self::Unix => "unix",
            Self::Cluster => "cluster",
            Self::Sentinel => "sentinel",
        }
    }

    /// The variable that tells tests where it is. One that is already set is used, and nothing is started.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Plain => "CONSTANCE_REDIS_URL",
            Self::Acl => "CONSTANCE_REDIS_ACL_URL",
            Self::Tls => "CONSTANCE_REDIS_TLS_URL",
            Self::Unix => "CONSTANCE_REDIS_UNIX_URL",
            Self::Cluster => "CONSTANCE_REDIS_CLUSTER_URL",
            Self::Sentinel => "CONSTANCE_REDIS_SENTINEL_URL",
        }
    }

    /// For the help.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Plain => "one server",
            Self::Acl => "a password, and a user who may do what a settings backend needs on `constance:*`",
            Self::Tls => "TLS with certificates made on the spot, client certificates accepted",
            Self::Unix => "a unix socket",
            Self::Cluster => "a cluster of 3 masters and 3 replicas",
            Self::Sentinel => "a master, 2 replicas and 3 sentinels that fail over within seconds",
        }
    }

    /// The kinds that words of a command line ask for, each once: `redis` is the plain one, unless others are named.
    pub(crate) fn choose<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Vec<Self>> {
        let mut kinds = Vec::new();
        let mut redis = false;
        for word in words {
            match word {
                "redis" => redis = true,
                "all" => kinds.extend(Self::ALL),
                name => kinds.push(Self::named(name)?),
            }
        }
        if kinds.is_empty() && redis {
            kinds.push(Self::Plain);
        }
        kinds.sort();
        kinds.dedup();
        Ok(kinds)
    }

    fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            Error::usage(format!("there is no service `{name}`; there are: redis, all, {known}"))
        })
    }

    /// Those of `kinds` that the environment does not name already.
    pub(crate) fn missing(kinds: &[Self], is_set: impl Fn(&str) -> bool) -> Vec<Self> {
        kinds.iter().copied().filter(|kind| !is_set(kind.variable())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn redis_alone_is_the_plain_one() {
        assert_eq!(Kind::choose(["redis"]).unwrap(), [Kind::Plain]);
        assert_eq!(Kind::choose(["redis", "tls"]).unwrap(), [Kind::Tls]);
        assert!(Kind::choose([]).unwrap().is_empty());
    }

    #[test]
    fn each_is_chosen_once() {
        assert_eq!(Kind::choose(["unix", "acl", "unix"]).unwrap(), [Kind::Acl, Kind::Unix]);
        assert_eq!(Kind::choose(["plain", "all"]).unwrap(), Kind::ALL);
    }

    #[test]
    fn an_unknown_one_is_answered_with_those_there_are() {
        let message = Kind::choose(["rediss"]).unwrap_err().to_string();
        assert!(message.starts_with("there is no service `rediss`; ") && message.contains("sentinel"), "{message}");
    }

    #[test]
    fn variables_are_different() {
        assert_eq!(Kind::ALL.iter().map(|kind| kind.variable()).collect::<BTreeSet<_>>().len(), Kind::ALL.len());
    }

    #[test]
    fn what_the_environment_names_is_not_started() {
        let missing = Kind::missing(&[Kind::Plain, Kind::Acl], |name| name == "CONSTANCE_REDIS_URL");
        assert_eq!(missing, [Kind::Acl]);
    }
}
