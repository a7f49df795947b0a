//! What calls to a GHL location sign in with.

use secrecy::SecretString;
use tandem_proto::ConnectionId;

use crate::{NoToken, Tokens};

/// A token that stays, or tokens that are renewed.
#[derive(Debug, Clone)]
pub enum GhlCredential {
    /// A private integration token, as configured.
    Private(SecretString),
    /// The tokens of an OAuth installation.
    OAuth(Tokens),
}

impl GhlCredential {
    /// What the next call signs in with.
    pub async fn access(&self, connection: &ConnectionId) -> Result<SecretString, NoToken> {
        match self {
            Self::Private(token) => Ok(token.clone()),
            Self::OAuth(tokens) => tokens.access(connection).await,
        }
    }

    /// Whether there is another one than the one that was refused, by now. None where nothing can be renewed.
    pub async fn renewed(&self, refused: &SecretString, connection: &ConnectionId) -> Option<Result<(), NoToken>> {
        match self {
            Self::Private(_) => None,
            Self::OAuth(tokens) => Some(tokens.access_instead_of(refused, connection).await.map(drop)),
        }
    }
}
