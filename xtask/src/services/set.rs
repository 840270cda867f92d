//! Servers that belong together.

use super::process::Process;

/// Running servers, and the variables that tell tests where they are.
#[derive(Debug, Default)]
pub(super) struct Set {
    processes: Vec<Process>,
    pub(super) variables: Vec<(&'static str, String)>,
    /// What somebody who looks at the servers should know.
    pub(super) remark: Option<String>,
}

impl Set {
    pub(super) fn of(processes: impl IntoIterator<Item = Process>) -> Self {
        Self { processes: processes.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(super) fn count(&self) -> usize {
        self.processes.len()
    }
}
