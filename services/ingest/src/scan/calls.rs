//! Calls of a scan, and what their failures mean for it.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tandem_contact::Side;
use tandem_credentials::{GhlCredential, NoToken};
use tandem_limits::{BudgetKey, Limits, Throttled};
use tandem_outbound::{Client, SendError};
use tandem_proto::ConnectionId;
use tandem_providers::ghl::ApiVersion;
use tandem_providers::{ApiError, Class, Request, Response, ghl};
use tandem_telemetry::{Metrics, chain};

use super::job::Setback;
use crate::exchange::Way;

/// After a token was renewed.
const RENEWED: Duration = Duration::from_millis(50);

/// What is needed to read both sides of a connection.
#[derive(Debug, Clone)]
pub struct ScanConnection {
    /// Its id.
    pub id: ConnectionId,
    /// The GHL side.
    pub ghl: GhlReader,
    /// The `OpenPhone` side.
    pub openphone: OpenPhoneReader,
}

/// What is needed to read a location.
#[derive(Debug, Clone)]
pub struct GhlReader {
    /// The way out.
    pub client: Client,
    /// What calls sign in with.
    pub credential: GhlCredential,
    /// The `Version` header.
    pub version: ApiVersion,
    /// The location.
    pub location: ghl::Id,
    /// Whether somebody needs to know what custom fields are called: GHL's contacts tell their ids only.
    pub names_fields: bool,
    /// The budget every call draws on.
    pub budget: BudgetKey,
}

/// What is needed to read a workspace.
#[derive(Debug, Clone)]
pub struct OpenPhoneReader {
    /// The way out.
    pub client: Client,
    /// The workspace's API key.
    pub api_key: SecretString,
    /// The budget every call draws on.
    pub budget: BudgetKey,
}

/// Why a page is still to be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the request budget is used up")]
    NoSlot(Throttled),
    #[error("request budgets can't be shared while their server is away")]
    Alone,
    #[error("there is no token")]
    NoToken(#[from] NoToken),
    #[error("{0} gives no answer")]
    Lost(Side, #[source] SendError),
    #[error("{0} refuses{hint}", hint = hint(.1))]
    Refused(Side, #[source] ApiError),
    #[error("the store can't be reached")]
    Store(#[from] tandem_store::Error),
    #[error("the records can't be read")]
    Records(#[from] tandem_records::Error),
    #[error("the events can't be stored")]
    Queue(#[from] tandem_queue::Error),
    #[error("what was read before waits to be worked off")]
    Backlog,
}

/// What a person can do about it.
fn hint(error: &ApiError) -> &'static str {
    if error.is_missing_scope() {
        return ": the token lacks a scope; contacts.readonly is needed";
    }
    match error.class() {
        Class::Unauthorized => ": check the connection's credential",
        Class::Forbidden => ": the credential may not read contacts",
        Class::PaymentRequired => ": the subscription is not active",
        Class::Misrouted => ": check base_url and api_version",
        Class::Throttled { .. }
        | Class::QuotaExhausted { .. }
        | Class::Transient
        | Class::Unreadable
        | Class::NotFound
        | Class::Conflict
        | Class::Refused => "",
    }
}

/// How long to wait for room, for Redis, or for the backlog to get smaller.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

impl Trouble {
    /// What it means for the scan.
    pub(super) fn setback(&self) -> Setback {
        match self {
            Self::NoSlot(throttled) => Setback::Later(throttled.retry_after.max(RENEWED)),
            Self::NoToken(no_token) => of_token(no_token),
            Self::Lost(..) | Self::Records(_) => Setback::Again,
            // Of these none says anything about the scan.
            Self::Alone | Self::Backlog | Self::Store(_) | Self::Queue(_) => Setback::Later(LOOK_AGAIN),
            Self::Refused(_, error) => of_refusal(error),
        }
    }

    /// For people who look at the scan.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Refused(_, error) => format!("{} ({})", chain(self), error.words.reveal()),
            Self::NoSlot(_)
            | Self::Alone
            | Self::NoToken(_)
            | Self::Lost(..)
            | Self::Store(_)
            | Self::Records(_)
            | Self::Queue(_)
            | Self::Backlog => chain(self),
        }
    }
}

fn of_token(no_token: &NoToken) -> Setback {
    match no_token {
        NoToken::NotConnected { .. } | NoToken::Paused { .. } => Setback::Again,
        NoToken::Later(later) => {
            let wait = Duration::try_from(later.until.duration_since(Timestamp::now())).unwrap_or_default();
            Setback::Later(wait.max(RENEWED))
        }
        NoToken::Vault(_) | NoToken::Interrupted => Setback::Later(LOOK_AGAIN),
    }
}

fn of_refusal(error: &ApiError) -> Setback {
    match error.class() {
        class @ (Class::Throttled { .. } | Class::QuotaExhausted { .. }) => {
            Setback::Later(class.cool_down().unwrap_or_default())
        }
        // A credential may be replaced while the scan waits.
        Class::Unauthorized if !error.is_missing_scope() => Setback::Again,
        Class::Transient | Class::Unreadable => Setback::Again,
        Class::Refused => Setback::Stale,
        Class::Unauthorized
        | Class::Forbidden
        | Class::PaymentRequired
        | Class::NotFound
        | Class::Conflict
        | Class::Misrouted => Setback::Never,
    }
}

/// Calls for one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) connection: &'a ScanConnection,
    pub(super) limits: &'a Limits,
    pub(super) metrics: &'a Metrics,
}

impl Caller<'_> {
    /// Sends as soon as there is a slot.
    pub(super) async fn send<T>(
        &self,
        side: Side,
        request: Request,
        parse: impl FnOnce(&Response) -> Result<T, ApiError>,
    ) -> Result<T, Trouble> {
        // A share of the budget is for who writes; a scan can wait.
        if self.limits.in_fallback() {
            return Err(Trouble::Alone);
        }
        let ScanConnection { id, ghl, openphone } = self.connection;
        let (client, budget) = match side {
            Side::Ghl => (&ghl.client, &ghl.budget),
            Side::OpenPhone => (&openphone.client, &openphone.budget),
        };
        let credential = self.credential(side).await?;
        let Self { limits, metrics, .. } = *self;
        let way = Way { side, connection: id, client, budget, limits, metrics };
        let sent = way.send(request, &credential, None).await.map_err(Trouble::NoSlot)?;
        let error = match parse(&sent.map_err(|error| Trouble::Lost(side, error))?) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if let Some(wait) = error.class().cool_down() {
            way.cool_down(wait).await;
        } else if error.class() == Class::Unauthorized && !error.is_missing_scope() {
            self.renew(side, &credential).await?;
        }
        Err(Trouble::Refused(side, error))
    }

    async fn credential(&self, side: Side) -> Result<SecretString, NoToken> {
        match side {
            Side::OpenPhone => Ok(self.connection.openphone.api_key.clone()),
            Side::Ghl => self.connection.ghl.credential.access(&self.connection.id).await,
        }
    }

    /// Has a refused token replaced, for the next attempt.
    async fn renew(&self, side: Side, refused: &SecretString) -> Result<(), NoToken> {
        match side {
            Side::OpenPhone => Ok(()),
            Side::Ghl => self.connection.ghl.credential.renewed(refused, &self.connection.id).await.unwrap_or(Ok(())),
        }
    }
}
