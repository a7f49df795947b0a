//! From an obstacle to words that somebody who runs Tandem understands: what is wrong, and what to do about it. Pure.

mod hint;

use tandem_contact::Side;
use tandem_credentials::NoToken;
use tandem_outbound::{NotSent, SendError, Unknown};
use tandem_providers::Operation;

use super::obstacle::{Kind, Obstacle};
use super::place::Place;
use super::verdict::{Said, Verdict};

/// What an obstacle means for the operation that met it. `private` must not be shown.
pub(super) fn verdict(
    place: &Place,
    (side, operation): (Side, &Operation),
    obstacle: &Obstacle,
    private: &[&str],
) -> Verdict {
    let kind = obstacle.kind(side);
    let message = message(place, (side, operation), obstacle);
    let verdict = if matches!(kind, Kind::NoStore | Kind::NoSlot | Kind::NoTime) {
        Verdict::skipped(message)
    } else {
        let hint = hint::of(place, (side, operation), kind);
        if kind == Kind::Throttled { Verdict::warn(message, hint) } else { Verdict::fail(message, hint) }
    };
    match obstacle {
        Obstacle::Refused(error) => verdict.with_said(Some(Said::of(error, private))),
        Obstacle::NoStore(_) | Obstacle::NoToken(_) | Obstacle::NoSlot(_) | Obstacle::NoTime | Obstacle::Lost(_) => {
            verdict
        }
    }
}

/// What to do about something that was found without an obstacle.
pub(super) fn hint(place: &Place, asked: (Side, &Operation), kind: Kind) -> String {
    hint::of(place, asked, kind)
}

/// What people call a side.
pub(super) fn called(side: Side) -> &'static str {
    match side {
        Side::Ghl => "GHL",
        Side::OpenPhone => "OpenPhone",
    }
}

fn message(place: &Place, (side, operation): (Side, &Operation), obstacle: &Obstacle) -> String {
    let who = called(side);
    match obstacle.kind(side) {
        Kind::NoStore => no_store(obstacle),
        Kind::NotConnected => "nobody has connected this location yet".to_owned(),
        Kind::Uninstalled => "the app was removed from the location at GHL; its tokens are gone".to_owned(),
        Kind::NoNewToken => {
            "GHL refuses the stored token and gives no new one: the app was removed from the location, or its \
             access was revoked"
                .to_owned()
        }
        Kind::NewToken => "GHL refuses an access token that it gave less than a minute ago: the app was removed from the location, or \
             its access was revoked"
            .to_owned(),
        Kind::App => "GHL refuses the marketplace app's client id or secret".to_owned(),
        Kind::Key => key(place, side),
        Kind::Scope => format!("the token lacks the scope {}", hint::scopes(operation)),
        Kind::OtherLocation => format!("the token has no access to the location {}", place.location),
        Kind::Inactive => format!("the location {} is not active at GHL: paused, or not paid for", place.location),
        Kind::Unpaid => "the workspace's subscription is not active".to_owned(),
        Kind::NoRights => format!("the key is valid, and may not do this: {}", operation.template),
        Kind::Silent => silent(place, side, obstacle),
        Kind::Misrouted => format!("something else than {who}'s API answers at {}", place.base_url(side)),
        Kind::Throttled => format!("{who} says that there are too many requests"),
        Kind::Quota => format!("{who} says that the day's requests are used up"),
        Kind::Theirs => format!("{who} has trouble of its own"),
        Kind::Unreadable => format!("{who}'s answer to {} can't be read", operation.template),
        Kind::NotThere => format!("{who} doesn't know what was asked for: {}", operation.template),
        Kind::Refused => format!("{who} refuses {}", operation.template),
        Kind::NoSlot => no_slot(obstacle),
        Kind::NoTime => super::verdict::NO_TIME.to_owned(),
    }
}

fn key(place: &Place, side: Side) -> String {
    match side {
        Side::OpenPhone => "OpenPhone refuses the API key: it is wrong or was revoked".to_owned(),
        Side::Ghl if place.is_oauth => "GHL refuses the access token".to_owned(),
        Side::Ghl => "GHL refuses the private integration token: it is wrong or was revoked".to_owned(),
    }
}

fn silent(place: &Place, side: Side, obstacle: &Obstacle) -> String {
    let lost = if let Obstacle::Lost(error) = obstacle { Some(error) } else { None };
    let what = match lost {
        Some(SendError::NotSent { reason: NotSent::Invalid, .. }) => {
            return format!("the credential in {} can't be sent: it holds signs that none has", place.credential(side));
        }
        Some(SendError::NotSent { reason: NotSent::Connect, .. }) => "no connection",
        Some(SendError::Unknown { reason: Unknown::TimedOut, .. }) => "no answer in time",
        Some(SendError::NotSent { .. } | SendError::Unknown { .. }) | None => "no usable answer",
    };
    format!("{what} from {} at {}", called(side), place.base_url(side))
}

fn no_slot(obstacle: &Obstacle) -> String {
    let used = "the request budget is used up by Tandem's own work";
    let Obstacle::NoSlot(next) = obstacle else { return used.to_owned() };
    format!("{used}; the next slot is {:.0} s away", next.as_secs_f64())
}

/// Tokens that can't be reached from here, or can't be opened.
fn no_store(obstacle: &Obstacle) -> String {
    if let Obstacle::NoToken(NoToken::Vault(error)) = obstacle {
        return format!("the stored tokens can't be read: {}", tandem_telemetry::chain(error));
    }
    if let Obstacle::NoStore(why) = obstacle { why.clone() } else { "the tokens can't be reached".to_owned() }
}

#[cfg(test)]
mod tests;
