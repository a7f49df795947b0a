//! As much of Redis' protocol as it takes to send a command and read the answer.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// Sends one command on a connection of its own.
pub(super) fn ask(port: u16, password: Option<&str>, parts: &[&str]) -> io::Result<String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut stream = BufReader::new(stream);
    if let Some(password) = password {
        send(stream.get_mut(), &["AUTH", password])?;
        receive(&mut stream)?;
    }
    send(stream.get_mut(), parts)?;
    receive(&mut stream)
}

fn send(stream: &mut impl Write, parts: &[&str]) -> io::Result<()> {
    let mut bytes = format!("*{}\r\n", parts.len());
    for part in parts {
        bytes.extend(["$", &part.len().to_string(), "\r\n", part, "\r\n"]);
    }
    stream.write_all(bytes.as_bytes())
}

/// Null is empty; the elements of an array come one a line.
fn receive(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let strange = || io::Error::new(io::ErrorKind::InvalidData, line.clone());
    let rest = line.get(1..).unwrap_or_default().trim_end();
    let length = || rest.parse::<i64>().map_err(|_| strange()).map(|length| usize::try_from(length).ok());
    match line.as_bytes().first() {
        Some(b'+' | b':') => Ok(rest.to_owned()),
        Some(b'$') => match length()? {
            Some(length) => bulk(stream, length),
            None => Ok(String::new()),
        },
        Some(b'*') => {
            let elements: io::Result<Vec<String>> =
                (0..length()?.unwrap_or_default()).map(|_| receive(stream)).collect();
            Ok(elements?.join("\n"))
        }
        _ => Err(strange()),
    }
}

fn bulk(stream: &mut impl BufRead, length: usize) -> io::Result<String> {
    let mut bytes = vec![0; length + 2];
    stream.read_exact(&mut bytes)?;
    bytes.truncate(length);
    String::from_utf8(bytes).map_err(|problem| io::Error::new(io::ErrorKind::InvalidData, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> io::Result<String> {
        receive(&mut answer.as_bytes())
    }

    #[test]
    fn every_kind_of_answer_is_read() {
        assert_eq!(read("+OK\r\n").unwrap(), "OK");
        assert_eq!(read(":12\r\n").unwrap(), "12");
        assert_eq!(read("$3\r\na\nb\r\n").unwrap(), "a\nb");
        assert_eq!(read("$-1\r\n").unwrap(), "");
        assert_eq!(read("*2\r\n$1\r\na\r\n:2\r\n").unwrap(), "a\n2");
        assert_eq!(read("-ERR no\r\n").unwrap_err().to_string(), "-ERR no\r\n");
        assert!(read("$9\r\nshort").is_err());
    }
}
