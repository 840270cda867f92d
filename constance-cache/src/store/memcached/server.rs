//! One server: the two operations in the words of the meta protocol.

use std::time::Duration;

use constance_core::Result;
use memcache::exp::{Error as DriverError, MetaCommand, MetaOp, MetaResponse, ReturnCode, parse_meta_result};

use super::error::{error, is_gone, is_interrupted};
use super::pool::{Connection, Pool};
use crate::store::interrupted::MAX_INTERRUPTIONS;
use crate::store::{Cell, Seen, Swap, SwapFrom, Version};

/// How many keys are asked for at once. What is asked fits into the buffers of the system, so that neither side ever waits
/// for the other to read first.
const CHUNK: usize = 64;

/// memcached takes a longer time to live for a date.
const LONGEST: u64 = 30 * 24 * 60 * 60;

/// A version is the number that memcached gave the cell, and when it was seen (see [`Pool::tick`]). The numbers begin
/// anew when the server does; so a swap goes over a connection that was there before the cell was seen.
pub(super) struct Server(Pool);

impl Server {
    pub(super) fn new(address: String, connect: Duration, response: Duration, max_idle: usize) -> Self {
        Self(Pool::new(address, connect, response, max_idle))
    }

    pub(super) fn address(&self) -> &str {
        self.0.address()
    }

    /// Cells of one moment: each is looked at twice, all of them a second time after all of them a first time. Those whose
    /// number is the same were there, all together, in between.
    pub(super) fn read(&self, keys: &[&str]) -> Result<Vec<Seen>> {
        self.over(|connection| self.look(connection, keys))?.map_err(|failure| error(&failure))
    }

    /// Does something that may be done twice over a connection: over another one where the first turns out to have been closed
    /// while nobody looked, or a signal interrupts.
    fn over<T>(&self, work: impl Fn(&mut Connection) -> Result<T, DriverError>) -> Result<Result<T, DriverError>> {
        let mut connection = self.0.any()?;
        let mut interrupted = 0;
        loop {
            match work(&mut connection) {
                Ok(done) => {
                    self.0.give_back(connection);
                    return Ok(Ok(done));
                }
                Err(failure) if is_interrupted(&failure) && interrupted < MAX_INTERRUPTIONS => interrupted += 1,
                Err(failure) if is_gone(&failure) && connection.used => self.0.forget(),
                failed => return Ok(failed),
            }
            connection = self.0.connect()?;
        }
    }

    fn look(&self, connection: &mut Connection, keys: &[&str]) -> Result<Vec<Seen>, DriverError> {
        let tick = self.0.tick();
        let once = |key: &&str| get(key).flag("v").flag("c").flag("t");
        let again = |key: &&str| get(key).flag("c");
        let wire = &mut connection.wire;
        if keys.len() == 1 {
            let answers = wire.execute_batch(&[once(&keys[0])])?;
            return answers.into_iter().map(|answer| seen(answer, tick)).collect();
        }
        if keys.len() <= CHUNK {
            let commands: Vec<MetaCommand> = keys.iter().map(once).chain(keys.iter().map(again)).collect();
            let mut answers = wire.execute_batch(&commands)?;
            let second = answers.split_off(keys.len());
            let first = answers.into_iter().map(|answer| seen(answer, tick)).collect::<Result<_, _>>()?;
            return settled(first, second);
        }
        let (mut first, mut second) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
        for chunk in keys.chunks(CHUNK) {
            for answer in wire.execute_batch(&chunk.iter().map(once).collect::<Vec<_>>())? {
                first.push(seen(answer, tick)?);
            }
        }
        for chunk in keys.chunks(CHUNK) {
            second.extend(wire.execute_batch(&chunk.iter().map(again).collect::<Vec<_>>())?);
        }
        settled(first, second)
    }

    pub(super) fn swap(&self, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>> {
        let oldest = swaps.iter().filter_map(|swap| match swap.from {
            SwapFrom::Version(Version(_, tick)) => Some(tick),
            SwapFrom::Vacant | SwapFrom::Any => None,
        });
        let nothing = || Ok(vec![None; swaps.len()]);
        let Some(tick) = oldest.min() else {
            return answered(self.over(|connection| self.send(connection, swaps))?, swaps.len());
        };
        // All that were there are in use, or the server was restarted since: the cells may be others.
        let Some(mut connection) = self.0.older_than(tick) else { return nothing() };
        match self.send(&mut connection, swaps) {
            Err(failure) if is_gone(&failure) => {
                self.0.forget();
                nothing()
            }
            Err(failure) if is_interrupted(&failure) => nothing(),
            Ok(swapped) => {
                self.0.give_back(connection);
                Ok(swapped)
            }
            failed => answered(failed, swaps.len()),
        }
    }

    fn send(&self, connection: &mut Connection, swaps: &[Swap<'_>]) -> Result<Vec<Option<Version>>, DriverError> {
        let tick = self.0.tick();
        let answers = connection.wire.execute_batch(&swaps.iter().map(set).collect::<Vec<_>>())?;
        answers
            .into_iter()
            .map(|answer| {
                let result = parse_meta_result(answer)?;
                Ok(result.ok().then_some(result.cas).flatten().map(|cas| Version(cas, tick)))
            })
            .collect()
    }
}

fn answered(sent: Result<Vec<Option<Version>>, DriverError>, count: usize) -> Result<Vec<Option<Version>>> {
    match sent {
        // It has no room for one of them, or finds it too long. The answers to the others are lost.
        Err(DriverError::Server(_)) => Ok(vec![None; count]),
        sent => sent.map_err(|failure| error(&failure)),
    }
}

fn get(key: &str) -> MetaCommand {
    MetaCommand::new(MetaOp::Get, key)
}

fn set(swap: &Swap<'_>) -> MetaCommand {
    // A second more than asked: its clock goes by seconds, and may be about to tick.
    let seconds = swap.ttl.as_secs() + u64::from(swap.ttl.subsec_nanos() > 0) + 1;
    let command = MetaCommand::new(MetaOp::Set, swap.key).value(swap.to);
    let command = command.flag("c").flag(format!("T{}", seconds.min(LONGEST)));
    match swap.from {
        SwapFrom::Vacant => command.flag("ME"),
        SwapFrom::Version(Version(cas, _)) => command.flag(format!("C{cas}")),
        SwapFrom::Any => command,
    }
}

fn seen(answer: MetaResponse, tick: u64) -> Result<Seen, DriverError> {
    let result = parse_meta_result(answer)?;
    match (result.rc, result.value, result.cas) {
        (ReturnCode::En, ..) => Ok(Seen::Vacant),
        (ReturnCode::Va, Some(bytes), Some(cas)) => {
            // Without an end it is not ours, and may be told so by its bytes.
            let left = result.ttl.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(LONGEST);
            Ok(Seen::Cell(Cell { bytes, left: Duration::from_secs(left), version: Version(cas, tick) }))
        }
        _ => Err(DriverError::Protocol(String::new())),
    }
}

/// What was the same both times.
fn settled(first: Vec<Seen>, second: Vec<MetaResponse>) -> Result<Vec<Seen>, DriverError> {
    let same = |(first, second)| {
        let now = parse_meta_result(second)?.cas;
        let before = match &first {
            Seen::Cell(cell) => Some(cell.version.0),
            Seen::Vacant | Seen::Moved => None,
        };
        Ok(if before == now { first } else { Seen::Moved })
    };
    first.into_iter().zip(second).map(same).collect()
}
