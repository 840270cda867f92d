//! A batch as one step of the server.
//!
//! `MULTI` and `EXEC` would leave half of a batch written where a command in the middle fails, and know no expectation.

use std::sync::LazyLock;

use constance_core::{Applied, Batch, Change, Expect, Key, Stored, To};
use redis::{Cmd, RedisError, RedisResult, Script, Value, cmd, make_extension_error};

use crate::command::{kind, stored, unexpected};

/// Checks everything, and only then writes.
///
/// For each key come four arguments: what is expected, the bytes expected, what to do, the bytes to store. What is found is
/// nil, a string, or a list that holds the name of another type.
const APPLY: &str = r"local want = ARGV[1] == '1'
local found = {}
for i = 1, #KEYS do
  local expect = ARGV[4 * i - 2]
  if want or expect ~= 'any' then
    local now = redis.pcall('GET', KEYS[i])
    if type(now) == 'table' then
      if not string.find(now.err, 'WRONGTYPE', 1, true) then return now end
      -- Refused where the user may not ask for a type; it is no string in any case.
      now = {redis.pcall('TYPE', KEYS[i]).ok or ''}
    end
    if (expect == 'absent' and now) or (expect == 'equals' and now ~= ARGV[4 * i - 1]) then
      return {i, now}
    end
    found[i] = now
  end
end
-- A right that is missing in the middle would leave half of the batch written.
local may = redis.acl_check_cmd
for i = 1, #KEYS do
  local to = ARGV[4 * i]
  if may and ((to == 'set' and not may('SET', KEYS[i], '')) or (to == 'remove' and not may('DEL', KEYS[i]))) then
    return redis.error_reply('NOPERM a right is missing')
  end
end
for i = 1, #KEYS do
  local to, done = ARGV[4 * i], nil
  if to == 'set' then
    done = redis.pcall('SET', KEYS[i], ARGV[4 * i + 1])
  elseif to == 'remove' then
    done = redis.pcall('DEL', KEYS[i])
  end
  -- The server refuses the first write of a script or none.
  if type(done) == 'table' and done.err then return done end
end
return {0, want and found or {}}
";

/// What the server knows the script by.
static DIGEST: LazyLock<String> = LazyLock::new(|| Script::new(APPLY).get_hash().to_owned());

/// The code of an error that says that the server runs no scripts. Servers say it in words of their own.
pub(crate) const NO_EVAL: &str = "NOEVAL";

/// The error for a refused call, with one code for all the ways to refuse the command as such.
fn named(error: RedisError) -> RedisError {
    const WORDS: [&str; 6] =
        ["unknown command", "not support", "not allowed", "not available", "disabled", "forbidden"];
    let said = error.detail().unwrap_or_default().to_ascii_lowercase();
    let refused = match error.code() {
        Some("ERR") => said.contains("eval") && WORDS.iter().any(|words| said.contains(words)),
        // What the script itself may not do is named otherwise.
        Some("NOPERM") => said.contains("run the 'eval"),
        _ => false,
    };
    if refused { make_extension_error(NO_EVAL.to_owned(), None) } else { error }
}

/// A call of the script, by its digest and, for a server that does not have it, by its text.
pub(crate) struct Call {
    arguments: Vec<Vec<u8>>,
    keys: usize,
    want_previous: bool,
}

impl Call {
    pub(crate) fn new(batch: &Batch) -> Self {
        Self::of(batch.changes(), batch.want_previous())
    }

    /// Only looks: all of one moment, with the type of what is no string.
    pub(crate) fn looking(keys: &[&Key]) -> Self {
        let changes: Vec<Change> = keys.iter().map(|key| Change::keep((*key).clone())).collect();
        Self::of(&changes, true)
    }

