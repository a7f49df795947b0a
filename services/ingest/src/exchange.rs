//! One request of ingest's own to a provider: out of the shared budget after everything that is live, in a span, counted.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use tandem_contact::Side;
use tandem_limits::{BudgetKey, Limits, Permit, Throttled};
use tandem_outbound::{Client, SendError};
use tandem_proto::{ConnectionId, Lane};
use tandem_providers::{Request, Response};
use tandem_telemetry::{Call, Metrics, Span};

/// Longest wait for a slot.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// A provider, as a connection reaches it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) side: Side,
    pub(crate) connection: &'a ConnectionId,
    pub(crate) client: &'a Client,
    pub(crate) budget: &'a BudgetKey,
    pub(crate) limits: &'a Limits,
    pub(crate) metrics: &'a Metrics,
}

impl Way<'_> {
    /// Sends as soon as there is a slot, until `send_by` at the latest.
    pub(crate) async fn send(
        &self,
        request: Request,
        credential: &SecretString,
        send_by: Option<Instant>,
    ) -> Result<Result<Response, SendError>, Throttled> {
        let mut permit = self.permit().await?;
        while permit.is_late() {
            permit.cancel();
            permit = self.permit().await?;
        }
        let began = Instant::now();
        let sent = self.exchange(request, credential, send_by).await;
        self.client.end(permit, &sent, began.elapsed());
        Ok(sent)
    }

    /// The provider says too many: nobody calls it for so long.
    pub(crate) async fn cool_down(&self, wait: Duration) {
        self.limits.cool_down(self.budget, tokio::time::Instant::now() + wait).await;
    }

    async fn permit(&self) -> Result<Permit, Throttled> {
        let asked = Instant::now();
        let permit = self.limits.acquire(self.budget, Lane::Bulk, MAX_WAIT).await;
        self.metrics.limiter_wait(self.side.name(), asked.elapsed());
        permit
    }

    async fn exchange(
        &self,
        request: Request,
        credential: &SecretString,
        send_by: Option<Instant>,
    ) -> Result<Response, SendError> {
        let (provider, template) = (self.side.name(), request.operation.template);
        let connection = self.connection.as_str();
        let span = Span::call(&Call { provider, template, server: self.client.server(), connection });
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&span.trace().to_string()) {
            headers.insert("traceparent", value);
        }
        let began = Instant::now();
        let sent = span.run(self.client.send(request, credential, headers, send_by)).await;
        let status = sent.as_ref().ok().map(|response| response.status().as_u16());
        self.metrics.provider_request(provider, template, (status, began.elapsed()));
        match &sent {
            Ok(response) => span.status(response.status().as_u16(), !response.status().is_success()),
            Err(_) => span.failed("no_answer"),
        }
        tracing::debug!(connection.id = %connection, provider, status, "{template}");
        sent
    }
}
