//! Asynchronous settings by environment: as `Config::from_env`, variable for variable.

use std::sync::Arc;

use constance_core::aio::{AsyncBackend, AsyncConfig, Blocking, BoxFuture};
use constance_core::testing::{FaultyBackend, ReferenceBackend};
use constance_core::{
    Backend, Config, Error, ErrorKind, Layer, Prefix, Registry, Result,
    backend::{Applied, Batch, Capability, Key, Scheme, Stored},
};

use super::Shop;

type Vars<'v> = &'v [(&'v str, &'v str)];

/// A scheme over one store, with an asynchronous backend of its own or without.
fn scheme(name: &'static str, store: &Arc<ReferenceBackend>, native: bool) -> Scheme {
    let (sync, native_store) = (Arc::clone(store), Arc::clone(store));
    let scheme = Scheme::new(name, move |_| Ok(Arc::new(Arc::clone(&sync)) as Arc<dyn Backend>));
    if !native {
        return scheme;
    }
    // What tells it apart is its `Debug`.
    scheme.with_async(move |_| Ok(Arc::new(Blocking::new(FaultyBackend::new(Arc::clone(&native_store))))))
}

fn both(registry: &Registry, vars: Vars<'_>) -> (Result<Config<Shop>>, Result<AsyncConfig<Shop>>) {
    let var = |name: &str| Ok(vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()));
    (Config::from_vars(registry, var), AsyncConfig::from_vars(registry, var))
}

fn is_native(config: &AsyncConfig<Shop>) -> bool {
    format!("{:?}", config.backend()).contains("FaultyBackend")
}

#[tokio::test]
async fn both_fronts_read_and_write_the_same_under_the_same_prefix() -> Result<()> {
    for native in [false, true] {
        for prefix in [None, Some("shop:"), Some("")] {
            let store = Arc::new(ReferenceBackend::new());
            let registry = Registry::new().with([scheme("memory", &store, native)]);
            let mut vars = vec![("CONSTANCE_BACKEND", " MEMORY://\n")];
            vars.extend(prefix.map(|prefix| ("CONSTANCE_PREFIX", prefix)));
            let (sync, tasks) = both(&registry, &vars);
            let (sync, tasks) = (sync?, tasks?);
            assert_eq!(is_native(&tasks), native);
            assert_eq!(tasks.prefix(), sync.prefix());
            assert_eq!(tasks.prefix().as_str(), prefix.unwrap_or("reference:"));
            tasks.set(Shop::THE_ANSWER, 43).await?;
            assert_eq!(sync.get(Shop::THE_ANSWER)?, 43);
            sync.set(Shop::SITE_NAME, "a".into())?;
            assert_eq!(tasks.get(Shop::SITE_NAME).await?, "a");
            let live = tasks.live().await?;
            assert_eq!((live.load().the_answer, &*live.load().site_name), (43, "a"));
        }
    }
    Ok(())
}

#[test]
fn what_is_wrong_is_said_in_the_same_words() {
    let store = Arc::new(ReferenceBackend::new());
    let broken = |_: &str| Err(Error::new(ErrorKind::Configuration).with_detail("no host"));
    let refusing =
        |_: &str, _, _: &constance_core::EnvVars<'_>| Err(Error::new(ErrorKind::Configuration).with_detail("no"));
    let registry = Registry::new()
        .with([
            scheme("memory", &store, false),
            Scheme::new("broken", broken)
                .with_async(|_| Err(Error::new(ErrorKind::Configuration).with_detail("no host"))),
            Scheme::not_built_in("mysql", "constance-diesel", "mysql"),
        ])
        .with_cache([
            Layer::new("REFUSING", refusing),
            Layer::new("EITHER", refusing)
                .with_async(|_, _, _| Err(Error::new(ErrorKind::Configuration).with_detail("no"))),
        ]);
    let memory = ("CONSTANCE_BACKEND", "memory://");
    let cases: [Vars<'_>; 9] = [
        &[],
        &[("CONSTANCE_BACKEND", "")],
        &[("CONSTANCE_BACKEND", "hunter2")],
        &[("CONSTANCE_BACKEND", "broken://hunter2")],
        &[("CONSTANCE_BACKEND", "mysql://hunter2")],
        &[memory, ("CONSTANCE_PREFIX", "shop")],
        &[memory, ("CONSTANCE_CACHE_TTL", "60")],
        &[memory, ("REFUSING", "hunter2")],
        &[memory, ("EITHER", "hunter2")],
    ];
    for vars in cases {
        let (sync, tasks) = both(&registry, vars);
        let (sync, tasks) = (sync.expect_err("wrong"), tasks.expect_err("wrong"));
        assert_eq!((tasks.kind(), tasks.to_string()), (sync.kind(), sync.to_string()), "{vars:?}");
        assert!(!tasks.to_string().contains("hunter2"), "{tasks}");
    }
}

