//! Telling the server what became of a message, and hearing that it knows.

use std::time::Duration;

use tandem_jetstream::async_nats::{Client, Request, Subject};

use crate::Error;

const TIMEOUT: Duration = Duration::from_secs(2);

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done.
    Ack,
    /// Again after the delay.
    Nak(Duration),
    /// Given up.
    Term(String),
    /// Still at it.
    InProgress,
}

impl Verdict {
    pub(super) fn wire(&self) -> String {
        match self {
            Self::Ack => "+ACK".to_owned(),
            Self::Nak(Duration::ZERO) => "-NAK".to_owned(),
            Self::Nak(delay) => format!("-NAK {{\"delay\":{}}}", delay.as_nanos()),
            Self::Term(reason) => format!("+TERM {reason}"),
            Self::InProgress => "+WPI".to_owned(),
        }
    }
}

/// The library's own acknowledged ack takes any answer for a yes, also "nobody listens" after the consumer was removed;
/// a plain request reports that one.
pub(super) async fn settle(client: &Client, reply: &Subject, verdict: Verdict) -> Result<(), Error> {
    let request = Request::new().payload(verdict.wire().into()).timeout(Some(TIMEOUT));
    let answer = client.send_request(reply.clone(), request).await.map_err(tandem_jetstream::Error::from)?;
    match answer.status {
        None => Ok(()),
        Some(status) => {
            let description = answer.description.unwrap_or_else(|| status.to_string());
            Err(tandem_jetstream::Error::Unavailable(description).into())
        }
    }
}
