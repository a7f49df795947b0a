#![doc = include_str!("../README.md")]

mod credential;
mod endpoint;
mod ghl;
mod holder;
mod secret;
mod signing;
mod token;
mod tokens;
mod vault;

pub use credential::GhlCredential;
pub use endpoint::{Account, Answer, Answering, Call, Grant, Listing, TokenEndpoint};
pub use ghl::GhlTokenRoutes;
pub use holder::{CompanyId, Holder, InvalidCompanyId};
pub use signing::{SigningSecret, SigningSecrets, Term};
pub use token::{Paused, Reason, Timing, TroubleKind};
pub use tokens::{Clock, Later, NoToken, Stage, Status, Tokens};
pub use vault::{Defect, KeyError, KeyId, MasterKeys, Random, Rewrapped, Vault, VaultError};
