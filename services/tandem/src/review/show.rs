//! Lists and results as people read them.

use tandem_contact::{PerSide, Side, Value};
use tandem_proto::ConnectionId;
use tandem_records::{MappingHistory, MappingVersion};

use super::conflicts::{ConflictItem, Settled};
use super::duplicates::{Apart, DuplicateItem, Duplicates, Merged, MergedItem, Unmerged};
use super::{
    MappingReply, Member, Members, Previewed, Reply, RulePreviewed, SegmentItem, Segments, WrittenField, records,
};

pub(super) fn text(connection: &ConnectionId, reply: &Reply) -> String {
    match reply {
        Reply::Record(shown) => records::text(connection, shown),
        Reply::Previewed(previewed) => preview(connection, previewed),
        Reply::Mapping(reply) => mapping(connection, reply),
        Reply::Segments(found) => segments(connection, found),
        Reply::Members(found) => members(found),
        Reply::Duplicates(found) => duplicates(connection, found),
        Reply::Merged(merged) => merge(connection, merged),
        Reply::Apart(Apart { record, from }) => {
            format!("Record {record} and record {from} are two people from now on.")
        }
        Reply::Unmerged(unmerged) => unmerge(unmerged),
        Reply::Conflicts(items) => conflicts(connection, items),
        Reply::Settled(Settled { record, field, value }) => {
            let (field, value) = (field.name(), shown(value.as_ref()));
            format!("{field} of record {record} is {value} on both sides in a moment.")
        }
    }
}

fn preview(connection: &ConnectionId, Previewed { written, record, rules }: &Previewed) -> String {
    let head = match written.len() {
        0 => "Nothing would be written.".to_owned(),
        count => format!("What would be written (nothing was): {count} fields"),
    };
    let line = |field: &WrittenField| {
        let (before, after) = (shown(field.before.as_ref()), shown(field.after.as_ref()));
        format!("  {} {}: {before} -> {after}", field.side.name(), field.field.name())
    };
    let written = [head].into_iter().chain(written.iter().map(line)).collect::<Vec<_>>().join("\n");
    let rules = if rules.is_empty() {
        String::new()
    } else {
        let each = rules.iter().map(rule).collect::<Vec<_>>().join("\n");
        format!("\n\nRules, as they would be for this contact if they were started now (nothing was sent):\n{each}")
    };
    format!(
        "{written}{rules}\n\nHow that comes about, and how it would stand then:\n\n{}",
        records::text(connection, record)
    )
}

fn rule(RulePreviewed { rule, when, does, problem }: &RulePreviewed) -> String {
    let what = match (problem, does.as_slice()) {
        (Some(problem), _) => format!("can't be carried out: {problem}"),
        (None, []) => "nothing, for its condition doesn't hold".to_owned(),
        (None, does) => does.join("; then "),
    };
    format!("  {rule} ({when}): {what}")
}

fn mapping(connection: &ConnectionId, reply: &MappingReply) -> String {
    match reply {
        MappingReply::History(MappingHistory { holds: None, .. }) => {
            format!("Nobody has made a version of the mapping of {connection}: the built-in mapping holds.")
        }
        MappingReply::History(MappingHistory { holds, versions, .. }) => {
            let line = |version: &MappingVersion| {
                let mark = if Some(version.number) == *holds { "holds" } else { "     " };
                format!("  {mark}  {:>4}  {}  {}", version.number, day(version.at), version.origin)
            };
            let head = format!("Versions of the mapping of {connection}, the newest last:");
            [head].into_iter().chain(versions.iter().map(line)).collect::<Vec<_>>().join("\n")
        }
        MappingReply::Shown(shown) => shown.text.clone(),
        MappingReply::Holds(number) => format!(
            "Version {number} of the mapping of {connection} holds within five seconds. `tandem sweep {connection}` brings it to \
             everybody; until then, whoever is touched is decided by it."
        ),
    }
}

fn segments(connection: &ConnectionId, Segments { segments, undecided }: &Segments) -> String {
    let head = match segments.len() {
        0 => format!("The mapping of {connection} has no segments."),
        count => format!("Segments of {connection}: {count}"),
    };
    let line = |SegmentItem { name, when, members, unseen }: &SegmentItem| {
        let unseen = match unseen {
            0 => String::new(),
            count => format!(", of whom OpenPhone doesn't show it yet: {count}"),
        };
        format!("  {name}: {members}{unseen}\n    {when}")
    };
    let undecided = (*undecided > 0).then(|| {
        format!("Contacts that the mapping can't be applied to, so that they are in none: {undecided}. `tandem records show` says why.")
    });
    [head].into_iter().chain(segments.iter().map(line)).chain(undecided).collect::<Vec<_>>().join("\n")
}

fn members(Members { segment, members }: &Members) -> String {
    let line = |Member { person, is_seen }: &Member| {
        let unseen = if *is_seen { "" } else { " · OpenPhone doesn't show it yet" };
        format!("  {}{unseen}", person.line())
    };
    let head = format!("In {segment}: {}", members.len());
    [head].into_iter().chain(members.iter().map(line)).collect::<Vec<_>>().join("\n")
}

