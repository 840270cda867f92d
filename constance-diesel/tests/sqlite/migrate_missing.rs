//! What is migrated by its table of versions, and is not.

use constance_diesel::diesel::connection::SimpleConnection;

use crate::common::{Folder, patient};
use crate::missing::Case;

#[test]
fn a_table_that_contradicts_its_table_of_versions_is_said_and_mended() {
    let folder = Folder::new();
    let backend = patient(&folder.url());
    backend.migrate().expect("tables");
    let run = |statement: &str| {
        let statement = statement.replace("{table}", "constance_settings");
        folder
            .raw()
            .batch_execute(&statement.replace("{versions}", "constance_settings_migrations"))
            .expect("a statement");
    };
    let (table, all) = ("constance_settings", &["0001_settings", "0002_revisions"]);
    let first = "CREATE TABLE {table} (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";
    Case { backend: &backend, table, all, first, run: &run }.all();
}
