//! Who asks, and whether they may: tokens, versions, scopes, inactive locations.

use crate::call::{Answer, Call};
use crate::ghl::errors;
use crate::ghl::routes::{Rule, Who};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;
use crate::stamp::Stamp;

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// The location at this index.
    Location(usize),
    Company,
}

/// What a token opens.
struct Pass<'a> {
    holder: Holder,
    private: bool,
    /// None is everything.
    scopes: Option<&'a [String]>,
    live: bool,
}

impl Pass<'_> {
    fn suits(&self, who: Who) -> bool {
        let location = matches!(self.holder, Holder::Location(_));
        match who {
            Who::Location => location,
            Who::LocationOauth => location && !self.private,
            Who::Either | Who::Anyone => true,
            Who::CompanyOauth => !location && !self.private,
        }
    }
}

fn bearer(call: &Call) -> Option<&str> {
    call.header("authorization")?.strip_prefix("Bearer ").filter(|token| !token.is_empty())
}

impl Ghl {
    fn pass(&self, call: &Call, stamp: Stamp) -> Option<Pass<'_>> {
        let token = bearer(call)?;
        if let Some(at) = self.locations.iter().position(|location| location.config.token == token) {
            let scopes = self.locations[at].config.token_scopes.as_deref();
            return Some(Pass { holder: Holder::Location(at), private: true, scopes, live: true });
        }
        if self.company_token.as_deref() == Some(token) {
            return Some(Pass { holder: Holder::Company, private: true, scopes: None, live: true });
        }
        let (grant, live) = self.oauth.access(token, stamp)?;
        Some(Pass { holder: grant.holder, private: false, scopes: Some(&grant.scopes), live })
    }

    /// Whose budget a call spends: that of the location or of the company, under whichever token.
    pub(super) fn budget(&self, call: &Call) -> Option<usize> {
        match self.pass(call, Stamp::now(None))?.holder {
            Holder::Location(at) => Some(at),
            Holder::Company => Some(self.locations.len()),
        }
    }

    /// The checks before any work, in the order in which they refuse.
    pub(super) fn admit<'a>(&self, rule: &Rule, call: &'a Call, stamp: Stamp) -> Result<Asked<'a>, Answer> {
        if rule.who == Who::Anyone {
            let version = Version::meant(call);
            return Ok(Asked { call, version, holder: Holder::Company, at: 0, private: false, stamp });
        }
        let pass = self.pass(call, stamp).filter(|pass| pass.live).ok_or_else(errors::unauthorized)?;
        let unversioned = || errors::bad_request("version header was not found or is not supported");
        let version = Version::of(call, rule.family).ok_or_else(unversioned)?;
        let held = pass.scopes.is_none_or(|scopes| scopes.iter().any(|scope| scope == rule.scope));
        if !pass.suits(rule.who) || !held || self.oauth.without.contains(rule.scope) {
            return Err(errors::no_scope());
        }
        let at = match pass.holder {
            Holder::Location(at) => at,
            Holder::Company => 0,
        };
        if pass.holder != Holder::Company && !self.locations[at].config.active {
            return Err(errors::inactive(self.app.inactive_status));
        }
        Ok(Asked { call, version, holder: pass.holder, at, private: pass.private, stamp })
    }
}
