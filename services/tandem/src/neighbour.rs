//! Asking the process that runs with the same configuration on this machine.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A container's health check waits no longer.
const LIMIT: Duration = Duration::from_secs(4);
/// The checks of a thousand connections are about as long.
const MOST_BYTES: u64 = 16 << 20;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Shown as a bearer token.
    pub(crate) password: Option<&'a str>,
    pub(crate) body: &'a str,
    /// How long the answer may take.
    pub(crate) limit: Duration,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A GET; `password` is shown as a bearer token.
pub(crate) fn get(listen: SocketAddr, path: &str, password: Option<&str>) -> io::Result<Answer> {
    ask(listen, &Question { method: "GET", path, password, body: "", limit: LIMIT })
}

/// Any question.
pub(crate) fn ask(listen: SocketAddr, question: &Question<'_>) -> io::Result<Answer> {
    let Question { method, path, password, body, limit } = *question;
    let address = reachable(listen);
    let mut socket = TcpStream::connect_timeout(&address, LIMIT)?;
    socket.set_read_timeout(Some(limit))?;
    let authorization = password.map(|word| format!("authorization: Bearer {word}\r\n")).unwrap_or_default();
    let length = body.len();
    write!(
        socket,
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {length}\r\n{authorization}\r\n{body}"
    )?;
    let mut text = String::new();
    socket.take(MOST_BYTES).read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer"))?;
    Ok(Answer { status, body: body.to_owned() })
}

/// "Every interface" is no address to call.
fn reachable(listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, listen.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, listen.port()).into(),
        IpAddr::V4(_) | IpAddr::V6(_) => listen,
    }
}
