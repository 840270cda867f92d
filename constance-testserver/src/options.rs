//! How a server is started.

use std::path::Path;

use crate::ports::free_port;

/// Settings and environment variables for a server. None by default.
#[derive(Debug, Clone, Default)]
pub struct Options {
    settings: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Options {
    /// Adds settings: arguments of Redis and memcached such as `--requirepass`, settings of PostgreSQL and MariaDB such as
    /// `max_connections=5`.
    ///
    /// In them `{port}` and `{folder}` stand for those of the server, and `{other}` for a second free port.
    #[must_use]
    pub fn settings<T: Into<String>>(mut self, settings: impl IntoIterator<Item = T>) -> Self {
        self.settings.extend(settings.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable of the server.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The settings with all names replaced.
    pub(crate) fn of(&self, folder: &Path, port: u16) -> impl Iterator<Item = String> {
        let (port, other, folder) = (port.to_string(), free_port().to_string(), folder.display().to_string());
        self.settings.iter().map(move |setting| {
            setting.replace("{port}", &port).replace("{other}", &other).replace("{folder}", &folder)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced() {
        let options = Options::default().settings(["{folder}/{port}", "max_connections=5"]);
        assert_eq!(options.of(Path::new("/a"), 7).collect::<Vec<_>>(), ["/a/7", "max_connections=5"]);
    }
}
