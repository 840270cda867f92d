//! Which timeout ended a statement: in another language than English, it is the one that took as long.

use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;

use crate::failure::Access;

/// What ended a statement after a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Slow,
    Locked,
    Deadlock,
}

fn is_over(timeout: Duration, after: Duration) -> bool {
    !timeout.is_zero() && after >= timeout
}

/// How long the server waits for what.
pub(super) struct Timeouts {
    lock: Duration,
    statement: Duration,
    deadlock: Duration,
}

impl Timeouts {
    /// What may have ended a statement that failed after so long for no other reason.
    pub(super) fn ended(&self, access: Access, after: Duration) -> Option<Ended> {
        if is_over(self.statement, after) {
            Some(Ended::Slow)
        } else if is_over(self.lock, after) {
            Some(Ended::Locked)
        } else {
            (access != Access::Read && after >= self.deadlock).then_some(Ended::Deadlock)
        }
    }

    pub(super) fn ask(connection: &mut PgConnection) -> QueryResult<Self> {
        let milliseconds = "(SELECT setting::bigint FROM pg_settings WHERE name = ";
        let text = format!(
            "SELECT {milliseconds}'lock_timeout'), {milliseconds}'statement_timeout'), {milliseconds}'deadlock_timeout')"
        );
        let (lock, statement, deadlock) =
            sql::<(BigInt, BigInt, BigInt)>(&text).get_result::<(i64, i64, i64)>(connection)?;
        let duration = |milliseconds: i64| Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
        Ok(Self { lock: duration(lock), statement: duration(statement), deadlock: duration(deadlock) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_tells_where_the_words_do_not() {
        let milliseconds = Duration::from_millis;
        let usual =
            Timeouts { lock: milliseconds(5_000), statement: milliseconds(10_000), deadlock: milliseconds(1_000) };
        for (after, writing, reading) in [
            (999, None, None),
            (1_000, Some(Ended::Deadlock), None),
            (5_000, Some(Ended::Locked), Some(Ended::Locked)),
            (10_000, Some(Ended::Slow), Some(Ended::Slow)),
        ] {
            assert_eq!(usual.ended(Access::Write, milliseconds(after)), writing, "{after}");
            assert_eq!(usual.ended(Access::Read, milliseconds(after)), reading, "{after}");
        }
        // Zero is no limit.
        let none = Timeouts { lock: Duration::ZERO, statement: Duration::ZERO, deadlock: milliseconds(1_000) };
        assert_eq!(none.ended(Access::Read, milliseconds(100_000)), None);
        assert_eq!(none.ended(Access::Write, milliseconds(100_000)), Some(Ended::Deadlock));
    }
}
