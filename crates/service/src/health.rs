//! `/live`, `/ready` and `/metrics`.
//!
//! Live: the process answers. Ready: no stop was asked for, and every check passes within its time limit.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use tandem_telemetry::{ENCODING, Metrics};

use crate::supervise::Readiness;

/// A check that hangs is a check that failed.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

type CheckFn = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The health routes and what they ask.
#[derive(Clone)]
pub struct Health {
    metrics: Metrics,
    readiness: Readiness,
    checks: Vec<(&'static str, CheckFn)>,
    limit: Duration,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<&str> = self.checks.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Health").field("checks", &checks).finish_non_exhaustive()
    }
}

impl Health {
    /// Routes without any check yet; `readiness` comes from the supervisor.
    pub fn new(metrics: Metrics, readiness: Readiness) -> Self {
        Self { metrics, readiness, checks: Vec::new(), limit: CHECK_LIMIT }
    }

    /// Adds a check. Its name is shown to whoever asks, its error is logged only.
    #[must_use]
    pub fn check<E, F>(mut self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        E: fmt::Display,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let check = move || {
            let answer = check();
            async move { answer.await.map_err(|problem| problem.to_string()) }.boxed()
        };
        self.checks.push((name, Arc::new(check)));
        self
    }

    /// Replaces the time limit of each check.
    #[must_use]
    pub fn check_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The three routes, to be merged into a server's own.
    pub fn router(self) -> Router {
        Router::new()
            .route("/live", get(|| async { "live\n" }))
            .route("/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// Runs the checks side by side; the first in order that fails is named.
    async fn failing(&self) -> Option<&'static str> {
        let runs = self.checks.iter().map(|(name, check)| self.run(name, check()));
        let outcomes = futures_util::future::join_all(runs).await;
        outcomes.into_iter().flatten().next()
    }

    async fn run(&self, name: &'static str, check: impl Future<Output = Result<(), String>>) -> Option<&'static str> {
        let problem = match tokio::time::timeout(self.limit, check).await {
            Ok(Ok(())) => return None,
            Ok(Err(problem)) => problem,
            Err(_) => format!("no answer within {:?}", self.limit),
        };
        tracing::warn!(check = name, "not ready: {name}: {problem}");
        Some(name)
    }
}

async fn ready(State(health): State<Health>) -> Response {
    if !health.readiness.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready: shutting down\n").into_response();
    }
    match health.failing().await {
        None => "ready\n".into_response(),
        Some(name) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {name}\n")).into_response(),
    }
}

async fn metrics(State(health): State<Health>) -> Response {
    ([(header::CONTENT_TYPE, ENCODING)], health.metrics.encode()).into_response()
}

#[cfg(test)]
mod tests;
