//! OAuth: the install link, the token endpoint, and what a company's token is for.

mod authorize;
mod company;
mod installs;
mod reconnect;
mod token;
mod vault;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use self::vault::Vault;
use crate::ghl::access::Holder;
use crate::ghl::routes::{Rule, Who};
use crate::ghl::version::Version;
use crate::stamp::Stamp;

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /v2/oauth/chooselocation", "", authorize::choose).by(Who::Anyone),
    Rule::new("GET /oauth/chooselocation", "", authorize::choose).by(Who::Anyone),
    Rule::new("POST /oauth/token", "", token::token).by(Who::Anyone),
    Rule::new("POST /oauth/reconnect", "", reconnect::reconnect).by(Who::Anyone),
    Rule::new("POST /oauth/locationToken", "oauth.write", company::location_token)
        .by(Who::CompanyOauth)
        .only(Version::Dated),
    Rule::new("POST /oauth/location-token", "oauth.write", company::location_token)
        .by(Who::CompanyOauth)
        .only(Version::V3),
    Rule::new("GET /oauth/installedLocations", "oauth.readonly", company::installed)
        .by(Who::CompanyOauth)
        .only(Version::Dated),
    Rule::new("GET /oauth/installed-locations", "oauth.readonly", company::installed)
        .by(Who::CompanyOauth)
        .only(Version::V3),
];

/// What the admin picks on the page behind the install link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GhlChoice {
    /// One location, by id.
    Location(String),
    /// The whole company with these locations: a bulk install.
    Company(Vec<String>),
}

/// What happened around tokens so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OauthReport {
    /// Codes handed out by the install link or by reconnecting.
    pub codes_issued: u64,
    /// Codes turned into tokens.
    pub codes_exchanged: u64,
    /// Attempts to use a code again.
    pub code_reuses: u64,
    /// Refresh tokens turned into new ones.
    pub refreshes: u64,
    /// Attempts to use a refresh token again: must be zero.
    pub refresh_reuses: u64,
    /// Requests that the token endpoint refused, for whatever reason.
    pub refused: u64,
    /// Location tokens made from company tokens.
    pub location_exchanges: u64,
    /// Codes that reconnecting handed out.
    pub reconnects: u64,
}

/// What a token or a code stands for.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) holder: Holder,
    pub(super) scopes: Vec<String>,
    /// The locations of a bulk install.
    pub(super) approved: Vec<String>,
}

/// All state around tokens.
#[derive(Default)]
pub(super) struct Oauth {
    vault: Vault,
    report: OauthReport,
    choice: Option<GhlChoice>,
    company_installed: bool,
    /// How far the twin's clock is ahead, as far as tokens are concerned.
    ahead: Duration,
    /// Scopes that every token has lost.
    pub(super) without: BTreeSet<String>,
}

impl Oauth {
    /// What an access token stands for, and whether it still does.
    pub(super) fn access(&self, token: &str, stamp: Stamp) -> Option<(&Grant, bool)> {
        let (grant, until) = self.vault.access(token)?;
        Some((grant, self.now(stamp) < until))
    }

    fn now(&self, stamp: Stamp) -> jiff::Timestamp {
        stamp.time.saturating_add(self.ahead).unwrap_or(stamp.time)
    }

    pub(super) fn report(&self) -> OauthReport {
        self.report.clone()
    }

    pub(super) fn choose(&mut self, choice: GhlChoice) {
        self.choice = Some(choice);
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }

    pub(super) fn expire_access_tokens(&mut self, stamp: Stamp) {
        let now = self.now(stamp);
        self.vault.expire_access(now);
    }

    /// Makes refresh tokens unknown, as if the provider had lost them; none means all holders.
    pub(super) fn forget_refresh_tokens(&mut self, holder: Option<Holder>) {
        self.vault.forget_refresh(|held| holder.is_none_or(|holder| holder == held));
    }
}
