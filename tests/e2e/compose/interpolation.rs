//! `${NAME:-default}` in compose files.

use std::collections::BTreeSet;

use super::{assert_found, assert_none, stack, text};

/// The text as Compose reads it where no variable is set. A variable without a default would be empty.
pub(super) fn resolved(text: &str) -> String {
    let mut resolved = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Literal(literal) => resolved.push_str(literal),
            Piece::Variable { default, .. } => resolved.push_str(default.unwrap_or_default()),
        }
    }
    resolved
}

enum Piece<'t> {
    Literal(&'t str),
    Variable { name: &'t str, default: Option<&'t str> },
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        pieces.push(Piece::Literal(&rest[..start]));
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            pieces.push(Piece::Literal("$"));
            rest = after;
        } else if let Some((variable, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            let (name, default) = variable.split_once(":-").map_or((variable, None), |(name, d)| (name, Some(d)));
            pieces.push(Piece::Variable { name, default });
            rest = after;
        } else {
            pieces.push(Piece::Literal("$"));
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

/// Variables of Compose files against the list of them that people copy to `.env`.
fn problems(files: &[String], example: &str) -> Vec<String> {
    let pieces = files.iter().flat_map(|file| pieces(file));
    let variables: Vec<(&str, Option<&str>)> = pieces
        .filter_map(|piece| match piece {
            Piece::Variable { name, default } => Some((name, default)),
            Piece::Literal(_) => None,
        })
        .collect();
    let used: BTreeSet<&str> = variables.iter().map(|(name, _)| *name).collect();
    let named = example.lines().filter_map(|line| line.trim_start_matches('#').split_once('='));
    let named: BTreeSet<&str> = named.map(|(name, _)| name).filter(|name| is_name(name)).collect();
    let without = variables.iter().filter(|(_, default)| default.is_none_or(str::is_empty));
    let without = without.map(|(name, _)| format!("{name} has no default: `up` would need a .env"));
    let unnamed = used.difference(&named).map(|name| format!("{name} is not in .env.example"));
    let unused = named.difference(&used).map(|name| format!("{name} of .env.example is used nowhere"));
    without.chain(unnamed).chain(unused).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Comments may name a variable to explain the syntax.
fn without_comments(file: &str) -> String {
    file.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_variable_has_a_default_and_is_explained() {
    let files = stack::FILES.map(|file| without_comments(&text(file)));
    assert_none(&problems(&files, &text(".env.example")));
}

#[test]
fn variables_nobody_knows_of_are_found() {
    let files = ["image: a:${TAG}\nport: ${PORT:-1}".to_owned()];
    let found = problems(&files, "#PORT=1\n#OLD=2\n# a sentence = with a sign\n");
    assert_found(&found, "TAG has no default");
    assert_found(&found, "TAG is not in .env.example");
    assert_found(&found, "OLD of .env.example is used nowhere");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn defaults_stand_in_and_dollars_are_kept() {
    assert_eq!(resolved("${A:-./x}/y:${B}z $$(find)"), "./x/y:z $(find)");
    assert_eq!(resolved("nats://u:${PW:-}@h $HOME"), "nats://u:@h $HOME");
}
