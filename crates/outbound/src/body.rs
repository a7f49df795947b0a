//! A request body that looks at the clock when it is about to be written: connecting may have taken seconds, and a
//! worker that was paused meanwhile must not send. A request whose body never came is one that nobody carries out.
//! Requests without a body (reads, deletes by id) are checked at the hand-over only; doing them late does no harm.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::client::Clock;

/// The deadline passed between the hand-over and the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the send deadline passed while connecting")]
pub(crate) struct PastDeadline;

/// The bytes, given out once and only before the deadline.
pub(crate) struct TimedBody {
    pub(crate) bytes: Option<Bytes>,
    pub(crate) send_by: Option<Instant>,
    pub(crate) clock: Clock,
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = PastDeadline;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PastDeadline>>> {
        let body = self.get_mut();
        if body.bytes.is_some() && is_past(body.send_by, &body.clock) {
            return Poll::Ready(Some(Err(PastDeadline)));
        }
        Poll::Ready(body.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// True when the deadline has passed.
pub(crate) fn is_past(send_by: Option<Instant>, clock: &Clock) -> bool {
    send_by.is_some_and(|send_by| clock() > send_by)
}
