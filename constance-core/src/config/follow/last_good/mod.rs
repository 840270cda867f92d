//! The last good values, and the file that keeps them for a start without the store.

mod file;
mod format;
mod start;
mod writer;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::format::{Contents, Entry, Owner, Raw};
use self::writer::Writer;
use crate::backend::too_few;
use crate::config::{Found, Front, Inner};
use crate::events::{Assumed, FieldAccess, Loaded};
use crate::live::Core;
use crate::{
    Action, Backend, Codec, Error, ErrorKind, LiveOptions, Result, Settings,
    backend::{Encoded, Key, Stored},
    identity, trace,
};

/// What was stored for each setting when it could last be read and kept to every rule.
pub(super) struct LastGood<S> {
    owner: Owner,
    has_secrets: bool,
    /// In the order of the schema.
    kept: Vec<Option<Kept>>,
    /// The same as values; defaults where nothing is kept. They keep to every rule.
    values: Arc<S>,
    /// What was wrong with the file at the start.
    problem: Option<Error>,
    /// The file has something else.
    has_changed: bool,
    writer: Arc<Writer>,
}

/// What was stored for one setting.
struct Kept {
    /// Under each name, the newest first.
    stored: Vec<Option<Encoded>>,
    read_at: SystemTime,
}

impl<S: Settings> LastGood<S> {
    /// What the file says, where the options name one.
    pub(super) fn read<C: Codec, B: Backend>(
        inner: &Inner<S, C, B>,
        core: &Core<S>,
        options: &LiveOptions,
    ) -> Option<Self> {
        let path = options.last_good.clone()?;
        // The folder of the process may be another one later.
        let path = std::path::absolute(&path).unwrap_or(path);
        let mut last_good = Self::nothing(inner, path, options.secrets_in_last_good);
        match file::read(&last_good.writer.path).and_then(|contents| last_good.owned(contents)) {
            Ok(Some(contents)) => last_good.recall(inner, contents),
            Ok(None) => {}
            Err(error) => last_good.problem = Some(error),
        }
        if let Some(problem) = &last_good.problem {
            last_good.has_changed = true;
            trace::last_good_failed(problem);
            core.note_last_good(Some(problem.clone()));
        }
        Some(last_good)
    }

    fn nothing<C: Codec, B: Backend>(inner: &Inner<S, C, B>, path: PathBuf, has_secrets: bool) -> Self {
        let owner = Owner {
            codec: inner.codec.name().to_owned(),
            prefix: inner.prefix.as_str().to_owned(),
            backend: inner.backend_name.to_string(),
            store: inner.backend.identity().map(|identity| identity::without_mark(&identity)),
        };
        Self {
            owner,
            has_secrets,
            kept: inner.keys.iter().map(|_| None).collect(),
            values: Arc::from(inner.schema.defaults.clone()),
            problem: None,
            has_changed: true,
            writer: Arc::new(Writer::new(path)),
        }
    }

    fn owned(&self, contents: Option<Contents>) -> Result<Option<Contents>> {
        if let Some(contents) = &contents {
            file::check_owner(&self.writer.path, contents, &self.owner)?;
        }
        Ok(contents)
    }

