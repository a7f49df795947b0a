//! Log lines on stderr, for people (text) or for a log store (JSON), with the ids of the span they belong to.
//!
//! A filter that can't be read is refused before anything starts; a second set-up in one process
//! (tests, `tandem demo`) keeps the first.

mod ids;

use std::io;
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One readable line.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Our own lines say what these libraries would say in their own words. A filter that names them wins.
const LIBRARIES: &str = "async_nats=error";

/// The log filter can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{filter}` is not a log filter: {hint}")]
pub struct InvalidFilter {
    filter: String,
    hint: String,
}

/// Checks a filter such as `info` or `warn,tandem_writer=debug`.
pub fn check_filter(filter: &str) -> Result<(), InvalidFilter> {
    parse(filter).map(drop)
}

/// Sends this process's log lines to stderr. Returns false where a log was set up before, which then stays.
///
/// # Errors
/// The filter can't be read; nothing was set up.
pub fn init(filter: &str, format: Format) -> Result<bool, InvalidFilter> {
    let filter = parse(filter)?;
    let colours = io::stderr().is_terminal();
    let set = match format {
        Format::Text => text(filter, io::stderr, colours).try_init(),
        Format::Json => json(filter, io::stderr).try_init(),
    };
    Ok(set.is_ok())
}

fn parse(filter: &str) -> Result<EnvFilter, InvalidFilter> {
    let bad = |hint: String| InvalidFilter { filter: filter.to_owned(), hint };
    if filter.trim().is_empty() {
        return Err(bad("it is empty; use a level such as info".to_owned()));
    }
    // `loud` alone would be read as the name of a module, and silence everything else.
    for directive in filter.split(',').map(str::trim) {
        let plain = directive.chars().all(|c| c.is_ascii_alphanumeric());
        if plain && directive.parse::<tracing_subscriber::filter::LevelFilter>().is_err() {
            return Err(bad(format!("`{directive}` is not a level; use off, error, warn, info, debug or trace")));
        }
    }
    let quiet = if filter.trim() == "off" { filter.to_owned() } else { format!("{LIBRARIES},{filter}") };
    EnvFilter::try_new(quiet).map_err(|problem| bad(problem.to_string()))
}

fn text<W>(filter: EnvFilter, writer: W, colours: bool) -> impl SubscriberInitExt
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().fmt_fields(ids::Text).with_writer(writer).with_ansi(colours);
    tracing_subscriber::registry().with(filter).with(lines)
}

fn json<W>(filter: EnvFilter, writer: W) -> impl SubscriberInitExt
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .fmt_fields(JsonFields::new())
        .event_format(ids::Json::new())
        .with_ansi(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(filter).with(lines)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::Span;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Captured {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn second_set_up_keeps_the_first_and_does_not_panic() {
        let first = init("info", Format::Text).unwrap();
        let second = init("debug", Format::Json).unwrap();
        assert!(first && !second);
    }

    #[test]
    fn unreadable_filter_is_refused_with_a_hint() {
        let problem = init("loud", Format::Text).unwrap_err().to_string();
        assert!(problem.contains("`loud` is not a level; use off, error"), "{problem}");
        assert!(check_filter("").is_err());
        assert!(check_filter("info,tandem=nonsense").is_err());
        assert!(check_filter("warn,tandem_writer=debug").is_ok());
    }

    fn json_line(work: impl FnOnce()) -> serde_json::Value {
        let captured = Captured::default();
        let _guard = json(parse("info").unwrap(), captured.clone()).set_default();
        work();
        serde_json::from_str(captured.text().trim()).unwrap()
    }

    /// Inside a span.
    fn say() {
        tracing::info!(provider = "ghl", "event e1 stored");
    }

    #[tokio::test]
    async fn json_line_carries_message_fields_and_the_ids_of_its_span() {
        let captured = Captured::default();
        let _guard = json(parse("info").unwrap(), captured.clone()).set_default();
        let span = Span::webhook("/webhooks/ghl");
        span.run(async { say() }).await;
        let line: serde_json::Value = serde_json::from_str(captured.text().trim()).unwrap();
        assert_eq!((&line["message"], &line["provider"]), (&"event e1 stored".into(), &"ghl".into()));
        assert_eq!(line["trace_id"], span.trace().trace_id());
        assert_eq!(line["span_id"], span.trace().span_id());
    }

    #[test]
    fn json_line_outside_of_any_span_has_no_ids() {
        let line = json_line(say);
        assert_eq!(line["message"], "event e1 stored");
        assert!(line.get("trace_id").is_none() && line.get("span_id").is_none(), "{line}");
    }

    #[tokio::test]
    async fn text_line_ends_with_the_trace_id_of_its_span() {
        let captured = Captured::default();
        let _guard = text(parse("info").unwrap(), captured.clone(), false).set_default();
        let span = Span::webhook("/webhooks/ghl");
        span.run(async { say() }).await;
        let end = format!("event e1 stored provider=\"ghl\" trace_id={}\n", span.trace().trace_id());
        assert!(captured.text().ends_with(&end), "{}", captured.text());
    }

    #[test]
    fn text_line_is_readable_and_filtered() {
        let captured = Captured::default();
        let _guard = text(parse("warn").unwrap(), captured.clone(), false).set_default();
        tracing::info!("not wanted");
        tracing::warn!(attempt = 2, "write to openphone put off");
        let lines = captured.text();
        assert!(lines.contains("WARN"), "{lines}");
        assert!(lines.contains("write to openphone put off attempt=2"), "{lines}");
        assert!(!lines.contains("not wanted"), "{lines}");
    }
}
