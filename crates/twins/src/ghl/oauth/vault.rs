//! The tokens and codes that were handed out, and what using them does: plain bookkeeping without any HTTP.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Grant;
use crate::ghl::access::Holder;

struct Access {
    grant: Grant,
    until: Timestamp,
}

struct Refresh {
    grant: Grant,
    until: Timestamp,
    spent: bool,
    access: String,
}

struct Code {
    grant: Grant,
    until: Timestamp,
    redirect_uri: Option<String>,
    spent: bool,
}

/// Why a code or refresh token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worthless {
    /// Never heard of, or taken back, or expired.
    Unknown,
    /// Used before.
    Spent,
}

#[derive(Default)]
pub(super) struct Vault {
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    codes: HashMap<String, Code>,
}

/// `now` and a while.
pub(super) fn until(now: Timestamp, life: Duration) -> Timestamp {
    now.saturating_add(life).unwrap_or(Timestamp::MAX)
}

impl Vault {
    pub(super) fn access(&self, token: &str) -> Option<(&Grant, Timestamp)> {
        self.access.get(token).map(|held| (&held.grant, held.until))
    }

    pub(super) fn keep_access(&mut self, token: &str, grant: Grant, until: Timestamp) {
        self.access.insert(token.to_owned(), Access { grant, until });
    }

    pub(super) fn keep_refresh(&mut self, token: &str, access: &str, grant: Grant, until: Timestamp) {
        self.refresh.insert(token.to_owned(), Refresh { grant, until, spent: false, access: access.to_owned() });
    }

    pub(super) fn keep_code(&mut self, code: &str, grant: Grant, redirect_uri: Option<String>, until: Timestamp) {
        self.codes.insert(code.to_owned(), Code { grant, until, redirect_uri, spent: false });
    }

    /// What a code stands for and where it was sent, without using it.
    pub(super) fn code(&self, code: &str, now: Timestamp) -> Result<(Grant, Option<&str>), Worthless> {
        let held = self.codes.get(code).ok_or(Worthless::Unknown)?;
        match held.spent {
            true => Err(Worthless::Spent),
            false if held.until <= now => Err(Worthless::Unknown),
            false => Ok((held.grant.clone(), held.redirect_uri.as_deref())),
        }
    }

    pub(super) fn spend_code(&mut self, code: &str) {
        if let Some(held) = self.codes.get_mut(code) {
            held.spent = true;
        }
    }

    /// What a refresh token stands for, without using it.
    pub(super) fn refresh(&self, token: &str, now: Timestamp) -> Result<Grant, Worthless> {
        let held = self.refresh.get(token).ok_or(Worthless::Unknown)?;
        match held.spent {
            true => Err(Worthless::Spent),
            false if held.until <= now => Err(Worthless::Unknown),
            false => Ok(held.grant.clone()),
        }
    }

    /// Uses a refresh token up; the access token that came with it ends too if asked to.
    pub(super) fn spend_refresh(&mut self, token: &str, ends_access: bool) {
        let Some(held) = self.refresh.get_mut(token) else { return };
        held.spent = true;
        if ends_access {
            self.access.remove(&held.access);
        }
    }

    pub(super) fn expire_access(&mut self, now: Timestamp) {
        for held in self.access.values_mut() {
            held.until = held.until.min(now);
        }
    }

    pub(super) fn forget_refresh(&mut self, whose: impl Fn(Holder) -> bool) {
        self.refresh.retain(|_, held| !whose(held.grant.holder));
    }

    /// Takes everything back that a holder has.
    pub(super) fn revoke(&mut self, holder: Holder) {
        self.access.retain(|_, held| held.grant.holder != holder);
        self.refresh.retain(|_, held| held.grant.holder != holder);
        self.codes.retain(|_, held| held.grant.holder != holder);
    }
}

#[cfg(test)]
mod tests {
    use super::{Grant, Holder, Vault, Worthless, until};
    use jiff::Timestamp;
    use std::time::Duration;

    fn grant() -> Grant {
        Grant { holder: Holder::Location(0), scopes: Vec::new(), approved: Vec::new() }
    }

    #[test]
    fn a_refresh_token_is_worth_one_use() {
        let now = Timestamp::UNIX_EPOCH;
        let mut vault = Vault::default();
        vault.keep_access("a", grant(), until(now, Duration::from_secs(5)));
        vault.keep_refresh("r", "a", grant(), until(now, Duration::from_secs(9)));
        assert!(vault.refresh("r", now).is_ok());
        vault.spend_refresh("r", false);
        assert_eq!(vault.refresh("r", now).err(), Some(Worthless::Spent));
        assert!(vault.access("a").is_some(), "the access token from before lives on");
    }

    #[test]
    fn what_is_too_old_is_unknown() {
        let now = Timestamp::UNIX_EPOCH;
        let mut vault = Vault::default();
        vault.keep_code("c", grant(), None, now);
        assert_eq!(vault.code("c", now).err(), Some(Worthless::Unknown));
        vault.revoke(Holder::Location(0));
        assert!(vault.codes.is_empty());
    }
}
