//! The MySQL backend keeps the contract over the table that Django made, on MariaDB and, where there is one, on MySQL.

use std::sync::LazyLock;

use constance_core::testing::{Case, cases};
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::{Layout, MysqlBackend};

use crate::django_table;
use crate::mysql_support::{mariadb, mysql, patient, raw};

/// Cases with keys that the collation of Django's column takes for one. Elsewhere it holds any other key.
const MERGED: [&str; 6] = [
    "every_character_of_a_name_works",
    "keys_differ_by_case",
    "longest_keys_work",
    "non_ascii_prefixes_are_distinct",
    "prefixes_differ_by_case",
    "reserved_words_are_names",
];

/// One table for all cases, which each have a key space of their own; and one as it is in a database whose collation is
/// binary.
fn made(url: String) -> String {
    for (table, collation) in [("django", ""), ("django_binary", " COLLATE utf8mb4_bin")] {
        let create = django_table::named(django_table::ON_MYSQL, &format!("`{table}`"));
        raw(&url).batch_execute(&format!("DROP TABLE IF EXISTS {table}; {create}{collation}")).expect("statements");
    }
    url
}

static MARIADB: LazyLock<Option<String>> = LazyLock::new(|| mariadb().map(made));
static MYSQL: LazyLock<Option<String>> = LazyLock::new(|| mysql().map(made));

fn backend(url: &Option<String>, table: &str) -> Option<MysqlBackend> {
    // Many cases at once, each with its own pool, on a machine that may be slow.
    let backend = patient(url.as_ref()?).layout(Layout::Django).table(table).build().expect("a valid URL");
    backend.migrate().expect("it is Django's table");
    Some(backend)
}

macro_rules! case_where_it_can {
    (($make:expr) $($group:ident::$case:ident,)*) => {
        $(
            #[test]
            fn $case() {
                let table = if MERGED.contains(&stringify!($case)) { "django_binary" } else { "django" };
                Case::new(stringify!($case), cases::$group::$case).run(|| $make(table));
            }
        )*
    };
}

mod mariadb_django {
    use super::*;

    constance_core::conformance_cases! { [case_where_it_can] (|table| backend(&MARIADB, table)) }
}

/// One test for all: nobody is to fail without MySQL itself, which no Debian has.
#[test]
fn mysql_django() {
    macro_rules! cases_where_it_can {
        (($make:expr) $($group:ident::$case:ident,)*) => {
            $(
                let table = if MERGED.contains(&stringify!($case)) { "django_binary" } else { "django" };
                Case::new(stringify!($case), cases::$group::$case).run(|| $make(table));
            )*
        };
    }
    if MYSQL.is_some() {
        constance_core::conformance_cases! { [cases_where_it_can] (|table| backend(&MYSQL, table)) }
    }
}

constance_core::conformance_tests!(mod mariadb_binary: || backend(&MARIADB, "django_binary"));
