//! Every metric's name, kind and labels. Nothing else spells them; the README's table is compared with this list.
//!
//! Where all label values of a counter or histogram are known, its series are there from the start, at zero: a first
//! failure is then an increase, which rules can see. Gauges without labels are there as well; the others appear with
//! their first value.

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in seconds, in buckets.
    Seconds,
}

impl Kind {
    /// The kind as the documentation spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Seconds => "histogram",
        }
    }
}

/// A label and the values it has. They come from the code, so that the number of series is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Key.
    pub key: &'static str,
    /// All values; empty where the code has too many to list.
    pub values: &'static [&'static str],
}

const PROVIDERS: &[&str] = &["ghl", "openphone"];
const LANES: &[&str] = &["live", "bulk"];

const PROVIDER: Label = Label { key: "provider", values: PROVIDERS };
const DESTINATION: Label = Label { key: "destination", values: PROVIDERS };
/// None: the record is parked as a whole.
const CONCERNED: Label = Label { key: "destination", values: &["ghl", "openphone", "none"] };
const LANE: Label = Label { key: "lane", values: LANES };
const STAGE: Label = Label { key: "stage", values: &["mapper", "writer"] };
const WINNER: Label = Label { key: "winner", values: PROVIDERS };
const STREAM: Label =
    Label { key: "stream", values: &["EVENTS", "COMMANDS", "PARKED", "DEAD", "CONFLICTS", "JOURNAL"] };
const REJECTION: Label = Label {
    key: "reason",
    values: &[
        "too_large",
        "too_slow",
        "interrupted",
        "signature",
        "malformed",
        "other_app",
        "unknown_location",
        "unknown_connection",
        "overloaded",
        "queue",
        "spool_full",
        "tokens",
        "secrets",
    ],
};
const SKIP: Label = Label {
    key: "reason",
    values: &[
        "no_location",
        "not_a_contact_event",
        "no_contact_id",
        "no_task_id",
        "tasks_do_not_travel",
        "task_of_nobody",
        "task",
        "no_note_id",
        "notes_do_not_travel",
        "note_of_nobody",
        "activity",
        "note",
        "not_ours",
        "deleted_before_known",
        "gone_already",
        "echo",
        "in_step",
        "in_hand",
        "nobody",
        "parked",
        "trial",
        "left_out",
    ],
};
const PARKED: Label = Label { key: "code", values: &["refused", "duplicate", "vanished", "key_taken"] };
const DEAD: Label = Label {
    key: "code",
    values: &[
        "undecodable",
        "refused",
        "unavailable",
        "contended",
        "panic",
        "attempts_exhausted",
        "mapping",
        "rule_failed",
    ],
};
const MAPPED: Label = Label { key: "outcome", values: &["hinted", "skipped", "dead", "retry"] };
const WRITTEN: Label = Label {
    key: "outcome",
    values: &[
        "created",
        "updated",
        "deleted",
        "linked",
        "retry",
        "unknown",
        "deleted_there",
        "refused",
        "skipped",
        "parked",
        "in_step",
        "woken",
        "acted",
    ],
};
const SCAN: Label = Label { key: "kind", values: &["backfill", "sweep"] };
const ENDED: Label = Label { key: "outcome", values: &["done", "failed"] };
const CHECKED: Label = Label { key: "outcome", values: &["fine", "mended", "failed"] };
/// Method and route template.
const CALL: Label = Label { key: "operation", values: &[] };
const OPERATION: Label =
    Label { key: "operation", values: &["queue_publish", "queue_settle", "store_load", "store_save"] };
const STATUS: Label = Label { key: "status", values: &["1xx", "2xx", "3xx", "429", "4xx", "5xx", "none", "other"] };
const VERSION: Label = Label { key: "version", values: &[env!("CARGO_PKG_VERSION")] };

/// One metric family. The name is without the suffix that the text format adds (`_total`, `_seconds`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Name as registered.
    pub name: &'static str,
    /// What it measures.
    pub kind: Kind,
    /// Labels, in order.
    pub labels: &'static [Label],
    /// One line for the reader of `/metrics`.
    pub help: &'static str,
}

impl Description {
    /// The name as a query spells it.
    pub fn exposed_name(&self) -> String {
        let suffix = match self.kind {
            Kind::Counter => "_total",
            Kind::Gauge => "",
            Kind::Seconds => "_seconds",
        };
        format!("{}{suffix}", self.name)
    }

    /// All names that a query may use: a histogram has three.
    pub fn series_names(&self) -> Vec<String> {
        let name = self.exposed_name();
        match self.kind {
            Kind::Counter | Kind::Gauge => vec![name],
            Kind::Seconds => ["_bucket", "_sum", "_count"].map(|part| format!("{name}{part}")).into(),
        }
    }

