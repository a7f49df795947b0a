//! Asking the process that runs with the same configuration on this machine.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::anyhow;

/// A container's health check waits no longer.
const LIMIT: Duration = Duration::from_secs(4);
/// The checks of a thousand connections are about as long.
const MOST_BYTES: u64 = 16 << 20;
/// Between two lines of a long answer.
const LINE_LIMIT: Duration = Duration::from_mins(5);

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Shown as a bearer token.
    pub(crate) password: Option<&'a str>,
    /// JSON, or nothing.
    pub(crate) body: &'a str,
    /// How long the answer may take, or its next line.
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

/// A POST of JSON.
pub(crate) fn post(listen: SocketAddr, path: &str, password: &str, json: &str) -> io::Result<Answer> {
    ask(listen, &Question { method: "POST", path, password: Some(password), body: json, limit: LIMIT })
}

/// A POST of JSON that is answered line by line for as long as it takes; `take` says whether it wants more. Returns the status.
pub(crate) fn post_for_lines(
    listen: SocketAddr,
    (path, password): (&str, &str),
    json: &str,
    mut take: impl FnMut(String) -> bool,
) -> io::Result<u16> {
    let question = Question { method: "POST", path, password: Some(password), body: json, limit: LINE_LIMIT };
    let mut lines = BufReader::new(send(listen, &question)?).lines();
    let status = status(&lines.next().transpose()?.unwrap_or_default())?;
    // The head ends with an empty line.
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    if status != 200 {
        return Ok(status);
    }
    for line in lines {
        if !take(line?) {
            break;
        }
    }
    Ok(status)
}

/// Any question.
pub(crate) fn ask(listen: SocketAddr, question: &Question<'_>) -> io::Result<Answer> {
    let mut text = String::new();
    send(listen, question)?.take(MOST_BYTES).read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    Ok(Answer { status: status(head)?, body: body.to_owned() })
}

fn send(listen: SocketAddr, question: &Question<'_>) -> io::Result<TcpStream> {
    let Question { method, path, password, body, limit } = *question;
    let address = reachable(listen);
    let mut socket = TcpStream::connect_timeout(&address, LIMIT)?;
    socket.set_read_timeout(Some(limit))?;
    let authorization = password.map(|word| format!("authorization: Bearer {word}\r\n")).unwrap_or_default();
    let content = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {length}\r\n{content}{authorization}\r\n"
    );
    socket.write_all(format!("{head}{body}").as_bytes())?;
    Ok(socket)
}

fn status(head: &str) -> io::Result<u16> {
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer"))
}

/// What a status says that is no answer.
pub(crate) fn refused(listen: SocketAddr, status: u16) -> anyhow::Error {
    match status {
        401 => anyhow!(
            "the Tandem at {listen} runs with other settings or secrets than this command: restart it, or use its own"
        ),
        404 => anyhow!("the Tandem at {listen} doesn't know this connection: restart it with this configuration"),
        503 => anyhow!("the Tandem at {listen} doesn't reach its store: see its log"),
        other => anyhow!("the Tandem at {listen} answers {other}: see its log"),
    }
}

/// "Every interface" is no address to call.
fn reachable(listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, listen.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, listen.port()).into(),
        IpAddr::V4(_) | IpAddr::V6(_) => listen,
    }
}
