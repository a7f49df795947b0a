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
    headers.insert(header::NATS_MESSAGE_ID, encoded(&message.id.0));
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
    MessageId(value.map(|value| decoded(value.as_str())).unwrap_or_default())
}

/// Ids come from the providers, and a header ends at a line break: whatever is not plain ASCII is written as `%0A`.
fn encoded(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    encoded
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        let code = behind.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(b'%'));
        rest = if code.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unix_ms(nanos: i128) -> i64 {
    i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_ids_stay_readable_and_line_breaks_do_not_get_through() {
        assert_eq!(encoded("ghl:3f-9_A.b~@7"), "ghl:3f-9_A.b~@7");
        assert_eq!(encoded("a\r\nNats-TTL: 1 %"), "a%0D%0ANats-TTL:%201%20%25");
        assert_eq!(decoded("100%"), "100%");
    }

    proptest! {
        #[test]
        fn an_id_comes_back_as_it_was(id: String) {
            prop_assert!(encoded(&id).bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(decoded(&encoded(&id)), id);
        }
    }
}
