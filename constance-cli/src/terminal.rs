//! Reading a secret from a terminal.

use std::io::{self, Cursor, Read};
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Reads the next line of a terminal, which does not show what is typed. The terminal is not touched before the first read.
pub(crate) struct HiddenLine<T> {
    terminal: T,
    line: Option<Cursor<Vec<u8>>>,
}

impl<T: AsFd + Read> HiddenLine<T> {
    pub(crate) fn new(terminal: T) -> Self {
        Self { terminal, line: None }
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let fd = self.terminal.as_fd().try_clone_to_owned()?;
        // Input that was typed before this point is discarded.
        let hidden = Hidden::new(&fd)?;
        let mut line = Vec::new();
        let mut byte = [0];
        while line.last() != Some(&b'\n') && self.terminal.read(&mut byte)? > 0 {
            line.extend(byte);
        }
        drop(hidden);
        Ok(line)
    }
}

impl<T: AsFd + Read> Read for HiddenLine<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.line.is_none() {
            self.line = Some(Cursor::new(self.line()?));
        }
        self.line.as_mut().map_or(Ok(0), |line| line.read(buffer))
    }
}

/// Makes a terminal show nothing but line ends, until this is dropped.
struct Hidden<'t, T: AsFd> {
    terminal: &'t T,
    before: Termios,
}

impl<'t, T: AsFd> Hidden<'t, T> {
    fn new(terminal: &'t T) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl<T: AsFd> Drop for Hidden<'_, T> {
    fn drop(&mut self) {
        // This fails where the terminal is closed, and then nothing is left to restore.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use rustix::fs::{Mode, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// The two ends of a terminal: that of the operator, and that of the program.
    fn terminal() -> (File, File) {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&person).expect("granted");
        unlockpt(&person).expect("unlocked");
        let name = ptsname(&person, Vec::new()).expect("a name");
        let program = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("the other end");
        (person.into(), program.into())
    }

    /// Everything that the terminal shows, up to a mark that the program writes now.
    fn shown(person: &mut File, program: &mut File) -> String {
        program.write_all(b"MARK").expect("a mark");
        let (mut shown, mut byte) = (Vec::new(), [0]);
        while !shown.ends_with(b"MARK") {
            person.read_exact(&mut byte).expect("what is shown");
            shown.extend(byte);
        }
        String::from_utf8_lossy(&shown).into_owned()
    }

    #[test]
    fn a_line_is_read_and_not_shown() {
        let (mut person, mut program) = terminal();
        let mut hidden = HiddenLine::new(program.try_clone().expect("the same terminal"));
        std::thread::scope(|scope| {
            let typing = scope.spawn(|| {
                // Input that is typed before the terminal hides it would be discarded.
                while tcgetattr(&program).expect("modes").local_modes.contains(LocalModes::ECHO) {
                    std::thread::yield_now();
                }
                (&person).write_all(b"hunter2\nmore\n").expect("typed");
            });
            let mut read = String::new();
            hidden.read_to_string(&mut read).expect("a line");
            typing.join().expect("typed to its end");
            assert_eq!(read, "hunter2\n");
        });
        assert!(tcgetattr(&program).expect("modes").local_modes.contains(LocalModes::ECHO), "as it was before");
        let shown = shown(&mut person, &mut program);
        assert!(!shown.contains("hunter2"), "{shown:?}");
    }

    #[test]
    fn nothing_is_read_before_it_is_asked_for() {
        let (_person, program) = terminal();
        let hidden = HiddenLine::new(program);
        assert!(tcgetattr(&hidden.terminal).expect("modes").local_modes.contains(LocalModes::ECHO));
    }
}
