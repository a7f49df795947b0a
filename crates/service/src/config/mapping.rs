//! A connection's mapping: a YAML file of its own, or the built-in mapping.
//!
//! The file is read as the configuration is, and whatever is wrong with it joins the configuration's problems, under
//! the mapping file's name and lines.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use tandem_contact::{Field, PerSide, Side, phone};
use tandem_mapping::{Mapping, ruled, travels};
use tandem_reconcile::{ConflictPolicy, DeletePolicy, Direction, FieldRule};

use super::problem::{Origin, Problem};
use super::section::{Reader, Slot};
use super::{Environment, check, yaml};

/// A contact without any of these can't be told from another one.
const IDENTIFYING: [Field; 5] = [Field::FirstName, Field::LastName, Field::Company, Field::Phones, Field::Emails];

/// The mapping that a connection's slot names.
pub(super) fn mapping(slot: &Slot<'_>) -> Option<Mapping> {
    if slot.is_empty() {
        return Some(Mapping::default());
    }
    let path = slot.path()?;
    let text = std::fs::read_to_string(&path).map_err(|problem| slot.problem(unreadable(&path, &problem))).ok()?;
    let reader = slot.reader();
    let read = parse(&text, &path, reader.environment);
    read.map_err(|problems| reader.problems.borrow_mut().extend(problems)).ok()
}

fn unreadable(path: &Path, problem: &io::Error) -> String {
    let path = path.display();
    if problem.kind() == io::ErrorKind::NotFound {
        format!(
            "there is no file {path}: relative paths start in the configuration's folder; \
             leave the key out for the built-in mapping"
        )
    } else {
        format!("can't read the file {path}: {problem}")
    }
}

/// Reads a mapping's text; `path` is what its problems name.
fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Mapping, Vec<Problem>> {
    let parsed = yaml::parse(text, |line| Origin::File { line });
    let folder = path.parent().unwrap_or(Path::new(""));
    let reader = Reader { folder, environment, problems: RefCell::new(parsed.problems) };
    let mapping = parsed.tree.and_then(|tree| keys(&Slot::root(&reader, &tree)));
    match (mapping, reader.problems.into_inner()) {
        (Some(mapping), problems) if problems.is_empty() => Ok(mapping),
        (_, problems) => Err(problems.into_iter().map(|problem| located(problem, path.to_owned())).collect()),
    }
}

/// While one file is read its lines need no name; beside the configuration's they do.
fn located(problem: Problem, path: PathBuf) -> Problem {
    match problem.origin {
        Origin::File { line } => Problem { origin: Origin::Mapping { path, line }, ..problem },
        Origin::Variable { .. } | Origin::Mapping { .. } | Origin::Default { .. } => problem,
    }
}

fn keys(root: &Slot<'_>) -> Option<Mapping> {
    let default = Mapping::default();
    let mut keys = root.section()?;
    let country = or(&keys.slot("default_country"), default.default_country, country);
    let usual = FieldRule {
        direction: or(&keys.slot("direction"), Direction::Both, direction)?,
        conflict: or(&keys.slot("conflict"), ConflictPolicy::Newest, conflict)?,
    };
    let listed = keys.slot("fields");
    let role = role(&keys.slot("role"));
    let tags_field = tags_field(&keys.slot("tags"), default.tags_field);
    let creates = per_side(&keys.slot("creates"), default.creates, yes_or_no);
    let deletes = per_side(&keys.slot("deletes"), default.deletes, deletes);
    let tasks = tasks(&keys.slot("tasks"));
    let notes = notes(&keys.slot("notes"));
    let has_role = !matches!(role, Some(None));
    let fields = if listed.is_empty() { Some(all(usual)) } else { fields(&listed, usual, has_role) };
    keys.finish();
    Some(Mapping {
        fields: fields?,
        creates: creates?,
        default_country: country?,
        role_custom_field: role?,
        tags_field: tags_field?,
        deletes: deletes?,
        tasks: tasks.as_ref()?.0,
        task_number: tasks?.1,
        notes: notes?,
    })
}

fn all(usual: FieldRule) -> BTreeMap<Field, FieldRule> {
    Field::ALL.into_iter().map(|field| (field, ruled(field, usual))).collect()
}

/// The value that stands here, or the built-in one where nothing stands.
fn or<T>(slot: &Slot<'_>, default: T, check: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
    if slot.is_empty() { Some(default) } else { slot.parse(check) }
}

fn country(code: &str) -> Result<String, String> {
    if !phone::is_country(code) {
        return Err(format!("`{code}` is not a country: expected two capital letters of ISO 3166-1, such as US or GB"));
    }
    Ok(code.to_owned())
}

/// The listed fields; `has_role` says whether GHL has a place for the role.
fn fields(slot: &Slot<'_>, usual: FieldRule, has_role: bool) -> Option<BTreeMap<Field, FieldRule>> {
    let mut fields = BTreeMap::new();
    let mut all_known = true;
    for slot in slot.list()? {
        let Some((field, rule)) = entry(&slot, usual) else {
            all_known = false;
            continue;
        };
        if fields.insert(field, rule).is_some() {
            slot.problem(format!("`{}` stands here a second time: remove one of the two", field.name()));
        } else if field == Field::Role && !has_role {
            slot.problem(
                "GoHighLevel has no field of its own for `role`: give the id of a custom field \
                 as role.ghl_custom_field, or remove `role` here",
            );
        }
    }
    // A misspelt name may well be the one that would identify.
    if all_known && !IDENTIFYING.iter().any(|field| fields.contains_key(field)) {
        slot.problem(format!("nothing here says whose contact it is: add at least one of {}", names(&IDENTIFYING)));
    }
    Some(fields)
}

