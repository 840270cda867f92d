//! Reading: all from the cache, or all from the store.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use constance_core::{
    Backend, Error, ErrorKind, Result,
    backend::{Key, Stored},
};

use super::cells::{Finding, Lease};
use super::record::Times;
use super::{Declared, SharedCache, stable_hash};
use crate::counters::CacheEvent;
use crate::store::CacheStore;

impl<B: Backend, C: CacheStore> SharedCache<B, C> {
    /// What is stored under these keys, all of one moment, and how old it is.
    ///
    /// What the cache says of several keys it says of one moment, and so does the store. Half of either would be neither.
    /// A batch that marked all its keys is in the cache as a whole or not at all, so that its moment is one of the store's.
    pub(super) fn find(&self, keys: &[&Key]) -> Result<(Vec<Stored>, Duration)> {
        if keys.is_empty() {
            return Ok((Vec::new(), Duration::ZERO));
        }
        self.clear_pending();
        #[cfg(feature = "metrics")]
        self.counters.publish_sometimes();
        let mut findings = self.look(keys);
        let missed = findings.iter().filter(|finding| !matches!(finding, Finding::Hit(..))).count();
        if missed == 0 {
            self.counters.add(CacheEvent::Hit, keys.len() as u64);
            let mut oldest = Duration::ZERO;
            let stored = |finding| match finding {
                Finding::Hit(entry, _, age) => {
                    oldest = oldest.max(age);
                    Stored::from(entry)
                }
                _ => Stored::Absent,
            };
            let found = findings.into_iter().map(stored).collect();
            return Ok((found, oldest));
        }
        self.counters.add(CacheEvent::Miss, missed as u64);
        let declared = Arc::clone(&*self.declared.lock());
        let others = self.to_autofill(&declared, keys, &findings);
        let mut asked = keys.to_vec();
        if !others.is_empty() {
            asked.extend(&others);
            findings.extend(self.look(&asked[keys.len()..]));
        }
        self.cells.occupy(&asked, &mut findings);
        self.counters.add(CacheEvent::Fetch, 1);
        let (mut found, age) = self.inner.read_with_age(&asked)?;
        if found.len() != asked.len() {
            return Err(Error::new(ErrorKind::Contract).with_detail("a read did not give one answer for each key"));
        }
        // A cell says how old it is by when it was filled: what is older than that is not put there.
        if age.is_zero() {
            self.fill(&asked, &findings, &found);
        }
        found.truncate(keys.len());
        Ok((found, age))
    }

    /// What the cache says, and nothing of the keys that this process has to clear there. These are looked up before the cache
    /// is asked: a thread that clears a key meanwhile removes it from the list only afterwards.
    fn look(&self, keys: &[&Key]) -> Vec<Finding> {
        if self.pending.is_empty() {
            return self.cells.look(keys);
        }
        let pending: Vec<bool> = keys.iter().map(|key| self.pending.contains(key)).collect();
        let mut findings = self.cells.look(keys);
        for (finding, _) in findings.iter_mut().zip(pending).filter(|(_, pending)| *pending) {
            *finding = Finding::Busy;
        }
        findings
    }

    fn fill(&self, asked: &[&Key], findings: &[Finding], found: &[Stored]) {
        let leased = |finding: &Finding| match finding {
            Finding::Lease(lease) => Some(*lease),
            Finding::Hit(..) | Finding::Vacant | Finding::Busy => None,
        };
        let fills: Vec<(&Key, Lease, &Stored)> = asked
            .iter()
            .zip(findings)
            .zip(found)
            .filter_map(|((key, finding), stored)| Some((*key, leased(finding)?, stored)))
            .collect();
        let lost = if fills.is_empty() { 0 } else { self.cells.fill(&fills) };
        if lost > 0 {
            self.counters.add(CacheEvent::LeaseLost, lost);
        }
    }

    /// The declared keys to read along with these, if they are due and no other process reads them now.
    ///
    /// It is time where a declared key was not in the cache at all. What is then filled is on probation, so that it is
    /// time once more when that is over. What says that it was done lives no longer than what was filled is served: it
    /// is time again when that is gone.
    fn to_autofill(&self, declared: &Declared, keys: &[&Key], findings: &[Finding]) -> Vec<Key> {
        let Some(period) = self.autofill else { return Vec::new() };
        let of_declared = |wanted: fn(&Finding) -> bool| {
            keys.iter().zip(findings).any(|(key, finding)| wanted(finding) && declared.keys.contains(*key))
        };
        let empty = of_declared(|finding| *finding == Finding::Vacant);
        if !empty && !of_declared(|finding| matches!(finding, Finding::Lease(Lease { settles: true, .. }))) {
            return Vec::new();
        }
        let asked: HashSet<&Key> = keys.iter().copied().collect();
        let others: Vec<Key> = declared.keys.iter().filter(|key| !asked.contains(key)).cloned().collect();
        let stays = period.min(filled_for(self.cells.times, empty));
        if others.is_empty() || !self.cells.is_first(&declared.filled, stays) { Vec::new() } else { others }
    }

    pub(super) fn add_declared(&self, keys: &[Key]) {
        let mut declared = self.declared.lock();
        if keys.iter().all(|key| declared.keys.contains(key)) {
            return;
        }
        let all = declared.keys.iter().chain(keys).cloned().collect::<BTreeSet<_>>();
        let digest: Vec<u8> = all.iter().flat_map(|key| [key.as_str().as_bytes(), b"\0"]).flatten().copied().collect();
        let filled = self.cells.own_name(&format!("filled:{:016x}", stable_hash(&[&digest])));
        *declared = Arc::new(Declared { keys: all, filled });
    }
}

/// How long it is remembered in the cache that all were filled: a little less than what was filled is served, since the
/// clocks of two servers need not tick together.
fn filled_for(times: Times, on_probation: bool) -> Duration {
    let served = if on_probation { times.hold.min(times.ttl) } else { times.ttl };
    (served - served / 10).max(Duration::from_secs(1))
}
