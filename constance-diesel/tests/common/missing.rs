//! A settings table that is gone, or older than its table of versions says; in any database.

use constance_core::{
    Action, Backend, ErrorKind, Prefix, Result,
    backend::{Batch, Change, Encoded, Key, Stored},
};
use constance_diesel::{Dialect, DieselBackend};

/// A database with a migrated table, and a way past the backend.
pub(crate) struct Case<'c, C: Dialect> {
    pub(crate) backend: &'c DieselBackend<C>,
    /// The name of the table.
    pub(crate) table: &'c str,
    /// Every migration.
    pub(crate) all: &'c [&'c str],
    /// The table as the first migration makes it.
    pub(crate) first: &'c str,
    /// Runs a statement, in which `{table}` and `{versions}` stand for the tables.
    pub(crate) run: &'c dyn Fn(&str),
}

impl<C: Dialect> Case<'_, C> {
    fn refused(&self, asked: Result<Vec<String>>) -> (ErrorKind, String) {
        let error = asked.expect_err("the table and its table of versions contradict each other");
        assert_eq!((error.action(), error.backend()), (Some(Action::Migrate), Some(self.backend.name())), "{error}");
        (error.kind(), error.to_string())
    }

    fn missing(&self) -> (ErrorKind, String) {
        let (name, table) = (self.backend.name(), self.table);
        let versions = format!("{table}_migrations");
        let text = format!(
            "cannot migrate {name}: the table {table:?} is missing, and {versions:?} says that it was made; restore it, or, \
             to begin with an empty one, drop {versions:?} as well (or run DieselBackend::revert_all) and migrate again"
        );
        (ErrorKind::NotMigrated, text)
    }

    fn read(&self) -> Stored {
        self.backend.read(&[&key()]).expect("a read").remove(0)
    }

    fn store(&self) {
        self.backend.write(&Batch::one(Change::set(key(), Encoded::from(vec![1])))).expect("a write");
    }

    /// Both ways that the message names, for operators and for programmers, mend it.
    pub(crate) fn a_missing_table_is_said_and_mended(&self) {
        for drops in [true, false] {
            self.store();
            (self.run)("DROP TABLE {table}");
            for asked in
                [self.backend.pending(), self.backend.migrate(), Backend::migrate(self.backend).map(|()| vec![])]
            {
                assert_eq!(self.refused(asked), self.missing());
            }
            if drops {
                (self.run)("DROP TABLE {versions}");
            } else {
                self.backend.revert_all().expect("there is nothing to lose");
            }
            assert_eq!(self.backend.pending().expect("a look"), self.all);
            assert_eq!(self.backend.migrate().expect("tables"), self.all);
            assert_eq!(self.read(), Stored::Absent);
        }
    }

    /// A backup from before the second migration, restored without its table of versions.
    pub(crate) fn an_older_table_is_said_and_mended(&self) {
        (self.run)("DROP TABLE {table}");
        (self.run)(self.first);
        let mut left = self.all.to_vec();
        while left.len() > 1 {
            let last = left.pop().expect("there is one");
            for asked in [self.backend.pending(), self.backend.migrate()] {
                let (kind, text) = self.refused(asked);
                assert_eq!(kind, ErrorKind::Configuration);
                let said = format!(
                    "is not as its migrations made it: it has no column \"revision\", it has no column \"changed_at\"; \
                     restore the table, or, where it is an older one, remove {last:?} from \"{}_migrations\" and migrate again",
                    self.table
                );
                assert!(text.ends_with(&said), "{text}");
            }
            (self.run)(&format!("DELETE FROM {{versions}} WHERE version = '{last}'"));
        }
        assert_eq!(self.backend.migrate().expect("the rest"), self.all[1..]);
        self.store();
        assert_ne!(self.read(), Stored::Absent);
    }

    /// What a newer release made of the table is its business, but a table there is.
    pub(crate) fn beside_a_newer_release_only_a_missing_table_is_said(&self) {
        (self.run)("INSERT INTO {versions} (version) VALUES ('9999_newer')");
        assert!(self.backend.migrate().expect("nothing to do").is_empty());
        (self.run)("DROP TABLE {table}");
        assert_eq!(self.refused(self.backend.migrate()), self.missing());
    }

    pub(crate) fn all(&self) {
        self.a_missing_table_is_said_and_mended();
        self.an_older_table_is_said_and_mended();
        self.beside_a_newer_release_only_a_missing_table_is_said();
    }
}

fn key() -> Key {
    Prefix::empty().key("a").expect("a key")
}
