#![doc = include_str!("../README.md")]
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::print_stderr, reason = "what fails here fails the test that called it")]

mod etcd;
mod keeper;
mod mariadb;
mod memcached;
mod ports;
mod postgres;
mod programs;
mod redis;
mod required;
mod server;
mod signals;
mod template;
mod user;

pub use self::etcd::EtcdServer;
pub use self::mariadb::MariadbServer;
pub use self::memcached::MemcachedServer;
pub use self::ports::free_port;
pub use self::postgres::PostgresServer;
pub use self::programs::find;
pub use self::redis::RedisServer;
pub use self::required::{skip, url_in};
pub use self::signals::interrupt_this_process;
