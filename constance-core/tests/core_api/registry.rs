//! Backends by URL and by environment.

use std::sync::Arc;

use constance_core::testing::{FaultyBackend, ReferenceBackend};
use constance_core::{Backend, Config, Error, ErrorKind, Layer, Registry, Result, Settings, backend::Scheme};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

fn scheme(name: &'static str) -> Scheme {
    Scheme::new(name, |_url| Ok(Arc::new(ReferenceBackend::new()) as Arc<dyn Backend>))
}

fn from(registry: &Registry, vars: &[(&str, &str)]) -> Result<Config<Shop>> {
    Config::from_vars(registry, |name| Ok(vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())))
}

#[test]
fn the_environment_names_backend_and_prefix() -> Result<()> {
    let registry = Registry::new().with([scheme("memory")]);
    let config = from(&registry, &[("CONSTANCE_BACKEND", "memory://"), ("CONSTANCE_PREFIX", "shop:")])?;
    config.set(Shop::THE_ANSWER, 1)?;
    assert_eq!(config.prefix().as_str(), "shop:");
    let config = from(&registry, &[("CONSTANCE_BACKEND", "memory://")])?;
    assert_eq!(config.prefix().as_str(), "reference:", "the backend's own");
    let config = from(&registry, &[("CONSTANCE_BACKEND", "memory://"), ("CONSTANCE_PREFIX", "")])?;
    assert_eq!(config.prefix().as_str(), "", "empty is not unset");
    Ok(())
}

