//! The Lua script that applies a batch as a whole.
//!
//! `MULTI` and `EXEC` would leave half of a batch written where a command fails, and cannot check an expectation.

use std::sync::LazyLock;

use constance_core::backend::{Applied, Batch, Change, Expect, Key, Op, Stored};
use redis::{Cmd, RedisError, RedisResult, Script, Value, cmd, make_extension_error};

use crate::command::{foreign_type, parse_stored, unexpected_reply};

/// Checks all expectations and rights before it writes.
///
/// Each key has four arguments: the kind of expectation, the expected bytes, the operation, the new bytes. A previous
/// value is nil, a string, or a list with the name of another type.
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

/// The SHA-1 of the script, for `EVALSHA`.
static DIGEST: LazyLock<String> = LazyLock::new(|| Script::new(APPLY).get_hash().to_owned());

/// Our error code for a server that refuses `EVAL`. Servers report it with different codes and texts.
pub(crate) const NO_EVAL: &str = "NOEVAL";

/// Gives an error the code [`NO_EVAL`] where it says that the server refuses `EVAL`.
fn with_eval_code(error: RedisError) -> RedisError {
    const WORDS: [&str; 6] =
        ["unknown command", "not support", "not allowed", "not available", "disabled", "forbidden"];
    let text = error.detail().unwrap_or_default().to_ascii_lowercase();
    let refused = match error.code() {
        Some("ERR") => text.contains("eval") && WORDS.iter().any(|words| text.contains(words)),
        // A right that is missing inside the script has another text.
        Some("NOPERM") => text.contains("run the 'eval"),
        _ => false,
    };
    if refused { make_extension_error(NO_EVAL.to_owned(), None) } else { error }
}

/// A call of the script.
pub(crate) struct ScriptCall {
    arguments: Vec<Vec<u8>>,
    keys: usize,
    want_previous: bool,
}

impl ScriptCall {
    pub(crate) fn new(batch: &Batch) -> Self {
        Self::with_changes(batch.changes(), batch.want_previous())
    }

    /// A call that only reads: all keys at one moment, with the types of values that are no strings.
    pub(crate) fn read(keys: &[&Key]) -> Self {
        let changes: Vec<Change> = keys.iter().map(|key| Change::keep((*key).clone())).collect();
        Self::with_changes(&changes, true)
    }

    fn with_changes(changes: &[Change], want_previous: bool) -> Self {
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
            let (to, bytes): (&[u8], &[u8]) = match &change.op {
                Op::Set(bytes) => (b"set", bytes.as_bytes()),
                Op::Remove => (b"remove", b""),
                Op::Keep => (b"keep", b""),
            };
            arguments.extend([to.into(), bytes.into()]);
        }
        Self { arguments, keys: changes.len(), want_previous }
    }

    /// Calls the script by its digest.
    pub(crate) fn evalsha(&self) -> Cmd {
        self.command("EVALSHA", &DIGEST)
    }

    /// Sends the script itself. The server keeps it for `EVALSHA`.
    pub(crate) fn eval(&self) -> Cmd {
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

    /// Whether the server does not have the script, so that nothing was done.
    pub(crate) fn is_noscript(error: &RedisError) -> bool {
        error.code() == Some("NOSCRIPT")
    }

    /// Whether the server refuses `EVAL`, so that nothing was done.
    pub(crate) fn is_eval_refused(error: &RedisError) -> bool {
        error.code() == Some(NO_EVAL)
    }

    /// The result of the script.
    pub(crate) fn parse(&self, reply: RedisResult<Value>) -> RedisResult<Applied> {
        let Value::Array(parts) = reply.map_err(with_eval_code)? else { return Err(unexpected_reply()) };
        let [Value::Int(position), found] = <[Value; 2]>::try_from(parts).map_err(|_| unexpected_reply())? else {
            return Err(unexpected_reply());
        };
        match (usize::try_from(position), found) {
            (Ok(0), Value::Array(previous)) => {
                if previous.len() != if self.want_previous { self.keys } else { 0 } {
                    return Err(unexpected_reply());
                }
                Ok(Applied::Done(previous.into_iter().map(parse_stored_by_script).collect::<RedisResult<_>>()?))
            }
            (Ok(position), found) if (1..=self.keys).contains(&position) => {
                Ok(Applied::Conflict { index: position - 1, current: parse_stored_by_script(found)? })
            }
            _ => Err(unexpected_reply()),
        }
    }
}

fn parse_stored_by_script(value: Value) -> RedisResult<Stored> {
    match value {
        Value::Array(names) => match names.as_slice() {
            [Value::BulkString(name)] => Ok(foreign_type(name)),
            _ => Err(unexpected_reply()),
        },
        value => parse_stored(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_eval_refused(code: &str, said: &str) -> bool {
        ScriptCall::is_eval_refused(&with_eval_code(make_extension_error(code.to_owned(), Some(said.to_owned()))))
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
            assert!(is_eval_refused(code, said), "{code} {said}");
        }
        for (code, said) in [
            ("ERR", "Error running script (call to f_0): OOM"),
            ("NOPERM", "User reader has no permissions to run the 'set' command"),
            ("NOPERM", "No permissions to access the 'constance:eval' key"),
            ("NOSCRIPT", "No matching script. Please use EVAL."),
            ("BUSY", "Redis is busy running a script."),
        ] {
            assert!(!is_eval_refused(code, said), "{code} {said}");
        }
    }
}
