//! Stale keys among a great many of somebody else's, in PostgreSQL.

use crate::postgres_support::everywhere;
use constance_diesel::diesel::connection::SimpleConnection;

/// Also where names are sorted by a language.
#[test]
fn a_hundred_thousand_foreign_keys_pass_by_in_portions() {
    for (schema, _) in everywhere() {
        let backend = schema.backend();
        let names = crate::stale::stale().join("','");
        let rows = format!(
            "INSERT INTO constance_settings (key, value, revision, changed_at) \
             SELECT key, 'x', 1, now() FROM (SELECT 'session:' || i AS key FROM generate_series(0, 99999) AS i \
             UNION ALL SELECT unnest(ARRAY['{names}'])) AS keys"
        );
        schema.raw().batch_execute(&rows).expect("rows");
        crate::stale::pass_by_in_portions(&backend, 100_000);
    }
}