#[test]
#[cfg(feature = "json")]
fn the_environment_leaves_the_codec_to_the_application() -> Result<()> {
    let registry = Registry::new().with([scheme("memory")]);
    let vars = [("CONSTANCE_BACKEND", "memory://"), ("CONSTANCE_PREFIX", "shop:")];
    let of = |name: &str| Ok(vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()));
    let config = Config::<Shop>::builder_from_vars(&registry, of)?.codec(constance_core::Json::new()).build_typed()?;
    config.set(Shop::THE_ANSWER, 43)?;
    let stored = config.backend().read(&[&config.prefix().key("the_answer")?])?;
    let bytes = stored[0].value().map(constance_core::backend::Encoded::as_bytes);
    assert_eq!(bytes, Some(&br#"{"__type__": "default", "__value__": 43}"#[..]));
    assert_eq!(config.prefix().as_str(), "shop:");
    Ok(())
}

#[test]
fn redis_is_the_default_where_it_is_registered() -> Result<()> {
    let registry = Registry::new().with([Scheme::new("redis", |url| {
        assert_eq!(url, "redis://127.0.0.1:6379/0");
        Ok(Arc::new(ReferenceBackend::new()) as Arc<dyn Backend>)
    })]);
    from(&registry, &[])?;
    let error = from(&Registry::new(), &[]).expect_err("no backend");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    Ok(())
}

#[test]
fn what_is_wrong_is_said_with_the_next_step_and_without_the_url() {
    let registry = Registry::new().with([scheme("memory"), scheme("sqlite")]);
    let refused = |url: &str| registry.open(url).expect_err("refused").to_string();
    assert_eq!(
        refused("redis://user:hunter2@host/0"),
        "no backend is registered for the scheme \"redis\"; add constance-redis and register its schemes(); \
         registered are memory://, sqlite://"
    );
    assert_eq!(
        refused("oracle://user:hunter2@host/0"),
        "no backend is registered for the scheme \"oracle\"; registered are memory://, sqlite://"
    );
    for url in ["", "hunter2", "/hunter2/x", "hunter2 :x"] {
        assert_eq!(
            refused(url),
            "the backend's URL does not begin with a scheme; registered are memory://, sqlite://",
            "{url:?}"
        );
    }
    let error =
        from(&registry, &[("CONSTANCE_BACKEND", "memory://"), ("CONSTANCE_PREFIX", "shop")]).expect_err("refused");
    assert!(
        error.to_string().starts_with("CONSTANCE_PREFIX: the prefix \"shop\" does not end in a separator"),
        "{error}"
    );
}

#[test]
fn an_empty_variable_is_said_and_not_taken_for_the_default() {
    let registry = Registry::new().with([scheme("redis")]);
    for empty in ["", " "] {
        let error = from(&registry, &[("CONSTANCE_BACKEND", empty)]).expect_err("empty");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(
            error.to_string(),
            "CONSTANCE_BACKEND is empty; set it to the URL of a backend, or unset it for the default"
        );
    }
    assert!(from(&registry, &[]).is_ok(), "the default");
}

#[test]
fn what_the_backend_says_of_its_url_is_passed_on() {
    let broken = Scheme::new("broken", |_| Err(Error::new(ErrorKind::Configuration).with_detail("no host")));
    let error = Registry::new().with([broken]).open("broken://").expect_err("refused");
    assert_eq!(error.to_string(), "no host");
}

/// A layer that shows itself, and what else it is told.
fn layer(variable: &'static str) -> Layer {
    Layer::new(variable, move |value, backend, vars| match value {
        "refuse" => Err(Error::new(ErrorKind::Configuration).with_detail("it is not understood")),
        _ => {
            assert_eq!(vars.get("EMPTY")?, None, "empty is unset");
            assert_eq!(vars.get("OTHER")?.as_deref(), Some("told"));
            Ok(Arc::new(FaultyBackend::new(backend)) as Arc<dyn Backend>)
        }
    })
}

#[test]
fn the_environment_puts_layers_around_the_backend() -> Result<()> {
    let vars = |more: &[(&'static str, &'static str)]| {
        [&[("CONSTANCE_BACKEND", "memory://"), ("EMPTY", ""), ("OTHER", "told")], more].concat()
    };
    let registry = Registry::new().with([scheme("memory")]).with_cache([layer("INNER"), layer("OUTER")]);
    let depth = |config: Config<Shop>| format!("{:?}", config.backend()).matches("FaultyBackend").count();
    assert_eq!(depth(from(&registry, &vars(&[]))?), 0);
    assert_eq!(depth(from(&registry, &vars(&[("OUTER", "")]))?), 0);
    assert_eq!(depth(from(&registry, &vars(&[("OUTER", "yes")]))?), 1);
    assert_eq!(depth(from(&registry, &vars(&[("OUTER", "yes"), ("INNER", "yes")]))?), 2);
    let error = from(&registry, &vars(&[("INNER", "refuse")])).expect_err("refused");
    assert_eq!(error.to_string(), "INNER: it is not understood");
    // One that is registered again takes the place of the first.
    let replaced = registry.with_cache([Layer::new("INNER", |_, backend, _| Ok(backend))]);
    assert_eq!(depth(from(&replaced, &vars(&[("OUTER", "yes"), ("INNER", "refuse")]))?), 1);
    assert_eq!(format!("{replaced:?}"), r#"Registry { schemes: ["memory"], layers: ["INNER", "OUTER"] }"#);
    Ok(())
}

#[test]
fn a_cache_that_is_asked_for_and_not_there_is_an_error() {
    let registry = Registry::new().with([scheme("memory")]);
    for variable in ["CONSTANCE_CACHE_TTL", "CONSTANCE_CACHE_BACKEND", "CONSTANCE_AUTOFILL"] {
        let url = ("CONSTANCE_BACKEND", "memory://");
        let error = from(&registry, &[url, (variable, "redis://user:hunter2@host")]).expect_err("no cache");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let said = error.to_string();
        assert!(said.starts_with(variable) && said.contains("constance-cache") && !said.contains("hunter2"), "{said}");
        from(&registry, &[url, (variable, "")]).expect("empty is unset");
        let read = Layer::new("ANOTHER", |_, backend, _| Ok(backend)).also_reading(&[
            "CONSTANCE_CACHE_TTL",
            "CONSTANCE_CACHE_BACKEND",
            "CONSTANCE_AUTOFILL",
        ]);
        let registry = Registry::new().with([scheme("memory")]).with_cache([read]);
        from(&registry, &[url, (variable, "60")]).expect("somebody reads it");
    }
}
