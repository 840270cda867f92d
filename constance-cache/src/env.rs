//! Caches that environment variables configure.

use constance_core::Layer;

use crate::{local, shared};

/// The caches that environment variables may put around a backend, for [`Registry::with_cache`](constance_core::Registry::with_cache).
///
/// | variable | meaning | unset |
/// |---|---|---|
/// | `CONSTANCE_CACHE_BACKEND` | a [`SharedCache`](crate::SharedCache) in the cache of this URL: `memcache://host:port,host:port` or `redis://host:port/db` (features `memcached` and `redis`) | no cache that processes share |
/// | `CONSTANCE_AUTOFILL` | it [fills all settings at once](crate::SharedCacheBuilder::autofill) at most every so many seconds, or when they are gone; `none`: never | 24 hours |
/// | `CONSTANCE_CACHE_NAMESPACE` | what its keys [begin with](crate::SharedCacheBuilder::namespace): one for each store | `constance`; an error where the backend cannot say [which store it is](constance_core::Backend::identity) |
/// | `CONSTANCE_CACHE_TTL` | a [`LocalCache`](crate::LocalCache) with so many seconds (`60`, `0.5`), or `none`: until the backend's feed tells of a change, and not together with `CONSTANCE_CACHE_BACKEND` | no cache in the process |
///
/// ```
/// use constance_core::{Config, Registry, Settings};
///
/// #[derive(Debug, Clone, Settings)]
/// struct Shop {
///     #[setting(default = 42)]
///     the_answer: i64,
/// }
///
/// let registry = Registry::new().with(constance_memory::schemes()).with_cache(constance_cache::from_env());
/// # let var = |name: &str| {
/// #     Ok(match name {
/// #         "CONSTANCE_BACKEND" => Some("memory://".to_owned()),
/// #         "CONSTANCE_CACHE_TTL" => Some("60".to_owned()),
/// #         _ => None,
/// #     })
/// # };
/// // CONSTANCE_BACKEND=memory:// CONSTANCE_CACHE_TTL=60
/// let config = Config::<Shop>::from_env(&registry);
/// # let config = Config::<Shop>::from_vars(&registry, var);
/// assert_eq!(config?.get(Shop::THE_ANSWER)?, 42);
/// # Ok::<(), constance_core::Error>(())
/// ```
pub fn from_env() -> impl IntoIterator<Item = Layer> {
    // The innermost first: the shared cache is inside the cache of the process.
    [shared::layer(), local::layer()]
}
