//! What a run amounts to, for people and for programs.

use std::time::Duration;

use serde::Serialize;
use tandem_twins::Report;

use super::verify::{Kind, Problem, Verdict};

/// The numbers of one run. The field names are the JSON object's keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Contacts that people made in GHL.
    pub contacts: usize,
    /// Contacts that people then edited in GHL.
    pub edited: usize,
    /// Contacts that people then deleted in GHL.
    pub deleted: usize,
    /// Contacts made in OpenPhone.
    pub created: u64,
    /// Writes on OpenPhone contacts after that.
    pub updated: u64,
    /// Second entries of one person, put aside for review.
    pub skipped: usize,
    /// People who are in OpenPhone twice: must be 0.
    pub duplicates: usize,
    /// Contacts that didn't arrive: must be 0.
    pub lost: usize,
    /// What people had made in OpenPhone and Tandem removed: must be 0.
    pub wiped: usize,
    /// Contacts or fields on which the two sides differ: must be 0.
    pub differences: usize,
    /// Requests to both providers.
    pub provider_calls: u64,
    /// The same by provider.
    pub provider_calls_by_provider: Calls,
    /// Requests refused for their pace: must be 0.
    #[serde(rename = "429s")]
    pub too_many: u64,
    /// Requests beyond a provider's published limit: must be 0.
    pub rate_violations: u64,
    /// Messages that could not be worked off: must be 0.
    pub dead_letters: usize,
    /// How long it took.
    pub seconds: f64,
    /// What the sample was made from.
    pub seed: u64,
    /// True when nothing is wrong.
    pub ok: bool,
    /// What is wrong, with ids.
    pub problems: Vec<String>,
}

/// Requests by provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// To GHL.
    pub ghl: u64,
    /// To OpenPhone.
    pub openphone: u64,
}

/// How much was asked of the pipeline.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    pub(crate) contacts: usize,
    pub(crate) edited: usize,
    pub(crate) deleted: usize,
    pub(crate) seed: u64,
}

/// What the twins and the queue say at the end.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) ghl: Report,
    pub(crate) openphone: Report,
    pub(crate) dead_letters: usize,
}

impl Summary {
    pub(crate) fn new(work: Work, verdict: Verdict, judged: &Judged, took: Duration) -> Self {
        let Judged { ghl, openphone, dead_letters } = judged;
        let mut problems = verdict.problems;
        problems.extend(judged.problems(&problems));
        let count = |kind: Kind| problems.iter().filter(|problem| problem.kind == kind).count();
        Self {
            contacts: work.contacts,
            edited: work.edited,
            deleted: work.deleted,
            created: openphone.writes.created_by_api,
            updated: openphone.writes.updated_by_api,
            skipped: verdict.skipped,
            duplicates: count(Kind::Doubled),
            lost: count(Kind::Lost),
            wiped: count(Kind::Wiped),
            differences: count(Kind::Differs),
            provider_calls: ghl.requests + openphone.requests,
            provider_calls_by_provider: Calls { ghl: ghl.requests, openphone: openphone.requests },
            too_many: ghl.answers(429) + openphone.answers(429),
            rate_violations: ghl.rate_violations() + openphone.rate_violations(),
            dead_letters: *dead_letters,
            seconds: took.as_secs_f64(),
            seed: work.seed,
            ok: problems.is_empty(),
            problems: problems.into_iter().map(|problem| problem.text).collect(),
        }
    }

    /// For people.
    pub fn table(&self) -> String {
        let calls = self.provider_calls_by_provider;
        let rows = [
            ("contacts made in GHL", self.contacts.to_string()),
            ("  edited, deleted there", format!("{}, {}", self.edited, self.deleted)),
            ("created in OpenPhone", self.created.to_string()),
            ("updated in OpenPhone", self.updated.to_string()),
            ("skipped: entered twice in GHL", self.skipped.to_string()),
            ("duplicates in OpenPhone", self.duplicates.to_string()),
            ("lost", self.lost.to_string()),
            ("wiped", self.wiped.to_string()),
            ("differences", self.differences.to_string()),
            (
                "provider requests",
                format!("{} (GHL {}, OpenPhone {})", self.provider_calls, calls.ghl, calls.openphone),
            ),
            ("answers 429", self.too_many.to_string()),
            ("rate limit violations", self.rate_violations.to_string()),
            ("dead letters", self.dead_letters.to_string()),
            ("seconds", format!("{:.1}", self.seconds)),
        ];
        let lines = rows.map(|(name, value)| format!("  {name:<32}{value}"));
        let ending = match self.problems.as_slice() {
            [] => "  Everything arrived once, nothing was wiped, every limit was kept.".to_owned(),
            problems => {
                let listed: Vec<String> = problems.iter().map(|problem| format!("  - {problem}")).collect();
                format!("  This is wrong:\n{}", listed.join("\n"))
            }
        };
        format!("{}\n\n{ending}", lines.join("\n"))
    }
}

