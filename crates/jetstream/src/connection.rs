//! The handle: connecting, requests.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::account::Account;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{Context, ContextBuilder, ErrorCode};
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Request, ServerAddr};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tandem_policy::{ErrorClass, backoff};
use tokio::time::Instant;

use crate::events::Events;
use crate::options::Resolved;
use crate::{Credentials, Error, Options, version};

/// A silent server is noticed after two of these.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// For one address, from the first packet to the sign-in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For one request of the JetStream API.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const RECONNECT_BASE: Duration = Duration::from_millis(50);
const RECONNECT_CAP: Duration = Duration::from_secs(1);
const WAITING_CAP: Duration = Duration::from_secs(2);
/// Between two lines that say that we still wait.
const REMIND: Duration = Duration::from_secs(10);

/// A connection to NATS with JetStream; clones share it. It reconnects by itself, for ever.
#[derive(Clone)]
pub struct JetStream {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    context: Context,
    replicas: usize,
    servers: String,
}

impl JetStream {
    /// Connects once, and checks that the server will do.
    pub async fn connect(options: &Options) -> Result<Self, Error> {
        let resolved = options.resolve()?;
        let servers = resolved.shown();
        let addresses = addresses(&resolved)?;
        let connect = connect_options(options, resolved, &servers)?;
        let client = connect.connect(addresses).await.map_err(|error| connect_error(&error, &servers))?;
        version::check(&client.server_info().version, &servers)?;
        let context = ContextBuilder::new().timeout(REQUEST_TIMEOUT).ack_timeout(REQUEST_TIMEOUT).build(client.clone());
        let inner = Inner { client, context, replicas: options.replicas.max(1), servers };
        let connection = Self { inner: Arc::new(inner) };
        connection.check_jetstream().await?;
        Ok(connection)
    }

    /// The connection itself.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// JetStream on the connection, with a time-out for each request.
    pub fn context(&self) -> &Context {
        &self.inner.context
    }

    /// Copies that each stream is to have.
    pub fn replicas(&self) -> usize {
        self.inner.replicas
    }

    /// Addresses for people, without credentials.
    pub fn servers(&self) -> &str {
        &self.inner.servers
    }

    /// False while the connection is being made anew.
    pub fn is_connected(&self) -> bool {
        self.inner.client.connection_state() == State::Connected
    }

    /// A request of the JetStream API; the subject is what follows `$JS.API.`, `&()` stands for no body. Neither it nor the answer is logged.
    pub async fn api<V: DeserializeOwned>(&self, subject: &str, body: &impl Serialize) -> Result<V, Error> {
        self.api_within(subject, body, REQUEST_TIMEOUT).await
    }

