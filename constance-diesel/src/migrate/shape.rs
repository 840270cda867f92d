//! Whether a table is one that settings can be kept in.

use crate::schema::Column;

/// A column as it has to be: its name, and the types that will do.
type Wanted = (&'static str, &'static [&'static str]);

/// How a table differs from one with the columns `wanted`, where a migration is going to add those of `later`; in words.
pub(super) fn differences(found: &[Column], wanted: &[Wanted], later: &[Wanted]) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, kinds) in wanted {
        let Some(column) = found.iter().find(|column| column.name == *name) else {
            differences.push(format!("it has no column {name:?}"));
            continue;
        };
        if !kinds.contains(&column.kind.as_str()) {
            let kind = if column.kind.is_empty() { "no type" } else { &column.kind };
            differences.push(format!("the column {name:?} has {kind} and needs {}", kinds.join(" or ")));
        }
        if column.nullable {
            differences.push(format!("the column {name:?} may be null"));
        }
        if *name == "key" && !column.unique {
            differences.push(format!("the column {name:?} has no unique index of its own"));
        }
    }
    for column in found.iter().filter(|column| wanted.iter().all(|(name, _)| column.name != *name)) {
        if later.iter().any(|(name, _)| column.name == *name) {
            differences.push(format!("it has the column {:?} already", column.name));
        } else if !column.nullable && !column.has_default {
            differences.push(format!("the column {:?} has to be given a value", column.name));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: [Wanted; 4] =
        [("key", &["text"]), ("value", &["blob", "bytea"]), ("revision", &["integer"]), ("changed_at", &["text"])];

    fn column(name: &str, kind: &str) -> Column {
        let unique = name == "key";
        Column { name: name.to_owned(), kind: kind.to_owned(), nullable: false, has_default: false, unique }
    }

    fn right() -> Vec<Column> {
        ["text", "blob", "integer", "text"].iter().zip(WANTED).map(|(kind, (name, _))| column(name, kind)).collect()
    }

    fn full(found: &[Column]) -> Vec<String> {
        differences(found, &WANTED, &[])
    }

    #[test]
    fn a_table_that_is_right_has_none() {
        assert_eq!(full(&right()), [""; 0]);
        assert_eq!(differences(&right()[..2], &WANTED[..2], &WANTED[2..]), [""; 0]);
        let welcome = [
            Column { nullable: true, ..column("note", "text") },
            Column { has_default: true, ..column("id", "integer") },
        ];
        assert_eq!(full(&[right(), welcome.to_vec()].concat()), [""; 0]);
    }

    #[test]
    fn every_difference_is_named() {
        let mut found = vec![
            Column { nullable: true, unique: false, ..column("key", "integer") },
            Column { nullable: true, ..column("value", "") },
            column("changed_at", "text"),
            column("owner", "text"),
        ];
        let wanted = [
            "the column \"key\" has integer and needs text",
            "the column \"key\" may be null",
            "the column \"key\" has no unique index of its own",
            "the column \"value\" has no type and needs blob or bytea",
            "the column \"value\" may be null",
            "it has no column \"revision\"",
            "the column \"owner\" has to be given a value",
        ];
        assert_eq!(full(&found), wanted);
        found.remove(3);
        let of_two = differences(&found, &WANTED[..2], &WANTED[2..]);
        assert_eq!(of_two.last().map(String::as_str), Some("it has the column \"changed_at\" already"));
    }

    #[test]
    fn names_are_compared_as_they_are() {
        let mut found = right();
        found[0].name = "Key".to_owned();
        assert_eq!(full(&found), ["it has no column \"key\"", "the column \"Key\" has to be given a value"]);
    }
}
