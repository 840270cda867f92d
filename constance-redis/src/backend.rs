//! The backend.

use std::fmt;
use std::sync::atomic::AtomicBool;

use constance_core::{
    Applied, Backend, Batch, Capability, Encoded, Key, Portion, Prefix, Result, Stored, Warning, Watch,
};
use redis::{ConnectionLike, Pipeline, RedisResult, Value};

use crate::builder::{Builder, default_prefix};
use crate::command::{self, CHUNK, NO_STRING};
use crate::connections::{Connections, Layout, Lease};
use crate::error::{Fault, INTERRUPTIONS, fault};
use crate::plan::{self, Many, Plain};
use crate::replicas::Replicas;
use crate::scan::Place;
use crate::script::Call;
use crate::watch::{Feed, without_right};
use crate::{NAME, RedisOptions};

/// Settings in Redis.
///
/// ```no_run
/// use constance_core::{Backend, Batch, Change, Encoded, Prefix};
/// use constance_redis::RedisBackend;
///
/// let backend = RedisBackend::from_url("redis://127.0.0.1:6379/0")?;
/// let key = backend.default_prefix().key("theme")?;
/// backend.write(&Batch::one(Change::set(key.clone(), Encoded::from(b"dark".to_vec()))))?;
/// assert_eq!(backend.read(&[&key])?[0].value().map(Encoded::as_bytes), Some(&b"dark"[..]));
/// # Ok::<(), constance_core::Error>(())
/// ```
pub struct RedisBackend {
    connections: Box<dyn Connections>,
    prefix: Prefix,
    /// Whether the last read of many keys met one without a string.
    gaps: AtomicBool,
    replicas: Option<Replicas>,
    /// Which server it is, where that is known.
    identity: Option<String>,
}

impl RedisBackend {
    pub(crate) fn new(connections: Box<dyn Connections>, prefix: Prefix) -> Self {
        Self { connections, prefix, gaps: AtomicBool::new(false), replicas: None, identity: None }
    }

    /// The same, with writes that are a success only when so many replicas have them.
    pub(crate) fn waiting(self, replicas: Option<Replicas>) -> Self {
        Self { replicas, ..self }
    }

    /// The same, on the server of this [identity](Backend::identity).
    pub(crate) fn identified(self, identity: Option<String>) -> Self {
        Self { identity, ..self }
    }

    /// A backend for the server that a URL names, with a pool of its own. No I/O. See [`Builder::url`].
    ///
    /// # Errors
    ///
    /// `Configuration` where the URL is not one of a Redis server, or asks for TLS that is not built in. It is never shown.
    ///
    /// ```
    /// use constance_redis::RedisBackend;
    ///
    /// let backend = RedisBackend::from_url("redis://user:hunter2@127.0.0.1:6379/0")?;
    /// assert!(!format!("{backend:?}").contains("hunter2"));
    /// assert!(RedisBackend::from_url("http://127.0.0.1").is_err());
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn from_url(url: &str) -> Result<Self> {
        Self::builder().url(url).build()
    }

    /// A backend for the server that options name, with a pool of its own. No I/O.
    ///
    /// # Errors
    ///
    /// `Configuration` where the options contradict each other, or ask for TLS that is not built in.
    ///
    /// ```
    /// use constance_redis::{RedisBackend, RedisOptions};
    ///
    /// let mut options = RedisOptions::default();
    /// options.db = 1;
    /// let backend = RedisBackend::from_options(options)?;
    /// # Ok::<(), constance_core::Error>(())
    /// ```
    pub fn from_options(options: RedisOptions) -> Result<Self> {
        Self::builder().options(options).build()
    }

    /// Options, where the defaults will not do.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A backend over connections that the application has already. No I/O.
    ///
    /// See [`Connections`] for what will do. Timeouts are the business of whoever makes the connections: set a read and a
    /// write timeout on them, and leave `test_on_check_out` of an `r2d2` pool at its default, `true`, unless its manager
    /// drops a connection after any failure. A child that the process forks must not use them: make them after forking.
    ///
    /// ```
    /// use constance_redis::{RedisBackend, redis};
    ///
    /// let client = redis::Client::open("redis://127.0.0.1:6379/0")?;
    /// let one_per_call = RedisBackend::with_connections(client.clone());
    /// let by_closure = RedisBackend::with_connections(move || client.get_connection());
    /// # Ok::<(), redis::RedisError>(())
    /// ```
    pub fn with_connections(source: impl Connections + 'static) -> Self {
        Self::new(Box::new(source), default_prefix())
    }