    /// True where its series are exposed from the start.
    pub fn is_exposed_at_once(&self) -> bool {
        match self.kind {
            Kind::Counter | Kind::Seconds => self.labels.iter().all(|label| !label.values.is_empty()),
            Kind::Gauge => self.labels.is_empty(),
        }
    }
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:ident, [$($label:ident),*], $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $constant: Description = Description {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )+

        /// All of them, in the order an event meets them.
        pub const ALL: &[Description] = &[$($constant),+];
    };
}

metrics! {
    EVENTS_ACCEPTED = "tandem_events_accepted", Counter, [PROVIDER],
        "Webhook deliveries and poll results stored";
    EVENTS_REJECTED = "tandem_events_rejected", Counter, [PROVIDER, REJECTION],
        "Webhook deliveries refused";
    EVENTS_DUPLICATE = "tandem_events_duplicate", Counter, [PROVIDER],
        "Webhook deliveries that were stored before";
    WEBHOOK_CHECKS = "tandem_webhook_checks", Counter, [CHECKED],
        "Looks at the OpenPhone webhooks that Tandem made";
    SCANS = "tandem_scans", Counter, [SCAN, ENDED],
        "Backfills and sweeps that ended";
    SCAN_PAGES = "tandem_scan_pages", Counter, [PROVIDER],
        "Pages of contacts that backfills and sweeps read";
    SCAN_CONTACTS = "tandem_scan_contacts", Counter, [PROVIDER],
        "Contacts on these pages";
    SPOOL_MESSAGES = "tandem_spool_messages", Gauge, [],
        "Events that wait here because the queue is away";
    STAGE_LAG = "tandem_stage_lag", Seconds, [STAGE, LANE],
        "From a message's storing to the start of the work on it, first deliveries only";
    COMMANDS = "tandem_commands", Counter, [LANE],
        "Commands made";
    MAPPER_OUTCOMES = "tandem_mapper_outcomes", Counter, [MAPPED],
        "Events the mapper has settled";
    WRITER_OUTCOMES = "tandem_writer_outcomes", Counter, [CONCERNED, WRITTEN],
        "What the writer has done about records";
    SKIPS = "tandem_skips", Counter, [SKIP],
        "Events and commands left without a write";
    CONFLICTS = "tandem_conflicts", Counter, [WINNER],
        "Fields that both sides had changed";
    PARKED_RECORDS = "tandem_parked", Counter, [PARKED],
        "Records put before people";
    BRAKE_STOPS = "tandem_brake_stops", Counter, [LANE],
        "Connections stopped because too many records would have been deleted or overwritten";
    PROVIDER_REQUESTS = "tandem_provider_requests", Counter, [PROVIDER, CALL, STATUS],
        "Requests sent to a provider";
    PROVIDER_DURATION = "tandem_provider_request", Seconds, [PROVIDER, CALL],
        "From a request's start to the end of its answer, or to giving up";
    PROVIDER_THROTTLED = "tandem_provider_throttled", Counter, [PROVIDER],
        "Answers 429 from a provider";
    LIMITER_WAIT = "tandem_limiter_wait", Seconds, [PROVIDER],
        "Wait for leave to call a provider";
    LIMITER_REMAINING = "tandem_limiter_remaining_today", Gauge, [PROVIDER],
        "Requests left today in the budget that has fewest; appears where there is a daily quota";
    LIMITER_FALLBACK = "tandem_limiter_fallback", Gauge, [],
        "1 while budgets are kept in this process because their server is away";
    EVENT_TO_WRITE = "tandem_event_to_write", Seconds, [DESTINATION],
        "From an event's arrival to the provider's answer to the write, live lane only";
    DEAD_LETTERS = "tandem_dead_letters", Counter, [STAGE, DEAD],
        "Messages set aside";
    QUEUE_DEPTH = "tandem_queue_depth", Gauge, [STREAM],
        "Messages waiting in a stream";
    BACKEND_DURATION = "tandem_backend_operation", Seconds, [OPERATION],
        "Operations of queue and store";
    BACKEND_ERRORS = "tandem_backend_errors", Counter, [OPERATION],
        "Operations of queue and store that failed; a lost race is no failure";
    SPANS_EXPORTED = "tandem_spans_exported", Counter, [],
        "Spans taken to the collector";
    SPANS_DROPPED = "tandem_spans_dropped", Counter, [],
        "Spans lost because the collector was away or slow";
    BUILD_INFO = "tandem_build_info", Gauge, [VERSION],
        "1, with the version that runs";
    PROCESS_START = "process_start_time_seconds", Gauge, [],
        "When the process started, Unix seconds";
}
