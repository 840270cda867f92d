//! Stale keys among a great many of somebody else's, in MySQL and MariaDB.

use crate::mysql_support::Place;

#[test]
fn a_hundred_thousand_foreign_keys_pass_by_in_portions() {
    for place in Place::each() {
        let backend = place.backend();
        let digits = "(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 \
             UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
        place.run(&format!(
            "INSERT INTO {{}} (`key`, `value`, `revision`) SELECT CONCAT('session:', a.d, b.d, c.d, d.d, e.d), 'x', 1 \
             FROM {digits} AS a, {digits} AS b, {digits} AS c, {digits} AS d, {digits} AS e"
        ));
        let names: Vec<String> = crate::stale::stale().iter().map(|name| format!("('{name}', 'x', 1)")).collect();
        place.run(&format!("INSERT INTO {{}} (`key`, `value`, `revision`) VALUES {}", names.join(",")));
        crate::stale::pass_by_in_portions(&backend, 100_000);
    }
}
