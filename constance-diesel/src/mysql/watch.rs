//! Follows changes of a table by looking at it from time to time.
//!
//! The server cannot push them: a trigger would need a right that ordinary users of MySQL do not have.

use std::time::{Duration, Instant};

use constance_core::{Result, backend::Watch};
use diesel::RunQueryDsl;
use diesel::mysql::{Mysql, MysqlConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

use super::failure;
use super::target::Target;
use crate::dialect::Options;
use crate::layout::Layout;
use crate::schema::Tables;
use crate::watch::{Looking, bounded};

/// What part of the time may go into looking at the whole table: one in so many.
const SHARE: u32 = 50;

/// Opens a feed with a connection of its own. Whatever is committed after this returns is told.
pub(super) fn open(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
    let connection = super::connect::open(target, options)?;
    // The server ends a statement that takes too long. This is for one that does not even do that.
    let silent = options.statement_timeout.saturating_add(Duration::from_secs(1));
    let within = options.call_timeout.map_or(silent, |within| within.min(silent));
    Ok(bounded(Looking::new(connection, tables.clone())?, options, within))
}

/// What was seen of a table, in a form that can only be compared.
#[derive(Debug, Default)]
pub struct Seen {
    newest: Option<String>,
    whole: Option<String>,
    /// When the whole table is looked at again.
    next: Option<Instant>,
}

/// How closely the table is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// The newest time of change: the end of an index, at the price of reading one key. It cannot tell a removal, or a
    /// change that was made earlier and committed later than another.
    Newest,
    /// Also how many rows there are, and the sums of their revisions and times. No value is read, but every row is. In
    /// Django's table the sum of the values' hashes.
    Whole,
}

impl Seen {
    /// Whether a look sees anything else than the last one; `true` the first time.
    pub(super) fn changed(&mut self, connection: &mut MysqlConnection, tables: &Tables) -> QueryResult<bool> {
        let began = Instant::now();
        let depth = if self.next.is_none_or(|next| began >= next) { Depth::Whole } else { Depth::Newest };
        if depth == Depth::Newest && tables.layout == Layout::Django {
            // It has no time of change that could be asked for.
            return Ok(false);
        }
        let seen = Glance { tables, depth }.get_result::<(Option<String>, Option<String>)>(connection);
        let (newest, whole) = failure::ask_of_rows(connection, seen)?;
        let mut changed = self.newest != newest;
        self.newest = newest;
        if depth == Depth::Whole {
            changed |= self.next.is_none() || self.whole != whole;
            self.whole = whole;
            // A table of a thousand rows is looked at as a whole each time, one of a million rarely.
            self.next = Some(Instant::now() + began.elapsed() * SHARE);
        }
        Ok(changed)
    }
}

/// The statement of a look.
#[derive(Debug)]
struct Glance<'a> {
    tables: &'a Tables,
    depth: Depth,
}

crate::query::statement!(Glance, (Nullable<Text>, Nullable<Text>));

impl QueryFragment<Mysql> for Glance<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        if self.tables.layout == Layout::Django {
            // There is nothing else than the values to look at. A hash of each, since the plain checksums of two rows that
            // are changed alike may cancel out.
            out.push_sql(
                "SELECT CAST(NULL AS CHAR), CAST(CONCAT_WS(' ', COUNT(*), SUM(CAST(CONV(LEFT(SHA1(\
                 CONCAT(HEX(`key`), IFNULL(CONCAT('=', `value`), ''))), 15), 16, 10) AS UNSIGNED))) AS CHAR) FROM ",
            );
            return out.push_identifier(&self.tables.settings);
        }
        out.push_sql("SELECT CAST(MAX(`changed_at`) AS CHAR), ");
        // Sums, which go up with each change, and not a checksum: the checksums of two rows that are changed alike cancel out.
        out.push_sql(match self.depth {
            Depth::Newest => "CAST(NULL AS CHAR)",
            Depth::Whole => {
                "CAST(CONCAT_WS(' ', COUNT(*), SUM(`revision`), SUM(UNIX_TIMESTAMP(`changed_at`))) AS CHAR)"
            }
        });
        out.push_sql(" FROM ");
        out.push_identifier(&self.tables.settings)
    }
}
