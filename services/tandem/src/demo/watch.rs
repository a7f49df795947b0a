//! After the demo's own part: one line for every change that arrives in OpenPhone.

use std::collections::BTreeMap;

use serde_json::Value;
use tandem_service::supervise::Stop;
use tandem_twins::{Actor, OpenPhoneTwin};
use tokio::sync::mpsc;

use super::stage::{LOOK_PAUSE, Stage};
use crate::voice::Voice;

/// Last changes by OpenPhone id.
type Seen = BTreeMap<String, String>;

/// Tells what arrives until somebody asks to stop.
pub(crate) async fn watch(stage: &Stage, voice: Voice, stops: &mut mpsc::Receiver<Stop>) -> anyhow::Result<()> {
    let mut writes = written(&stage.openphone);
    let mut seen = snapshot(&stage.openphone.contacts());
    loop {
        tokio::select! {
            _ = stops.recv() => return Ok(()),
            () = tokio::time::sleep(LOOK_PAUSE) => {}
        }
        anyhow::ensure!(!stage.is_over(), "the pipeline stopped by itself");
        let now = written(&stage.openphone);
        if now == writes {
            continue;
        }
        writes = now;
        let contacts = stage.openphone.contacts();
        contacts.iter().filter_map(|contact| news(&stage.openphone, &seen, contact)).for_each(|line| voice.say(&line));
        seen = snapshot(&contacts);
    }
}

fn written(openphone: &OpenPhoneTwin) -> u64 {
    let writes = openphone.report().writes;
    writes.created_by_api + writes.updated_by_api
}

fn snapshot(contacts: &[Value]) -> Seen {
    contacts.iter().map(|contact| (text(&contact["id"]).to_owned(), text(&contact["updatedAt"]).to_owned())).collect()
}

/// What arrived at this contact since the last look.
fn news(openphone: &OpenPhoneTwin, seen: &Seen, contact: &Value) -> Option<String> {
    let id = text(&contact["id"]);
    let fields = &contact["defaultFields"];
    let name = format!("{} {}", text(&fields["firstName"]), text(&fields["lastName"])).trim().to_owned();
    let name = if name.is_empty() { "(no name)".to_owned() } else { name };
    let Some(before) = seen.get(id) else {
        return Some(format!("  arrived in OpenPhone: {name}, new contact {id}"));
    };
    let touches = openphone.history(id).unwrap_or_default();
    let arrived = touches.iter().filter(|touch| touch.by == Actor::Api && touch.at > *before);
    let changed: Vec<&str> = arrived.flat_map(|touch| touch.fields.iter().map(String::as_str)).collect();
    (!changed.is_empty()).then(|| format!("  arrived in OpenPhone: {name}, contact {id}: {}", changed.join(", ")))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
