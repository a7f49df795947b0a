//! A stand-in for an OpenTelemetry collector: takes spans over gRPC and keeps them for the test to look at.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use tokio::sync::oneshot;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Receives spans until it is dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: Received,
    /// Its end is the server's.
    _running: oneshot::Sender<()>,
}

/// A span as it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedSpan {
    /// `service.name` of whoever sent it.
    pub service: String,
    /// Name.
    pub name: String,
    /// `server`, `client`, `producer`, `consumer`, `internal`.
    pub kind: String,
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; empty for the first of a trace.
    pub parent_id: String,
    /// Trace ids that it is linked to.
    pub links: Vec<String>,
    /// Attributes, as text.
    pub attributes: BTreeMap<String, String>,
    /// Whether it tells of a failure.
    pub is_error: bool,
    /// How long it took.
    pub nanoseconds: u64,
    /// All that was received of it, for searching.
    pub whole: String,
}

type Received = Arc<Mutex<Vec<ReceivedSpan>>>;

impl Collector {
    /// Starts it on a free port of the loopback, in a thread of its own.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start() -> Self {
        Self::start_on(0)
    }

    /// Starts it on this port.
    ///
    /// # Panics
    /// When it can't be started.
    #[expect(clippy::expect_used, reason = "a harness fails loudly")]
    pub fn start_on(port: u16) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).expect("no port for the collector");
        let address = listener.local_addr().expect("the collector's port");
        let received = Received::default();
        let service = TraceServiceServer::new(Service(Arc::clone(&received)));
        let (running, ended) = oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("the collector's runtime").block_on(serve(listener, service, ended));
        });
        Self { address, received, _running: running }
    }

    /// What goes into `telemetry.otlp_endpoint`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans so far, in the order they came.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        lock(&self.received).clone()
    }

    /// The spans of one trace so far.
    pub fn trace(&self, trace_id: &str) -> Vec<ReceivedSpan> {
        lock(&self.received).iter().filter(|span| span.trace_id == trace_id).cloned().collect()
    }
}

impl ReceivedSpan {
    /// An attribute; empty where it has none of that name.
    pub fn attribute(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }
}

#[expect(clippy::expect_used, reason = "a harness fails loudly")]
async fn serve(listener: std::net::TcpListener, service: TraceServiceServer<Service>, ended: oneshot::Receiver<()>) {
    listener.set_nonblocking(true).expect("the collector's socket");
    let listener = tokio::net::TcpListener::from_std(listener).expect("the collector's socket");
    let served = Server::builder().serve_with_incoming(service, TcpIncoming::from(listener));
    tokio::select! {
        served = served => served.expect("the collector stopped"),
        _dropped = ended => {}
    }
}

struct Service(Received);

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans = request.into_inner().resource_spans.into_iter().flat_map(read);
        lock(&self.0).extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn read(sent: ResourceSpans) -> impl Iterator<Item = ReceivedSpan> {
    let resource = texts(&sent.resource.unwrap_or_default().attributes);
    let service = resource.get("service.name").cloned().unwrap_or_default();
    sent.scope_spans.into_iter().flat_map(|scope| scope.spans).map(move |span| received(service.clone(), &span))
}

fn received(service: String, span: &Span) -> ReceivedSpan {
    ReceivedSpan {
        service,
        name: span.name.clone(),
        kind: span.kind().as_str_name().trim_start_matches("SPAN_KIND_").to_lowercase(),
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_id: hex(&span.parent_span_id),
        links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
        attributes: texts(&span.attributes),
        is_error: span.status.as_ref().is_some_and(|status| status.code == 2),
        nanoseconds: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano),
        whole: format!("{span:?}"),
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes.iter().map(|one| (one.key.clone(), text(one.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

/// Big-endian, as ids are written.
fn hex(id: &[u8]) -> String {
    let number = id.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    if id.is_empty() { String::new() } else { format!("{number:0width$x}", width = id.len() * 2) }
}

fn lock(received: &Received) -> MutexGuard<'_, Vec<ReceivedSpan>> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}
