//! Between our messages and NATS's.

use tandem_jetstream::async_nats::jetstream::message::StreamMessage;
use tandem_jetstream::async_nats::{HeaderMap, Message, header, jetstream};
use tandem_proto::{Lane, MessageId, Stream};

use crate::{NewMessage, Stored};

/// Where the subject doesn't name the lane.
const LANE: &str = "Tandem-Lane";

/// The headers of a new message.
pub(super) fn headers(message: &NewMessage) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::NATS_MESSAGE_ID, message.id.0.as_str());
    if message.consumer().is_none() && message.lane == Lane::Bulk {
        headers.insert(LANE, Lane::Bulk.name());
    }
    headers
}

/// A message of a stream that was asked for.
pub(super) fn stored(stream: Stream, message: StreamMessage) -> Stored {
    let subject = message.subject.to_string();
    Stored {
        sequence: message.sequence,
        lane: lane(stream, &subject, Some(&message.headers)),
        id: id(Some(&message.headers)),
        subject,
        body: message.payload,
        stored_at_ms: unix_ms(message.time.unix_timestamp_nanos()),
    }
}

/// A message that a consumer delivered, with its delivery count; none when it isn't one.
pub(super) fn delivered(stream: Stream, message: Message, context: &jetstream::Context) -> Option<(Stored, u32)> {
    let message = jetstream::Message { message, context: context.clone() };
    let info = message.info().ok()?;
    let (sequence, deliveries) = (info.stream_sequence, u32::try_from(info.delivered).unwrap_or(u32::MAX));
    let stored_at_ms = unix_ms(info.published.unix_timestamp_nanos());
    let subject = message.subject.to_string();
    let stored = Stored {
        sequence,
        lane: lane(stream, &subject, message.headers.as_ref()),
        id: id(message.headers.as_ref()),
        subject,
        body: message.message.payload,
        stored_at_ms,
    };
    Some((stored, deliveries))
}

fn lane(stream: Stream, subject: &str, headers: Option<&HeaderMap>) -> Lane {
    let in_header = || headers.and_then(|headers| headers.get(LANE)).map(|value| value.as_str().to_owned());
    let named = match stream {
        Stream::Events | Stream::Commands => subject.split('.').nth(1).map(str::to_owned),
        Stream::Parked | Stream::Dead | Stream::Conflicts | Stream::Journal => in_header(),
    };
    if named.as_deref() == Some(Lane::Bulk.name()) { Lane::Bulk } else { Lane::Live }
}

/// A message without an id was not published by us.
fn id(headers: Option<&HeaderMap>) -> MessageId {
    let value = headers.and_then(|headers| headers.get(header::NATS_MESSAGE_ID));
    MessageId(value.map(|value| value.as_str().to_owned()).unwrap_or_default())
}

fn unix_ms(nanos: i128) -> i64 {
    i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)
}
