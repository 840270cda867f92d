//! Bases and pins become part of a schema, so that a read pays for none of them.

use super::collected::{Collected, Resolved};
use super::{Base, Pins, Source};
use crate::{Codec, Error, ErrorKind, Result, Schema, Settings};

/// What a builder collects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    base: Collected,
    pins: Collected,
}

impl Layers {
    pub(crate) fn add_base(&mut self, base: Base) {
        self.base.append(base.into_collected());
    }

    pub(crate) fn add_pins(&mut self, pins: Pins) {
        self.pins.append(pins.into_collected());
    }

    /// Puts the values into the schema, and says where each setting's value comes from while nothing is stored.
    ///
    /// # Errors
    ///
    /// `Configuration` where a name or a value is refused, or the values break a rule across settings.
    pub(crate) fn apply<S: Settings, C: Codec>(self, schema: &mut Schema<S, C>) -> Result<Vec<Source>> {
        let mut sources = vec![Source::Default; schema.fields.len()];
        let (base, pins) = (self.base.resolve(schema)?, self.pins.resolve(schema)?);
        if base.is_empty() && pins.is_empty() {
            return Ok(sources);
        }
        for Resolved { index, value, source } in base {
            schema.fields[index].set_default(&value)?;
            schema.fields[index].put(&mut schema.defaults, &value);
            sources[index] = source;
        }
        for Resolved { index, value, source } in pins {
            schema.fields[index].pin(&value);
            schema.fields[index].put(&mut schema.defaults, &value);
            sources[index] = source.into_pinned();
        }
        schema.check_together(&schema.defaults, |_| true).map_err(|error| {
            let detail = format!("base values and pins break a rule across settings: {}", error.detail());
            let given = schema.settings().zip(&sources).filter(|(_, source)| **source != Source::Default);
            Error::new(ErrorKind::Configuration)
                .with_settings(given.map(|(info, _)| info.name))
                .with_detail(detail)
                .with_hint("change the values that were given for these settings")
        })?;
        Ok(sources)
    }
}
