//! What is to be done about a connection's webhooks at `OpenPhone`: one step at a time, decided from what is there.
//!
//! Whatever was interrupted, the next look finds it: a webhook whose secret was never stored gets a new one, one that was
//! made and not enabled yet is enabled, a second one goes. What delivers elsewhere is never touched.

use std::collections::BTreeSet;

use tandem_providers::openphone::hook::{Hook, Status};
use tandem_providers::openphone::{API_VERSION, Id};
use url::Url;

/// What is known.
#[derive(Debug, Clone)]
pub(super) struct Situation<'a> {
    /// All webhooks of the workspace.
    pub(super) there: Vec<Hook>,
    /// Where those of the connection deliver.
    pub(super) url: &'a Url,
    /// The webhooks whose secret is stored.
    pub(super) known: BTreeSet<String>,
    /// What they are to tell of.
    pub(super) events: &'a [&'static str],
    /// The webhook whose secret is stored, but not the right one: what it delivers is refused here.
    pub(super) wrong: Option<Id>,
}

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Make a webhook.
    Create,
    /// Have its secret replaced: the one it has is not known.
    Rotate(Id),
    /// Have it deliver, and tell of everything it shall.
    Repair(Id),
    /// Remove it: there is another one for the same.
    Delete(Id),
    /// Let go of the secret: its webhook is gone.
    Forget(String),
    /// Nothing.
    Done,
}

impl Situation<'_> {
    /// The step that brings us nearer. What delivers well stays until its successor does.
    pub(super) fn next(&self) -> Step {
        let Some(kept) = self.kept() else { return Step::Create };
        if !self.known.contains(kept.id.as_str()) || self.wrong.as_ref() == Some(&kept.id) {
            return Step::Rotate(kept.id.clone());
        }
        if !self.tells_everything(kept) {
            return Step::Repair(kept.id.clone());
        }
        if let Some(other) = self.ours().find(|hook| hook.id != kept.id) {
            return Step::Delete(other.id.clone());
        }
        let is_gone = |id: &&String| !self.there.iter().any(|hook| hook.id.as_str() == id.as_str());
        self.known.iter().find(is_gone).cloned().map_or(Step::Done, Step::Forget)
    }

    /// The one that is to stay: every process picks the same.
    pub(super) fn kept(&self) -> Option<&Hook> {
        self.ours().filter(|hook| is_of_our_version(hook)).min_by_key(|hook| {
            let id = hook.id.as_str();
            (!self.known.contains(id), !self.tells_everything(hook), id.len(), id)
        })
    }

    fn tells_everything(&self, hook: &Hook) -> bool {
        let tells = |event: &&str| hook.events.iter().any(|told| told == event);
        hook.status == Some(Status::Enabled) && self.events.iter().all(tells)
    }

    fn ours(&self) -> impl Iterator<Item = &Hook> {
        self.there.iter().filter(|hook| Url::parse(&hook.url).is_ok_and(|url| url == *self.url))
    }
}

/// The version of what it delivers was bound when it was made, and can't be changed.
fn is_of_our_version(hook: &Hook) -> bool {
    hook.api_version.as_deref().is_none_or(|version| API_VERSION == *version)
}

#[cfg(test)]
mod tests;
