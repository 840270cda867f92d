//! The backend by URL.

use std::sync::{Arc, LazyLock};

use constance_core::aio::{AsyncBackend, BlockOn};
use constance_core::{Error, ErrorKind, Result, backend::Scheme};
use tokio::runtime::Runtime;

use crate::EtcdBackend;

/// The URL scheme of this crate, for [`Registry::with`](constance_core::Registry::with):
/// `etcd://127.0.0.1:2379,127.0.0.2:2379`.
///
/// A synchronous `Config` runs it on a runtime of this crate's own, with one thread.
///
/// ```
/// use constance_core::Registry;
/// use constance_core::aio::AsyncBackend;
///
/// let registry = Registry::new().with(constance_etcd::schemes());
/// assert_eq!(registry.open_async("etcd://127.0.0.1:2379")?.name(), "etcd");
/// # Ok::<(), constance_core::Error>(())
/// ```
pub fn schemes() -> impl IntoIterator<Item = Scheme> {
    [Scheme::new("etcd", |url| Ok(Arc::new(BlockOn::new(open(url)?, runtime()?.handle().clone()))))
        .with_async(|url| Ok(Arc::new(open(url)?) as Arc<dyn AsyncBackend>))]
}

fn open(url: &str) -> Result<EtcdBackend> {
    let hosts = url.strip_prefix("etcd://").unwrap_or_default().trim_end_matches('/');
    if hosts.is_empty() || hosts.contains(['/', '@', '?', '#']) {
        // Never the URL itself: it may have a password.
        return Err(Error::new(ErrorKind::Configuration)
            .with_backend("etcd")
            .with_detail("the URL says something else than hosts and ports")
            .with_hint("use etcd://127.0.0.1:2379, and EtcdBackend::with_options for a user or TLS"));
    }
    Ok(EtcdBackend::new(hosts.split(',').map(|host| format!("http://{host}"))))
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("constance-etcd").enable_all().build()
    });
    RUNTIME.as_ref().map_err(|_| {
        Error::new(ErrorKind::Unavailable).with_backend("etcd").with_detail("the system gives no more threads")
    })
}