    /// [`JetStream::api`] with a time-out of its own.
    pub async fn api_within<V: DeserializeOwned>(
        &self,
        subject: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<V, Error> {
        let mut body = serde_json::to_vec(body).map_err(|error| Error::Answer(error.to_string()))?;
        // Some requests must have no body, and `null` is one.
        if body == b"null" {
            body.clear();
        }
        let request = Request::new().payload(body.into()).timeout(Some(timeout));
        let answer = self.client().send_request(format!("$JS.API.{subject}"), request).await?;
        match serde_json::from_slice::<Response<V>>(&answer.payload) {
            Ok(Response::Ok(value)) => Ok(value),
            Ok(Response::Err { error }) => Err(error.into()),
            Err(error) => Err(Error::Answer(format!("{subject}: {error}"))),
        }
    }

    async fn check_jetstream(&self) -> Result<(), Error> {
        let off = || Error::NoJetStream { servers: self.inner.servers.clone() };
        match self.api::<Account>("INFO", &()).await {
            Ok(_) => Ok(()),
            Err(Error::Rejected { code, .. }) if is_off(code) => Err(off()),
            // Nobody answers: the server has no JetStream, or is about to elect who answers.
            Err(Error::Unavailable(_)) if !self.client().server_info().jetstream => Err(off()),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for JetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStream")
            .field("servers", &self.inner.servers)
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

/// Connects, and waits as long as nobody answers: says so at once and every ten seconds. Ends with an error only where
/// waiting doesn't help. Drop the future to stop waiting.
pub async fn connect_waiting(options: &Options) -> Result<JetStream, Error> {
    let started = Instant::now();
    let mut said: Option<Instant> = None;
    for attempt in 0_u32.. {
        let error = match JetStream::connect(options).await {
            Ok(connection) => {
                if said.is_some() {
                    tracing::info!(servers = connection.servers(), waited = ?started.elapsed(), "NATS answers now");
                }
                return Ok(connection);
            }
            Err(error) if error.class() == ErrorClass::Transient => error,
            Err(error) => return Err(error),
        };
        if said.is_none_or(|last| last.elapsed() >= REMIND) {
            said = Some(Instant::now());
            let reason = error.source().map(ToString::to_string);
            tracing::warn!(%error, reason, waited = ?started.elapsed(), "waiting for NATS");
        }
        tokio::time::sleep(backoff::delay(attempt, RECONNECT_BASE, WAITING_CAP, rand::random())).await;
    }
    Err(Error::Unavailable("gave up after as many attempts as can be counted".to_owned()))
}

/// JetStream not enabled: for the account, or at all.
fn is_off(code: u64) -> bool {
    [ErrorCode::JETSTREAM_NOT_ENABLED, ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT].contains(&ErrorCode(code))
}

fn addresses(resolved: &Resolved) -> Result<Vec<ServerAddr>, Error> {
    let parsed = resolved.addresses.iter().map(|url| ServerAddr::from_url(url.clone()));
    parsed.collect::<Result<_, _>>().map_err(|error| Error::Options(format!("an address of NATS: {error}")))
}

fn connect_options(options: &Options, resolved: Resolved, servers: &str) -> Result<ConnectOptions, Error> {
    let events = Events::new(servers.to_owned());
    let mut connect = ConnectOptions::new()
        .name(&options.name)
        .ping_interval(PING_INTERVAL)
        .connection_timeout(CONNECT_TIMEOUT)
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| {
            let attempt = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
            // The first attempt, also the very first one, is made at once.
            if attempt == 0 {
                Duration::ZERO
            } else {
                backoff::delay(attempt, RECONNECT_BASE, RECONNECT_CAP, rand::random())
            }
        })
        .event_callback(move |event| {
            events.tell(&event);
            std::future::ready(())
        })
        .require_tls(options.tls.required);
    if let Some(file) = &options.tls.ca_file {
        connect = connect.add_root_certificates(file.clone());
    }
    if let Some((certificate, key)) = &options.tls.client {
        connect = connect.add_client_certificate(certificate.clone(), key.clone());
    }
    sign_in(connect, resolved.credentials)
}

fn sign_in(connect: ConnectOptions, credentials: Credentials) -> Result<ConnectOptions, Error> {
    Ok(match credentials {
        Credentials::None => connect,
        Credentials::Password { user, password } => {
            connect.user_and_password(user, password.expose_secret().to_owned())
        }
        Credentials::Token(token) => connect.token(token.expose_secret().to_owned()),
        Credentials::Nkey(seed) => connect.nkey(seed.expose_secret().to_owned()),
        Credentials::CredentialsFile(text) => connect
            .credentials(text.expose_secret())
            .map_err(|_| Error::Options("the credentials file of NATS can't be read as one".to_owned()))?,
    })
}

fn connect_error(error: &ConnectError, servers: &str) -> Error {
    let servers = servers.to_owned();
    // The library's error can't be cloned; its words can.
    let source: Arc<dyn StdError + Send + Sync> = Arc::new(io::Error::other(error.to_string()));
    match error.kind() {
        ConnectErrorKind::ServerParse => Error::Options(format!("an address of NATS: {error}")),
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => Error::Refused { servers },
        ConnectErrorKind::Tls => Error::Tls { servers, source },
        ConnectErrorKind::Io if is_about_certificates(error) => Error::Tls { servers, source },
        ConnectErrorKind::Dns | ConnectErrorKind::Io | ConnectErrorKind::TimedOut | ConnectErrorKind::MaxReconnects => {
            Error::Unreachable { servers, source }
        }
    }
}

/// A handshake that fails over a certificate comes as invalid data.
fn is_about_certificates(error: &ConnectError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::InvalidData)
}
