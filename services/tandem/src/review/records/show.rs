//! A record as people read it.

use tandem_contact::Side;
use tandem_proto::ConnectionId;

use super::explain::{moment, name, value};
use super::{FieldShown, Heard, Moment, RecordShown};

pub(in crate::review) fn text(connection: &ConnectionId, shown: &RecordShown) -> String {
    let mut blocks = vec![head(connection, shown), stands(shown)];
    if !shown.fields.is_empty() {
        blocks.push(table(&shown.fields));
    }
    blocks.push(history(shown));
    blocks.join("\n\n")
}

fn head(connection: &ConnectionId, shown: &RecordShown) -> String {
    let (record, born) = (&shown.person.record, moment(shown.born));
    let kind = shown.kind.name();
    let mut lines = vec![shown.person.line(), format!("{kind} record {record} of {connection}, first heard of {born}")];
    lines.extend(shown.parent.as_ref().map(|parent| format!("about record {parent}")));
    lines.join("\n")
}

fn stands(shown: &RecordShown) -> String {
    if shown.is_in_step {
        return "It is in step.".to_owned();
    }
    let lines = shown.stands.iter().map(|line| format!("  - {line}"));
    ["It is not in step, or not all of it:".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

/// Columns are as wide as what is in them.
fn table(fields: &[FieldShown]) -> String {
    let head = ["field", name(Side::Ghl), name(Side::OpenPhone), "changed last in", "state"].map(str::to_owned);
    let rows: Vec<[String; 5]> = [head].into_iter().chain(fields.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..5).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(field: &FieldShown) -> [String; 5] {
    let held = |side: Side| {
        if field.is_known[side] { value(field.values[side].as_ref()) } else { "(not known)".to_owned() }
    };
    let from = field.from.map(|side| match field.at {
        Some(at) => format!("{} {}", name(side), moment(at)),
        None => name(side).to_owned(),
    });
    [
        field.field.name().to_owned(),
        held(Side::Ghl),
        held(Side::OpenPhone),
        from.unwrap_or_default(),
        field.state.clone(),
    ]
}

fn history(shown: &RecordShown) -> String {
    if shown.timeline.is_empty() {
        return "Nothing was noted about it in the last 30 days.".to_owned();
    }
    let mut lines = vec!["What happened:".to_owned()];
    let mut told: Vec<&Heard> = Vec::new();
    for moment in &shown.timeline {
        let news = moment.heard.iter().filter(|heard| !told.contains(heard)).collect::<Vec<_>>();
        lines.extend(news.iter().map(|heard| heard_line(heard)));
        told.extend(news);
        lines.push(moment_line(moment));
    }
    let waiting = shown.heard.iter().filter(|heard| !told.contains(heard));
    lines.extend(waiting.map(heard_line));
    lines.join("\n")
}

fn heard_line(heard: &Heard) -> String {
    format!("  {}  heard {}{}", moment(heard.at), heard.event, trace(&heard.trace_id))
}

/// `created OpenPhone: first_name, phones [POST /v1/contacts 201] why`
fn moment_line(line: &Moment) -> String {
    let side = line.side.map(|side| format!(" {}", name(side))).unwrap_or_default();
    let fields = if line.fields.is_empty() { String::new() } else { format!(": {}", line.fields.join(", ")) };
    let status = if line.status == 0 { String::new() } else { format!(" {}", line.status) };
    let request = match (line.request.as_str(), status.as_str()) {
        ("", "") => String::new(),
        ("", status) => format!(" [{}]", status.trim()),
        (request, status) => format!(" [{request}{status}]"),
    };
    let provider =
        if line.provider_trace.is_empty() { String::new() } else { format!(" request id {}", line.provider_trace) };
    let reason = if line.reason.is_empty() { String::new() } else { format!(" - {}", line.reason) };
    format!("  {}  {}{side}{fields}{request}{reason}{provider}{}", moment(line.at), line.outcome, trace(&line.trace_id))
}

fn trace(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!(" (trace {id})") }
}
