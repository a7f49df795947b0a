//! The accounts of many connections, at the twins and in the configuration.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use tandem_twins::{GhlLocation, Workspace};

use super::Variables;

/// The harness' own connection comes first.
pub(super) fn id(number: usize) -> String {
    if number == 0 { "acme".to_owned() } else { format!("c{number:04}") }
}

pub(super) fn location_id(number: usize) -> String {
    format!("SandboxLocation{:05}", number + 1)
}

pub(super) fn org(number: usize) -> String {
    format!("ORsandbox{number:05}")
}

fn token(number: usize) -> String {
    format!("pit-sandbox-{number}")
}

fn key(number: usize) -> String {
    format!("sandbox-key-{number}")
}

pub(super) fn location(number: usize) -> GhlLocation {
    GhlLocation::new(&location_id(number), &token(number))
}

/// Like the first one, under another key.
pub(super) fn workspace(number: usize, first: &Workspace) -> Workspace {
    Workspace { api_key: key(number), org_id: org(number), ..first.clone() }
}

/// Tokens and keys of all connections but the first.
pub(super) fn secrets(connections: usize) -> Variables {
    let both = |number| [(format!("GHL_TOKEN_{number}"), token(number)), (format!("QUO_KEY_{number}"), key(number))];
    (1..connections).flat_map(both).collect()
}

/// Adds all connections but the first to the harness' configuration, which ends with that one.
pub(super) fn write(path: &Path, connections: usize) -> anyhow::Result<()> {
    let mut text = std::fs::read_to_string(path).context("reading the configuration")?;
    for number in 1..connections {
        let (id, location) = (id(number), location_id(number));
        // Writing to a String can't fail.
        let _written = writeln!(
            text,
            "  - id: {id}\n    ghl: {{ location_id: {location}, private_token: \"${{GHL_TOKEN_{number}}}\" }}\n    \
             openphone: {{ api_key: \"${{QUO_KEY_{number}}}\", webhook_secrets: [\"${{QUO_SECRET}}\"] }}"
        );
    }
    std::fs::write(path, text).context("writing the configuration")
}
