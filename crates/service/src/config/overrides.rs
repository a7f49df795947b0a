//! `TANDEM_QUEUE__BACKEND=embedded`: environment variables laid over the file, before anything is checked.
//!
//! A double underscore steps into a group; a number steps into a list (`TANDEM_CONNECTIONS__0__ID`). A variable
//! that names no key is found by the check for unknown keys, like any other.

use std::collections::BTreeSet;

use super::Environment;
use super::problem::{Origin, Problem};
use super::reference;
use super::tree::{Entry, Kind, Node};

const PREFIX: &str = "TANDEM_";

/// Variables with the prefix that are no overrides.
const NOT_OVERRIDES: [&str; 5] =
    ["TANDEM_CONFIG", "TANDEM_API_URL", "TANDEM_API_TOKEN", "TANDEM_VENDOR_DIR", "TANDEM_SERVERS_DIR"];

/// Lays the environment's overrides over the tree. Variables that the tree refers to as `${NAME}` are values, not overrides.
pub(super) fn apply(tree: &mut Node, environment: &Environment) -> Vec<Problem> {
    let texts = tree.texts();
    let referenced: BTreeSet<String> = texts.into_iter().flat_map(reference::names).collect();
    let mut problems = Vec::new();
    for (name, value) in environment {
        let Some(path) = override_path(name) else { continue };
        if NOT_OVERRIDES.contains(&name.as_str()) || referenced.contains(name) {
            continue;
        }
        let origin = Origin::Variable { name: name.clone() };
        if let Err(message) = set(tree, &path, value, &origin) {
            let key = path.join(".");
            problems.push(Problem { origin, key, message });
        }
    }
    problems
}

fn override_path(name: &str) -> Option<Vec<String>> {
    let upper = name.to_ascii_uppercase();
    let rest = upper.strip_prefix(PREFIX)?;
    Some(rest.split("__").map(str::to_ascii_lowercase).collect())
}

fn set(tree: &mut Node, path: &[String], value: &str, origin: &Origin) -> Result<(), String> {
    let mut node = tree;
    for step in path {
        if step.is_empty() {
            return Err(
                "a step of the name is empty: join steps with two underscores, as in TANDEM_HTTP__LISTEN".into()
            );
        }
        node = descend(node, step, origin)?;
    }
    node.origin = origin.clone();
    node.kind = Kind::Text(value.to_owned());
    Ok(())
}

fn descend<'n>(node: &'n mut Node, step: &str, origin: &Origin) -> Result<&'n mut Node, String> {
    if matches!(node.kind, Kind::Null | Kind::Text(_)) {
        let is_position = step.bytes().all(|b| b.is_ascii_digit());
        node.kind = if is_position { Kind::List(Vec::new()) } else { Kind::Map(Vec::new()) };
        node.origin = origin.clone();
    }
    match &mut node.kind {
        Kind::List(items) => list_item(items, step, origin),
        Kind::Map(entries) => Ok(map_value(entries, step, origin)),
        Kind::Null | Kind::Text(_) => Err(format!("`{step}` leads nowhere")),
    }
}

fn list_item<'n>(items: &'n mut Vec<Node>, step: &str, origin: &Origin) -> Result<&'n mut Node, String> {
    let count = items.len();
    let position: usize =
        step.parse().map_err(|_| format!("`{step}` stands where a position in a list is due: 0 to {count}"))?;
    if position == count {
        items.push(Node::null(origin.clone()));
    }
    items
        .get_mut(position)
        .ok_or_else(|| format!("the list has {count} entries: the next position is {count}, not {position}"))
}

fn map_value<'n>(entries: &'n mut Vec<Entry>, key: &str, origin: &Origin) -> &'n mut Node {
    let position = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
        entries.push(Entry { key: key.to_owned(), origin: origin.clone(), value: Node::null(origin.clone()) });
        entries.len() - 1
    });
    &mut entries[position].value
}
