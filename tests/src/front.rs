//! What stands before several ingests: passes each request to the next of them, as a load balancer does.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::http;

/// Gone when dropped.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    task: AbortHandle,
}

impl Front {
    /// Serves in turn from these. Somebody who doesn't listen is passed over; whoever took a request has to answer it.
    pub async fn before(targets: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(serve(listener, targets.into()));
        Ok(Self { address, task: serving.abort_handle() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, targets: Arc<[SocketAddr]>) {
    let mut turn = 0;
    while let Ok((client, _)) = listener.accept().await {
        let (targets, its_turn) = (Arc::clone(&targets), turn);
        turn += 1;
        // Where anything fails the connection just ends, and the sender tries again.
        tokio::spawn(async move { drop(pass(client, &targets, its_turn).await) });
    }
}

/// One request and its answer; the next one comes on a connection of its own, so that it is somebody else's turn.
async fn pass(mut client: TcpStream, targets: &[SocketAddr], turn: usize) -> io::Result<()> {
    let request = whole(&mut client).await?;
    let mut server = connect(targets, turn).await?;
    server.write_all(&request).await?;
    let answer = whole(&mut server).await?;
    let line = answer.windows(2).position(|bytes| bytes == b"\r\n").unwrap_or_default() + 2;
    client.write_all(&answer[..line]).await?;
    client.write_all(b"connection: close\r\n").await?;
    client.write_all(&answer[line..]).await?;
    client.shutdown().await
}

async fn connect(targets: &[SocketAddr], turn: usize) -> io::Result<TcpStream> {
    for step in 0..targets.len() {
        if let Ok(server) = TcpStream::connect(targets[(turn + step) % targets.len()]).await {
            return Ok(server);
        }
    }
    Err(io::ErrorKind::ConnectionRefused.into())
}

/// A request or an answer; both have a length.
async fn whole(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4096);
    while http::length(&bytes).is_none_or(|length| bytes.len() < length) {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(bytes)
}
