//! What is to be thought of a connection's webhook at `OpenPhone`, and of what it delivered. Pure.

mod delivered;

use tandem_providers::openphone::hook::{CONTACT_EVENTS, Hook, Status};
use tandem_providers::openphone::{API_VERSION, Id, Listing};
use url::Url;

pub(super) use delivered::Delivered;

use super::place::Place;
use super::verdict::Verdict;

/// Who makes the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// Tandem, and it looks after it.
    Tandem,
    /// A person, whose secrets are in the configuration.
    Person,
    /// Nobody: there are no secrets, and Tandem lacks what it takes.
    Nobody,
}

/// What the webhook should be like.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    pub(super) place: &'a Place,
    pub(super) maker: Maker,
    /// Where it should deliver, where that is known.
    pub(super) url: Option<&'a Url>,
    /// Whether Tandem has been running for it to be made.
    pub(super) is_running: bool,
}

const BY_ITSELF: &str =
    "Tandem mends it within the hour, at once after a restart; what keeps it from that is in the log of ingest";

impl Wanted<'_> {
    /// The webhook that delivers to us, and how it is. None where there is none to be asked for a delivery.
    pub(super) fn judge(&self, hooks: &Listing<Hook>) -> (Option<Id>, Verdict) {
        let ours: Vec<&Hook> = hooks.items.iter().filter(|hook| self.is_ours(hook)).collect();
        // As Tandem itself picks: one that delivers before one that doesn't.
        let Some(hook) =
            ours.iter().min_by_key(|hook| (trouble(hook).is_some(), hook.id.as_str().len(), hook.id.as_str()))
        else {
            return (None, self.missing(hooks));
        };
        match trouble(hook) {
            Some(message) => (None, Verdict::fail(message, self.mend(hook))),
            None if ours.len() > 1 => {
                let message = format!("{} webhooks deliver here: every change is told as often", ours.len());
                (Some(hook.id.clone()), Verdict::warn(message, self.one_too_many(hook)))
            }
            None => {
                (Some(hook.id.clone()), Verdict::pass(format!("webhook {} delivers to {}", hook.id, shown(&hook.url))))
            }
        }
    }

    fn is_ours(&self, hook: &Hook) -> bool {
        Url::parse(&hook.url).is_ok_and(|url| self.url.map_or_else(|| self.has_our_path(&url), |ours| url == *ours))
    }

    fn has_our_path(&self, url: &Url) -> bool {
        url.path().ends_with(&format!("/webhooks/openphone/{}", self.place.id))
    }

    fn mend(&self, hook: &Hook) -> String {
        match self.maker {
            Maker::Tandem => BY_ITSELF.to_owned(),
            Maker::Person | Maker::Nobody => format!(
                "with the API key, `PATCH /webhooks/{}` {{\"status\": \"enabled\", \"events\": [\"contact.updated\", \
                 \"contact.deleted\"]}}; one of another version has to be made again",
                hook.id
            ),
        }
    }

    fn one_too_many(&self, kept: &Hook) -> String {
        match self.maker {
            Maker::Tandem => BY_ITSELF.to_owned(),
            Maker::Person | Maker::Nobody => format!("remove all but {} with `DELETE /webhooks/{{id}}`", kept.id),
        }
    }

    fn missing(&self, hooks: &Listing<Hook>) -> Verdict {
        let elsewhere = hooks.items.iter().find(|hook| Url::parse(&hook.url).is_ok_and(|url| self.has_our_path(&url)));
        let ours = self.url.map_or_else(|| "this connection".to_owned(), ToString::to_string);
        if let (Some(other), Maker::Person) = (elsewhere, self.maker) {
            let message = format!("none delivers to {ours}; webhook {} delivers to {}", other.id, shown(&other.url));
            return Verdict::fail(
                message,
                format!("change its address with `PATCH /webhooks/{}`, or http.public_url", other.id),
            );
        }
        match self.maker {
            Maker::Tandem if self.is_running => Verdict::fail(format!("none delivers to {ours}"), BY_ITSELF),
            Maker::Tandem => Verdict::skipped("not made yet: Tandem makes it when it starts"),
            // The API doesn't show those that were made in the app (contract sheet, section 9.1).
            Maker::Person => Verdict::warn(
                format!("the API shows none for {ours}; one that was made in OpenPhone's app is not shown"),
                format!(
                    "if there is one in the app, test it there; otherwise leave {} out, and Tandem makes one",
                    self.place.key("openphone.webhook_secrets")
                ),
            ),
            Maker::Nobody => nobody(self.place),
        }
    }
}

/// What keeps the webhook from delivering what is needed.
fn trouble(hook: &Hook) -> Option<String> {
    let id = &hook.id;
    if hook.status != Some(Status::Enabled) {
        return Some(format!("webhook {id} is disabled: nothing is delivered"));
    }
    let missing: Vec<&str> =
        CONTACT_EVENTS.iter().copied().filter(|event| !hook.events.iter().any(|told| told == event)).collect();
    if !missing.is_empty() {
        return Some(format!("webhook {id} doesn't tell of {}", missing.join(" and ")));
    }
    let version = hook.api_version.as_deref().filter(|version| API_VERSION != **version)?;
    Some(format!("webhook {id} delivers in the form of version {version}"))
}

/// A connection that OpenPhone tells nothing.
pub(super) fn nobody(place: &Place) -> Verdict {
    Verdict::warn(
        "there is none: what people change in OpenPhone is noticed only when the contact changes in GHL",
        format!(
            "set http.public_url and encryption_key, and Tandem makes one; or make one by hand and give its key as {}",
            place.key("openphone.webhook_secrets")
        ),
    )
}

/// An address without what may be secret in it.
pub(super) fn shown(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else { return "an address that can't be read".to_owned() };
    url.set_query(None);
    url.set_fragment(None);
    // Neither fails for a web address.
    let _is_cut = url.set_username("").is_ok() && url.set_password(None).is_ok();
    url.to_string()
}

#[cfg(test)]
mod tests;
