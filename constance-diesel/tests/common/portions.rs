//! Stale keys among a great many of somebody else's, in any database.

use constance_core::{Backend, Config, Prefix, Settings};

#[derive(Debug, Clone, Settings)]
pub(crate) struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

/// As many keys as one portion holds.
const PORTION: usize = 1_000;

/// The stale ones that every table of these tests holds.
pub(crate) fn stale() -> Vec<String> {
    let mut names: Vec<String> = (0..2_500).map(|number| format!("old_{number:05}")).collect();
    // What sorts before, between and after the others.
    names.extend(["A", "old", "old_", "zzz", "-", "_"].map(str::to_owned));
    names.sort();
    names
}

/// Looks for them in portions, and removes them so; `total` rows are in the table.
pub(crate) fn pass_by_in_portions(backend: &dyn Backend, total: usize) {
    let config = Config::<Shop>::builder(backend).prefix(Prefix::empty()).build_typed().expect("a config");
    let (mut found, mut portions) = (Vec::new(), 0);
    for portion in config.stale_portions() {
        let portion = portion.expect("a portion");
        assert!(portion.len() <= PORTION, "{} keys in one portion", portion.len());
        found.extend(portion);
        portions += 1;
    }
    assert!(portions >= total / PORTION, "{portions}");
    assert!(found.is_sorted(), "in the order of their bytes");
    assert_eq!(found, stale());
    for portion in config.stale_portions() {
        let portion = portion.expect("a portion");
        assert_eq!(config.remove_stale_keys(&portion).expect("removed"), portion);
    }
    assert!(config.stale_keys().expect("a look").is_empty());
}
