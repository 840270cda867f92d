//! Rows that another program wrote.

use constance_core::Backend;
use constance_core::backend::{Applied, Batch, Expect, Stored};
use constance_diesel::diesel::connection::SimpleConnection;

use crate::failures::backend;
use crate::postgres_support::{Schema, key, set, value};

#[test]
fn what_is_no_bytea_is_foreign_and_hides_nothing() {
    let Some(schema) = Schema::new() else { return };
    let mut raw = schema.raw();
    raw.batch_execute(
        "CREATE TABLE constance_settings (key text PRIMARY KEY, value bytea, revision bigint, changed_at timestamptz);
         INSERT INTO constance_settings VALUES ('null', NULL, 1, now()), ('ok', 'ok', 1, now()), ('empty', '', 1, now())",
    )
    .expect("a table of another hand");
    let backend = backend(&schema.url());
    let names = ["null", "ok", "empty", "absent"].map(key);
    let wanted = [Stored::Foreign("an SQL NULL"), value(b"ok"), value(b""), Stored::Absent];
    assert_eq!(backend.read(&names.iter().collect::<Vec<_>>()).expect("one does not hide the others"), wanted);
    let absent = Batch::one(set(&key("null"), b"1").expecting(Expect::Absent));
    let conflict = Applied::Conflict { index: 0, current: Stored::Foreign("an SQL NULL") };
    assert_eq!(backend.write(&absent).expect("a write"), conflict);
    let repair = Batch::one(set(&key("null"), b"1")).wanting_previous(true);
    assert_eq!(backend.write(&repair).expect("a set repairs it"), Applied::Done(vec![Stored::Foreign("an SQL NULL")]));

    raw.batch_execute("ALTER TABLE constance_settings ALTER value TYPE text USING 'hunter2'").expect("another type");
    let found = backend.read(&names.iter().collect::<Vec<_>>()).expect("a read");
    assert_eq!(found[..3], [Stored::Foreign("no bytea"), Stored::Foreign("no bytea"), Stored::Foreign("no bytea")]);
}