#[test]
fn what_the_variables_cannot_be_asked_for_is_an_error() {
    let var = |_: &str| Err(Error::new(ErrorKind::Configuration).with_detail("it is not UTF-8"));
    let error = AsyncConfig::<Shop>::from_vars(&Registry::new(), var).expect_err("an error is no unset variable");
    assert_eq!(error.to_string(), "it is not UTF-8");
}

/// A layer that shows itself, in which of its forms too.
fn layer(variable: &'static str, native: bool) -> Layer {
    let layer = Layer::new(variable, |_, backend, _| Ok(Arc::new(FaultyBackend::new(backend)) as Arc<dyn Backend>));
    if !native {
        return layer;
    }
    layer.with_async(|_, backend, _| Ok(Arc::new(Tasks(backend)) as Arc<dyn AsyncBackend>))
}

#[test]
fn a_layer_that_is_synchronous_alone_has_what_is_below_it_on_blocking_threads() -> Result<()> {
    let store = Arc::new(ReferenceBackend::new());
    let shape = |native: bool, inner: bool, outer: bool| -> Result<String> {
        let registry = Registry::new().with([scheme("memory", &store, native)]).with_cache([
            layer("INNER", inner),
            layer("UNSET", false),
            layer("OUTER", outer),
        ]);
        let vars = [("CONSTANCE_BACKEND", "memory://"), ("INNER", "yes"), ("OUTER", "yes")];
        let (_, tasks) = both(&registry, &vars);
        let shown = format!("{:?}", tasks?.backend());
        let mut words: Vec<(usize, &str)> =
            ["Tasks", "Blocking", "FaultyBackend"].iter().flat_map(|word| shown.match_indices(word)).collect();
        words.sort_unstable();
        Ok(words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(shape(true, true, true)?, "Tasks Tasks Blocking FaultyBackend", "the scheme's own");
    assert_eq!(shape(false, true, true)?, "Tasks Tasks Blocking");
    assert_eq!(shape(true, false, true)?, "Tasks Blocking FaultyBackend");
    assert_eq!(shape(true, true, false)?, "Blocking FaultyBackend FaultyBackend");
    Ok(())
}

#[cfg(feature = "json")]
#[tokio::test]
async fn the_codec_is_left_to_the_application() -> Result<()> {
    let store = Arc::new(ReferenceBackend::new());
    let registry = Registry::new().with([scheme("memory", &store, false)]);
    let var = |name: &str| Ok((name == "CONSTANCE_BACKEND").then(|| "memory://".to_owned()));
    let builder = AsyncConfig::<Shop>::builder_from_vars(&registry, var)?;
    let config = builder.codec(constance_core::Json::new()).build_typed()?;
    config.set(Shop::THE_ANSWER, 43).await?;
    let stored = store.peek(&config.prefix().key("the_answer")?);
    assert_eq!(stored.value().map(|v| v.as_bytes()), Some(&br#"{"__type__": "default", "__value__": 43}"#[..]));
    Ok(())
}

/// An asynchronous wrapper that adds nothing.
#[derive(Debug)]
struct Tasks(Arc<dyn AsyncBackend>);

impl AsyncBackend for Tasks {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capability(&self) -> Capability {
        self.0.capability()
    }

    fn read<'a>(&'a self, keys: &'a [&'a Key]) -> BoxFuture<'a, Result<Vec<Stored>>> {
        self.0.read(keys)
    }

    fn list<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<Vec<(Key, Stored)>>> {
        self.0.list(prefix)
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Applied>> {
        self.0.write(batch)
    }
}
