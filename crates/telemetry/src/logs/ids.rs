//! The two forms of a log line, with the ids of the span that was running when it was written.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{self, DefaultFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::TraceContext;

/// Fields of a text line; the trace id comes last.
pub(super) struct Text;

impl<'writer> FormatFields<'writer> for Text {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        DefaultFields::new().format_fields(writer.by_ref(), fields)?;
        match TraceContext::current() {
            Some(span) => write!(writer, " trace_id={}", span.trace_id()),
            None => Ok(()),
        }
    }
}

/// A line that is one JSON object.
pub(super) struct Json {
    line: format::Format<format::Json>,
}

impl Json {
    pub(super) fn new() -> Self {
        Self { line: format::json().flatten_event(true).with_current_span(false).with_span_list(false) }
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(span) = TraceContext::current() else { return self.line.format_event(context, writer, event) };
        let mut line = String::new();
        self.line.format_event(context, Writer::new(&mut line), event)?;
        let open = line.trim_end().strip_suffix('}').unwrap_or(&line);
        writeln!(writer, r#"{open},"trace_id":"{}","span_id":"{}"}}"#, span.trace_id(), span.span_id())
    }
}