    fn of(changes: &[Change], want_previous: bool) -> Self {
        let mut arguments = Vec::with_capacity(5 * changes.len() + 1);
        arguments.extend(changes.iter().map(|change| change.key.as_str().into()));
        arguments.push(if want_previous { b"1".to_vec() } else { b"0".to_vec() });
        for change in changes {
            let (expect, bytes): (&[u8], &[u8]) = match &change.expect {
                Expect::Any => (b"any", b""),
                Expect::Absent => (b"absent", b""),
                Expect::Equals(bytes) => (b"equals", bytes.as_bytes()),
            };
            arguments.extend([expect.into(), bytes.into()]);
            let (to, bytes): (&[u8], &[u8]) = match &change.to {
                To::Set(bytes) => (b"set", bytes.as_bytes()),
                To::Remove => (b"remove", b""),
                To::Keep => (b"keep", b""),
            };
            arguments.extend([to.into(), bytes.into()]);
        }
        Self { arguments, keys: changes.len(), want_previous }
    }

    /// The call by digest.
    pub(crate) fn by_digest(&self) -> Cmd {
        self.command("EVALSHA", &DIGEST)
    }

    /// The call by text, which the server keeps for the next call by digest.
    pub(crate) fn by_text(&self) -> Cmd {
        self.command("EVAL", APPLY)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(script).arg(self.keys);
        for argument in &self.arguments {
            command.arg(argument.as_slice());
        }
        command
    }

    /// Whether an error says that the server does not have the script, so that nothing was done.
    pub(crate) fn is_unknown(error: &RedisError) -> bool {
        error.code() == Some("NOSCRIPT")
    }

    /// Whether an error says that the server runs no scripts, so that nothing was done.
    pub(crate) fn is_refused(error: &RedisError) -> bool {
        error.code() == Some(NO_EVAL)
    }

    /// What the script says has become of the batch.
    pub(crate) fn applied(&self, answer: RedisResult<Value>) -> RedisResult<Applied> {
        let Value::Array(parts) = answer.map_err(named)? else { return Err(unexpected()) };
        let [Value::Int(place), found] = <[Value; 2]>::try_from(parts).map_err(|_| unexpected())? else {
            return Err(unexpected());
        };
        match (usize::try_from(place), found) {
            (Ok(0), Value::Array(previous)) => {
                if previous.len() != if self.want_previous { self.keys } else { 0 } {
                    return Err(unexpected());
                }
                Ok(Applied::Done(previous.into_iter().map(found_by_script).collect::<RedisResult<_>>()?))
            }
            (Ok(place), found) if (1..=self.keys).contains(&place) => {
                Ok(Applied::Conflict { index: place - 1, current: found_by_script(found)? })
            }
            _ => Err(unexpected()),
        }
    }
}

fn found_by_script(value: Value) -> RedisResult<Stored> {
    match value {
        Value::Array(names) => match names.as_slice() {
            [Value::BulkString(name)] => Ok(kind(name)),
            _ => Err(unexpected()),
        },
        value => stored(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(code: &str, said: &str) -> bool {
        Call::is_refused(&named(make_extension_error(code.to_owned(), Some(said.to_owned()))))
    }

    #[test]
    fn a_server_without_scripts_is_known_by_its_words() {
        for (code, said) in [
            ("ERR", "unknown command 'EVALSHA', with args beginning with: 'abc' '1' 'constance:a' "),
            ("ERR", "unknown command `EVAL`, with args beginning with: "),
            ("ERR", "command eval not support for normal user"),
            ("ERR", "EVAL is disabled on this server"),
            ("ERR", "Command is not available: 'EVALSHA'"),
            ("NOPERM", "this user has no permissions to run the 'evalsha' command or its subcommand"),
            ("NOPERM", "User reader has no permissions to run the 'eval' command"),
        ] {
            assert!(is_refused(code, said), "{code} {said}");
        }
        for (code, said) in [
            ("ERR", "Error running script (call to f_0): OOM"),
            ("NOPERM", "User reader has no permissions to run the 'set' command"),
            ("NOPERM", "No permissions to access the 'constance:eval' key"),
            ("NOSCRIPT", "No matching script. Please use EVAL."),
            ("BUSY", "Redis is busy running a script."),
        ] {
            assert!(!is_refused(code, said), "{code} {said}");
        }
    }
}
