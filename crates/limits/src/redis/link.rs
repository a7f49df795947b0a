//! The connection. It is made again by whoever looks after it, never in the way of a caller.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, RedisError, ScriptInvocation};
use secrecy::ExposeSecret as _;

use super::options::{Error, RedisOptions};
use crate::line::lock;

pub(crate) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    limit: Duration,
    open: Mutex<Option<MultiplexedConnection>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, Error> {
        let url = options.url.expose_secret();
        if url.starts_with("rediss:") && rustls::crypto::CryptoProvider::get_default().is_none() {
            // Another may have been installed meanwhile: as good.
            rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap_or_default();
        }
        let client = Client::open(url).map_err(|_names_the_url| Error::Url)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(options.connect_timeout))
            .set_response_timeout(Some(options.response_timeout));
        // The library's own limit doesn't cover everything, such as TLS.
        Ok(Self { client, config, limit: options.connect_timeout, open: Mutex::default() })
    }

    /// Connects if there is no connection.
    pub(super) async fn connect(&self) -> Result<(), RedisError> {
        if self.get().is_ok() {
            return Ok(());
        }
        let connecting = self.client.get_multiplexed_async_connection_with_config(&self.config);
        let connection = tokio::time::timeout(self.limit, connecting).await.map_err(|_| too_slow())??;
        *lock(&self.open) = Some(connection);
        Ok(())
    }

    pub(super) fn disconnect(&self) {
        *lock(&self.open) = None;
    }

    pub(super) fn get(&self) -> Result<MultiplexedConnection, RedisError> {
        let none = || RedisError::from((ErrorKind::Io, "not connected"));
        lock(&self.open).as_ref().cloned().ok_or_else(none)
    }

    /// Runs a script, also where the server has forgotten it.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, RedisError> {
        script.invoke_async(&mut self.get()?).await
    }
}

/// True where it is about who we are: nothing that waiting helps against.
pub(super) fn is_denied(error: &RedisError) -> bool {
    let code = error.code().unwrap_or_default();
    error.kind() == ErrorKind::AuthenticationFailed || ["NOAUTH", "WRONGPASS", "NOPERM"].contains(&code)
}

fn too_slow() -> RedisError {
    RedisError::from((ErrorKind::Io, "connecting took too long"))
}
