//! Stands between the providers and ingest, and keeps what goes by.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tandem_contact::Side;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Kept = Arc<Mutex<Vec<(Side, Vec<u8>)>>>;

pub(super) struct Recorder {
    address: SocketAddr,
    kept: Kept,
}

impl Recorder {
    pub(super) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, kept) = (listener.local_addr().unwrap(), Kept::default());
        let ours = Arc::clone(&kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(stream, to, Arc::clone(&ours)));
            }
        });
        Self { address, kept }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has gone by and was taken.
    pub(super) fn heard(&self) -> Vec<(Side, Vec<u8>)> {
        self.kept.lock().unwrap().clone()
    }
}

/// One request, and the status of its answer.
async fn pass_on(mut from: TcpStream, to: SocketAddr, kept: Kept) {
    let Some((request, head)) = whole(&mut from).await else { return };
    let Ok(mut onward) = TcpStream::connect(to).await else { return };
    if onward.write_all(&request).await.is_err() {
        return;
    }
    let mut answer = vec![0; 4096];
    let Ok(count) = onward.read(&mut answer).await else { return };
    let line = String::from_utf8_lossy(&answer[..count]).lines().next().unwrap_or_default().to_owned();
    if line.contains(" 200") {
        let side = if request.starts_with(b"POST /webhooks/ghl") { Side::Ghl } else { Side::OpenPhone };
        kept.lock().unwrap().push((side, request[head..].to_vec()));
    }
    let answer = format!("{line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    // Whoever asked may have gone.
    drop(from.write_all(answer.as_bytes()).await);
}

/// A request with its body, and where that begins.
async fn whole(stream: &mut TcpStream) -> Option<(Vec<u8>, usize)> {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 8192];
        let count = stream.read(&mut part).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&part[..count]);
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        if read.len() >= end + 4 + length.unwrap_or(0) {
            return Some((read, end + 4));
        }
    }
}
