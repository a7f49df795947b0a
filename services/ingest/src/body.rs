//! Reads a body within bounds of size and time, before anything else is done with it.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt as _;

use tandem_providers::MAX_WEBHOOK_BYTES;

use crate::error::Rejection;

/// How long a body may take.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// A body that is too large is read up to here and thrown away: a sender whose connection is closed while it still
/// writes never sees the answer.
const DISCARD_LIMIT: usize = 8 * MAX_WEBHOOK_BYTES;

/// The whole body.
pub(crate) async fn read(body: Body) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::new();
    let size = within_time(body, |chunk, size| {
        if size <= MAX_WEBHOOK_BYTES {
            bytes.extend_from_slice(chunk);
        }
    })
    .await?;
    if size > MAX_WEBHOOK_BYTES { Err(Rejection::TooLarge) } else { Ok(bytes) }
}

/// Lets the sender finish, and keeps nothing.
pub(crate) async fn discard(body: Body) {
    // Whatever goes wrong, the sender is refused anyway.
    drop(within_time(body, |_, _| {}).await);
}

async fn within_time(body: Body, keep: impl FnMut(&[u8], usize)) -> Result<usize, Rejection> {
    tokio::time::timeout(READ_LIMIT, each_chunk(body, keep)).await.unwrap_or(Err(Rejection::TooSlow))
}

/// Hands on each chunk with the size so far, which is returned in the end.
async fn each_chunk(body: Body, mut keep: impl FnMut(&[u8], usize)) -> Result<usize, Rejection> {
    let mut chunks = body.into_data_stream();
    let mut size = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Rejection::Interrupted)?;
        size = size.saturating_add(chunk.len());
        keep(&chunk, size);
        if size > DISCARD_LIMIT {
            break;
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn in_chunks(count: usize, size: usize) -> Body {
        let chunk = move |_| Ok::<_, std::io::Error>(vec![b'x'; size]);
        Body::from_stream(stream::iter(0..count).map(chunk))
    }

    #[tokio::test]
    async fn the_limit_is_the_last_size_that_is_taken() {
        let read_chunks = async |count, size| read(in_chunks(count, size)).await;
        assert_eq!(read_chunks(1024, 1024).await.unwrap().len(), MAX_WEBHOOK_BYTES);
        assert!(matches!(read_chunks(1, MAX_WEBHOOK_BYTES + 1).await, Err(Rejection::TooLarge)));
        assert!(matches!(read_chunks(1025, 1024).await, Err(Rejection::TooLarge)));
        assert!(matches!(read_chunks(usize::MAX, 4096).await, Err(Rejection::TooLarge)));
        assert_eq!(read_chunks(0, 0).await.unwrap(), b"");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_given_up() {
        let endless = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
        assert!(matches!(read(endless).await, Err(Rejection::TooSlow)));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = [Ok("{\"type\":"), Err(std::io::Error::other("reset"))];
        assert!(matches!(read(Body::from_stream(stream::iter(broken))).await, Err(Rejection::Interrupted)));
    }
}
