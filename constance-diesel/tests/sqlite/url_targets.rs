//! Which file the URL of SQLite leads to, and what it cannot say.

use crate::common::{Folder, read, store, value};
use constance_core::{Backend, ErrorKind};
use constance_diesel::SqliteBackend;

#[test]
fn white_space_at_the_ends_makes_no_second_file() {
    let folder = Folder::new();
    let backend = SqliteBackend::from_url(&folder.url()).expect("a valid URL");
    backend.migrate().expect("tables");
    store(&backend, "theme", b"dark");
    for url in
        [format!("{}\n", folder.url()), format!(" {}?mode=rwc\r\n", folder.url().replacen("sqlite", "SQLite", 1))]
    {
        for backend in
            [crate::shop::open(&url), SqliteBackend::from_url(&url).map(|backend| std::sync::Arc::new(backend) as _)]
        {
            let backend = backend.expect("a valid URL");
            backend.migrate().expect("tables");
            assert_eq!(read(&*backend, "theme").expect("a read"), value(b"dark"));
        }
    }
    let files = std::fs::read_dir(folder.file().parent().expect("a folder")).expect("a folder");
    let names: Vec<_> = files.map(|file| file.expect("a file").file_name()).collect();
    assert!(names.iter().all(|name| name.to_string_lossy().trim_end() == name.to_string_lossy()), "{names:?}");
}

#[test]
fn a_database_in_memory_is_refused_in_every_form() {
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:///:memory:",
        "sqlite:///%3Amemory%3A",
        "sqlite:file::memory:?cache=shared",
        "sqlite:///x.db?mode=memory",
    ] {
        let error = crate::shop::open(url).map(drop).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
        assert!(error.to_string().contains("use constance-memory, or a file"), "{url}: {error}");
    }
}

#[test]
fn a_name_of_a_table_that_sqlite_refuses_is_refused_at_build() {
    let folder = Folder::new();
    for (name, words) in [
        ("sqlite_settings".to_owned(), "begins with sqlite_"),
        ("SQLite_x".to_owned(), "begins with sqlite_"),
        ("sqlite".to_owned(), "that of its migrations, begins with sqlite_"),
        ("a\0b".to_owned(), "control character"),
        ("x".repeat(49), "more than 48 bytes"),
    ] {
        let encoded = name.replace('\0', "%00");
        for built in [
            SqliteBackend::builder().url(folder.url()).table(&name).build(),
            SqliteBackend::from_url(&format!("{}?table={encoded}", folder.url())),
        ] {
            let error = built.map(drop).expect_err(&name);
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
    }
    // What looks odd and is taken.
    for name in [" ", "caf\u{e9} \u{1f389}", "a.b", "select", "\"`'[", "sqlites"] {
        let backend = SqliteBackend::builder().url(folder.url()).table(name).build().expect(name);
        backend.migrate().expect(name);
        store(&backend, "theme", b"dark");
        assert_eq!(read(&backend, "theme").expect("a read"), value(b"dark"), "{name}");
    }
}

#[test]
fn a_scheme_whose_feature_is_off_names_it() {
    for (url, is_on, feature) in [
        ("mysql://u:hunter2@h/d", cfg!(feature = "mysql"), "mysql"),
        ("MariaDB://u:hunter2@h/d", cfg!(feature = "mysql"), "mysql"),
        ("postgres://u:hunter2@h/d", cfg!(feature = "postgres"), "postgres"),
        ("PostgreSQL://u:hunter2@h/d", cfg!(feature = "postgres"), "postgres"),
        ("SQLITE:///hunter2", true, "sqlite"),
    ] {
        match crate::shop::open(url) {
            Ok(_) => assert!(is_on, "{url}"),
            Err(error) => {
                assert!(!is_on, "{url}: {error}");
                let words = format!("enable the feature {feature} of constance-diesel");
                assert!(error.to_string().ends_with(&words) && !format!("{error:?}").contains("hunter2"), "{error}");
            }
        }
    }
}
