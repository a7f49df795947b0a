//! Serves a router until the stop, then finishes what is in flight.

use std::future::IntoFuture as _;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long connections may stay open after the stop when no request is under way: answers leave, half a request head
/// that never becomes a whole one doesn't hold up the process.
const LINGER: Duration = Duration::from_secs(1);

/// Serves until the token is cancelled, then stops accepting and returns when the requests under way are answered.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    let requests = TaskTracker::new();
    let served = axum::serve(listener, counted(router, requests.clone()))
        .with_graceful_shutdown(shutdown.clone().cancelled_owned())
        .into_future();
    tokio::select! {
        end = served => end,
        () = drained(&requests, &shutdown) => Ok(()),
    }
}

/// The same router; each request holds a token of the tracker until it has its answer.
fn counted(router: Router, requests: TaskTracker) -> Router {
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let under_way = requests.token();
        async move {
            let response = next.run(request).await;
            drop(under_way);
            response
        }
    }))
}

async fn drained(requests: &TaskTracker, shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    requests.close();
    requests.wait().await;
    tokio::time::sleep(LINGER).await;
}
