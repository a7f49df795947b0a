//! What the sandbox says about itself.

use std::io::{self, Write as _};

use tandem_service::Config;
use tandem_twins::{GhlLocation, GhlTwin, OpenPhoneTwin, Workspace};

/// The connection's name where no configuration gives one.
pub(super) const CONNECTION: &str = "sandbox";

/// A reader that went away is no reason to stop.
pub(super) fn say(text: &str) {
    let mut out = io::stdout();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

pub(super) fn introduction(
    ghl: &GhlTwin,
    openphone: &OpenPhoneTwin,
    config: Option<&Config>,
    webhooks: Option<&str>,
) -> String {
    let pem = ghl.public_key_pem();
    let to = webhooks.map_or_else(
        || "nowhere yet: start with --webhook-url http://127.0.0.1:8080/webhooks".to_owned(),
        |base| format!("{base}/ghl and {base}/openphone/CONNECTION"),
    );
    let (ghl, openphone) = (ghl.base_url(), openphone.base_url());
    let location = config.and_then(|config| config.connections.first());
    let location = location.map_or_else(|| GhlLocation::default().id, |connection| connection.ghl.location_id.clone());
    let credentials = credentials(config);
    let token = if config.is_some() { "$GHL_TOKEN".to_owned() } else { GhlLocation::default().token };
    let key = if config.is_some() { "$QUO_KEY".to_owned() } else { Workspace::default().api_key };
    let pem = pem.trim_end();
    format!(
        r#"Tandem sandbox: stand-ins ("twins") for both providers, on this machine only, nothing is kept.

  GHL twin        {ghl}
  OpenPhone twin  {openphone}
  webhooks go to  {to}
{credentials}
GHL webhooks are signed; this key verifies them (providers.ghl.webhook_public_keys). It stays the same:

{pem}

As a person in the app:

  curl -X POST {ghl}/_twin/people/contacts -H 'content-type: application/json' -d '{{"firstName":"Ana","phone":"(415) 555-0100","tags":["VIP"]}}'
  curl {ghl}/_twin/contacts
  curl {openphone}/_twin/contacts

As a program with a key:

  curl '{ghl}/contacts/?locationId={location}' -H 'Authorization: Bearer {token}' -H 'Version: 2021-07-28'
  curl '{openphone}/v1/contacts?maxResults=10' -H 'Authorization: {key}'

What the twins saw:  curl {openphone}/_twin/report
Ctrl-C ends it.
"#
    )
}

/// Tokens of a configuration are its owner's secrets: only the sandbox's own are shown.
fn credentials(config: Option<&Config>) -> String {
    if let Some(config) = config {
        let known = config.connections.iter().map(|connection| {
            format!(
                "  connection      {}: location {}, its tokens as configured\n",
                connection.id, connection.ghl.location_id
            )
        });
        return known.collect();
    }
    let (location, workspace) = (GhlLocation::default(), Workspace::default());
    let secrets = workspace.webhook_secrets.join(" ");
    format!(
        "  GHL             location {}, token {}
  OpenPhone       key {}, webhook secret {secrets}
  connection      {CONNECTION}\n",
        location.id, location.token, workspace.api_key
    )
}
