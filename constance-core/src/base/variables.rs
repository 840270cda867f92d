//! Environment variables that stand for settings.

use std::collections::HashMap;

use super::{Base, Pins};
use crate::{Codec, Error, ErrorKind, MessagePack, Result, Schema, Settings};

/// What the variables of bases begin with where a `Config` is made from the environment.
const BASES: &str = "CONSTANCE_BASE_";

/// The same for pins.
const PINS: &str = "CONSTANCE_PIN_";

/// The file of bases there.
const FILE: &str = "CONSTANCE_BASES";

/// The bases and pins that the variables of the process give.
pub(crate) fn of_process() -> Result<(Base, Pins)> {
    Ok((in_file(&crate::config::of_process)?.env(BASES), Pins::new().env(PINS)))
}

/// The same from a function, which is asked for the settings by name, so that a name that no setting has stays unseen.
pub(crate) fn of_vars<S: Settings>(var: &impl Fn(&str) -> Result<Option<String>>) -> Result<(Base, Pins)> {
    let schema = S::schema::<MessagePack>()?;
    let base = in_file(var)?.variables(BASES, named(&schema, BASES, var)?);
    Ok((base, Pins::new().variables(PINS, named(&schema, PINS, var)?)))
}

fn in_file(var: &impl Fn(&str) -> Result<Option<String>>) -> Result<Base> {
    match var(FILE)? {
        None => Ok(Base::new()),
        #[cfg(feature = "toml")]
        Some(path) => Base::new().toml_file(path).map_err(|error| {
            let named = format!("{FILE}: {}", error.detail());
            error.with_detail(named)
        }),
        #[cfg(not(feature = "toml"))]
        Some(_) => Err(Error::new(ErrorKind::Configuration)
            .with_detail(format!("{FILE} is set, and the program is built without TOML"))
            .with_hint("build it with the feature toml of constance-core, or unset the variable")),
    }
}

/// The name of a setting as it is in a variable.
pub(super) fn upper(name: &str) -> String {
    name.replace('.', "__").replace('-', "_").to_ascii_uppercase()
}

/// Where each variable, without its prefix, leads.
///
/// # Errors
///
/// `Configuration` where two settings would have one variable.
pub(super) fn by_variable<S: Settings, C: Codec>(schema: &Schema<S, C>) -> Result<HashMap<String, usize>> {
    let mut places = HashMap::new();
    for (index, info) in schema.settings().enumerate() {
        for name in std::iter::once(&info.name).chain(&info.aliases) {
            if places.insert(upper(name), index).is_some_and(|other| other != index) {
                return Err(Error::new(ErrorKind::Configuration)
                    .with_setting(name)
                    .with_detail("another setting has the same name in an environment variable")
                    .with_hint("rename one of them, or give its value in another way"));
            }
        }
    }
    Ok(places)
}

/// The variables of all settings, from a function that is asked for each by name.
fn named<S: Settings, C: Codec>(
    schema: &Schema<S, C>,
    prefix: &str,
    var: &impl Fn(&str) -> Result<Option<String>>,
) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for info in schema.settings() {
        for name in std::iter::once(&info.name).chain(&info.aliases) {
            let variable = format!("{prefix}{}", upper(name));
            if let Some(value) = var(&variable)? {
                found.push((variable, value));
            }
        }
    }
    Ok(found)
}
