//! The asynchronous backend keeps the contract, and so does the synchronous one on blocking threads.

use std::sync::LazyLock;

use constance_core::aio::Blocking;
use constance_core::testing::Confined;
use constance_core::testing::aio::runtime;
use constance_redis::aio::AsyncRedisBackend;
use constance_redis::redis::{self, AsyncConnectionConfig, Client};

use crate::common;
use crate::common::server::Server;

/// One server for all cases, which each have a key space of their own.
static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| Server::with(&["--unixsocket", "{folder}/redis.sock"]));

/// The server of the environment, or one of this program.
fn url() -> Option<String> {
    std::env::var("CONSTANCE_REDIS_URL").ok().or_else(|| SERVER.as_ref().map(|server| server.url()))
}

fn open(url: &str) -> AsyncRedisBackend {
    common::aio::long_timeouts(url)
}

constance_core::async_conformance_tests!(|| Some(open(&url()?)));

constance_core::async_conformance_tests!(mod blocking: || {
    Some(Blocking::new(common::long_timeouts(&url()?)))
});

constance_core::async_conformance_tests!(mod with_resp3: || Some(open(&format!("{}?protocol=resp3", url()?))));

constance_core::async_conformance_tests!(mod with_connection: || {
    let client = Client::open(url()?).expect("a valid URL");
    let patience = Some(common::PATIENCE);
    let config = AsyncConnectionConfig::new().set_connection_timeout(patience).set_response_timeout(patience);
    let connection = client.get_multiplexed_async_connection_with_config(&config);
    let connection = runtime().block_on(connection).expect("a connection");
    Some(AsyncRedisBackend::with_connection(connection))
});

constance_core::async_conformance_tests!(mod by_unix_socket: || {
    let socket = SERVER.as_ref()?.folder().join("redis.sock");
    Some(open(&format!("redis+unix://{}", socket.display())))
});

/// A user with exactly the rights of the README, and no keys but those under the prefix.
fn limited() -> Option<AsyncRedisBackend> {
    static USER: LazyLock<()> = LazyLock::new(|| {
        let mut admin = SERVER.as_ref().expect("a server").raw();
        let mut command = redis::cmd("ACL");
        command.arg(&["SETUSER", "settings", "on", ">secret", "resetkeys", "~constance:*"]);
        command.arg(common::RIGHTS.split(' ').collect::<Vec<_>>());
        command.exec(&mut admin).expect("a user");
    });
    let server = SERVER.as_ref()?;
    LazyLock::force(&USER);
    let url = format!("redis://settings:secret@127.0.0.1:{}/0", server.port());
    Some(open(&url))
}

constance_core::async_conformance_tests!(mod with_few_rights: || Confined(limited()));
