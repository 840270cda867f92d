//! `settings stale` and `settings remove-stale NAME…`.

use std::collections::BTreeSet;
use std::io::Write;

use constance_core::{Backend, Codec, Config, Settings};

use crate::{CommandError, output};

/// Lists the keys of the store in portions, so that keys of other prefixes need no memory. `progress` is a terminal.
pub(crate) fn run<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    json: bool,
    out: &mut dyn Write,
    mut progress: Option<&mut dyn Write>,
) -> Result<(), CommandError> {
    // A store may list a key twice.
    let mut names = BTreeSet::new();
    let found = config.stale_portions().zip(1..).try_for_each(|(stale, portions)| {
        names.extend(stale?);
        show(
            &mut progress,
            &format!("{} keys that this program does not declare, in {portions} portions of the store", names.len()),
        );
        Ok::<_, CommandError>(())
    });
    show(&mut progress, "");
    found?;
    let text = if json { output::json::names(&names) } else { output::text::names(&names) };
    output::print(out, &text)
}

/// Removes stored values by name, and prints the names under which a value was stored.
pub(crate) fn remove<S: Settings, C: Codec, B: Backend>(
    config: &Config<S, C, B>,
    names: &[String],
    json: bool,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let removed: BTreeSet<String> = config.remove_stale_keys(names)?.into_iter().collect();
    let text = if json { output::json::names(&removed) } else { output::text::names(&removed) };
    output::print(out, &text)
}

/// Replaces the line that was shown before. The command goes on where the terminal is closed.
fn show(progress: &mut Option<&mut dyn Write>, line: &str) {
    if let Some(terminal) = progress {
        let _ = write!(terminal, "\r\x1b[K{line}").and_then(|()| terminal.flush());
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use constance_core::{
        Settings,
        backend::{Batch, Change, Encoded},
    };
    use constance_memory::MemoryBackend;

    use super::*;

    #[derive(Debug, Clone, Settings)]
    struct Shop {
        #[setting(default = 42)]
        the_answer: i64,
    }

    #[test]
    fn a_terminal_shows_the_progress_and_clears_it_at_the_end() {
        let config = Config::<Shop>::new(MemoryBackend::new());
        let key = config.prefix().key("old_name").expect("a name");
        let batch = Batch::one(Change::set(key, Encoded::from(b"1".to_vec())));
        config.backend().write(&batch).expect("a write");
        let (mut out, mut terminal) = (Vec::new(), Vec::new());
        run(&config, false, &mut out, Some(&mut terminal)).expect("a listing");
        assert_eq!(out, b"old_name\n");
        assert_eq!(terminal, b"\r\x1b[K1 keys that this program does not declare, in 1 portions of the store\r\x1b[K");
    }
}
