//! Finding out who serves what.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use constance_core::{Error, ErrorKind, Result};
use parking_lot::{Mutex, RwLock};
use redis::{Value, cmd};

use super::map::{self, Address, Map, Range};
use super::node::Node;
use super::{Cluster, Options};
use crate::error::{fault, timeout};
use crate::manager;
use crate::target::Target;

impl Cluster {
    pub(super) fn new(login: Target, seeds: Vec<Address>, options: Options) -> Self {
        Self {
            options,
            login,
            seeds,
            nodes: Mutex::new(HashMap::new()),
            known: Mutex::default(),
            map: RwLock::new(None),
            gaps: AtomicBool::new(false),
        }
    }

    /// Who serves what, by the last look; the first look where there was none.
    pub(super) fn map(&self) -> Result<Arc<Map>> {
        let map = self.map.read().clone();
        map.map_or_else(|| self.look_around(None, None), Ok)
    }

    /// Asks one node after the other who serves what, beginning with `first` and leaving `last` for the end, within the
    /// time that a connection may take.
    ///
    /// Whoever needs an answer asks by himself: to wait for another's question is to wait twice where it fails.
    pub(super) fn look_around(&self, first: Option<&Address>, last: Option<&Address>) -> Result<Arc<Map>> {
        let mut places: Vec<Address> = first.cloned().into_iter().collect();
        places.extend(self.known.lock().iter().chain(&self.seeds).filter(|place| Some(*place) != last).cloned());
        places.extend(last.cloned());
        let mut asked: Vec<Address> = Vec::with_capacity(places.len());
        places.retain(|place| {
            let new = !asked.contains(place);
            if new {
                asked.push(place.clone());
            }
            new
        });
        let end = Instant::now() + self.options.limits.connect_timeout();
        let mut failure: Option<Error> = None;
        for (turn, place) in places.iter().enumerate() {
            // One that is silent leaves time for the others. Beyond a few, the later ones have to hope.
            let others = (places.len() - turn).min(3) as u32;
            let share = end.saturating_duration_since(Instant::now()) / others;
            if share.is_zero() {
                break;
            }
            match self.ask(place, share) {
                Ok(ranges) => return Ok(self.adopt(&ranges)),
                Err(error) => {
                    failure.get_or_insert_with(|| {
                        error.with_location(constance_pool::addresses::location(&place.host, place.port))
                    });
                }
            }
        }
        Err(failure.unwrap_or_else(|| timeout().with_detail("no node of the cluster could be asked in time")))
    }

    /// What one node says, on a connection of its own: seldom enough, and no pool is waited for.
    fn ask(&self, place: &Address, within: Duration) -> Result<Vec<Range>> {
        let end = Instant::now() + within;
        let info = self.login.at(&place.host, place.port).info()?;
        let mut session = manager::connect(&info, within, within)?;
        session.limit(end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)))?;
        let answer: Value = cmd("CLUSTER").arg("SLOTS").query(&mut session).map_err(|error| {
            if error.detail().is_some_and(|detail| detail.contains("cluster support disabled")) {
                return Error::new(ErrorKind::Configuration)
                    .with_detail("the server is not one of a cluster")
                    .with_hint("use redis://");
            }
            fault(&error).error
        })?;
        map::parse(&answer, place).ok_or_else(|| {
            Error::new(ErrorKind::Unavailable)
                .with_detail("the node of the cluster knows of nobody who serves anything")
        })
    }

    fn adopt(&self, ranges: &[Range]) -> Arc<Map> {
        let mut known: Vec<Address> = ranges.iter().map(|range| range.master.clone()).collect();
        known.extend(ranges.iter().flat_map(|range| range.replicas.iter().cloned()));
        let map = Arc::new(Map::new(ranges, |place| self.node(place)));
        // The pools of nodes that are gone close their connections when nobody has them any more.
        let gone: Vec<Arc<Node>> = {
            let mut nodes = self.nodes.lock();
            let gone = nodes.keys().filter(|place| !known.contains(place)).cloned().collect::<Vec<_>>();
            gone.iter().filter_map(|place| nodes.remove(place)).collect()
        };
        drop(gone);
        *self.known.lock() = known;
        *self.map.write() = Some(Arc::clone(&map));
        map
    }

    pub(super) fn node(&self, place: &Address) -> Arc<Node> {
        let mut nodes = self.nodes.lock();
        let node = nodes.entry(place.clone()).or_insert_with(|| {
            let target = self.login.at(&place.host, place.port);
            Arc::new(Node { address: place.clone(), pool: self.options.limits.open(target) })
        });
        Arc::clone(node)
    }
}
