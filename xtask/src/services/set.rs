//! Servers that belong together.

use std::fmt::Debug;

/// Running servers, and the variables that tell tests where they are.
#[derive(Debug, Default)]
pub(super) struct Set {
    servers: Vec<Box<dyn Debug + Send>>,
    pub(super) variables: Vec<(&'static str, String)>,
    /// What somebody who looks at the servers should know.
    pub(super) remark: Option<String>,
}

impl Set {
    /// Servers, which are stopped when it is dropped.
    pub(super) fn of<S: Debug + Send + 'static>(servers: impl IntoIterator<Item = S>) -> Self {
        let boxed = |server| -> Box<dyn Debug + Send> { Box::new(server) };
        Self { servers: servers.into_iter().map(boxed).collect(), ..Self::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(super) fn count(&self) -> usize {
        self.servers.len()
    }
}
