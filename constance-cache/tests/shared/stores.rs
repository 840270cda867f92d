//! Every cache store keeps the contract.

mod memory {
    use crate::common;
    use constance_cache::MemoryStore;

    crate::store_tests!(|| Some(MemoryStore::new()));
}

#[cfg(all(unix, feature = "memcached"))]
mod memcached {
    use std::sync::LazyLock;

    use crate::common;
    use crate::common::server::{Program, Server};
    use constance_cache::MemcachedStore;

    static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| Program::Memcached.start());

    fn open() -> Option<MemcachedStore> {
        let own = || SERVER.as_ref().map(Server::url);
        let url = std::env::var("CONSTANCE_MEMCACHED_URL").ok().or_else(own)?;
        Some(common::patient::memcached(&url))
    }

    crate::store_tests!(open);
}

#[cfg(all(unix, feature = "memcached"))]
mod memcached_servers {
    use std::sync::LazyLock;

    use crate::common;
    use crate::common::server::{Program, Server};
    use constance_cache::MemcachedStore;

    static SERVERS: LazyLock<Option<[Server; 2]>> =
        LazyLock::new(|| Some([Program::Memcached.start()?, Program::Memcached.start()?]));

    fn open() -> Option<MemcachedStore> {
        let own = || {
            let [one, two] = SERVERS.as_ref()?;
            Some(format!("memcache://127.0.0.1:{},127.0.0.1:{}", one.port(), two.port()))
        };
        let url = std::env::var("CONSTANCE_MEMCACHED_SERVERS_URL").ok().or_else(own)?;
        // As `memcache://one,two` or `memcache://one,memcache://two`.
        let hosts = url.replace("memcache://", "");
        Some(common::patient::memcached(&format!("memcache://{hosts}")))
    }

    crate::store_tests!(open);
}

#[cfg(all(unix, feature = "redis"))]
mod redis {
    use std::sync::LazyLock;

    use crate::common;
    use crate::common::server::{Program, Server};
    use constance_cache::RedisStore;

    static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| Program::Redis.start());

    fn open() -> Option<RedisStore> {
        let own = || SERVER.as_ref().map(Server::url);
        let url = std::env::var("CONSTANCE_REDIS_URL").ok().or_else(own)?;
        Some(common::patient::redis(&url))
    }

    crate::store_tests!(open);
}
