//! The protocol of Redis by hand, so that a server can be asked without a client library or `redis-cli`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Long for a server on this machine; one that hangs is asked again on a new connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// No answer that we ask for is longer; a wrong length must not become an allocation.
const LONGEST: i64 = 16 << 20;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A port of this machine.
    Port(u16),
    /// A unix socket.
    Socket(PathBuf),
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// `+OK`, and text of any length.
    Text(String),
    /// `-ERR …`
    Error(String),
    /// `:1`
    Integer(i64),
    /// No value.
    Nil,
    /// Several replies.
    Array(Vec<Reply>),
}

impl Reply {
    /// The text, where it is one.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// The replies inside, where there are some.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Client<S: Read + Write> {
    stream: BufReader<S>,
}

/// A connection to `address`; every read and write on it ends in time.
pub(crate) fn connect(address: &Address) -> io::Result<Client<Box<dyn Stream>>> {
    let stream: Box<dyn Stream> = match address {
        Address::Port(port) => {
            let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Box::new(stream)
        }
        Address::Socket(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Box::new(stream)
        }
    };
    Ok(Client::new(stream))
}

/// Both kinds of connection.
pub(crate) trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

impl<S: Read + Write> Client<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    /// Sends a command and reads its answer. What the server refuses is an error too.
    pub(crate) fn ask(&mut self, words: &[&str]) -> io::Result<Reply> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        // In one piece: a small write after a small write would wait for the first one's acknowledgement.
        self.stream.get_mut().write_all(command.as_bytes())?;
        match self.reply()? {
            Reply::Error(text) => Err(io::Error::other(text)),
            reply => Ok(reply),
        }
    }

    fn reply(&mut self) -> io::Result<Reply> {
        let line = self.line()?;
        let Some((kind, rest)) = line.split_at_checked(1) else { return Err(nonsense(&line)) };
        let number = || rest.parse::<i64>().map_err(|_| nonsense(&line));
        Ok(match kind {
            "+" => Reply::Text(rest.to_owned()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(number()?),
            "$" | "*" => match number()? {
                ..0 => Reply::Nil,
                length if length > LONGEST => return Err(nonsense(&line)),
                length if kind == "$" => self.bulk(length)?,
                length => Reply::Array((0..length).map(|_| self.reply()).collect::<io::Result<_>>()?),
            },
            _ => return Err(nonsense(&line)),
        })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn bulk(&mut self, length: i64) -> io::Result<Reply> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut bytes = vec![0; length + "\r\n".len()];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(Reply::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn nonsense(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not an answer of Redis: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one at a time, as a slow network may, and keeps what is written.
    struct Trickle {
        answer: Vec<u8>,
        at: usize,
        written: Vec<u8>,
    }

    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let next = self.answer.get(self.at).copied();
            self.at += 1;
            Ok(match (next, buffer.first_mut()) {
                (Some(byte), Some(place)) => {
                    *place = byte;
                    1
                }
                _ => 0,
            })
        }
    }

    impl Write for Trickle {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn client(answer: &str) -> Client<Trickle> {
        Client::new(Trickle { answer: answer.into(), at: 0, written: Vec::new() })
    }

    #[test]
    fn a_command_is_an_array_of_lengths_and_words() {
        let mut client = client("+PONG\r\n");
        assert_eq!(client.ask(&["ECHO", "ü"]).unwrap().text(), "PONG");
        assert_eq!(client.stream.get_ref().written, "*2\r\n$4\r\nECHO\r\n$2\r\nü\r\n".as_bytes());
    }

    #[test]
    fn every_kind_of_answer_is_read_from_single_bytes() {
        let mut client = client("*5\r\n$6\r\na\r\nb\r\n\r\n:-7\r\n$-1\r\n*0\r\n+\r\n:1\r\n");
        let wanted = vec![
            Reply::Text("a\r\nb\r\n".into()),
            Reply::Integer(-7),
            Reply::Nil,
            Reply::Array(Vec::new()),
            Reply::Text(String::new()),
        ];
        assert_eq!(client.ask(&["X"]).unwrap().items(), wanted);
        assert_eq!(client.ask(&["Y"]).unwrap(), Reply::Integer(1));
    }

    #[test]
    fn what_the_server_refuses_is_an_error() {
        let error = client("-NOPERM no\r\n").ask(&["GET", "x"]).unwrap_err();
        assert_eq!(error.to_string(), "NOPERM no");
    }

    #[test]
    fn an_answer_cut_short_is_an_error() {
        for cut in ["", "+PON", "+PONG\r", "$5\r\nabc", "*2\r\n:1\r\n"] {
            let error = client(cut).ask(&["PING"]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut:?}");
        }
    }

    #[test]
    fn nonsense_is_an_error_and_no_allocation() {
        for text in ["\r\n", "HTTP/1.1 400\r\n", ":x\r\n", "$9999999999\r\n", "*9999999999\r\n", "é\r\n"] {
            let error = client(text).ask(&["PING"]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text:?}");
        }
    }
}