    fn many(&self, connection: &mut dyn ConnectionLike, keys: &[&Key]) -> RedisResult<Vec<Stored>> {
        many(connection, keys, &self.gaps)
    }

    /// Sends what only reads. Where a connection that had lain idle turns out to be closed, it is sent once more on a
    /// fresh one; where a signal interrupts, on another one.
    fn look<T>(&self, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
        let (mut closed, mut interrupted) = (false, 0);
        loop {
            match once(self.connections.lend()?, &work)? {
                Ok(value) => return Ok(value),
                Err(fault) if fault.interrupted && interrupted < INTERRUPTIONS => interrupted += 1,
                Err(fault) if fault.gone && !closed => closed = true,
                Err(fault) => return Err(fault.error),
            }
        }
    }

    /// Sends what may change something. It is sent once: whether a connection that closed had taken it, nobody can tell.
    fn change<T>(&self, work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>) -> Result<T> {
        once(self.connections.lend_for_change()?, work)?.map_err(|fault| fault.error)
    }
}

/// One try. The outer error is final; the inner one may be the connection's fault alone.
fn once<T>(
    mut lease: Box<dyn Lease + '_>,
    work: impl Fn(&mut dyn ConnectionLike) -> RedisResult<T>,
) -> Result<Result<T, Fault>> {
    let error = match work(lease.connection()) {
        Ok(value) => return Ok(Ok(value)),
        Err(error) => error,
    };
    let fault = fault(&error);
    if fault.broken {
        lease.failed(fault.gone);
    }
    if fault.interrupted || fault.gone && lease.is_used() { Ok(Err(fault)) } else { Err(fault.error) }
}

/// What is stored under these keys, all of one moment. `likely` says whether the last read met a key without a string.
pub(crate) fn many(
    connection: &mut dyn ConnectionLike,
    keys: &[&Key],
    likely: &AtomicBool,
) -> RedisResult<Vec<Stored>> {
    match keys {
        [] => return Ok(Vec::new()),
        [key] => return Ok(vec![one(connection, key)?]),
        _ => {}
    }
    let many = Many::new(keys, likely);
    let mut request = many.strings().get_packed_command();
    let answers = match many.others() {
        Some(others) => {
            request.extend(others.get_packed_command());
            connection.req_packed_commands(&request, 0, 2)?
        }
        None => vec![connection.req_packed_command(&request)?],
    };
    match many.found(answers)? {
        Some(found) => Ok(found),
        None => match run(connection, &Call::looking(keys)) {
            Err(refused) if Call::is_refused(&refused) => {
                let request = command::gets(keys).get_packed_pipeline();
                let answers = connection.req_packed_commands(&request, keys.len() + 1, 1)?;
                plan::gotten(answers, keys.len()).ok_or(refused)
            }
            applied => plan::looked(applied?),
        },
    }
}

/// What is stored under one key.
pub(crate) fn one(connection: &mut dyn ConnectionLike, key: &Key) -> RedisResult<Stored> {
    match connection.req_command(&command::get(key)) {
        // Some connections give the server's errors so, and some as an answer.
        Err(error) if command::is_wrong_type(&error) => Ok(NO_STRING),
        answer => command::stored(answer?),
    }
}

/// Every key under a prefix, each once.
pub(crate) fn keys_of(connection: &mut dyn ConnectionLike, prefix: &Prefix) -> RedisResult<Vec<Key>> {
    let (mut cursor, mut keys) = (0, Vec::new());
    loop {
        let (next, met): (u64, Vec<Vec<u8>>) = command::scan(cursor, prefix).query(connection)?;
        keys.extend(plan::keys(prefix, met));
        if next == 0 {
            return Ok(plan::once(keys));
        }
        cursor = next;
    }
}

/// The answers to commands that go in one request. One that is an error is among them.
pub(crate) fn send(connection: &mut dyn ConnectionLike, commands: &Pipeline) -> RedisResult<Vec<Value>> {
    connection.req_packed_commands(&commands.get_packed_pipeline(), 0, commands.len())
}

/// Runs the script, and gives its text to a server that does not have it.
fn run(connection: &mut dyn ConnectionLike, call: &Call) -> RedisResult<Applied> {
    call.applied(match call.by_digest().query(connection) {
        Err(error) if Call::is_unknown(&error) => call.by_text().query(connection),
        answer => answer,
    })
}

