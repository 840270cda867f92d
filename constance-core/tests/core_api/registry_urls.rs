//! What a registry makes of the schemes of URLs.

use std::sync::{Arc, Mutex};

use constance_core::testing::ReferenceBackend;
use constance_core::{Backend, Config, ErrorKind, Registry, Result, Settings, backend::Scheme};

#[derive(Debug, Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

fn scheme(name: &'static str) -> Scheme {
    Scheme::new(name, |_| Ok(Arc::new(ReferenceBackend::new()) as Arc<dyn Backend>))
}

/// A registry whose backend notes what it is given.
fn noting() -> (Registry, Arc<Mutex<Vec<String>>>) {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&noted);
    let scheme = Scheme::new("redis+unix", move |url| {
        if let Ok(mut seen) = seen.lock() {
            seen.push(url.to_owned());
        }
        Ok(Arc::new(ReferenceBackend::new()) as Arc<dyn Backend>)
    });
    (Registry::new().with([scheme]), noted)
}

#[test]
fn white_space_at_the_ends_is_not_part_of_a_url() -> Result<()> {
    let (registry, noted) = noting();
    for url in ["redis+unix:///a b\n", "\r\n\t redis+unix:///a b \u{a0}"] {
        registry.open(url)?;
        // As from a mounted file.
        Config::<Shop>::from_vars(&registry, |name| Ok((name == "CONSTANCE_BACKEND").then(|| url.to_owned())))?;
    }
    let noted = noted.lock().map(|noted| noted.clone()).unwrap_or_default();
    assert_eq!(noted, ["redis+unix:///a b"; 4]);
    Ok(())
}

#[test]
fn the_case_of_a_scheme_means_nothing() -> Result<()> {
    let (registry, noted) = noting();
    registry.open("Redis+UNIX:///Run/R.sock?A=B")?;
    let noted = noted.lock().map(|noted| noted.clone()).unwrap_or_default();
    assert_eq!(noted, ["redis+unix:///Run/R.sock?A=B"], "and that of the rest does");
    assert!(registry.knows("REDIS+unix") && !registry.knows("REDIS"));
    let unknown = registry.open("MYSQL://u:hunter2@h/d").map(drop).expect_err("not registered");
    assert!(unknown.to_string().contains("add constance-diesel"), "{unknown}");
    Ok(())
}

#[test]
fn a_scheme_that_is_not_built_in_names_its_feature() {
    let off = || Scheme::not_built_in("mysql", "constance-diesel", "mysql");
    let registry = Registry::new().with([scheme("sqlite"), off()]);
    let error = registry.open("MySQL://u:hunter2@h/d").map(drop).expect_err("it is not there");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "constance-diesel was built without the scheme \"mysql\"; enable the feature mysql of constance-diesel"
    );
    assert!(!registry.knows("mysql"));
    assert_eq!(format!("{registry:?}"), r#"Registry { schemes: ["sqlite"], layers: [] }"#);
    let unknown = registry.open("oracle://h").map(drop).expect_err("nobody's").to_string();
    assert!(unknown.ends_with("registered are sqlite://"), "{unknown}");
    // What somebody else has of that name stays, and takes its place.
    assert!(Registry::new().with([scheme("mysql"), off()]).knows("mysql"));
    assert!(Registry::new().with([off(), scheme("mysql")]).knows("mysql"));
}

#[test]
fn every_scheme_of_this_project_has_its_crate() {
    for (url, package) in [
        ("postgresql://h/d", "constance-diesel"),
        ("mariadb://h/d", "constance-diesel"),
        ("unix:///r.sock", "constance-redis"),
        ("rediss+sentinel://h/m", "constance-redis"),
        ("valkeys://h", "constance-redis"),
        ("memory://", "constance-memory"),
    ] {
        let error = Registry::new().open(url).map(drop).expect_err(url).to_string();
        assert!(error.contains(&format!("add {package} and register its schemes()")), "{error}");
    }
}
