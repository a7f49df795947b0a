//! Every metric's name, kind and labels. Nothing else spells them; the README's table is compared with this list.

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

/// One metric family. The name is without the suffix that the text format adds (`_total`, `_seconds`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Name as registered.
    pub name: &'static str,
    /// What it measures.
    pub kind: Kind,
    /// Label keys, in order; their values are few by construction.
    pub labels: &'static [&'static str],
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
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:ident, [$($label:literal),*], $help:literal;)+) => {
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
    EVENTS_ACCEPTED = "tandem_events_accepted", Counter, ["provider"],
        "Webhook deliveries and poll results stored";
    EVENTS_REJECTED = "tandem_events_rejected", Counter, ["provider", "reason"],
        "Webhook deliveries refused";
    EVENTS_DUPLICATE = "tandem_events_duplicate", Counter, ["provider"],
        "Webhook deliveries that were stored before";
    COMMANDS = "tandem_commands", Counter, ["destination", "lane"],
        "Commands made";
    MAPPER_OUTCOMES = "tandem_mapper_outcomes", Counter, ["outcome"],
        "Events the mapper has settled";
    WRITER_OUTCOMES = "tandem_writer_outcomes", Counter, ["destination", "outcome"],
        "Commands the writer has settled";
    SKIPS = "tandem_skips", Counter, ["reason"],
        "Events and commands left without a write";
    PROVIDER_REQUESTS = "tandem_provider_requests", Counter, ["provider", "operation", "status"],
        "Requests sent to a provider";
    PROVIDER_THROTTLED = "tandem_provider_throttled", Counter, ["provider"],
        "Answers 429 from a provider";
    LIMITER_WAIT = "tandem_limiter_wait", Seconds, ["provider"],
        "Wait for leave to call a provider";
    EVENT_TO_WRITE = "tandem_event_to_write", Seconds, ["destination"],
        "From an event's arrival to the provider's answer to the write";
    DEAD_LETTERS = "tandem_dead_letters", Counter, ["stage", "code"],
        "Messages set aside";
    QUEUE_DEPTH = "tandem_queue_depth", Gauge, ["stream"],
        "Messages waiting in a stream";
}
