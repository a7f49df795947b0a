//! The spans there are. Names and attributes follow the OpenTelemetry conventions for messaging and HTTP; ids of people
//! and anything they wrote stay out.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry::Context;
use opentelemetry::trace::SpanKind;

use super::{EXPORTED, Plan, Span};
use crate::TraceContext;

/// A message on its way into a stream.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// Stream.
    pub stream: &'static str,
    /// First word of its subject.
    pub kind: &'static str,
    /// Lane.
    pub lane: &'static str,
    /// Message id.
    pub id: &'a str,
    /// Connection.
    pub connection: &'a str,
}

/// A message that was taken from a stream.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// Stream.
    pub stream: &'static str,
    /// The consumer that took it.
    pub consumer: &'static str,
    /// Message id.
    pub id: &'a str,
    /// How often it was handed out, this time included.
    pub deliveries: u32,
    /// Its `traceparent`; anything else starts a trace.
    pub traceparent: &'a str,
}

/// A request to a provider.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Provider.
    pub provider: &'static str,
    /// Method and route template.
    pub template: &'static str,
    /// The provider's host and port.
    pub server: (&'a str, u16),
    /// Connection.
    pub connection: &'a str,
}

impl Span {
    /// A webhook is taken in. It starts a trace: a `traceparent` from outside could join strangers' work.
    pub fn webhook(route: &'static str) -> Self {
        let span = Self::under(&Context::new(), plan(SpanKind::Server, format!("POST {route}")));
        span.set("http.request.method", "POST");
        span.set("http.route", route);
        span
    }

    /// A message is being stored.
    pub fn send(message: &Sent<'_>) -> Self {
        let Sent { stream, kind, lane, id, connection } = *message;
        let span = Self::here(plan(SpanKind::Producer, format!("send {kind}.{lane}")));
        span.messaging(stream, "send");
        span.text("messaging.destination.template", format_args!("{kind}.{lane}"));
        span.text("messaging.message.id", id);
        span.text("tandem.connection", connection);
        span
    }

    /// A message is being worked on, as the next step of the change that sent it.
    pub fn process(message: &Taken<'_>) -> Self {
        let Taken { stream, consumer, id, deliveries, traceparent } = *message;
        let parent = TraceContext::parse(traceparent).map_or_else(|_| Context::new(), TraceContext::into_context);
        let span = Self::under(&parent, plan(SpanKind::Consumer, format!("process {stream}")));
        span.messaging(stream, "process");
        span.set("messaging.consumer.group.name", consumer);
        span.text("messaging.message.id", id);
        span.set("tandem.delivery", i64::from(deliveries));
        span
    }

    /// A provider is being called.
    pub fn call(call: &Call<'_>) -> Self {
        let Call { provider, template, server: (host, port), connection } = *call;
        let (method, path) = template.split_once(' ').unwrap_or(("", template));
        let span = Self::here(plan(SpanKind::Client, template));
        span.set("http.request.method", method);
        span.set("url.template", path);
        span.text("server.address", host);
        span.set("server.port", i64::from(port));
        span.set("tandem.provider", provider);
        span.text("tandem.connection", connection);
        span
    }

    /// The wait for leave to call a provider, told when it is over.
    pub fn waited(provider: &'static str, took: Duration) -> Self {
        let began = SystemTime::now().checked_sub(took);
        let span = Self::here(Plan { began, ..plan(SpanKind::Internal, "wait for permit") });
        span.set("tandem.provider", provider);
        span
    }

    /// Something is looked at because it is time to. It starts a trace.
    pub fn poll(what: &'static str) -> Self {
        Self::under(&Context::new(), plan(SpanKind::Internal, what))
    }

    /// Which connection and record the work is for; both are ids of ours, the record's a hash.
    pub fn concerns(&self, connection: &str, record: Option<&str>) {
        self.text("tandem.connection", connection);
        if let Some(record) = record {
            self.text("tandem.record", record);
        }
    }

    /// How the work ended, in one of a few fixed words.
    pub fn outcome(&self, outcome: &'static str) {
        self.set("tandem.outcome", outcome);
    }

    /// The status given or received; `is_failure` is for the side that judges it.
    pub fn status(&self, status: u16, is_failure: bool) {
        self.set("http.response.status_code", i64::from(status));
        if is_failure {
            self.failed(status);
        }
    }

    fn messaging(&self, stream: &'static str, operation: &'static str) {
        if let Some(exported) = EXPORTED.get() {
            self.set("messaging.system", exported.queue);
        }
        self.set("messaging.destination.name", stream);
        self.set("messaging.operation.name", operation);
        self.set("messaging.operation.type", operation);
    }
}

fn plan(kind: SpanKind, name: impl Into<Cow<'static, str>>) -> Plan {
    Plan { kind, name: name.into(), began: None }
}
