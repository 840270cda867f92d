//! A start that the store alone does not make possible.

use crate::config::follow::follower::Follower;
use crate::events::{Assumed, FieldAccess};
use crate::{Backend, Codec, Error, ErrorKind, Result, Settings};

impl<S: Settings, C: Codec, B: Backend + 'static> Follower<S, C, B> {
    /// The store could not be read: starts on the last good values, or on the defaults, as the options say.
    pub(in crate::config::follow) fn start_without_store(&self, error: &Error) -> Result<()> {
        let Self { inner, core, options, last_good, .. } = self;
        if !is_outage(error.kind()) {
            return Err(error.clone());
        }
        let kept = last_good.as_ref().map_or_else(Vec::new, |last_good| last_good.assumed(inner, core));
        let problem = last_good.as_ref().and_then(|last_good| {
            let missing = || last_good.unfit(ErrorKind::Unavailable, "is not there".to_owned());
            last_good.problem.clone().or_else(|| kept.is_empty().then(missing))
        });
        let may_be_on_default = options.default_if_unreadable && !kept.is_empty() || options.defaults_if_unreachable;
        if !may_be_on_default && (kept.is_empty() || problem.is_some()) {
            let errors = std::iter::once(error.clone()).chain(problem).collect();
            return Err(Error::several(errors).unwrap_or_else(|| error.clone()));
        }
        core.note_last_good(problem);
        let oldest = kept.iter().filter_map(|kept| kept.origin).max_by_key(|origin| origin.older);
        inner.ledger.assume(kept, &inner.front);
        if let Some(origin) = oldest {
            core.note_recalled(origin);
        }
        // Handlers also hear of what is then found to differ from a default.
        let default = |index| Assumed { index, value: FieldAccess::default(&inner.front, index), origin: None };
        inner.ledger.assume(inner.all().into_iter().map(default).collect(), &inner.front);
        Ok(())
    }

    /// What the first load found to be unreadable, or to break a rule across settings, has its last good values.
    pub(in crate::config::follow) fn recall_unreadable(&self) {
        if let Some(last_good) = &self.last_good {
            self.inner.ledger.assume(last_good.assumed(&self.inner, &self.core), &self.inner.front);
        }
    }

    /// Has the file follow what was loaded. Handlers are being told by now, and no reader waits.
    pub(in crate::config::follow) fn keep_last_good(&mut self) {
        if let Some(last_good) = &mut self.last_good {
            last_good.write(&self.inner.front, &self.core);
        }
    }
}

/// Whether time may mend it, or somebody at the store. What only a change of the program mends would outlast every outage.
fn is_outage(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Denied | ErrorKind::NotMigrated)
}
