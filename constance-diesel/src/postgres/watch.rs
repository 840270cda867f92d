//! Follows changes of the settings table.

use constance_core::{Result, backend::Watch};
use diesel::pg::PgConnection;

use super::target::Target;
use crate::dialect::{Options, Purpose, Verbs};
#[cfg(feature = "listen")]
use crate::layout::Layout;
use crate::schema::Tables;
use crate::watch::{Looking, polling};

/// Opens the feed. Whatever is committed after this returns is told.
pub(super) fn open(target: &Target, tables: &Tables, options: &Options) -> Result<Box<dyn Watch>> {
    let connection = PgConnection::open(target, Purpose::Watch, options)?;
    #[cfg_attr(not(feature = "listen"), expect(unused_mut, reason = "the listener asks over its connection"))]
    let mut probe = Looking::new(connection, tables.clone())?;
    // Django's table has no trigger, and none is made for it.
    #[cfg(feature = "listen")]
    if tables.layout == Layout::Own {
        match super::listen::open(target, tables, options, &mut probe.connection)? {
            Ok(feed) => return Ok(Box::new(feed)),
            Err(why) => super::listen::say(why),
        }
    }
    Ok(polling(probe, options))
}
