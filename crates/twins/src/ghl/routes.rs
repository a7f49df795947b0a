//! Which operation a call means: one table per subject, each row with all that is checked before the work.

use serde_json::Value;

use crate::call::{Answer, Call};
use crate::door::Done;
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::{Family, Version};
use crate::ghl::{
    bulk, contacts, conversations, enrolments, fields, followers, locations, lookup, messages, notes, oauth, reads,
    search, tags, task_search, tasks, users,
};

/// Whose tokens an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A location's, private or not.
    Location,
    /// A location's, and no private integration token.
    LocationOauth,
    /// A location's or the company's.
    Either,
    /// The company's, and no private integration token.
    CompanyOauth,
    /// Nobody's: the body says who asks.
    Anyone,
}

/// What an operation comes to: work done, or a refusal.
pub(super) type Reply = Result<Done<Answer>, Answer>;

pub(super) type Handler = fn(&mut Ghl, &Asked<'_>) -> Reply;

/// An answer that fires nothing.
#[expect(clippy::unnecessary_wraps, reason = "it is what handlers end with")]
pub(super) fn reply(status: u16, body: impl Into<Value>) -> Reply {
    Ok(Done::quietly(Answer::json(status, body.into())))
}

/// One operation.
pub(crate) struct Rule {
    /// Method and path with placeholders.
    pub(super) template: &'static str,
    pub(super) scope: &'static str,
    pub(super) who: Who,
    pub(super) family: Family,
    /// Only this version has it; none is both.
    pub(super) only: Option<Version>,
    pub(super) creates: bool,
    pub(super) handler: Handler,
}

impl Rule {
    /// A row for a location's token and both versions.
    pub(super) const fn new(template: &'static str, scope: &'static str, handler: Handler) -> Self {
        let (who, family) = (Who::Location, Family::Crm);
        Self { template, scope, who, family, only: None, creates: false, handler }
    }

    pub(super) const fn only(mut self, version: Version) -> Self {
        self.only = Some(version);
        self
    }

    pub(super) const fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    pub(super) const fn of(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    pub(super) const fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    fn meets(&self, call: &Call, segments: &[&str]) -> bool {
        let Some((method, path)) = self.template.split_once(' ') else { return false };
        if method != call.method {
            return false;
        }
        let mut wanted = path.split('/').filter(|part| !part.is_empty());
        let fits = segments.iter().all(|part| wanted.next().is_some_and(|name| name.starts_with('{') || name == *part));
        fits && wanted.next().is_none() && self.exists(call)
    }

    /// A version that is not known counts as dated here; it is refused later.
    fn exists(&self, call: &Call) -> bool {
        self.only.is_none_or(|only| only == Version::meant(call))
    }
}

/// All tables. Names come before placeholders in each, and a path belongs to one table.
const TABLES: [&[Rule]; 17] = [
    search::RULES,
    lookup::RULES,
    bulk::RULES,
    reads::RULES,
    contacts::RULES,
    tags::RULES,
    notes::RULES,
    tasks::RULES,
    followers::RULES,
    enrolments::RULES,
    fields::RULES,
    task_search::RULES,
    locations::RULES,
    users::RULES,
    conversations::RULES,
    messages::RULES,
    oauth::RULES,
];

pub(super) fn route(call: &Call) -> Option<&'static Rule> {
    let segments = call.segments();
    TABLES.into_iter().flatten().find(|rule| rule.meets(call, &segments))
}

#[cfg(test)]
mod tests {
    use super::TABLES;
    use std::collections::BTreeSet;

    #[test]
    fn no_operation_is_listed_twice() {
        let mut seen = BTreeSet::new();
        for rule in TABLES.into_iter().flatten() {
            assert!(seen.insert(rule.template), "{}", rule.template);
        }
        assert!(seen.len() > 50);
    }
}
