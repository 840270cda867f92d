//! The backend keeps the contract, whatever hands out its connections.

use std::sync::{Arc, LazyLock};

use constance_core::testing::Confined;
use constance_core::{Backend, Registry};
use constance_redis::redis::{self, Client};
use constance_redis::{ConnectionSource, RedisBackend};
use r2d2::Pool;

use crate::common;
use crate::common::server::{Server, raw};

/// One server for all cases, which each have a key space of their own.
static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| Server::with(&["--unixsocket", "{folder}/redis.sock"]));

/// The server of the environment, or one of this program.
pub(crate) fn url() -> Option<String> {
    std::env::var("CONSTANCE_REDIS_URL").ok().or_else(|| SERVER.as_ref().map(|server| server.url()))
}

fn client() -> Option<Client> {
    Some(Client::open(url()?).expect("a valid URL"))
}

constance_core::conformance_tests!(|| Some(common::long_timeouts(&url()?)));

constance_core::conformance_tests!(mod by_scheme: || {
    let backend: Arc<dyn Backend> = Registry::new().with(constance_redis::schemes()).open(&url()?).expect("a scheme");
    Some(backend)
});

constance_core::conformance_tests!(mod with_client: || Some(RedisBackend::with_connections(client()?)));

constance_core::conformance_tests!(mod with_closure: || {
    let client = client()?;
    Some(RedisBackend::with_connections(move || client.get_connection()))
});

constance_core::conformance_tests!(mod with_own_pool: || {
    let pool = Pool::builder().max_size(3).build(client()?).expect("a pool");
    Some(RedisBackend::with_connections(pool))
});

constance_core::conformance_tests!(mod with_own_pool_and_client: || {
    let pool = Pool::builder().max_size(3).build(client()?).expect("a pool");
    Some(RedisBackend::with_connections((pool, client()?)))
});

constance_core::conformance_tests!(mod with_resp3: || {
    Some(common::long_timeouts(&format!("{}?protocol=resp3", url()?)))
});

constance_core::conformance_tests!(mod by_unix_socket: || {
    let socket = SERVER.as_ref()?.folder().join("redis.sock");
    Some(common::long_timeouts(&format!("redis+unix://{}", socket.display())))
});

/// One client over a single connection, as a test double or an application with a lock of its own has it.
struct Single(parking_lot::Mutex<redis::Connection>);

struct Held<'a>(parking_lot::MutexGuard<'a, redis::Connection>);

impl constance_redis::BorrowedConnection for Held<'_> {
    fn connection(&mut self) -> &mut dyn redis::ConnectionLike {
        &mut *self.0
    }
}

impl ConnectionSource for Single {
    fn connection(&self) -> constance_core::Result<Box<dyn constance_redis::BorrowedConnection + '_>> {
        Ok(Box::new(Held(self.0.lock())))
    }
}

constance_core::conformance_tests!(mod with_one_connection: || {
    Some(RedisBackend::with_connections(Single(parking_lot::Mutex::new(raw(&url()?)))))
});

/// A user with exactly the rights of the README, and no keys but those under the prefix.
fn limited() -> Option<RedisBackend> {
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
    Some(common::long_timeouts(&url))
}

constance_core::conformance_tests!(mod with_few_rights: || Confined(limited()));

#[test]
fn the_readme_gives_the_rights_that_are_tested() {
    assert!(include_str!("../../README.md").contains(&format!("resetkeys ~constance:* {}", common::RIGHTS)));
}
