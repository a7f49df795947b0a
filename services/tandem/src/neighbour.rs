//! Asking the process that runs with the same configuration on this machine.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A container's health check waits no longer.
const LIMIT: Duration = Duration::from_secs(4);
const MOST_BYTES: u64 = 64 * 1024;

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A GET; `password` is shown as a bearer token.
pub(crate) fn get(listen: SocketAddr, path: &str, password: Option<&str>) -> io::Result<Answer> {
    ask(listen, &format!("GET {path}"), password, "")
}

/// A POST of JSON.
pub(crate) fn post(listen: SocketAddr, path: &str, password: &str, json: &str) -> io::Result<Answer> {
    ask(listen, &format!("POST {path}"), Some(password), json)
}

fn ask(listen: SocketAddr, line: &str, password: Option<&str>, json: &str) -> io::Result<Answer> {
    let address = reachable(listen);
    let mut socket = TcpStream::connect_timeout(&address, LIMIT)?;
    socket.set_read_timeout(Some(LIMIT))?;
    let authorization = password.map(|word| format!("authorization: Bearer {word}\r\n")).unwrap_or_default();
    let content = if json.is_empty() { "" } else { "content-type: application/json\r\n" };
    let length = json.len();
    let head =
        format!("{line} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {length}\r\n{content}{authorization}\r\n");
    socket.write_all(format!("{head}{json}").as_bytes())?;
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
