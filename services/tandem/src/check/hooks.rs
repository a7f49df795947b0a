//! What is to be thought of a connection's webhook at `OpenPhone`, and of what it delivered. Pure.

use tandem_providers::openphone::hook::delivery::Attempt;
use tandem_providers::openphone::hook::{CONTACT_EVENTS, Hook, Status};
use tandem_providers::openphone::{API_VERSION, Id, Listing};
use url::Url;

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

/// What a delivery is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivered<'a> {
    pub(super) place: &'a Place,
    pub(super) maker: Maker,
    pub(super) url: &'a str,
    /// This machine's clock is so wrong that no signature is good.
    pub(super) is_clock_wrong: bool,
}

impl Delivered<'_> {
    /// Whether our test event arrived, by the provider's own log; none while that is open. A refusal counts only when it is
    /// `final`: the provider tries again after five seconds.
    pub(super) fn judge(&self, attempts: &[Attempt], is_final: bool) -> Option<Verdict> {
        let taken =
            attempts.iter().position(|attempt| attempt.answered.is_some_and(|status| (200..300).contains(&status)));
        match (taken, attempts.last()) {
            (Some(0), _) => Some(Verdict::pass("OpenPhone's signed test event was delivered and taken")),
            (Some(_), _) => Some(self.mended(attempts)),
            (None, Some(last)) if is_final => Some(self.refused(last.answered)),
            (None, None) if is_final => Some(Verdict::warn(
                "OpenPhone has not delivered its test event yet",
                "run the check again; https://status.quo.com tells of delays",
            )),
            (None, _) => None,
        }
    }

    /// It was refused at first.
    fn mended(&self, attempts: &[Attempt]) -> Verdict {
        let first = attempts.first().and_then(|attempt| attempt.answered);
        match (first, self.maker) {
            (Some(401), Maker::Tandem) => Verdict::pass(
                "the test event was refused at first, as its secret had been replaced elsewhere; Tandem has had a new one made, \
                 and it was taken",
            ),
            (Some(status), _) => Verdict::warn(
                format!("the test event was answered {status} at first, and taken when it came again"),
                "look into the log of ingest",
            ),
            (None, _) => Verdict::warn(
                format!("nobody answered at {} at first; the test event was taken when it came again", self.url),
                "is what stands before Tandem (proxy, tunnel) up all the time?",
            ),
        }
    }

    fn refused(&self, status: Option<u16>) -> Verdict {
        let url = self.url;
        match status {
            None => Verdict::fail(
                format!("OpenPhone gets no answer at {url}"),
                "the address has to reach this Tandem from the Internet: name, firewall, certificate, proxy; try it from \
                 outside with `curl -i -X POST` (401 is right)",
            ),
            Some(401) if self.is_clock_wrong => Verdict::fail(
                "our server refused the signature of the test event, because this machine's clock is wrong",
                "set the clock first, see above",
            ),
            Some(401) => self.secret(),
            Some(404) => Verdict::fail(
                format!("{url} is answered 404: what answers there doesn't know connection {}", self.place.id),
                "restart Tandem with this configuration; does a proxy pass /webhooks/ on unchanged?",
            ),
            Some(429) => Verdict::fail(
                "our server can't store the test event now (429); OpenPhone tries again",
                "look at /ready and the log of ingest: queue, disk, spool",
            ),
            Some(status @ 300..=399) => Verdict::fail(
                format!("{url} is answered with a redirect ({status}), and webhooks don't follow it"),
                "set http.public_url to the address behind the redirect, usually https",
            ),
            Some(status) => Verdict::fail(
                format!("{url} is answered {status}"),
                "does something else stand before Tandem (proxy, login, firewall)? Its log says why",
            ),
        }
    }

    /// Our server doesn't know the secret that signs.
    fn secret(&self) -> Verdict {
        let message = "our server refused the signature of the test event: the webhook signs with a secret that isn't known here, so \
             it was replaced elsewhere";
        match self.maker {
            Maker::Tandem => Verdict::fail(
                message,
                "Tandem has it replaced by itself an hour after the last time; for at once, remove the webhook with `DELETE \
                 /webhooks/{id}` and restart Tandem, which makes a new one",
            ),
            Maker::Person | Maker::Nobody => Verdict::fail(
                message,
                format!(
                    "have a new one made with `POST /webhooks/{{id}}/rotate`, put the key of the answer where {} points to, \
                     and restart Tandem; or leave that key of the configuration out, and Tandem makes a webhook of its own",
                    self.place.key("openphone.webhook_secrets")
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
