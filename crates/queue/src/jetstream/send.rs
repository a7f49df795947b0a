//! One attempt to store messages: as an atomic batch, or each by itself.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tandem_jetstream::Error;
use tandem_jetstream::async_nats::jetstream::publish::PublishAck;
use tandem_jetstream::async_nats::jetstream::response::Response;
use tandem_jetstream::async_nats::{Client, HeaderMap, Message, PublishErrorKind, Request};

use super::wire;
use crate::{NewMessage, Published};

const BATCH_ID: &str = "Nats-Batch-Id";
const BATCH_SEQUENCE: &str = "Nats-Batch-Sequence";
const BATCH_COMMIT: &str = "Nats-Batch-Commit";

/// All of the messages with one write to the disk, or none. An id that the server knows makes it refuse the batch.
pub(super) async fn batch(
    client: &Client,
    messages: &[&NewMessage],
    timeout: Duration,
) -> Result<Vec<Published>, Error> {
    let Some((last, others)) = messages.split_last() else { return Ok(Vec::new()) };
    let id = format!("{:032x}", rand::random::<u128>());
    for (number, message) in others.iter().enumerate() {
        let headers = batch_headers(message, &id, number);
        let sent = client.publish_with_headers(message.subject.clone(), headers, message.body.clone()).await;
        sent.map_err(|error| match error.kind() {
            PublishErrorKind::Send => Error::Unavailable(error.to_string()),
            PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::InvalidSubject => {
                Error::Rejected { code: 0, description: error.to_string() }
            }
        })?;
    }
    let mut headers = batch_headers(last, &id, others.len());
    headers.insert(BATCH_COMMIT, "1");
    let ack = request(client, &last.subject, (headers, last.body.clone()), timeout).await?;
    // They lie next to each other; the answer names the last one.
    let first = (ack.sequence + 1).saturating_sub(messages.len() as u64);
    Ok((first..=ack.sequence).map(|sequence| Published::Stored { sequence }).collect())
}

/// Each message by itself, all on their way at once and in this order.
pub(super) async fn each(
    client: &Client,
    messages: &[&NewMessage],
    timeout: Duration,
) -> Vec<Result<Published, Error>> {
    join_all(messages.iter().map(|message| one(client, message, timeout))).await
}

async fn one(client: &Client, message: &NewMessage, timeout: Duration) -> Result<Published, Error> {
    let headers = wire::headers(message);
    let ack = request(client, &message.subject, (headers, message.body.clone()), timeout).await?;
    Ok(if ack.duplicate { Published::Duplicate } else { Published::Stored { sequence: ack.sequence } })
}

async fn request(
    client: &Client,
    subject: &str,
    (headers, body): (HeaderMap, Bytes),
    timeout: Duration,
) -> Result<PublishAck, Error> {
    let request = Request::new().headers(headers).payload(body).timeout(Some(timeout));
    answer(&client.send_request(subject.to_owned(), request).await?)
}

pub(super) fn answer(message: &Message) -> Result<PublishAck, Error> {
    match serde_json::from_slice::<Response<PublishAck>>(&message.payload) {
        Ok(Response::Ok(ack)) => Ok(ack),
        Ok(Response::Err { error }) => Err(error.into()),
        Err(error) => Err(Error::Answer(format!("to a publish: {error}"))),
    }
}

fn batch_headers(message: &NewMessage, id: &str, number: usize) -> HeaderMap {
    let mut headers = wire::headers(message);
    headers.insert(BATCH_ID, id);
    headers.insert(BATCH_SEQUENCE, (number + 1).to_string());
    headers
}
