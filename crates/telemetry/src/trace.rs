//! W3C trace context: the `traceparent` that rides in message headers and provider requests.
//!
//! <https://www.w3.org/TR/trace-context/#traceparent-header>

use std::fmt;
use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// A header that is not a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: expected 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, ids not all zero")]
pub struct InvalidTraceparent;

/// Where a piece of work belongs: its trace and its own span.
///
/// ```
/// use tandem_telemetry::TraceContext;
///
/// let webhook = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?;
/// let event = webhook.child();
/// assert_eq!(event.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_ne!(event.span_id(), webhook.span_id());
/// # Ok::<(), tandem_telemetry::InvalidTraceparent>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace: [u8; 16],
    span: [u8; 8],
    flags: u8,
}

const SAMPLED: u8 = 1;

impl TraceContext {
    /// The start of a trace, from the caller's random bytes. Sampled, since nothing is thinned out here.
    pub fn new(trace: [u8; 16], span: [u8; 8]) -> Self {
        Self { trace: not_zero(trace), span: not_zero(span), flags: SAMPLED }
    }

    /// Ids that are known to be good.
    pub(crate) fn from_ids((trace, span): ([u8; 16], [u8; 8]), flags: u8) -> Self {
        Self { trace, span, flags }
    }

    /// The start of a trace with random ids.
    pub fn random() -> Self {
        Self::new(rand::random(), rand::random())
    }

    /// A new span of the same trace.
    #[must_use]
    pub fn child(&self) -> Self {
        self.child_with(rand::random())
    }

    /// A new span of the same trace, from the caller's random bytes.
    #[must_use]
    pub fn child_with(&self, span: [u8; 8]) -> Self {
        Self { span: not_zero(span), ..*self }
    }

    /// Reads a `traceparent` header. A version above 00 is read as far as it is known, as the standard asks.
    pub fn parse(header: &str) -> Result<Self, InvalidTraceparent> {
        let mut parts = header.split('-');
        let mut next = || parts.next().ok_or(InvalidTraceparent);
        let [version] = hex(next()?)?;
        let trace = hex(next()?)?;
        let span = hex(next()?)?;
        let [flags] = hex(next()?)?;
        let has_more = parts.next().is_some();
        let zero = trace == [0; 16] || span == [0; 8];
        if version == 0xff || (version == 0 && has_more) || zero {
            return Err(InvalidTraceparent);
        }
        Ok(Self { trace, span, flags })
    }

    /// The trace's id as 32 hex digits: what log lines call `trace_id`.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.trace))
    }

    /// The span's id as 16 hex digits.
    pub fn span_id(&self) -> String {
        format!("{:016x}", u64::from_be_bytes(self.span))
    }

    /// True if whoever started the trace keeps it.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED == SAMPLED
    }
}

impl From<TraceContext> for SpanContext {
    fn from(context: TraceContext) -> Self {
        let TraceContext { trace, span, flags } = context;
        let (trace, span) = (TraceId::from_bytes(trace), SpanId::from_bytes(span));
        Self::new(trace, span, TraceFlags::new(flags), true, TraceState::NONE)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

impl FromStr for TraceContext {
    type Err = InvalidTraceparent;

    fn from_str(header: &str) -> Result<Self, InvalidTraceparent> {
        Self::parse(header)
    }
}

/// All zero means "no id" in the standard.
fn not_zero<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id.iter().all(|byte| *byte == 0) {
        id[N - 1] = 1;
    }
    id
}

/// Lower case only: the standard refuses anything else.
fn hex<const N: usize>(text: &str) -> Result<[u8; N], InvalidTraceparent> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(InvalidTraceparent);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Ok(bytes)
}

fn nibble(digit: u8) -> Result<u8, InvalidTraceparent> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(InvalidTraceparent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn header_survives_the_round_trip() {
        let context = TraceContext::parse(HEADER).unwrap();
        assert_eq!(context.to_string(), HEADER);
        assert!(context.is_sampled());
        let unsampled = HEADER.replace("-01", "-00");
        assert!(!TraceContext::parse(&unsampled).unwrap().is_sampled());
    }

    #[test]
    fn child_stays_in_the_trace_under_a_new_span() {
        let parent = TraceContext::parse(HEADER).unwrap();
        let child = parent.child();
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child.span_id(), parent.span_id());
        assert_eq!(TraceContext::parse(&child.to_string()).unwrap(), child);
    }

    #[test]
    fn ids_are_never_all_zero() {
        let context = TraceContext::new([0; 16], [0; 8]);
        assert!(TraceContext::parse(&context.to_string()).is_ok());
        assert_ne!(TraceContext::random(), TraceContext::random());
    }

    #[test]
    fn malformed_headers_are_refused() {
        let zero_trace = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let zero_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let upper = HEADER.to_uppercase();
        let longer = format!("{HEADER}-00");
        let forbidden = HEADER.replacen("00", "ff", 1);
        for bad in ["", "00", "-", "00-é-00", zero_trace, zero_span, &upper, &longer, &forbidden, &HEADER[..54]] {
            assert_eq!(TraceContext::parse(bad), Err(InvalidTraceparent), "{bad:?} was taken");
        }
    }

    #[test]
    fn later_version_is_read_as_far_as_it_is_known() {
        let later = format!("{}-what-comes-later", HEADER.replacen("00", "01", 1));
        assert_eq!(TraceContext::parse(&later).unwrap().to_string(), HEADER);
    }
}