/// A batch in the one command that does it, if there is one.
fn plainly(connection: &mut dyn ConnectionLike, batch: &Batch) -> RedisResult<Option<Applied>> {
    let Some(plain) = Plain::of(batch) else { return Ok(None) };
    plain.applied(match &plain.command {
        Some(command) => command.query(connection),
        None => Ok(Value::Nil),
    })
}

/// A batch in a transaction, where the server runs no scripts and the batch needs none.
fn without_script(connection: &mut dyn ConnectionLike, batch: &Batch) -> Option<RedisResult<Applied>> {
    let transaction = command::exchange(batch)?;
    let answers = connection.req_packed_commands(&transaction.get_packed_pipeline(), transaction.len() + 1, 1);
    Some(answers.and_then(plan::exchanged))
}

/// Applies a batch, and waits until so many replicas have it. The inner error says that too few have.
pub(crate) fn apply(
    connection: &mut dyn ConnectionLike,
    batch: &Batch,
    replicas: Option<Replicas>,
) -> RedisResult<Result<Applied>> {
    let applied = match plainly(connection, batch)? {
        Some(applied) => applied,
        None => match run(connection, &Call::new(batch)) {
            Err(refused) if Call::is_refused(&refused) => without_script(connection, batch).unwrap_or(Err(refused))?,
            applied => applied?,
        },
    };
    Replicas::confirm(replicas, connection, batch, applied)
}

impl Backend for RedisBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capability(&self) -> Capability {
        if let Some(spread) = self.connections.spread() {
            return spread.capability();
        }
        plan::capability()
            .with_atomic_batch(self.connections.layout() == Layout::One)
            .with_watch(self.connections.can_dedicate())
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        if let Some(spread) = self.connections.spread() {
            return spread.read(keys);
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.look(|connection| self.many(connection, keys))
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        if let Some(spread) = self.connections.spread() {
            return spread.list(prefix);
        }
        self.look(|connection| {
            let keys = keys_of(connection, prefix)?;
            let mut listed = Vec::with_capacity(keys.len());
            for chunk in keys.chunks(CHUNK) {
                let found = self.many(connection, &chunk.iter().collect::<Vec<_>>())?;
                // What was removed since its key was met is left out.
                listed.extend(chunk.iter().cloned().zip(found).filter(|(_, stored)| !stored.is_absent()));
            }
            Ok(listed)
        })
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        if batch.changes().is_empty() {
            return Ok(Applied::Done(Vec::new()));
        }
        plan::check(batch)?;
        if let Some(spread) = self.connections.spread() {
            return spread.write(batch);
        }
        self.change(|connection| apply(connection, batch, self.replicas))?
    }

    fn visit(&self, key: &Key, visitor: &mut dyn FnMut(Option<&[u8]>)) -> Result<()> {
        if let Some(spread) = self.connections.spread() {
            return spread.visit(key, visitor);
        }
        let stored = self.look(|connection| one(connection, key))?;
        visitor(stored.bytes()?.map(Encoded::as_bytes));
        Ok(())
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        if let Some(spread) = self.connections.spread() {
            return spread.watch(prefix);
        }
        let feed = self.connections.dedicate().and_then(|connection| Feed::open(connection, prefix));
        Ok(Box::new(feed.map_err(without_right)?))
    }

    fn default_prefix(&self) -> Prefix {
        self.prefix.clone()
    }

    fn keys_from(&self, prefix: &Prefix, from: Option<&[u8]>) -> Result<Portion> {
        if let Some(spread) = self.connections.spread() {
            return spread.keys_from(prefix, from);
        }
        let (place, _) = Place::parse(from)?;
        let request = place.request(prefix, false);
        self.look(|connection| place.portion(prefix, send(connection, &request)?))?
    }

    fn identity(&self) -> Option<String> {
        self.identity.clone()
    }

    fn warnings(&self) -> Result<Vec<Warning>> {
        if let Some(spread) = self.connections.spread() {
            return spread.warnings();
        }
        self.look(|connection| plan::warnings(command::info().query(connection)))
    }

    fn ping(&self) -> Result<()> {
        if let Some(spread) = self.connections.spread() {
            return spread.ping();
        }
        self.look(|connection| redis::cmd("PING").exec(connection))
    }
}

impl fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, prefix, gaps: _, replicas, identity: _ } = self;
        f.debug_struct("RedisBackend")
            .field("connections", &connections.describe())
            .field("prefix", prefix)
            .field("replicas", replicas)
            .finish()
    }
}
