//! What stands before a provider, or before Tandem: hears everything, and now and then answers itself, with the caller's own words.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::http;

/// Gone when dropped.
#[derive(Debug)]
pub struct Parrot {
    address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Memory {
    /// Beginnings of request lines, and the status they get.
    wanted: Vec<(String, u16)>,
    /// Requests and their answers.
    heard: Vec<(String, String)>,
}

impl Parrot {
    /// Passes on what it isn't told to answer.
    pub async fn before(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, memory) = (listener.local_addr()?, Arc::default());
        let serving = tokio::spawn(serve(listener, target, Arc::clone(&memory)));
        Ok(Self { address, memory, task: serving.abort_handle() })
    }

    /// The address as it is to be configured.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request whose line begins like this is refused with the status, in words that hold the whole request, its
    /// credential included.
    pub fn refuse(&self, line: &str, status: u16) {
        lock(&self.memory).wanted.push((line.to_owned(), status));
    }

    /// How many of those are still to come.
    pub fn left(&self) -> usize {
        lock(&self.memory).wanted.len()
    }

    /// What was asked so far and how it was answered by whoever it was meant for, heads included.
    pub fn heard(&self) -> Vec<(String, String)> {
        lock(&self.memory).heard.clone()
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, target: SocketAddr, memory: Arc<Mutex<Memory>>) {
    while let Ok((client, _)) = listener.accept().await {
        let memory = Arc::clone(&memory);
        // Where anything fails the connection just ends, and the caller tries again.
        tokio::spawn(async move { drop(converse(client, target, &memory).await) });
    }
}

/// Request by request, each passed on over a connection of its own.
async fn converse(mut client: TcpStream, target: SocketAddr, memory: &Mutex<Memory>) -> io::Result<()> {
    loop {
        let request = http::read(&mut client).await?;
        let status = asked_for(memory, &String::from_utf8_lossy(&request));
        let answer = match status {
            Some(status) => repeat(status, &request),
            None => passed_on(&request, target).await?,
        };
        if status.is_none() {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            lock(memory).heard.push((text(&request), text(&answer)));
        }
        client.write_all(&answer).await?;
    }
}

fn asked_for(memory: &Mutex<Memory>, request: &str) -> Option<u16> {
    let wanted = &mut lock(memory).wanted;
    let index = wanted.iter().position(|(line, _)| request.starts_with(line.as_str()))?;
    Some(wanted.remove(index).1)
}

async fn passed_on(request: &[u8], target: SocketAddr) -> io::Result<Vec<u8>> {
    let mut provider = TcpStream::connect(target).await?;
    provider.write_all(request).await?;
    http::read(&mut provider).await
}

/// A refusal as either provider words it, about everything that was sent.
fn repeat(status: u16, request: &[u8]) -> Vec<u8> {
    let words = String::from_utf8_lossy(request);
    let body = json!({
        "statusCode": status, "status": status, "code": words, "title": words, "error": words, "message": words,
        "detail": words, "description": words, "docs": words, "trace": words, "error_description": words,
        "errors": [{ "path": words, "message": words, "value": words }],
    })
    .to_string();
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Refused\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
    [head.as_bytes(), b"retry-after: 1\r\n\r\n", body.as_bytes()].concat()
}
