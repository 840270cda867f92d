//! What is migrated by its table of versions, and is not.

use crate::missing::Case;
use crate::mysql_support::Place;

#[test]
fn a_table_that_contradicts_its_table_of_versions_is_said_and_mended() {
    for place in Place::each() {
        let backend = place.backend();
        let versions = format!("{}_migrations`", place.quoted().trim_end_matches('`'));
        let run = |statement: &str| place.run(&statement.replace("{versions}", &versions).replace("{table}", "{}"));
        let all = &["0001_settings", "0002_revisions"];
        let first = "CREATE TABLE {table} (`key` varbinary(255) NOT NULL PRIMARY KEY, `value` longblob NOT NULL)";
        Case { backend: &backend, table: &place.table, all, first, run: &run }.all();
    }
}
