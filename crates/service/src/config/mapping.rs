//! A connection's mapping: a YAML file of its own, or the built-in mapping.
//!
//! The file is read as the configuration is, and whatever is wrong with it joins the configuration's problems, under
//! the mapping file's name and lines.

mod activity;
mod codec;
mod custom;
mod examples;
mod fields;
mod rules;
mod schema;
mod texts;

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use tandem_contact::{Field, PerSide, Side, phone};
use tandem_mapping::Mapping;
use tandem_reconcile::{ConflictPolicy, DeletePolicy, Direction, FieldRule};

use super::problem::{ConfigError, Origin, Problem};
use super::section::{Reader, Slot};
use super::{Environment, MappingFile, yaml};

pub use schema::mapping_schema;

/// The largest mapping that is read.
const LARGEST: usize = 256 * 1024;

/// The mapping that a connection's slot names, and the file that it stands in.
pub(super) fn mapping(slot: &Slot<'_>) -> Option<(Mapping, Option<MappingFile>)> {
    if slot.is_empty() {
        return Some((Mapping::default(), None));
    }
    let path = slot.path()?;
    let text = std::fs::read_to_string(&path).map_err(|problem| slot.problem(unreadable(&path, &problem))).ok()?;
    let reader = slot.reader();
    let read = parse(&text, &path, reader.environment);
    let mapping = read.map_err(|problems| reader.problems.borrow_mut().extend(problems)).ok()?;
    Some((mapping, Some(MappingFile { path, text })))
}

/// Reads a mapping file alone.
///
/// # Errors
/// It can't be read, or says something that it may not.
pub fn load_mapping(path: &Path, environment: &Environment) -> Result<Mapping, ConfigError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    read_mapping(&text, path, environment)
}

/// Reads a mapping's text; `path` is what its problems name.
///
/// # Errors
/// It says something that it may not.
pub fn read_mapping(text: &str, path: &Path, environment: &Environment) -> Result<Mapping, ConfigError> {
    parse(text, path, environment).map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
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
    let nowhere = |place: yaml::Place| Origin::Mapping { path: PathBuf::new(), line: place.line, column: place.column };
    if text.len() > LARGEST {
        let message = format!("a mapping has at most {} KiB", LARGEST / 1024);
        let origin = Origin::Mapping { path: path.to_owned(), line: 1, column: 1 };
        return Err(vec![Problem { origin, key: String::new(), message }]);
    }
    let parsed = yaml::parse(text, nowhere);
    let folder = path.parent().unwrap_or(Path::new(""));
    let reader = Reader { folder, environment, problems: RefCell::new(parsed.problems) };
    let mapping = parsed.tree.and_then(|tree| keys(&Slot::root(&reader, &tree)));
    match (mapping, reader.problems.into_inner()) {
        (Some(mapping), problems) if problems.is_empty() => Ok(mapping),
        (_, problems) => Err(problems.into_iter().map(|problem| located(problem, path)).collect()),
    }
}

/// While one file is read its places need no name; beside the configuration's they do.
fn located(mut problem: Problem, file: &Path) -> Problem {
    if let Origin::Mapping { path, .. } = &mut problem.origin {
        file.clone_into(path);
    }
    problem
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
    let own = custom::custom_fields(&keys.slot("custom_fields"), usual);
    let segments = custom::segments(&keys.slot("segments"));
    let tags_field = tags_field(&keys.slot("tags"), default.tags_field);
    let creates = per_side(&keys.slot("creates"), default.creates, yes_or_no);
    let deletes = per_side(&keys.slot("deletes"), default.deletes, deletes);
    let tasks = tasks(&keys.slot("tasks"));
    let notes = notes(&keys.slot("notes"));
    let filter = keys.slot("filter");
    let examples = keys.slot("examples");
    let listed_rules = keys.slot("rules");
    let activity = activity::activity(&keys.slot("activity"));
    let texts = texts::texts(&keys.slot("texts"));
    let has_role = !matches!(role, Some(None));
    let own_named = fields::Usual { rule: usual, has_role };
    let known = if listed.is_empty() { Some(fields::all(usual)) } else { fields::fields(&listed, &own_named) };
    keys.finish();
    let mut mapping = Mapping {
        creates: creates?,
        default_country: country?,
        tags_field: tags_field?,
        deletes: deletes?,
        tasks: tasks.as_ref()?.0,
        task_number: tasks?.1,
        notes: notes?,
        fields: std::collections::BTreeMap::new(),
        ..default
    };
    mapping.places.ghl.extend(role?.map(|id| (Field::Role, id)));
    let own: Vec<custom::Read<'_>> = known?.into_iter().chain(own?).chain(segments?).collect();
    custom::put_together(&mut mapping, own, &filter)?;
    mapping.texts = texts?;
    let rules = rules::rules(&listed_rules, &mapping);
    mapping.examples = examples::examples(&examples, &mapping)?;
    mapping.rules = rules?;
    mapping.activity = activity?;
    mapping.rules.extend(mapping.activity.iter().flat_map(tandem_mapping::Activity::rules));
    Some(mapping)
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

/// The outer `None` after a problem, the inner where nothing stands.
#[expect(clippy::option_option, reason = "a reader's `None` means a noted problem; having no such field is a value")]
fn role(slot: &Slot<'_>) -> Option<Option<String>> {
    let mut keys = slot.section()?;
    let custom_field = or(&keys.slot("ghl_custom_field"), None, |name| Ok(Some(name.to_owned())));
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