fn duplicates(connection: &ConnectionId, Duplicates { waiting, merged }: &Duplicates) -> String {
    let mut blocks = vec![match waiting.len() {
        0 => format!("No record of {connection} waits because it may be somebody's second one."),
        count => format!("Records of {connection} that wait because they may be somebody's second one: {count}"),
    }];
    blocks.extend(waiting.iter().map(|item| waits(connection, item)));
    if !merged.is_empty() {
        blocks.push(format!("Merges of {connection} that can be taken back: {}", merged.len()));
        blocks.extend(merged.iter().map(|item| was_merged(connection, item)));
    }
    blocks.join("\n\n")
}

fn waits(connection: &ConnectionId, DuplicateItem { person, reason, with, .. }: &DuplicateItem) -> String {
    let record = &person.record;
    let mut lines = vec![format!("  {}", person.line()), format!("    {reason}")];
    if let Some(with) = with {
        lines.push(format!("    the other: {}", with.line()));
        lines.push(format!("    one person?   tandem duplicates merge {connection} {record}"));
        lines.push(format!("    two people?   tandem duplicates apart {connection} {record}"));
    } else {
        lines.push(format!("    record {record}"));
    }
    lines.join("\n")
}

fn was_merged(connection: &ConnectionId, item: &MergedItem) -> String {
    let MergedItem { person, kept, at, undoable_until, left_alone } = item;
    let mut lines = vec![
        format!("  {}", person.line()),
        format!("    goes on as record {kept} since {}", day(*at)),
        format!("    until {}: tandem duplicates undo {connection} {}", day(*undoable_until), person.record),
    ];
    lines.extend(still_there(left_alone));
    lines.join("\n")
}

fn merge(connection: &ConnectionId, merged: &Merged) -> String {
    let Merged { is_dry, ended, kept, changes, left_alone } = merged;
    let mut lines = vec![format!("Ends:     {}", ended.line()), format!("Goes on:  {}", kept.line())];
    if changes.is_empty() {
        lines.push("No field changes.".to_owned());
    }
    for (field, change) in changes {
        let (before, after) = (shown(change.before.as_ref()), shown(change.after.as_ref()));
        lines.push(format!("  {}: {before} -> {after}", field.name()));
    }
    lines.extend(still_there(left_alone));
    let record = &ended.record;
    lines.push(if *is_dry {
        format!(
            "Nothing was changed. To do it: tandem duplicates merge {connection} {record} --into {} --yes",
            kept.record
        )
    } else {
        format!("Done. For 30 days it can be taken back: tandem duplicates undo {connection} {record}")
    });
    lines.join("\n")
}

fn still_there(left: &PerSide<Option<String>>) -> Option<String> {
    let name = |side: Side| match side {
        Side::Ghl => "GHL",
        Side::OpenPhone => "OpenPhone",
    };
    let ids = Side::BOTH.into_iter().filter_map(|side| left[side].as_ref().map(|id| format!("{} {id}", name(side))));
    let ids: Vec<String> = ids.collect();
    let list = ids.join(" and ");
    (!ids.is_empty()).then(|| {
        format!("    {list}: stays as it is and is kept in step no more; merge or delete it there by hand if it is not needed")
    })
}

fn unmerge(Unmerged { record, kept, stay }: &Unmerged) -> String {
    let mut lines = vec![format!("Record {record} and record {kept} are two again.")];
    if !stay.is_empty() {
        let fields: Vec<&str> = stay.iter().map(|field| field.name()).collect();
        lines.push(format!("Changed by people since, and left as they are: {}", fields.join(", ")));
    }
    lines.join("\n")
}

fn conflicts(connection: &ConnectionId, items: &[ConflictItem]) -> String {
    if items.is_empty() {
        return format!("No field of {connection} was changed on both sides.");
    }
    let head = format!("Fields of {connection} that both sides changed: {}", items.len());
    let blocks = items.iter().map(|item| conflict(connection, item));
    [head].into_iter().chain(blocks).collect::<Vec<_>>().join("\n\n")
}

fn conflict(connection: &ConnectionId, item: &ConflictItem) -> String {
    let ConflictItem { person, field, values, winner, reason, at } = item;
    let is_kept = |side: Side| if *winner == Some(side) { " (kept)" } else { "" };
    let value = |side: Side| format!("{}{}", shown(values[side].as_ref()), is_kept(side));
    let when = at.map(|at| format!(", {}", day(at))).unwrap_or_default();
    let state = if winner.is_some() { "decided" } else { "waits" };
    let (field, record) = (field.name(), &person.record);
    let take = winner.map_or("ghl|openphone", |winner| winner.other().name());
    [
        format!("  {}", person.line()),
        format!("    {field} {state}{when}: {reason}"),
        format!("    GHL: {}   OpenPhone: {}", value(Side::Ghl), value(Side::OpenPhone)),
        format!("    tandem conflicts decide {connection} {record} {field} {take}"),
    ]
    .join("\n")
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "(empty)".to_owned(),
        Some(Value::Text(text)) => format!("{text:?}"),
        Some(Value::List(items)) => items.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}

fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
