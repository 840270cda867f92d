//! A process with what it has to have, and what it has to say is wrong.

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

use super::process::{Process, Setup, Wrong};

/// What is wrong with a setting, or with several that are in one rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) kind: &'static str,
    pub(crate) settings: &'static [&'static str],
    pub(crate) detail: &'static str,
}

/// A running program.
pub(crate) struct Role<S> {
    process: Process,
    backend: String,
    /// What its `live()` gives out; where nothing is wrong, each read.
    pub(crate) values: S,
    pub(crate) faults: Vec<Fault>,
}

impl<S> Deref for Role<S> {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl<S> DerefMut for Role<S> {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

impl<S: Debug> Role<S> {
    pub(crate) fn start(setup: &Setup, program: &str, values: S) -> Self {
        let backend = setup.backend().to_owned();
        Self { process: setup.start(program), backend, values, faults: Vec::new() }
    }

    /// It has its values, says what is wrong by every way of reading, and nothing else.
    #[track_caller]
    pub(crate) fn is_right(&mut self) {
        let values = Ok(format!("{:?}", self.values));
        let wrong = self.wrong();
        self.answers("live", &values);
        self.answers("snapshot", &wrong.clone().map_or(values, Err));
        for command in ["status", "verify"] {
            self.answers(command, &wrong.clone().map_or(Ok(String::new()), Err));
        }
        for fault in self.faults.clone().into_iter().filter(|fault| fault.kind == "Decode") {
            let wrong = Err(self.wrong_with(&[fault]));
            self.answers(&format!("get {}", fault.settings[0]), &wrong);
        }
    }

    /// It does not start to follow, and says why.
    #[track_caller]
    pub(crate) fn does_not_start(&mut self) {
        let wrong = self.wrong().expect("something is wrong");
        self.answers("follow", &Err(wrong));
    }

    pub(crate) fn end(self) {
        self.process.end();
    }

    fn wrong(&self) -> Option<Wrong> {
        (!self.faults.is_empty()).then(|| self.wrong_with(&self.faults))
    }

    fn wrong_with(&self, faults: &[Fault]) -> Wrong {
        let settings: Vec<&str> = faults.iter().flat_map(|fault| fault.settings).copied().collect();
        let plural = if settings.len() == 1 { "" } else { "s" };
        let mut message = format!("cannot read setting{plural} {} from {}", quoted(&settings), self.backend);
        for (at, fault) in faults.iter().enumerate() {
            let names = if faults.len() > 1 { format!(" {}:", quoted(fault.settings)) } else { String::new() };
            message += &format!("{}{names} {}", if at == 0 { ":" } else { ";" }, fault.detail);
            if faults.get(at + 1).is_none_or(|next| next.repair() != fault.repair()) {
                message += &format!("; set or reset {} to repair it", fault.repair());
            }
        }
        let settings = settings.into_iter().map(str::to_owned).collect();
        Wrong { kind: faults[0].kind.to_owned(), settings, message }
    }
}

impl Fault {
    fn repair(&self) -> &'static str {
        if self.kind == "Invalid" { "them in one change" } else { "the setting" }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}
