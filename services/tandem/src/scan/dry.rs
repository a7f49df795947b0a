//! `--dry-run` as people and programs see it.

use std::io::{self, Write as _};

use anyhow::Context as _;
use serde_json::json;
use tandem_ingest::ScanKind;
use tandem_proto::ConnectionId;
use tokio::sync::mpsc;

use super::desk::Desk;
use crate::rehearsal::{Item, Line, Totals};
use crate::voice::{Progress, Voice};

/// Lines that wait to be shown.
const LINES_AHEAD: usize = 256;

/// Shows what the scan would do; true if it could be played to its end.
pub(super) async fn run(connection: &ConnectionId, desk: &Desk, kind: ScanKind, json: bool) -> anyhow::Result<bool> {
    let voice = Voice::new(json);
    let (lines, mut taken) = mpsc::channel(LINES_AHEAD);
    voice.say(&format!("What a {} of {connection} would do. Nothing is written.", kind.name()));
    let mut shown = Shown { voice, json, items: Vec::new(), progress: Some(voice.progress("contacts read", 0)) };
    let asking = desk.rehearse(kind, lines);
    let showing = async {
        let mut end = None;
        while let Some(line) = taken.recv().await {
            let line = serde_json::from_str(&line).context("reading the dry run's lines")?;
            end = shown.show(line).or(end);
        }
        anyhow::Ok(end)
    };
    let (asked, end) = tokio::join!(asking, showing);
    asked?;
    let end = end?.context("the dry run stopped before its end: is Tandem still running?")?;
    shown.conclude(connection, kind, &end)
}

/// How it ended.
enum End {
    Totals(Totals),
    Failed(String),
}

struct Shown {
    voice: Voice,
    json: bool,
    items: Vec<Item>,
    progress: Option<Progress>,
}

impl Shown {
    fn show(&mut self, line: Line) -> Option<End> {
        match line {
            Line::Progress { read, of, .. } => {
                if let Some(progress) = &mut self.progress {
                    progress.expect(usize::try_from(of).unwrap_or(usize::MAX));
                    progress.set(usize::try_from(read).unwrap_or(usize::MAX));
                }
                None
            }
            Line::Item(item) => {
                self.progress.take().into_iter().for_each(Progress::finish);
                if self.json {
                    self.items.push(item);
                } else {
                    self.voice.say(&sentence(&item));
                }
                None
            }
            Line::Totals(totals) => Some(End::Totals(totals)),
            Line::Failed(why) => Some(End::Failed(why)),
        }
    }

    fn conclude(mut self, connection: &ConnectionId, kind: ScanKind, end: &End) -> anyhow::Result<bool> {
        self.progress.take().into_iter().for_each(Progress::finish);
        let (totals, failure) = match end {
            End::Totals(totals) => (Some(totals), None),
            End::Failed(why) => (None, Some(why)),
        };
        if self.json {
            let result = json!({
                "connection": connection, "kind": kind.name(), "dry_run": true, "ok": failure.is_none(),
                "failure": failure, "totals": totals, "items": self.items,
            });
            writeln!(io::stdout(), "{result}")?;
        } else if let Some(totals) = totals {
            self.voice.say(&summary(totals));
        }
        if let Some(why) = failure {
            self.voice.say(&format!("The dry run could not be finished: {why}"));
        }
        Ok(failure.is_none())
    }
}

/// `would be created in openphone: Ana Example (ghl c1): first_name, phones`
fn sentence(item: &Item) -> String {
    let ids = [("ghl", &item.ghl), ("openphone", &item.openphone)];
    let ids: Vec<String> = ids.iter().filter_map(|(side, id)| Some(format!("{side} {}", id.as_ref()?))).collect();
    let place = if item.side.is_empty() { String::new() } else { format!(" in {}", item.side) };
    let who = [item.name.as_str(), &format!("({})", ids.join(", "))].join(" ");
    let fields = if item.fields.is_empty() { String::new() } else { format!(": {}", item.fields.join(", ")) };
    let reason = if item.reason.is_empty() { String::new() } else { format!(" [{}]", item.reason) };
    format!("  would be {}{place}: {}{fields}{reason}", item.outcome.replace('_', " "), who.trim())
}

fn summary(totals: &Totals) -> String {
    let mut lines =
        vec![format!("{} contacts in GHL and {} in OpenPhone were compared.", totals.ghl, totals.openphone)];
    lines.extend(totals.outcomes.iter().map(|(what, count)| format!("  {what}: {count}")));
    lines.extend(totals.skipped.iter().map(|(why, count)| format!("  left alone, {why}: {count}")));
    let more = [("set aside", totals.dead), ("put off until a provider answers", totals.put_off)];
    lines.extend(more.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("  {what}: {count}")));
    lines.push("Nothing was written.".to_owned());
    lines.join("\n")
}
