//! Counts by name: as they stand in the tree, as the benchmarks print them, and one beside the other.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::error::{Error, Result};

/// By how many percent a count may grow before somebody has to look.
const TOLERANCE: u64 = 3;

/// The first line of the file.
const HEAD: &str = "# Instructions of a hundred calls each. `cargo xtask count --accept` writes this file.";

/// What stands in the tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// Which compiler made the programs, for which system.
    pub(super) compiler: String,
    pub(super) rows: BTreeMap<String, u64>,
}

impl Counts {
    /// Reads the file.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let compiler = lines.next().ok_or_else(|| Error::failed("the file of counts names no compiler"))?;
        let row = |line: &str| {
            let (name, count) = line.rsplit_once(' ')?;
            Some((name.trim().to_owned(), count.parse().ok()?))
        };
        let rows = lines.map(|line| row(line).ok_or_else(|| Error::failed(format!("`{line}` is no name and count"))));
        Ok(Self { compiler: compiler.to_owned(), rows: rows.collect::<Result<_>>()? })
    }

    /// Fails where a count of `found` has grown by more than may be, or one of both is missing.
    pub(super) fn compare(&self, found: &BTreeMap<String, u64>) -> Result<()> {
        let grown = found.iter().filter_map(|(name, count)| match self.rows.get(name) {
            None => Some(format!("{name} is new")),
            Some(wanted) if has_grown(*wanted, *count) => Some(format!("{name} takes {}", difference(*wanted, *count))),
            Some(_) => None,
        });
        let gone = self.rows.keys().filter(|name| !found.contains_key(*name)).map(|name| format!("{name} is gone"));
        let wrong: Vec<String> = grown.chain(gone).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Error::failed(wrong.join("; "))) }
    }

    /// A line for each count of `found`, with what it has become beside the tree's.
    pub(super) fn table(&self, found: &BTreeMap<String, u64>) -> String {
        let width = found.keys().map(String::len).max().unwrap_or(0);
        let line = |(name, count): (&String, &u64)| {
            let beside = self.rows.get(name).map_or("new".to_owned(), |wanted| difference(*wanted, *count));
            format!("{name:width$}  {count:>9}  {beside}")
        };
        found.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\n{}", self.compiler)?;
        self.rows.iter().try_for_each(|(name, count)| writeln!(f, "{name} {count}"))
    }
}

fn has_grown(wanted: u64, found: u64) -> bool {
    found * 100 > wanted * (100 + TOLERANCE)
}

fn difference(wanted: u64, found: u64) -> String {
    let (more, percent) = match found.checked_sub(wanted) {
        Some(more) => ("more", more * 1000 / wanted.max(1)),
        None => ("less", (wanted - found) * 1000 / wanted.max(1)),
    };
    if percent == 0 { "the same".to_owned() } else { format!("{}.{} % {more}", percent / 10, percent % 10) }
}

/// What the benchmarks print: a JSON document on each line.
pub(super) fn of_summaries(printed: &str) -> Result<BTreeMap<String, u64>> {
    let of = |line: &str| {
        let summary: Value = serde_json::from_str(line).ok()?;
        let name = summary["function_name"].as_str()?;
        let profiles = summary["profiles"].as_array()?;
        let counted = profiles.iter().find(|profile| profile["tool"] == "Callgrind")?;
        let count = counted["data"]["total"]["metrics"]["Ir"]["values"]["new"].as_u64()?;
        Some((format!("{name}.{}", summary["id"].as_str()?), count))
    };
    let lines = printed.lines().filter(|line| line.starts_with('{'));
    let rows: BTreeMap<String, u64> = lines
        .map(|line| of(line).ok_or_else(|| Error::failed("a summary of the benchmarks has no count of instructions")))
        .collect::<Result<_>>()?;
    if rows.is_empty() { Err(Error::failed("the benchmarks printed no summary")) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(&str, u64)]) -> BTreeMap<String, u64> {
        rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    fn tree() -> Counts {
        Counts { compiler: "rustc 1.95.0 for x86".to_owned(), rows: rows(&[("get.memory", 1000), ("set.memory", 500)]) }
    }

    fn complaint(found: &[(&str, u64)]) -> Option<String> {
        tree().compare(&rows(found)).err().map(|error| error.to_string())
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        assert_eq!(Counts::parse(&tree().to_string()).unwrap(), tree());
        let unknown = Counts::parse("rustc 1.95.0\nget.memory many").unwrap_err().to_string();
        assert_eq!(unknown, "`get.memory many` is no name and count");
        assert!(Counts::parse("# only a head").is_err());
    }

    #[test]
    fn a_count_may_grow_by_3_percent_and_shrink_at_will() {
        assert_eq!(complaint(&[("get.memory", 1030), ("set.memory", 1)]), None);
        let grown = complaint(&[("get.memory", 1031), ("set.memory", 500)]);
        assert_eq!(grown.as_deref(), Some("get.memory takes 3.1 % more"));
    }

    #[test]
    fn a_row_on_one_side_alone_is_named() {
        let wrong = complaint(&[("get.memory", 1000), ("load.live", 5)]);
        assert_eq!(wrong.as_deref(), Some("load.live is new; set.memory is gone"));
    }

    #[test]
    fn the_table_says_what_each_has_become() {
        let table = tree().table(&rows(&[("get.memory", 900), ("load", 5), ("set.memory", 500)]));
        assert_eq!(
            table,
            "get.memory        900  10.0 % less\nload                5  new\nset.memory        500  the same"
        );
    }

    #[test]
    fn a_summary_gives_the_instructions_of_its_benchmark() {
        let summary = |function: &str, count: &str| {
            let metrics = format!(r#"{{"Dr":{{"values":{{"new":7}}}}{count}}}"#);
            let profile = format!(r#"{{"tool":"Callgrind","data":{{"total":{{"metrics":{metrics}}}}}}}"#);
            format!(r#"{{"function_name":"{function}","id":"memory","profiles":[{profile}]}}"#)
        };
        let (get, set) = (r#","Ir":{"values":{"new":42,"old":40}}"#, r#","Ir":{"values":{"new":9}}"#);
        let printed = format!("a remark\n{}\n{}\n", summary("get", get), summary("set", set));
        assert_eq!(of_summaries(&printed).unwrap(), rows(&[("get.memory", 42), ("set.memory", 9)]));
        assert!(of_summaries(&summary("get", "")).is_err(), "nothing was counted");
        assert!(of_summaries("a remark").is_err(), "nothing was run");
    }
}
