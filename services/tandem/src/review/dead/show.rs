//! Dead letters as people read them.

use super::{DeadItem, DeadReply, DeadShown, Disposed, Edited};

pub(in crate::review) fn text(reply: &DeadReply) -> String {
    match reply {
        DeadReply::List(items) if items.is_empty() => "Nothing was set aside.".to_owned(),
        DeadReply::List(items) => {
            let head = format!("Messages that were set aside: {}", items.len());
            let hint =
                "One whole: tandem dead show N. Send round again: tandem dead redrive N. Give up: tandem dead drop N.";
            [head, list(items), hint.to_owned()].join("\n\n")
        }
        DeadReply::Shown(shown) => whole(shown),
        DeadReply::Disposed(disposed) => disposal(disposed),
        DeadReply::Edited(Edited { before, now }) => {
            format!("Message {before} is message {now} now. Send it round again: tandem dead redrive {now} --yes")
        }
    }
}

fn list(items: &[DeadItem]) -> String {
    items.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(item: &DeadItem) -> String {
    let DeadItem { number, at, connection, stage, code, reason, what, subject, deliveries, .. } = item;
    let at = at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let subject = if subject.is_empty() { String::new() } else { format!(" {subject}") };
    format!("  {number}  {at}  {connection}  {what}{subject}\n      {stage}: {code} after {deliveries} tries: {reason}")
}

fn whole(shown: &DeadShown) -> String {
    let mut lines = vec![line(&shown.item)];
    if !shown.id.is_empty() {
        lines.push(format!("      message {} of {}", shown.id, shown.item.stream));
    }
    if !shown.traceparent.is_empty() {
        lines.push(format!("      traceparent {}", shown.traceparent));
    }
    if let Some(body) = &shown.body {
        lines.push(String::new());
        lines.push(format!("{body:#}"));
    } else if let Some(raw) = &shown.raw {
        lines.push(String::new());
        lines.push(raw.clone());
    }
    lines.join("\n")
}

fn disposal(Disposed { verb, is_dry, done, left }: &Disposed) -> String {
    let mut blocks = Vec::new();
    if done.is_empty() && left.is_empty() {
        return "Nothing was set aside that fits.".to_owned();
    }
    if !done.is_empty() {
        let what = match (verb.as_str(), is_dry) {
            ("drop", true) => "Would be given up for good",
            ("drop", false) => "Given up for good",
            (_, true) => "Would be sent round again",
            (_, false) => "Sent round again, behind everything live",
        };
        blocks.push(format!("{what}: {}\n{}", done.len(), list(done)));
    }
    if !left.is_empty() {
        let lines = left.iter().map(|(item, why)| format!("{}\n      {why}", line(item)));
        blocks.push(format!("Left as they are: {}\n{}", left.len(), lines.collect::<Vec<_>>().join("\n")));
    }
    if *is_dry {
        blocks.push("Nothing was changed. To do it: the same command with --yes".to_owned());
    }
    blocks.join("\n\n")
}
