//! Whether a test event arrived, by the provider's own log.

use tandem_providers::openphone::hook::delivery::Attempt;

use super::Maker;
use crate::check::place::Place;
use crate::check::verdict::Verdict;

/// What a delivery is judged by.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Delivered<'a> {
    pub(in crate::check) place: &'a Place,
    pub(in crate::check) maker: Maker,
    pub(in crate::check) url: &'a str,
    /// This machine's clock is so wrong that no signature is good.
    pub(in crate::check) is_clock_wrong: bool,
}

impl Delivered<'_> {
    /// Whether our test event arrived, by the provider's own log; none while that is open. A refusal counts only when it is
    /// `final`: the provider tries again after five seconds.
    pub(in crate::check) fn judge(&self, attempts: &[Attempt], is_final: bool) -> Option<Verdict> {
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
