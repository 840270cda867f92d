//! A Redis of the test's own, on a socket in its folder.

use constance_testserver::RedisServer;

pub(crate) struct Redis(RedisServer);

impl Redis {
    /// `None`, and a word, where there is no redis-server.
    pub(crate) fn start() -> Option<Self> {
        RedisServer::with(&["--unixsocket", "{folder}/redis.sock"]).map(Self)
    }

    pub(crate) fn url(&self) -> String {
        self.url_by("redis+unix")
    }

    pub(crate) fn python_url(&self) -> String {
        self.url_by("unix")
    }

    fn url_by(&self, scheme: &str) -> String {
        format!("{scheme}://{}/redis.sock", self.0.folder().display())
    }
}
