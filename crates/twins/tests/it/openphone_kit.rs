//! What the OpenPhone tests share: seeded talks, webhooks, signatures.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tandem_twins::{OpenPhoneConfig, OpenPhoneTwin, PhoneNumber, User, Workspace};

use crate::kit::{Arrived, Caller, roomy};

pub(crate) const ANA: &str = "+14155550100";
pub(crate) const BEN: &str = "+14155550101";
pub(crate) const NUMBER: &str = "PNsandbox";
pub(crate) const SECOND: &str = "PNsecond";

/// Two numbers and two users.
pub(crate) fn office() -> OpenPhoneConfig {
    let mut workspace = Workspace::default();
    workspace.phone_numbers.push(PhoneNumber::new(SECOND, "+14155550198", "Second"));
    workspace.users.push(User::member("USben", "ben@example.com"));
    OpenPhoneConfig { workspaces: vec![workspace], rate: roomy(), ..OpenPhoneConfig::default() }
}

pub(crate) fn talk(twin: &OpenPhoneTwin) -> String {
    twin.create_conversation(&json!({ "participants": [ANA] })).unwrap()
}

/// Makes a dated webhook and gives its id and key.
pub(crate) async fn hook(caller: &Caller, url: &str, events: &[&str]) -> (String, String) {
    let body = json!({ "url": url, "events": events, "resourceIds": ["*"] });
    let seen = caller.send("POST", "/webhooks", body).await;
    assert_eq!(seen.status, 201, "{}", seen.text);
    let text = |name: &str| seen.body["data"][name].as_str().unwrap().to_owned();
    (text("id"), text("key"))
}

fn signed(secret: &str, parts: &[&[u8]], signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret).unwrap());
    hmac::verify(&key, &parts.concat(), &STANDARD.decode(signature).unwrap()).is_ok()
}

/// Whether any entry of a Standard Webhooks signature is this key's.
pub(crate) fn verifies(arrived: &Arrived, key: &str) -> bool {
    let header = |name: &str| arrived.headers[name].to_str().unwrap();
    let head = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp"));
    let secret = key.strip_prefix("whsec_").unwrap();
    let mut entries = header("webhook-signature").split(' ').map(|entry| entry.strip_prefix("v1,").unwrap());
    entries.any(|entry| signed(secret, &[head.as_bytes(), &arrived.raw], entry))
}

/// Whether an `openphone-signature` is this secret's.
pub(crate) fn verifies_legacy(arrived: &Arrived, secret: &str) -> bool {
    let parts: Vec<&str> = arrived.headers["openphone-signature"].to_str().unwrap().split(';').collect();
    let head = format!("{}.", parts[2]);
    parts[..2] == ["hmac", "1"] && parts[2].len() == 13 && signed(secret, &[head.as_bytes(), &arrived.raw], parts[3])
}

/// The bodies of one type.
pub(crate) fn of_type(arrived: &[Arrived], kind: &str) -> Vec<Value> {
    arrived.iter().map(|one| one.body.clone()).filter(|body| body["type"] == kind).collect()
}
