//! The section `connections`.

use std::collections::BTreeMap;

use tandem_proto::ConnectionId;

use super::section::Slot;
use super::{Config, Connection, GhlConnection, OpenPhoneConnection};
use super::{check, mapping};

pub(super) fn connections(slot: &Slot<'_>) -> Vec<Connection> {
    let slots = slot.items();
    if slots.is_empty() {
        slot.problem("at least one connection is needed: a location of GoHighLevel and a workspace of OpenPhone");
    }
    refuse_repeated(&slots);
    slots.iter().filter_map(connection).collect()
}

fn connection(slot: &Slot<'_>) -> Option<Connection> {
    let mut keys = slot.section()?;
    let id = keys.slot("id").parse(|id| ConnectionId::new(id));
    let ghl = ghl(&keys.slot("ghl"));
    let openphone = openphone(&keys.slot("openphone"));
    let mapping = mapping::mapping(&keys.slot("mapping"));
    keys.finish();
    let (mapping, mapping_file) = mapping?;
    Some(Connection { id: id?, ghl: ghl?, openphone: openphone?, mapping, mapping_file })
}

fn ghl(slot: &Slot<'_>) -> Option<GhlConnection> {
    let mut keys = slot.section()?;
    let location_id = keys.slot("location_id").parse(check::provider_id);
    let token = keys.slot("private_token");
    let private_token = if token.is_empty() { None } else { Some(token.secret()?) };
    keys.finish();
    Some(GhlConnection { location_id: location_id?, private_token })
}

/// What connecting by OAuth needs beyond the connection itself.
pub(super) fn oauth_is_possible(slot: &Slot<'_>, config: &Config) {
    let ghl = &config.providers.ghl;
    let missing: Vec<&str> = [
        ("providers.ghl.client_id", ghl.client_id.is_none()),
        ("providers.ghl.client_secret", ghl.client_secret.is_none()),
        ("http.public_url", config.http.public_url.is_none()),
        ("encryption_key", config.encryption_keys.is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, is_missing)| is_missing.then_some(key))
    .collect();
    if missing.is_empty() {
        return;
    }
    for connection in slot.items() {
        let token = connection
            .section()
            .and_then(|mut keys| keys.slot("ghl").section().map(|mut ghl| ghl.slot("private_token")));
        if let Some(token) = token.filter(Slot::is_empty) {
            token.problem(format!(
                "is missing, and connecting by OAuth needs {} as well: give a private integration token of the location as \
                 ${{NAME}} or file:/path, or set up the marketplace app",
                missing.join(", ")
            ));
        }
    }
}

fn openphone(slot: &Slot<'_>) -> Option<OpenPhoneConnection> {
    let mut keys = slot.section()?;
    let api_key = keys.slot("api_key").secret();
    let secrets = keys.slot("webhook_secrets").items();
    let webhook_secrets = secrets.iter().filter_map(Slot::secret).collect();
    let phone_number_id = keys.slot("phone_number_id").parse_if_any(check::provider_id);
    keys.finish();
    Some(OpenPhoneConnection { api_key: api_key?, webhook_secrets, phone_number_id })
}

/// Two entries with one id share routes and records; two with one location would both write to it.
fn refuse_repeated(slots: &[Slot<'_>]) {
    let mut seen: [BTreeMap<String, usize>; 2] = Default::default();
    for (position, connection) in slots.iter().enumerate() {
        let Some(mut keys) = connection.section() else { continue };
        let location = keys.slot("ghl").section().map(|mut ghl| ghl.slot("location_id"));
        for (slot, seen) in [Some(keys.slot("id")), location].into_iter().zip(&mut seen) {
            let Some(slot) = slot else { continue };
            let Some(text) = slot.text() else { continue };
            if let Some(first) = seen.get(&text) {
                slot.problem(format!("`{text}` is taken by connections[{first}]"));
            } else {
                seen.insert(text, position);
            }
        }
    }
}
