//! Figures of a `live()` for the `metrics` crate. The page `docs/metrics.md` has their table, and a test compares the two.

use std::time::UNIX_EPOCH;

use metrics::{Label, Unit, counter, describe_counter, describe_gauge, gauge};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::config::Front;
use crate::events::FieldAccess;
use crate::live::Core;
use crate::{Codec, ErrorKind, Kind, Settings};

const LOADS: &str = "constance_live_loads_total";
const FAILURES: &str = "constance_live_failures_total";
const CHANGES: &str = "constance_changes_total";
const READ: &str = "constance_live_read_timestamp_seconds";
const DIGEST: &str = "constance_live_digest";

pub(super) struct Figures {
    /// What tells the `Config` from others of the process.
    labels: Vec<Label>,
    /// How many changes have been counted; none before the first load, which makes none.
    changes: Option<u64>,
    /// Of which version of the values the digest is.
    digest: Option<(u64, f64)>,
}

impl Figures {
    pub(super) fn new<S: Settings, C: Codec>(front: &Front<S, C>) -> Self {
        describe_counter!(LOADS, Unit::Count, "Reads of all settings that succeeded.");
        describe_counter!(FAILURES, Unit::Count, "Reads of all settings, and feeds of changes, that failed.");
        describe_counter!(CHANGES, Unit::Count, "Settings whose value in live() changed.");
        describe_gauge!(READ, Unit::Seconds, "When the oldest of the values was read, in Unix time.");
        describe_gauge!(DIGEST, "A number made of all values but secrets: equal in processes with equal values.");
        let path = std::any::type_name::<S>().split('<').next().unwrap_or_default();
        let labels = vec![
            Label::new("prefix", front.prefix.as_str().to_owned()),
            Label::new("backend", front.backend_name.to_string()),
            Label::new("settings", path.rsplit("::").next().unwrap_or(path)),
        ];
        Self { labels, changes: None, digest: None }
    }

    pub(super) fn loaded(&self) {
        counter!(LOADS, self.labels.iter()).increment(1);
    }

    pub(super) fn failed(&self, kind: ErrorKind, of: &'static str) {
        let own = [Label::new("kind", kind.label()), Label::new("of", of)];
        let labels: Vec<Label> = self.labels.iter().cloned().chain(own).collect();
        counter!(FAILURES, labels).increment(1);
    }

    /// After each load. The digest is made where a value has changed since the last one, but said each time: a recorder may have
    /// been installed meanwhile.
    pub(super) fn values<S: Settings, C: Codec>(&mut self, front: &Front<S, C>, core: &Core<S>) {
        let (version, changes) = core.changes();
        counter!(CHANGES, self.labels.iter()).increment(changes - self.changes.replace(changes).unwrap_or(changes));
        if let Some(date) = core.read_date().and_then(|date| date.duration_since(UNIX_EPOCH).ok()) {
            gauge!(READ, self.labels.iter()).set(date.as_secs_f64());
        }
        let digest = match self.digest {
            Some((of, digest)) if of == version => digest,
            _ => digest(front, &core.values()),
        };
        self.digest = Some((version, digest));
        gauge!(DIGEST, self.labels.iter()).set(digest);
    }
}

/// The same for equal values in every process, whatever the codec and the order of declaration. Secrets are no part of it: whoever
/// sees the digest could try one guess after the other.
fn digest<S: Settings, C: Codec>(front: &Front<S, C>, values: &S) -> f64 {
    let of_one = |index: usize| {
        let field = &front.schema.fields[index];
        let seed = xxh3_64_with_seed(field.info().name.as_bytes(), 0);
        // What cannot be printed differs from whatever can.
        let Ok(text) = field.print(&front.get(values, index)) else { return seed };
        match (field.info().kind, serde_json::from_str(&text)) {
            (Kind::Serde, Ok(json)) => of_json(&json, seed),
            _ => xxh3_64_with_seed(text.as_bytes(), seed),
        }
    };
    let open = (0..front.keys.len()).filter(|index| !front.schema.fields[*index].info().secret);
    let digest = open.map(of_one).fold(0, u64::wrapping_add);
    // As many bits as a float keeps.
    (digest >> 11) as f64
}

/// Maps of serde's types may be in any order.
fn of_json(json: &serde_json::Value, seed: u64) -> u64 {
    match json {
        serde_json::Value::Object(entries) => {
            let of_entry = |(name, value)| of_json(value, xxh3_64_with_seed(String::as_bytes(name), !seed));
            entries.iter().map(of_entry).fold(seed, u64::wrapping_add)
        }
        serde_json::Value::Array(elements) => {
            elements.iter().fold(!seed, |seed, element| of_json(element, seed.rotate_left(1)))
        }
        leaf => xxh3_64_with_seed(leaf.to_string().as_bytes(), seed),
    }
}
