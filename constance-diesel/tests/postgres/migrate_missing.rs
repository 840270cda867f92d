//! What is migrated by its table of versions, and is not.

use constance_diesel::diesel::connection::SimpleConnection;

use crate::missing::Case;
use crate::postgres_support::{Schema, patient};

#[test]
fn a_table_that_contradicts_its_table_of_versions_is_said_and_mended() {
    let Some(schema) = Schema::new() else { return };
    let backend = patient(&schema.url()).build().expect("a valid URL");
    backend.migrate().expect("tables");
    let run = |statement: &str| {
        let statement = statement.replace("{table}", "constance_settings");
        schema
            .raw()
            .batch_execute(&statement.replace("{versions}", "constance_settings_migrations"))
            .expect("a statement");
    };
    let (table, all) = ("constance_settings", &["0001_settings", "0002_revisions", "0003_notify"]);
    let first = "CREATE TABLE {table} (key text COLLATE \"C\" NOT NULL PRIMARY KEY, value bytea NOT NULL)";
    Case { backend: &backend, table, all, first, run: &run }.all();
}
