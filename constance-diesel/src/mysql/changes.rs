//! Tells of changes of the settings table, by looking at it from time to time.
//!
//! The server cannot push them: a trigger would need a right that ordinary users of MySQL do not have.

use std::time::{Duration, Instant};

use constance_core::{Result, backend::Watch};
use diesel::RunQueryDsl;
use diesel::mysql::{Mysql, MysqlConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

use super::target::Target;
use crate::dialect::{Changes, Connect, Purpose, Run, Statement};
use crate::failure::Failure;
use crate::layout::Layout;
use crate::options::Options;
use crate::schema::Tables;
use crate::watch::{ConnectionProbe, bounded};

/// Looking at the whole table may take one part of the time in so many.
const LOOKING_SHARE: u32 = 50;

impl Changes for MysqlConnection {
    type LastSeen = LastSeen;

    /// Opens a feed with a connection of its own. Whatever is committed after this returns is told.
    fn open_feed(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
        let connection = MysqlConnection::open(target, Purpose::Watch, options)?;
        // The server ends a statement that takes too long. This is for one that does not even do that.
        let silent = options.statement_timeout.saturating_add(Duration::from_secs(1));
        let within = options.call_timeout.map_or(silent, |within| within.min(silent));
        Ok(bounded(ConnectionProbe::new(connection, tables.clone())?, options, within))
    }

    fn changed(&mut self, tables: &Tables, last_seen: &mut LastSeen) -> Result<bool, Failure> {
        last_seen.changed(self, tables)
    }
}

/// What was seen of a table, in a form that can only be compared.
#[derive(Debug, Default)]
pub struct LastSeen {
    newest: Option<String>,
    whole: Option<String>,
    /// When the whole table is looked at again.
    next: Option<Instant>,
}

/// How much of the table is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// The newest time of change: the end of an index, at the price of reading one key. It cannot tell a removal, or a
    /// change that was made earlier and committed later than another.
    Newest,
    /// Also how many rows there are, and the sums of their revisions and times. No value is read, but every row is. In
    /// Django's table the sum of the values' hashes.
    Whole,
}

impl LastSeen {
    /// Whether the table differs from what the last look saw; `true` the first time.
    fn changed(&mut self, connection: &mut MysqlConnection, tables: &Tables) -> Result<bool, Failure> {
        let began = Instant::now();
        let depth = if self.next.is_none_or(|next| began >= next) { Depth::Whole } else { Depth::Newest };
        if depth == Depth::Newest && tables.layout == Layout::Django {
            // It has no time of change that could be asked for.
            return Ok(false);
        }
        let (newest, whole) = connection.run_for_rows(Statement::Reads(tables), |connection| {
            Summary { tables, depth }.get_result::<(Option<String>, Option<String>)>(connection)
        })?;
        let mut changed = self.newest != newest;
        self.newest = newest;
        if depth == Depth::Whole {
            changed |= self.next.is_none() || self.whole != whole;
            self.whole = whole;
            // A table of a thousand rows is looked at as a whole each time, one of a million rarely.
            self.next = Some(Instant::now() + began.elapsed() * LOOKING_SHARE);
        }
        Ok(changed)
    }
}

/// What is compared with the last look.
#[derive(Debug)]
struct Summary<'a> {
    tables: &'a Tables,
    depth: Depth,
}

crate::query::statement!(Summary, (Nullable<Text>, Nullable<Text>));

impl QueryFragment<Mysql> for Summary<'_> {
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
