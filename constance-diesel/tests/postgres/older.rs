//! A table that an older release has migrated, under a newer program.

use crate::postgres_support::{everywhere, key, patient, read, set, shown, store, value};
use constance_core::{
    Backend, ErrorKind,
    backend::{Applied, Batch, Change, Encoded, Expect},
};
use constance_diesel::diesel::connection::SimpleConnection;

#[test]
fn a_table_of_an_older_migration_says_to_migrate() {
    for (schema, _) in everywhere() {
        schema.backend();
        // One that waits for its turn to migrate.
        let backend = patient(&schema.url()).build().expect("a valid URL");
        store(&backend, "a", b"1");
        backend.revert_last().expect("the last");
        schema
            .raw()
            .batch_execute(
                "ALTER TABLE constance_settings DROP COLUMN revision, DROP COLUMN changed_at; \
                 DELETE FROM constance_settings_migrations WHERE version <> '0001_settings'",
            )
            .expect("an older table");
        assert_eq!(read(&backend, "a").expect("reading needs no more"), value(b"1"));
        let equals = Expect::Equals(Encoded::from(&b"1"[..]));
        let hunter = || set(&key("a"), b"hunter2");
        let batches = [
            ("set", Batch::one(hunter())),
            ("set, previous wanted", Batch::one(hunter()).wanting_previous(true)),
            ("compare and set", Batch::one(hunter().expecting(equals.clone()))),
            ("compare and set, previous wanted", Batch::one(hunter().expecting(equals.clone())).wanting_previous(true)),
            ("set where it is absent", Batch::one(set(&key("b"), b"hunter2").expecting(Expect::Absent))),
            ("many", Batch::new(vec![hunter(), set(&key("b"), b"hunter2")]).expect("two keys")),
            (
                "many, checked",
                Batch::new(vec![hunter().expecting(equals), Change::remove(key("b"))]).expect("two keys"),
            ),
        ];
        for (what, batch) in batches {
            let error = backend.write(&batch).expect_err(what);
            assert_eq!(
                (error.kind(), error.is_transient()),
                (ErrorKind::NotMigrated, false),
                "{what}: {}",
                shown(&error)
            );
            assert!(error.to_string().contains("run the `migrate` command, or call DieselBackend::migrate"), "{error}");
            assert!(error.to_string().contains("older version"), "{error}");
            assert!(!shown(&error).contains("hunter2"), "{}", shown(&error));
        }
        backend.migrate().expect("the later ones");
        let done = backend.write(&Batch::one(hunter())).expect("a write");
        assert_eq!(done, Applied::Done(vec![]));
    }
}
