//! Runs statements, and keeps what they did: diesel gives a code for a few failures only, and what the statement did and how long
//! it took tell more.

use std::time::Instant;

use diesel::pg::PgConnection;

use crate::dialect::{Run, Statement};
use crate::failure::{Context, Failure};

impl Run for PgConnection {
    fn run<T, E: Into<Failure>>(
        &mut self,
        statement: Statement<'_>,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        work(self).map_err(|failure| {
            let failure = failure.into();
            let context = Context::of(statement, began.elapsed()).or(failure.context);
            Failure { context, ..failure }
        })
    }
}
