//! Follows changes of a table by looking at it from time to time.
//!
//! The server cannot push them: a trigger would need a right that ordinary users of MySQL do not have.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use constance_core::{Cause, Error, ErrorKind, Result, Watch};
use diesel::RunQueryDsl;
use diesel::mysql::{Mysql, MysqlConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, Text};

use super::fault;
use super::target::Target;
use crate::dialect::{Options, Verbs};
use crate::pool::Brought;
use crate::schema::Tables;
use crate::watch::{Polling, Probe};

/// What part of the time may go into looking at the whole table: one in so many.
const SHARE: u32 = 50;

/// Opens a feed with a connection of its own. Whatever is committed after this returns is told.
pub(super) fn open(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
    let connection = super::open::open(target, options)?;
    start(Line::Own(Box::new(connection)), tables, options)
}

/// Opens a feed that borrows a connection of the application's pool for each look.
pub(super) fn over(
    pool: Arc<dyn Brought<MysqlConnection>>,
    tables: &Tables,
    options: &Options,
) -> Result<Box<dyn Watch>> {
    start(Line::Lent(pool), tables, options)
}

fn start(line: Line, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
    let mut looks = Looks::start(line, tables, options)?;
    let last = looks.look(Depth::Whole)?;
    // As of before the first look at the whole: whatever changed since is told by the next one.
    let probe = Changes { newest: last.newest, whole: last.whole, next: Instant::now() + last.took * SHARE, looks };
    Ok(Box::new(Polling::new(probe, options.watch_interval)))
}

/// Where the looks get their connection.
enum Line {
    Own(Box<MysqlConnection>),
    Lent(Arc<dyn Brought<MysqlConnection>>),
}

/// How closely the table is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// The newest time of change: the end of an index, at the price of reading one key. It cannot tell a removal, or a
    /// change that was made earlier and committed later than another.
    Newest,
    /// Also how many rows there are, and the sums of their revisions and times. No value is read, but every row is.
    Whole,
}

/// What a look has seen, in a form that can only be compared.
struct Seen {
    newest: Option<String>,
    whole: Option<String>,
    took: Duration,
}

/// Tells of a change by what two looks see.
struct Changes {
    looks: Looks,
    newest: Option<String>,
    whole: Option<String>,
    /// When the whole table is looked at again.
    next: Instant,
}

impl Probe for Changes {
    fn changed(&mut self) -> Result<bool> {
        let depth = if Instant::now() >= self.next { Depth::Whole } else { Depth::Newest };
        let seen = self.looks.look(depth)?;
        let mut changed = std::mem::replace(&mut self.newest, seen.newest) != self.newest;
        if depth == Depth::Whole {
            changed |= self.whole != seen.whole;
            self.whole = seen.whole;
            // A table of a thousand rows is looked at as a whole each time, one of a million rarely.
            self.next = Instant::now() + seen.took * SHARE;
        }
        Ok(changed)
    }
}

/// Looks from a thread of its own, so that a server that says nothing ends the feed and does not hold it.
struct Looks {
    ask: SyncSender<Depth>,
    answers: Receiver<Result<Seen>>,
    timeout: Duration,
}

impl Looks {
    fn start(mut line: Line, tables: &Tables, options: &Options) -> Result<Self> {
        let (ask, asked) = sync_channel::<Depth>(1);
        let (answer, answers) = sync_channel(1);
        let tables = tables.clone();
        let work = move || {
            // Ends when the feed is dropped, or when nobody waits for the answer any more.
            while let Ok(depth) = asked.recv() {
                if answer.send(line.look(&tables, depth)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("constance-mysql-feed".to_owned())
            .spawn(work)
            .map_err(|_| Error::new(ErrorKind::Unavailable).with_detail("the system gives no more threads"))?;
        // The server ends a statement that takes too long. This is for one that does not even do that.
        Ok(Self { ask, answers, timeout: options.statement_timeout + Duration::from_secs(1) })
    }

    fn look(&mut self, depth: Depth) -> Result<Seen> {
        let silent = || {
            Error::new(ErrorKind::Timeout)
                .with_detail("the server gave no answer in time")
                .with_cause(Cause::new("mysql").with_code("watch").with_text("the timeout is over"))
        };
        self.ask.try_send(depth).map_err(|_| silent())?;
        self.answers.recv_timeout(self.timeout).map_err(|_| silent())?
    }
}

impl Line {
    fn look(&mut self, tables: &Tables, depth: Depth) -> Result<Seen> {
        match self {
            Self::Own(connection) => look(connection, tables, depth),
            Self::Lent(pool) => look(&mut **pool.lend()?, tables, depth),
        }
    }
}

fn look(connection: &mut MysqlConnection, tables: &Tables, depth: Depth) -> Result<Seen> {
    let began = Instant::now();
    let seen = Glance { tables, depth }.get_result::<(Option<String>, Option<String>)>(connection);
    let (newest, whole) = fault::ask_of_rows(connection, seen).map_err(|error| connection.fault(&error).error)?;
    Ok(Seen { newest, whole, took: began.elapsed() })
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
