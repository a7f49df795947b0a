//! How a check ends, and where its verdict is written down.

use tandem_proto::ConnectionId;
use tandem_providers::{ApiError, Operation};

use super::report::{Check, Group, Status};
use super::words;

/// How a check ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) status: Status,
    pub(super) message: String,
    pub(super) said: Option<Said>,
    pub(super) hint: Option<String>,
}

/// What the provider said, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) words: String,
    pub(super) status: u16,
    pub(super) trace: Option<String>,
}

impl Said {
    /// `private` must not be shown: credentials, ids of people.
    pub(super) fn of(error: &ApiError, private: &[&str]) -> Self {
        Self {
            words: words::shown(error.words.reveal(), private),
            status: error.status.as_u16(),
            trace: error.trace.as_deref().and_then(words::trace),
        }
    }
}

impl Verdict {
    pub(super) fn pass(message: impl Into<String>) -> Self {
        Self { status: Status::Pass, message: message.into(), said: None, hint: None }
    }

    /// Something was read, or there was nothing to read.
    pub(super) fn answered(is_there: bool, what: &str) -> Self {
        if is_there { Self::pass("answered") } else { Self::pass(format!("answered: there is no {what} yet")) }
    }

    pub(super) fn warn(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: Status::Warn, ..Self::fail(message, hint) }
    }

    pub(super) fn fail(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: Status::Fail, message: message.into(), said: None, hint: Some(hint.into()) }
    }

    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self { status: Status::Skipped, ..Self::pass(why) }
    }

    pub(super) fn with_said(self, said: Option<Said>) -> Self {
        Self { said, ..self }
    }

    /// A failure of what nothing depends on.
    pub(super) fn softened(self, why: &str) -> Self {
        if self.status != Status::Fail {
            return self;
        }
        Self { status: Status::Warn, message: format!("{}; {why}", self.message), ..self }
    }
}

/// The place of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) group: Group,
    pub(super) name: &'static str,
    pub(super) operation: Option<&'static Operation>,
}

impl Row {
    pub(super) fn check(self, connection: Option<&ConnectionId>, verdict: Verdict) -> Check {
        let Verdict { status, message, said, hint } = verdict;
        let (provider_words, provider_status, provider_trace) = match said {
            Some(Said { words, status, trace }) => (Some(words), Some(status), trace),
            None => (None, None, None),
        };
        Check {
            group: self.group,
            connection: connection.map(ToString::to_string),
            name: self.name.to_owned(),
            operation: self.operation.map(|operation| operation.name.to_owned()),
            status,
            message,
            provider_words,
            provider_status,
            provider_trace,
            hint,
        }
    }
}

/// The rows of one part of a connection, in order; whatever happens, each ends with a verdict.
#[derive(Debug)]
pub(super) struct Sheet {
    connection: ConnectionId,
    rows: Vec<(Row, Option<Verdict>)>,
}

/// Why a row that nobody came to was not tried.
pub(super) const NO_TIME: &str = "no time left";

impl Sheet {
    pub(super) fn new(connection: ConnectionId, rows: Vec<Row>) -> Self {
        Self { connection, rows: rows.into_iter().map(|row| (row, None)).collect() }
    }

    /// Writes a verdict down; the first one counts. A row that the plan doesn't have is left out.
    pub(super) fn put(&mut self, name: &str, verdict: Verdict) {
        let row = self.rows.iter_mut().find(|(row, _)| row.name == name);
        if let Some((_, held @ None)) = row {
            *held = Some(verdict);
        }
    }

    /// Whether the plan has such a row, and nothing stands in it.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.rows.iter().any(|(row, verdict)| row.name == name && verdict.is_none())
    }

    /// Why the row is skipped, if it is.
    pub(super) fn skipped(&self, name: &str) -> Option<String> {
        let (_, verdict) = self.rows.iter().find(|(row, _)| row.name == name)?;
        verdict.as_ref().filter(|verdict| verdict.status == Status::Skipped).map(|verdict| verdict.message.clone())
    }

    /// These are not tried.
    pub(super) fn skip(&mut self, names: &[&str], why: &str) {
        for name in names {
            self.put(name, Verdict::skipped(why));
        }
    }

    /// Nothing more is tried.
    pub(super) fn skip_rest(&mut self, why: &str) {
        for (_, verdict) in &mut self.rows {
            verdict.get_or_insert_with(|| Verdict::skipped(why));
        }
    }

    pub(super) fn into_checks(mut self) -> Vec<Check> {
        self.skip_rest(NO_TIME);
        let Self { connection, rows } = self;
        let check =
            |(row, verdict): (Row, Option<Verdict>)| verdict.map(|verdict| row.check(Some(&connection), verdict));
        rows.into_iter().filter_map(check).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str) -> Row {
        Row { group: Group::Ghl, name, operation: None }
    }

    #[test]
    fn every_row_ends_with_its_first_verdict_or_a_reason() {
        let id = ConnectionId::new("acme").unwrap();
        let mut sheet = Sheet::new(id.clone(), vec![row("one"), row("two"), row("three")]);
        sheet.put("two", Verdict::fail("broken", "mend it"));
        sheet.put("two", Verdict::pass("fine"));
        sheet.put("nowhere", Verdict::pass("fine"));
        assert!(sheet.is_open("one") && !sheet.is_open("two") && !sheet.is_open("nowhere"));
        sheet.skip_rest("two is broken");
        let told: Vec<_> = sheet.into_checks().into_iter().map(|check| (check.status, check.message)).collect();
        let skipped = || (Status::Skipped, "two is broken".to_owned());
        assert_eq!(told, [skipped(), (Status::Fail, "broken".to_owned()), skipped()]);

        let untouched = Sheet::new(id, vec![row("one")]).into_checks();
        assert_eq!((untouched[0].status, untouched[0].message.as_str()), (Status::Skipped, NO_TIME));
    }

    #[test]
    fn only_a_failure_is_softened() {
        let softened = Verdict::fail("no scope", "add it").softened("nothing needs it");
        assert_eq!((softened.status, softened.message.as_str()), (Status::Warn, "no scope; nothing needs it"));
        assert_eq!(Verdict::pass("fine").softened("x"), Verdict::pass("fine"));
    }
}
