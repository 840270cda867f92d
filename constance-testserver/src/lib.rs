#![cfg_attr(unix, doc = include_str!("../README.md"))]
#![cfg_attr(not(unix), doc = "Helpers of tests. The servers are for Unix.")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(clippy::expect_used, clippy::print_stderr, reason = "what fails here fails the test that called it")]

#[cfg(unix)]
mod certificates;
#[cfg(unix)]
mod error;
#[cfg(unix)]
mod etcd;
#[cfg(unix)]
mod folder;
#[cfg(all(unix, feature = "fork"))]
pub mod fork;
#[cfg(unix)]
mod keeper;
#[cfg(unix)]
mod memcached;
#[cfg(unix)]
mod mysql;
#[cfg(unix)]
mod options;
mod poll;
mod ports;
#[cfg(unix)]
mod postgres;
mod programs;
#[cfg(unix)]
mod redis;
mod required;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod template;
#[cfg(unix)]
pub mod threads;
#[cfg(unix)]
mod tool;
#[cfg(unix)]
mod user;

#[cfg(unix)]
pub use self::certificates::Certificates;
#[cfg(unix)]
pub use self::error::StartError;
#[cfg(unix)]
pub use self::etcd::EtcdServer;
#[cfg(unix)]
pub use self::folder::temporary_folder;
#[cfg(unix)]
pub use self::memcached::MemcachedServer;
#[cfg(unix)]
pub use self::mysql::{MariadbServer, MysqlServer};
#[cfg(unix)]
pub use self::options::Options;
pub use self::poll::{until, within};
pub use self::ports::free_port;
#[cfg(unix)]
pub use self::postgres::PostgresServer;
pub use self::programs::{find, find_mysqld};
#[cfg(unix)]
pub use self::redis::RedisServer;
pub use self::required::{skip, url_in};
#[cfg(unix)]
pub use self::signals::interrupt_this_process;
