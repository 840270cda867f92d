//! Rows that another program wrote.

use constance_core::backend::{Batch, Change, Expect, Stored};
use constance_core::{Backend, ErrorKind, Prefix};
use constance_diesel::diesel::connection::SimpleConnection;

use crate::common::{Folder, key, read, set, store, value};
use crate::failures::{shown, write};

#[test]
fn what_is_no_blob_is_foreign_and_hides_nothing() {
    let folder = Folder::new();
    let backend = folder.backend();
    let mut raw = folder.raw();
    raw.batch_execute(
        "DROP TABLE constance_settings;
         CREATE TABLE constance_settings (\"key\" TEXT PRIMARY KEY, \"value\", \"revision\" INTEGER, \"changed_at\" TEXT);
         INSERT INTO constance_settings VALUES
             ('null', NULL, 1, ''), ('text', 'hunter2', 1, ''), ('integer', 42, 1, ''), ('real', 4.5, 1, ''),
             ('blob', x'6f6b', 1, ''), ('empty', x'', 1, '')",
    )
    .expect("rows of another writer");
    let names = ["null", "text", "integer", "real", "blob", "empty", "absent"];
    let keys = names.map(key);
    let found = backend.read(&keys.iter().collect::<Vec<_>>()).expect("one does not hide the others");
    let wanted = [
        Stored::Foreign("an SQL NULL"),
        Stored::Foreign("a text"),
        Stored::Foreign("an integer"),
        Stored::Foreign("a real number"),
        value(b"ok"),
        value(b""),
        Stored::Absent,
    ];
    assert_eq!(found, wanted);
    for (name, wanted) in names.iter().zip(&wanted) {
        assert_eq!(read(&backend, name).expect("a read"), *wanted, "{name}");
    }
    assert_eq!(backend.list(&Prefix::empty()).expect("a list").len(), 6);
    let error = backend.visit(&key("text"), &mut |_| panic!("not called")).expect_err("foreign");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(!shown(&error).contains("hunter2"));
    let absent = Batch::one(set(&key("null"), b"1").expecting(Expect::Absent));
    assert!(matches!(
        backend.write(&absent).expect("a write"),
        constance_core::backend::Applied::Conflict { index: 0, current: Stored::Foreign("an SQL NULL") }
    ));
    write(&backend, "text", b"repaired").expect("a set repairs it");
    assert_eq!(read(&backend, "text").expect("a read"), value(b"repaired"));
    backend.write(&Batch::one(Change::remove(key("null")))).expect("a removal repairs it");
    assert_eq!(read(&backend, "null").expect("a read"), Stored::Absent);
}

#[test]
fn keys_of_others_are_passed_over() {
    let folder = Folder::new();
    let backend = folder.backend();
    for name in 0..100 {
        store(&backend, &format!("k{name}"), b"1");
    }
    folder
        .raw()
        .batch_execute(
            "INSERT INTO constance_settings VALUES
                 (CAST(x'6b35ff' AS TEXT), x'00', 1, ''), (CAST(x'6b35efbfbd' AS TEXT), x'00', 1, ''),
                 (x'6b35', x'00', 1, ''), (x'ff', x'00', 1, ''), ('', x'00', 1, ''), ('a b', x'00', 1, ''),
                 ('other:k5', x'00', 1, ''), (5, x'00', 1, '')",
        )
        .expect("rows of another writer");
    let mut names: Vec<String> =
        backend.list(&Prefix::empty()).expect("a list").iter().map(|(key, _)| key.name().to_owned()).collect();
    names.sort();
    let mut wanted: Vec<String> = (0..100).map(|at| format!("k{at}")).chain(["5".to_owned()]).collect();
    wanted.sort();
    assert_eq!(names, wanted);
    // What stands for bytes that are not text is a character that a prefix may hold.
    folder
        .raw()
        .batch_execute("INSERT INTO constance_settings VALUES (CAST(x'ff3a61' AS TEXT), x'00', 1, '')")
        .expect("a row of another writer");
    let odd = Prefix::new("\u{fffd}:").expect("a prefix");
    assert_eq!(backend.list(&odd).expect("a list"), []);
    let keys: Vec<_> = (0..100).map(|at| key(&format!("k{at}"))).collect();
    for found in backend.read(&keys.iter().collect::<Vec<_>>()).expect("a read") {
        assert_eq!(found, value(b"1"));
    }
}
