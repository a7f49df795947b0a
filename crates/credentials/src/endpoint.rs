//! What is asked of the provider's token routes, and what its answers mean. Who asks is behind a trait, because the
//! life of a token must be shown to hold for answers that no provider gives on demand.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::CompanyId;

/// The account at the provider that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// One location (sub-account); the agency where it is known.
    Location {
        /// The location's id.
        id: String,
        /// The agency it belongs to.
        company: Option<CompanyId>,
    },
    /// An agency.
    Company {
        /// The agency's id.
        id: CompanyId,
    },
}

/// Tokens as the provider gave them.
#[derive(Clone)]
pub struct Grant {
    /// What calls are made with.
    pub access: SecretString,
    /// What the next pair is asked for with; a location token made from an agency's has none in the dated API.
    pub refresh: Option<SecretString>,
    /// How long the access token works.
    pub expires_in: Duration,
    /// What it allows; empty where the answer doesn't say.
    pub scopes: Vec<String>,
    /// The location it is for, where the answer says.
    pub location: Option<String>,
    /// The agency, where the answer says.
    pub company: Option<CompanyId>,
    /// Of an agency's grant: the locations that it was given for, where the answer says.
    pub approved: Vec<String>,
    /// Whether it was made from an agency's token, and so ends with the agency's installation.
    pub is_exchanged: bool,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("expires_in", &self.expires_in)
            .field("scopes", &self.scopes)
            .field("location", &self.location)
            .field("company", &self.company)
            .field("approved", &self.approved)
            .field("is_exchanged", &self.is_exchanged)
            .finish_non_exhaustive()
    }
}

/// One request to the token routes.
#[derive(Debug, Clone)]
pub enum Call {
    /// A new pair for a refresh token, which is used up by it.
    Refresh {
        /// To be sent once in its life.
        refresh: SecretString,
        /// Whose.
        account: Account,
    },
    /// A new pair without one: `/oauth/reconnect`, and its code for a pair.
    Reconnect {
        /// Whose.
        account: Account,
    },
    /// A location's token for the agency's.
    Exchange {
        /// The agency's access token.
        access: SecretString,
        /// The agency.
        company: CompanyId,
        /// The location.
        location: String,
    },
    /// The first pair, for the code that an installation ends with.
    Code {
        /// To be sent once.
        code: SecretString,
        /// The address that the installation was started with.
        redirect_uri: String,
    },
}

/// What came of a call, sorted by what it means for the tokens.
#[derive(Debug, Clone)]
pub enum Answer {
    /// New tokens.
    Tokens(Box<Grant>),
    /// The refresh token (or code) is used, expired or unknown.
    InvalidGrant,
    /// The location is paused at the provider. Nothing was used up.
    LocationInactive,
    /// It was certainly not carried out.
    NotApplied {
        /// Not before this, where the provider says.
        retry_after: Option<Duration>,
    },
    /// The app's id and secret, or the token that the call was made with, were refused. Nothing was used up.
    Unauthorized,
    /// Another refusal. Nothing was used up.
    Refused,
    /// It may have been carried out.
    Unknown,
}

/// An answer under way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// A list of locations under way.
pub type Listing<'a> = Pin<Box<dyn Future<Output = Result<BTreeSet<String>, Answer>> + Send + 'a>>;

/// The token routes of the provider.
pub trait TokenEndpoint: fmt::Debug + Send + Sync {
    /// Makes the call, unless `send_by` has passed. It must end by itself in the time that [`crate::Timing`] names.
    fn call(&self, call: Call, send_by: Instant) -> Answering<'_>;

    /// The locations that have the app through this agency, whose token the question is asked with.
    fn installed<'a>(&'a self, access: &'a SecretString, company: &'a CompanyId) -> Listing<'a>;
}
