//! The life of one holder's tokens. Pure: time and chance are arguments.
//!
//! A refresh token works once. It lies in the pair until somebody means to send it, moves into the intent by the
//! compare-and-set that comes before the request, and comes back from there only when the request certainly wasn't
//! carried out. An intent whose time has passed takes it along: there is no way to a second use.

mod begin;
mod next;
mod outcome;
mod start;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Account, secret};

pub(crate) use begin::{Begun, begin_exchange, begin_reconnect, begin_refresh};
pub use next::Paused;
pub(crate) use next::{Need, Next, Waiting, next, usable};
pub(crate) use outcome::{no_company_token, settle};
pub(crate) use start::{connected, installed, uninstalled, uninstalled_with};

/// How long the steps of a renewal may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Before a token's end it is renewed.
    pub early: Duration,
    /// After this a stored intent is not sent any more.
    pub send_window: Duration,
    /// The endpoint's own limit for one request: connecting, sending, reading the answer. Not less than that.
    pub answer_within: Duration,
    /// How long a caller waits for a token before it is told to come back.
    pub patience: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            early: Duration::from_mins(5),
            send_window: Duration::from_secs(10),
            answer_within: Duration::from_secs(35),
            patience: Duration::from_secs(10),
        }
    }
}

/// Everything that is known about the holder's tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    /// The document's own form.
    pub(crate) schema: u32,
    pub(crate) account: Account,
    pub(crate) scopes: Vec<String>,
    /// How many pairs there have been.
    pub(crate) generation: u64,
    /// How many operations there have been; later ones have greater numbers.
    pub(crate) operations: u64,
    /// The last time that a person, or the installation's event, brought it to life; what began before is void.
    pub(crate) connected_at: Timestamp,
    /// The number of that operation.
    pub(crate) connected_as: u64,
    pub(crate) pair: Option<Pair>,
    pub(crate) state: State,
    /// The last attempts to renew failed.
    pub(crate) trouble: Option<Trouble>,
    /// The agency's token gives none for this location.
    pub(crate) is_exchange_refused: bool,
}

impl Document {
    /// The form written here.
    pub(crate) const SCHEMA: u32 = 1;
}

/// Tokens as they were given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pair {
    #[serde(with = "secret")]
    pub(crate) access: SecretString,
    pub(crate) obtained_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// Never sent so far.
    #[serde(with = "secret::maybe")]
    pub(crate) refresh: Option<SecretString>,
    /// The operation that brought it.
    pub(crate) operation: u64,
    /// Whether it was made from the agency's token. Not known of what earlier versions stored.
    #[serde(default)]
    pub(crate) is_exchanged: bool,
}

/// Where the holder's tokens are in their life.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Nothing is under way.
    Active,
    /// The refresh token is about to be sent, or was.
    Refreshing {
        intent: Intent,
        #[serde(with = "secret")]
        refresh: SecretString,
    },
    /// A pair is asked for without a refresh token.
    Reconnecting { intent: Intent },
    /// Only a person can go on.
    NeedsReconnect { reason: Reason, since: Timestamp },
    /// The app was removed from the account.
    Uninstalled { since: Timestamp },
}

/// A request under way, or of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) kind: IntentKind,
    pub(crate) operation: u64,
    /// The worker's run that stored it; nobody else may send it.
    pub(crate) owner: String,
    /// From then on it can't be under way any more.
    pub(crate) settle_at: Timestamp,
}

/// How a pair is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntentKind {
    /// With the refresh token.
    Refresh,
    /// Without one.
    Reconnect,
    /// With the agency's token; not stored before it is sent.
    Exchange,
}

/// Why a person has to connect it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The provider takes neither the refresh token nor a reconnect.
    Refused,
    /// The provider gave tokens of another account.
    OtherAccount,
}

/// The last attempt to renew failed; it is tried again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) kind: TroubleKind,
    /// In a row.
    pub(crate) failures: u32,
    /// The next attempt comes no earlier.
    pub(crate) not_before: Timestamp,
}

/// Why the last attempt to renew failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// No connection, or too many requests.
    Unreachable,
    /// No answer, or one that says nothing.
    OutcomeUnknown,
    /// "Location is not active": paused at the provider; works again when it is switched on there.
    LocationInactive,
    /// The app's id and secret were refused.
    Unauthorized,
    /// The provider refused the request.
    Refused,
    /// The agency's own token isn't to be had now.
    NoCompanyToken,
}

/// The moment of a decision, and a number in `[0, 1)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) random: f64,
}

#[cfg(test)]
mod tests;
