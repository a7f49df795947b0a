//! What to do about it: the page, the scope, the key of the configuration.

use tandem_contact::Side;
use tandem_providers::Operation;

use crate::check::obstacle::Kind;
use crate::check::place::Place;

/// Scopes as GHL's own pages call them.
const SCOPE_NAMES: [(&str, &str); 7] = [
    ("contacts.readonly", "View Contacts"),
    ("contacts.write", "Edit Contacts"),
    ("locations.readonly", "View Locations"),
    ("locations/customFields.readonly", "View Custom Fields"),
    ("locations/customFields.write", "Edit Custom Fields"),
    ("locations/tags.readonly", "View Tags"),
    ("locations/tags.write", "Edit Tags"),
];

/// What the operation needs, with the names that people see.
pub(super) fn scopes(operation: &Operation) -> String {
    let named = |scope: &&str| {
        let name = SCOPE_NAMES.iter().find(|(known, _)| known == scope).map(|(_, name)| format!(" ({name})"));
        format!("{scope}{}", name.unwrap_or_default())
    };
    operation.scopes.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// What to do.
pub(super) fn of(place: &Place, (side, operation): (Side, &Operation), kind: Kind) -> String {
    let credential = place.credential(side);
    match kind {
        Kind::NotConnected | Kind::Uninstalled | Kind::NoNewToken | Kind::NewToken => {
            format!("{}, and pick the location {}", place.connect(), place.location)
        }
        Kind::App => "compare providers.ghl.client_id and providers.ghl.client_secret with the client keys on the app's page in GHL's \
             marketplace"
            .to_owned(),
        Kind::Key => key(place, side, &credential),
        Kind::Scope if place.is_oauth => format!(
            "add {} to the scopes of the marketplace app (only a draft version of it can be changed), then {}",
            scopes(operation),
            place.connect()
        ),
        Kind::Scope => format!(
            "in GHL, Settings > Private Integrations > the integration that {credential} is from: add the scope {}",
            scopes(operation)
        ),
        Kind::OtherLocation if place.is_oauth => format!("{}, and pick the location {}", place.connect(), place.location),
        Kind::OtherLocation => format!(
            "{} names the location (Settings > Business Profile, or the web address behind /location/): correct it, or make \
             a private integration in that very location for {credential}",
            place.key("ghl.location_id")
        ),
        Kind::Inactive => "the agency ends the pause of the location, or settles its subscription; Tandem then goes on by itself, with \
             everything that came meanwhile"
            .to_owned(),
        Kind::Unpaid => "the owner of the workspace renews its plan in OpenPhone; Tandem then goes on by itself".to_owned(),
        Kind::NoRights => format!(
            "an owner or admin of the workspace makes a new key (Workspace Settings > API) for {credential}; it works after \
             half a minute"
        ),
        Kind::Silent => format!(
            "from this machine, try `curl -sS {}`: is the name known, is https to it let out, is a proxy needed \
             (HTTPS_PROXY)?",
            place.base_url(side)
        ),
        Kind::Misrouted => format!("correct {}, or leave it out for the published address", base_url_key(side)),
        Kind::Throttled => throttled(side),
        Kind::Quota => "wait until the quota starts over; what else calls GHL for this location with the same app?".to_owned(),
        Kind::Theirs => theirs(side),
        Kind::Unreadable | Kind::NotThere | Kind::Refused => refused(side),
        Kind::NoStore | Kind::NoSlot | Kind::NoTime => "try again in a minute".to_owned(),
    }
}

fn key(place: &Place, side: Side, credential: &str) -> String {
    match side {
        Side::OpenPhone => format!(
            "in OpenPhone, Workspace Settings > API: copy the key, or make a new one (it works after half a minute), and put it where \
             {credential} points to; the bare key, without `Bearer`"
        ),
        Side::Ghl if place.is_oauth => format!("{}, and pick the location {}", place.connect(), place.location),
        Side::Ghl => format!(
            "in the location {}, Settings > Private Integrations: copy the integration's token, or make a new one, and put it \
             where {credential} points to; then restart Tandem",
            place.location
        ),
    }
}

fn base_url_key(side: Side) -> &'static str {
    match side {
        Side::Ghl => "providers.ghl.base_url",
        Side::OpenPhone => "providers.openphone.base_url",
    }
}

fn throttled(side: Side) -> String {
    match side {
        Side::Ghl => {
            "what else calls GHL for this location with the same app or token? providers.ghl.rate must not be more \
             than the published limit"
                .to_owned()
        }
        Side::OpenPhone => {
            "what else uses this API key? Give Tandem a key of its own; providers.openphone.rate must not be more \
             than the published limit"
                .to_owned()
        }
    }
}

fn theirs(side: Side) -> String {
    match side {
        Side::Ghl => "try again in a few minutes; if it stays, give GHL's support the trace id".to_owned(),
        Side::OpenPhone => "try again in a few minutes, and see https://status.quo.com".to_owned(),
    }
}

fn refused(side: Side) -> String {
    match side {
        Side::Ghl => {
            "if the words are about a version: providers.ghl.api_version; otherwise report it with the trace id"
                .to_owned()
        }
        Side::OpenPhone => "report it with the words and the trace id".to_owned(),
    }
}
