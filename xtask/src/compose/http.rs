//! HTTP to a port of this machine: just enough to ask the stack how it is.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::Failure;

const LIMIT: Duration = Duration::from_secs(10);

pub(super) fn get(port: u16, path: &str) -> Result<String, Failure> {
    exchange(port, &format!("GET {path}"), "")
}

pub(super) fn post(port: u16, path: &str, json: &str) -> Result<String, Failure> {
    exchange(port, &format!("POST {path}"), json)
}

/// HTTP/1.0, so that the answer ends with the connection and is not in chunks.
fn exchange(port: u16, line: &str, body: &str) -> Result<String, Failure> {
    let request = format!(
        "{line} HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let ask = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = ask().map_err(|problem: std::io::Error| format!("{line} at port {port}: {problem}"))?;
    body_of(&answer).map_err(|status| format!("{line} at port {port}: {status}"))
}

fn body_of(answer: &str) -> Result<String, Failure> {
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer has no end of its head")?;
    let status = head.lines().next().unwrap_or_default();
    let is_fine = status.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
    if is_fine { Ok(body.to_owned()) } else { Err(format!("{status}: {body}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_with_a_good_status_only() {
        assert_eq!(body_of("HTTP/1.1 201 Created\r\na: b\r\n\r\n{}"), Ok("{}".to_owned()));
        assert_eq!(body_of("HTTP/1.1 400 Bad\r\n\r\nno"), Err("HTTP/1.1 400 Bad: no".to_owned()));
        assert!(body_of("HTTP/1.1 200 OK\r\n").is_err());
    }
}
