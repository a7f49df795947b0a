//! A server of one trick: it reads a request and does what the test says. Raw TCP, because half of the tricks are things that no HTTP
//! library will do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does once it has read a request.
#[derive(Debug, Clone)]
pub enum Trick {
    /// Writes this text and keeps the connection.
    Answer(String),
    /// Writes this text and closes the connection.
    AnswerAndClose(String),
    /// Writes a success whose body never ends.
    Endless,
    /// Resets the connection.
    Reset,
    /// Says nothing and keeps the connection.
    Silence,
}

/// Listens on loopback, on a port of its own, as long as the runtime lives.
#[derive(Debug)]
pub struct TrickServer {
    /// Where.
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl TrickServer {
    /// A server that does this with every request.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(trick: Trick) -> Self {
        let listening = async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            std::io::Result::Ok((listener.local_addr()?, listener))
        };
        let (address, listener) = listening.await.unwrap_or_else(|error| panic!("no port to listen on: {error}"));
        let server = Self { address, connections: Arc::default(), seen: Arc::default() };
        let (connections, seen) = (Arc::clone(&server.connections), Arc::clone(&server.seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, trick.clone(), Arc::clone(&seen)));
            }
        });
        server
    }

    /// A server that answers like this, with an empty body.
    pub async fn answering(status: &str, headers: &str) -> Self {
        Self::start(Trick::Answer(answer(status, headers, ""))).await
    }

    /// The address of something at it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How often somebody connected, whether or not a request came.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Head and body of what came so far.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.seen).clone()
    }
}

fn lock(seen: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, trick: Trick, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = read_request(&mut stream).await {
        lock(&seen).push(request);
        match &trick {
            Trick::Answer(text) => drop(stream.write_all(text.as_bytes()).await),
            Trick::AnswerAndClose(text) => return drop(stream.write_all(text.as_bytes()).await),
            Trick::Endless => {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await);
                while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
                return;
            }
            Trick::Reset => return stream.set_zero_linger().unwrap_or_else(|error| panic!("no reset: {error}")),
            Trick::Silence => {}
        }
    }
}

/// Head and body as text; nothing when the connection ends first.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0_u8; 1024];
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let content_length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= content_length.unwrap_or(0) {
            return Some(text);
        }
    }
}

/// A complete answer.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}