impl Judged {
    /// What the twins saw that the comparison at the end did not.
    fn problems(&self, known: &[Problem]) -> Vec<Problem> {
        let is_new = |kind: Kind| !known.iter().any(|problem| problem.kind == kind);
        let mut found = Vec::new();
        for double in self.openphone.duplicates.iter().filter(|_| is_new(Kind::Doubled)) {
            let text = format!("OpenPhone contacts {} share one {}", double.contacts.join(" and "), double.by);
            found.push(Problem::new(Kind::Doubled, text));
        }
        for loss in self.openphone.wiped.iter().chain(&self.ghl.wiped).filter(|_| is_new(Kind::Wiped)) {
            let text = format!("contact {} lost {}, which a person had set", loss.contact, loss.field);
            found.push(Problem::new(Kind::Wiped, text));
        }
        for (name, report) in [("GHL", &self.ghl), ("OpenPhone", &self.openphone)] {
            let (beyond, refused) = (report.rate_violations(), report.answers(429));
            if beyond + refused > 0 {
                let text = format!("{beyond} requests were beyond {name}'s limit, {refused} were answered with 429");
                found.push(Problem::new(Kind::Run, text));
            }
            if report.webhooks.given_up > 0 {
                let text = format!("{} webhooks of {name} were given up", report.webhooks.given_up);
                found.push(Problem::new(Kind::Run, text));
            }
        }
        if self.dead_letters > 0 {
            found.push(Problem::new(Kind::Run, format!("dead letters: {}", self.dead_letters)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use tandem_twins::{Actor, Duplicate, GhlConfig, GhlTwin, How, Loss, OpenPhoneConfig, OpenPhoneTwin};

    use super::*;

    /// What twins say that have seen nothing.
    async fn judged() -> Judged {
        let ghl = GhlTwin::start(GhlConfig::default()).await.unwrap();
        let openphone = OpenPhoneTwin::start(OpenPhoneConfig::default()).await.unwrap();
        Judged { ghl: ghl.report(), openphone: openphone.report(), dead_letters: 0 }
    }

    /// Words of a problem, and what leads to it.
    type Complaint = (&'static str, fn(&mut Judged));

    fn double() -> Duplicate {
        Duplicate { by: "externalId", value: "k".to_owned(), contacts: vec!["op1".to_owned(), "op2".to_owned()] }
    }

    fn loss() -> Loss {
        Loss {
            contact: "op1".to_owned(),
            field: "role".to_owned(),
            before: "Owner".to_owned(),
            after: None,
            set_by: Actor::Person,
            how: How::Omitted,
            request: Some(1),
            at: String::new(),
        }
    }

    #[tokio::test]
    async fn nothing_wrong_is_ok() {
        let summary = Summary::new(Work::default(), Verdict::default(), &judged().await, Duration::from_secs(1));
        assert!(summary.ok && summary.problems.is_empty());
        assert!(summary.table().contains("every limit was kept"));
    }

    #[tokio::test]
    async fn whatever_the_twins_or_the_queue_complain_of_is_told() {
        let complaints: [Complaint; 6] = [
            ("share one externalId", |judged| judged.openphone.duplicates.push(double())),
            ("contact op1 lost role", |judged| judged.openphone.wiped.push(loss())),
            ("beyond OpenPhone's limit", |judged| judged.openphone.rate.violations = 2),
            ("answered with 429", |judged| judged.ghl.by_status.extend([(429, 3)])),
            ("webhooks of GHL were given up", |judged| judged.ghl.webhooks.given_up = 1),
            ("dead letters: 1", |judged| judged.dead_letters = 1),
        ];
        for (words, complain) in complaints {
            let mut judged = judged().await;
            complain(&mut judged);
            let summary = Summary::new(Work::default(), Verdict::default(), &judged, Duration::from_secs(1));
            assert!(!summary.ok, "{words}");
            assert_eq!(summary.problems.len(), 1, "{:?}", summary.problems);
            assert!(summary.problems[0].contains(words), "{:?}", summary.problems);
            assert!(summary.table().contains(words));
        }
    }
}
