//! Follows changes of the settings table.

use constance_core::{Result, Watch};
use diesel::pg::PgConnection;

use super::fault;
use super::probe::Seen;
use super::target::Target;
use crate::dialect::{Options, Purpose, Verbs};
#[cfg(feature = "listen")]
use crate::layout::Layout;
use crate::schema::Tables;
use crate::watch::{Polling, Probe};

/// Opens the feed. Whatever is committed after this returns is told.
pub(super) fn open(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
    let connection = PgConnection::open(target, Purpose::Watch, options)?;
    let mut probe = Looking { connection, tables: tables.clone(), seen: Seen::default() };
    probe.changed()?;
    // Django's table has no trigger, and none is made for it.
    #[cfg(feature = "listen")]
    if tables.layout == Layout::Own {
        match super::listen::open(target, tables, options, &mut probe.connection)? {
            Ok(feed) => return Ok(Box::new(feed)),
            Err(why) => super::listen::say(why),
        }
    }
    Ok(Box::new(Polling::new(probe, options.watch_interval)))
}

/// Looks over a connection of its own.
struct Looking {
    connection: PgConnection,
    tables: Tables,
    seen: Seen,
}

impl Probe for Looking {
    fn changed(&mut self) -> Result<bool> {
        let changed = self.connection.changed(&self.tables, &mut self.seen);
        changed.map_err(|error| self.tables.layout.advise(fault::of(&mut self.connection, &error).error))
    }
}