/// A field's name, or a group of its name and what is different about it.
fn entry(slot: &Slot<'_>, usual: FieldRule) -> Option<(Field, FieldRule)> {
    if !slot.is_group() {
        let field = slot.parse(field)?;
        return Some((field, ruled(field, usual)));
    }
    let mut keys = slot.section()?;
    let field = keys.slot("field").parse(field);
    let way = keys.slot("direction");
    let direction = or(&way, usual.direction, direction);
    let conflict = or(&keys.slot("conflict"), usual.conflict, conflict);
    keys.finish();
    let (field, direction) = (field?, direction?);
    if !way.is_empty() && travels(field, direction) != direction {
        way.problem(
            "`source_link` is the contact's address in GoHighLevel and goes to OpenPhone only: write `to_openphone`",
        );
    }
    Some((field, ruled(field, FieldRule { direction, conflict: conflict? })))
}

fn direction(name: &str) -> Result<Direction, String> {
    match name {
        "both" => Ok(Direction::Both),
        "to_openphone" => Ok(Direction::ToOpenPhone),
        "to_ghl" => Ok(Direction::ToGhl),
        _ => Err(format!("expected `both`, `to_openphone` or `to_ghl`, found `{name}`")),
    }
}

fn conflict(name: &str) -> Result<ConflictPolicy, String> {
    match name {
        "newest" => Ok(ConflictPolicy::Newest),
        "ghl" => Ok(ConflictPolicy::Side(Side::Ghl)),
        "openphone" => Ok(ConflictPolicy::Side(Side::OpenPhone)),
        "manual" => Ok(ConflictPolicy::Manual),
        _ => Err(format!("expected `newest`, `ghl`, `openphone` or `manual`, found `{name}`")),
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| format!("expected `true` or `false`, found `{text}`"))
}

fn field(name: &str) -> Result<Field, String> {
    Field::from_name(name).ok_or_else(|| format!("unknown field `{name}` (known: {})", names(&Field::ALL)))
}

fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    names.join(", ")
}

/// The outer `None` after a problem, the inner where nothing stands.
#[expect(clippy::option_option, reason = "a reader's `None` means a noted problem; having no such field is a value")]
fn role(slot: &Slot<'_>) -> Option<Option<String>> {
    let mut keys = slot.section()?;
    let custom_field = or(&keys.slot("ghl_custom_field"), None, |id| check::provider_id(id).map(Some));
    keys.finish();
    custom_field
}

/// Which way tasks travel, and the number for those of people without a conversation.
fn tasks(slot: &Slot<'_>) -> Option<(Option<Direction>, Option<String>)> {
    let mut keys = slot.section()?;
    let way = way(&keys.slot("direction"));
    let number = or(&keys.slot("openphone_number"), None, |number| own_number(number).map(Some));
    keys.finish();
    Some((way?, number?))
}

/// Which way notes travel.
#[expect(clippy::option_option, reason = "a reader's `None` means a noted problem; not travelling is a value")]
fn notes(slot: &Slot<'_>) -> Option<Option<Direction>> {
    let mut keys = slot.section()?;
    let way = way(&keys.slot("direction"));
    keys.finish();
    way
}

/// A direction, or none at all.
#[expect(clippy::option_option, reason = "a reader's `None` means a noted problem; not travelling is a value")]
fn way(slot: &Slot<'_>) -> Option<Option<Direction>> {
    or(slot, None, |name| match name {
        "off" => Ok(None),
        _ => direction(name).map(Some).map_err(|problem| problem.replace("expected ", "expected `off`, ")),
    })
}

fn own_number(number: &str) -> Result<String, String> {
    let is_e164 = number
        .strip_prefix('+')
        .is_some_and(|rest| (8..=15).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if is_e164 {
        return Ok(number.to_owned());
    }
    Err(format!("`{number}` is not a phone number in full: expected one of the workspace's, such as +14155550100"))
}

fn tags_field(slot: &Slot<'_>, default: String) -> Option<String> {
    let mut keys = slot.section()?;
    let name = or(&keys.slot("openphone_field"), default, |name| Ok(name.to_owned()));
    keys.finish();
    name
}

fn per_side<T: Copy>(slot: &Slot<'_>, default: PerSide<T>, check: fn(&str) -> Result<T, String>) -> Option<PerSide<T>> {
    let mut keys = slot.section()?;
    let ghl = or(&keys.slot("ghl"), default.ghl, check);
    let openphone = or(&keys.slot("openphone"), default.openphone, check);
    keys.finish();
    Some(PerSide { ghl: ghl?, openphone: openphone? })
}

fn deletes(name: &str) -> Result<DeletePolicy, String> {
    match name {
        "ignore" => Ok(DeletePolicy::Ignore),
        "archive" => Ok(DeletePolicy::Archive),
        "propagate" => Ok(DeletePolicy::Propagate),
        _ => Err(format!("expected `ignore`, `archive` or `propagate`, found `{name}`")),
    }
}

#[cfg(test)]
mod tests;
