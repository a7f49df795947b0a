//! The section `providers`.

use super::check;
use super::section::Slot;
use super::{GhlProvider, OpenPhoneProvider, Providers, Rate, Timing};

pub(super) fn providers(slot: &Slot<'_>) -> Option<Providers> {
    let mut keys = slot.section()?;
    let ghl = ghl(&keys.slot("ghl"));
    let openphone = openphone(&keys.slot("openphone"));
    keys.finish();
    Some(Providers { ghl: ghl?, openphone: openphone? })
}

fn ghl(slot: &Slot<'_>) -> Option<GhlProvider> {
    let mut keys = slot.section()?;
    let may_be_http = keys.slot("allow_http").parse(check::yes_or_no)?;
    let url = |text: &str| check::provider_url(text, may_be_http);
    let base_url = keys.slot("base_url").parse(url);
    let app_url = keys.slot("app_url").parse(url);
    let authorize_url = keys.slot("authorize_url").parse(url);
    let api_version = keys.slot("api_version").parse(check::ghl_version);
    let client_id = keys.slot("client_id").parse_if_any(check::provider_id);
    let client_secret = keys.slot("client_secret");
    let client_secret = (!client_secret.is_empty()).then(|| client_secret.secret()).flatten();
    let keys_slots = keys.slot("webhook_public_keys").items();
    let webhook_public_keys = keys_slots.iter().filter_map(public_key).collect();
    let rate = rate(&keys.slot("rate"));
    let timing = timing(&keys.slot("timing"));
    keys.finish();
    Some(GhlProvider {
        base_url: base_url?,
        app_url: app_url?,
        authorize_url: authorize_url?,
        api_version: api_version?,
        client_id,
        client_secret,
        webhook_public_keys,
        rate: rate?,
        timing: timing?,
    })
}

fn openphone(slot: &Slot<'_>) -> Option<OpenPhoneProvider> {
    let mut keys = slot.section()?;
    let may_be_http = keys.slot("allow_http").parse(check::yes_or_no)?;
    let base_url = keys.slot("base_url").parse(|text| check::provider_url(text, may_be_http));
    let rate = rate(&keys.slot("rate"));
    let timing = timing(&keys.slot("timing"));
    keys.finish();
    Some(OpenPhoneProvider { base_url: base_url?, rate: rate?, timing: timing? })
}

/// A PEM text or the path of one.
fn public_key(slot: &Slot<'_>) -> Option<String> {
    const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
    let text = slot.required()?;
    if text.contains(BEGIN) {
        return Some(text);
    }
    if text.contains("-----BEGIN") {
        slot.problem(format!("expected a public key that begins with {BEGIN}"));
        return None;
    }
    let path = slot.path()?;
    match std::fs::read_to_string(&path) {
        Ok(pem) if pem.contains(BEGIN) => Some(pem),
        Ok(_) => {
            slot.problem(format!("the file {} holds no {BEGIN}", path.display()));
            None
        }
        Err(problem) => {
            slot.problem(format!("can't read the public key {}: {problem}", path.display()));
            None
        }
    }
}

fn rate(slot: &Slot<'_>) -> Option<Rate> {
    const MOST: u32 = 1_000_000;
    const MOST_PER_DAY: u32 = 100_000_000;
    let mut keys = slot.section()?;
    let requests = keys.slot("requests").parse(|text| check::count(text, MOST));
    let per = keys.slot("per_seconds").parse(check::some_seconds);
    let per_day = keys.slot("per_day").parse_if_any(|text| check::count(text, MOST_PER_DAY));
    keys.finish();
    Some(Rate { requests: requests?, per: per?, per_day })
}

fn timing(slot: &Slot<'_>) -> Option<Timing> {
    let mut keys = slot.section()?;
    let timeout = keys.slot("timeout_seconds").parse(check::some_seconds);
    let late_apply = keys.slot("late_apply_seconds").parse(check::seconds);
    let index_lag = keys.slot("index_lag_seconds").parse(check::seconds);
    let connect = keys.slot("connect_timeout_seconds");
    let connect_timeout = connect.parse(check::some_seconds);
    keys.finish();
    let mut timing =
        Timing { timeout: timeout?, late_apply: late_apply?, index_lag: index_lag?, connect_timeout: connect_timeout? };
    if timing.connect_timeout > timing.timeout && connect.is_default() {
        timing.connect_timeout = timing.timeout;
    } else if timing.connect_timeout > timing.timeout {
        connect.problem("must not be more than timeout_seconds, which includes connecting");
    }
    Some(timing)
}
