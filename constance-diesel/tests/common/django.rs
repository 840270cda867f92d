//! What holds for the table that Django made, in any database.

use constance_core::{Backend, ErrorKind, backend::Stored};
use constance_diesel::{Dialect, DieselBackend};

use super::{read, store, value, write};

/// Without the table, every call says who makes it.
pub(crate) fn a_missing_table_is_a_matter_for_django<C: Dialect>(backend: &DieselBackend<C>) {
    for error in [
        backend.migrate().map(drop).expect_err("a look"),
        backend.pending().map(drop).expect_err("a look"),
        read(backend, "theme").map(drop).expect_err("a read"),
        write(backend, "theme", b"dark").expect_err("a write"),
        backend.watch(&backend.default_prefix()).map(drop).expect_err("a feed"),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotMigrated, "{error}");
        assert!(error.to_string().ends_with("; run Django's manage.py migrate"), "{error}");
    }
}

/// A table of another shape is refused, with each of its `differences`.
pub(crate) fn refused_by<C: Dialect>(backend: &DieselBackend<C>, differences: &[&str]) {
    let error = backend.migrate().expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let said = error.to_string();
    for difference in differences {
        assert!(said.contains(difference), "{said}");
    }
    assert_eq!(backend.pending().expect_err("a refusal").kind(), ErrorKind::Configuration);
}

/// In the table, the value of `theme` is NULL and that of `title` is `text`.
pub(crate) fn a_null_is_unreadable_under_its_own_key(backend: &dyn Backend) {
    assert!(matches!(read(backend, "theme").expect("a read"), Stored::Foreign(_)));
    assert_eq!(read(backend, "title").expect("a read"), value(b"text"));
    store(backend, "theme", b"dark");
    assert_eq!(read(backend, "theme").expect("a read"), value(b"dark"), "a set repairs it");
}