    /// Takes what the file says as if the store had said it: by each name of a setting, held to its rules, and then to those across
    /// settings.
    fn recall<C: Codec>(&mut self, front: &Front<S, C>, contents: Contents) {
        let count = contents.entries.len();
        let entries: HashMap<String, Entry> = contents.entries.into_iter().map(|e| (e.key.clone(), e)).collect();
        let (mut values, mut problems) = (Arc::clone(&self.values), Vec::new());
        for index in front.all() {
            let keys = front.keys_of(&[index]);
            let said: Vec<&Entry> = keys.iter().filter_map(|key| entries.get(key.as_str())).collect();
            let Some(read_at) = said.iter().map(|entry| entry.read_at).min() else { continue };
            if self.leaves_out(front, index) {
                continue;
            }
            let stored = |key: &&Key| entries.get(key.as_str())?.stored.as_ref().map(|Raw(bytes)| bytes.clone());
            let stored: Vec<Option<Encoded>> = keys.iter().map(stored).collect();
            let answers = stored.iter().cloned().map(Stored::from).collect();
            let found = front.found(&[index], answers).and_then(|mut found| found.pop().ok_or_else(too_few));
            match found.and_then(|found| front.value_in(index, &found)) {
                Ok(value) => {
                    front.put(Arc::make_mut(&mut values), index, &value);
                    let read_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(read_at));
                    self.kept[index] = read_at.map(|read_at| Kept { stored, read_at });
                }
                Err(error) => problems.push(error.with_setting(front.name(index))),
            }
        }
        for breach in front.schema.hold(&self.values, Arc::make_mut(&mut values)) {
            breach.settings.iter().for_each(|&index| self.kept[index] = None);
            problems.push(breach.error);
        }
        self.values = values;
        let details: Vec<String> = problems.iter().map(Error::named_detail).collect();
        let words = if !details.is_empty() {
            Some(format!("has what cannot be used: {}", details.join("; ")))
        } else if self.kept.iter().all(Option::is_none) {
            Some("has none of this program's settings".to_owned())
        } else {
            None
        };
        self.problem = words.map(|words| self.unfit(ErrorKind::Decode, words));
        // What it has beside that is to go: a secret perhaps, that was let in before.
        self.has_changed = count != self.kept.iter().flatten().map(|kept| kept.stored.len()).sum::<usize>();
    }

    fn unfit(&self, kind: ErrorKind, words: String) -> Error {
        file::unfit(&self.writer.path, Action::Read, kind, words)
    }

    fn leaves_out<C: Codec>(&self, front: &Front<S, C>, index: usize) -> bool {
        !self.has_secrets && front.schema.fields[index].info().secret
    }

    /// Takes what a load found, as far as it could be read and keeps to every rule. It is one moment of the store, whatever
    /// `live()` passed over since it was being written. No I/O.
    pub(super) fn take<C: Codec>(
        &mut self,
        front: &Front<S, C>,
        found: &[Found],
        loaded: &[(usize, Loaded)],
        read_at: SystemTime,
    ) {
        let (mut values, mut readable) = (Arc::clone(&self.values), Vec::new());
        for (found, (index, loaded)) in found.iter().zip(loaded) {
            let Loaded::Value(value) = loaded else { continue };
            if self.leaves_out(front, *index) {
                continue;
            }
            let kept = self.kept[*index].as_mut().filter(|kept| kept.is(found));
            if kept.is_none() {
                front.put(Arc::make_mut(&mut values), *index, value);
            }
            readable.push((*index, found, kept.is_some()));
        }
        let has_news = readable.iter().any(|(_, _, is_known)| !is_known);
        let breaches = if has_news { front.schema.hold(&self.values, Arc::make_mut(&mut values)) } else { Vec::new() };
        for (index, found, is_known) in readable {
            if breaches.iter().any(|breach| breach.settings.contains(&index)) {
                continue;
            }
            match &mut self.kept[index] {
                Some(kept) if is_known => kept.read_at = read_at,
                kept => {
                    *kept = Some(Kept { stored: found.stored().iter().map(|s| s.value().cloned()).collect(), read_at });
                    self.has_changed = true;
                }
            }
        }
        self.values = values;
    }

    /// What is kept was there at that time too, but for the settings that were read then: they may have become something else.
    pub(super) fn confirm(&mut self, read_at: SystemTime, read: &[usize]) {
        let others = self.kept.iter_mut().enumerate().filter(|(index, _)| !read.contains(index));
        others.filter_map(|(_, kept)| kept.as_mut()).for_each(|kept| kept.read_at = read_at);
    }

    /// What is kept, for a `live()` that knows nothing of it.
    fn assumed<C: Codec>(&self, front: &Front<S, C>, core: &Core<S>) -> Vec<Assumed> {
        let of = |(index, kept): (usize, &Option<Kept>)| {
            let origin = core.origin_of(kept.as_ref()?.read_at);
            Some(Assumed { index, value: front.get(&self.values, index), origin: Some(origin) })
        };
        self.kept.iter().enumerate().filter_map(of).collect()
    }

    /// Has the file replaced, where it has something else or the last try failed.
    fn write<C: Codec>(&mut self, front: &Front<S, C>, core: &Arc<Core<S>>) {
        if std::mem::take(&mut self.has_changed) || self.writer.is_due(core.now()) {
            self.writer.write(self.contents(front), core);
        }
    }

    fn contents<C: Codec>(&self, front: &Front<S, C>) -> Contents {
        let kept = self.kept.iter().enumerate().filter_map(|(index, kept)| Some((index, kept.as_ref()?)));
        let entries = kept.flat_map(|(index, Kept { stored, read_at })| {
            let since = read_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let read_at = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
            let entry = move |(key, stored): (&Key, &Option<Encoded>)| {
                let stored = stored.clone().map(Raw);
                Entry { key: key.as_str().to_owned(), read_at, stored }
            };
            front.keys_of(&[index]).into_iter().zip(stored).map(entry)
        });
        Contents { owner: self.owner.clone(), entries: entries.collect() }
    }
}

impl Kept {
    fn is(&self, found: &Found) -> bool {
        self.stored.iter().map(Option::as_ref).eq(found.stored().iter().map(Stored::value))
    }
}
