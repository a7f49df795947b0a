//! What happens to the connection, in plain words.

use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::{ClientError, Event, ServerError};

/// Says when the connection goes and when it is back.
#[derive(Debug)]
pub(crate) struct Events {
    servers: String,
    lost: AtomicBool,
}

impl Events {
    pub(crate) fn new(servers: String) -> Self {
        Self { servers, lost: AtomicBool::new(false) }
    }

    pub(crate) fn tell(&self, event: &Event) {
        let servers = self.servers.as_str();
        match event {
            Event::Connected if self.lost.swap(false, Ordering::Relaxed) => {
                tracing::info!(servers, "connected to NATS again");
            }
            Event::Connected => tracing::info!(servers, "connected to NATS"),
            Event::Disconnected => {
                self.lost.store(true, Ordering::Relaxed);
                tracing::warn!(servers, "the connection to NATS is lost: connecting again");
            }
            Event::LameDuckMode => tracing::info!(servers, "a NATS server is about to shut down"),
            Event::Draining | Event::Closed => tracing::debug!(servers, %event, "the connection to NATS ends"),
            Event::SlowConsumer(subscription) => {
                tracing::warn!(servers, subscription, "NATS sends faster than is read here: messages were left out");
            }
            Event::ServerError(error) => self.tell_server_error(error),
            // One for each attempt to connect again.
            Event::ClientError(ClientError::Other(reason)) => {
                tracing::debug!(servers, reason, "not connected to NATS yet");
            }
            Event::ClientError(error @ (ClientError::MaxReconnects | ClientError::ServerNotInPool)) => {
                tracing::warn!(servers, %error, "trouble with the connection to NATS");
            }
        }
    }

    fn tell_server_error(&self, error: &ServerError) {
        let servers = self.servers.as_str();
        match error {
            ServerError::AuthorizationViolation => tracing::error!(servers, "NATS refuses the credentials now"),
            ServerError::SlowConsumer(_) | ServerError::Other(_) => tracing::warn!(servers, %error, "NATS complains"),
        }
    }
}
