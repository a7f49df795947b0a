//! `${NAME}` inside a value, whole or embedded. `$${` stands for a literal `${`. What comes out of a variable is
//! taken as it is: references inside it are not followed.

use super::Environment;

/// A reference that can't be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Broken {
    /// The variable is not set.
    NotSet(String),
    /// The variable is set to nothing.
    Empty(String),
    /// `${` without `}`, or something between them that is not a name.
    Malformed,
}

enum Piece<'t> {
    Literal(&'t str),
    Variable(&'t str),
    Malformed,
}

/// The names that a text refers to.
pub(super) fn names(text: &str) -> Vec<String> {
    let variable = |piece| match piece {
        Piece::Variable(name) => Some(str::to_owned(name)),
        Piece::Literal(_) | Piece::Malformed => None,
    };
    pieces(text).into_iter().filter_map(variable).collect()
}

/// The text with every reference replaced.
pub(super) fn expand(text: &str, environment: &Environment) -> Result<String, Broken> {
    let mut expanded = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Literal(literal) => expanded.push_str(literal),
            Piece::Variable(name) => expanded.push_str(look_up(name, environment)?),
            Piece::Malformed => return Err(Broken::Malformed),
        }
    }
    Ok(expanded)
}

fn look_up<'e>(name: &str, environment: &'e Environment) -> Result<&'e str, Broken> {
    match environment.get(name) {
        None => Err(Broken::NotSet(name.to_owned())),
        Some(value) if value.trim().is_empty() => Err(Broken::Empty(name.to_owned())),
        Some(value) => Ok(value),
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            found.push(Piece::Literal(before));
            found.push(Piece::Literal("${"));
            rest = after;
            continue;
        }
        found.push(Piece::Literal(before));
        let Some((name, after)) = after.split_once('}') else {
            found.push(Piece::Malformed);
            return found;
        };
        found.push(if is_name(name) { Piece::Variable(name) } else { Piece::Malformed });
        rest = after;
    }
    found.push(Piece::Literal(rest));
    found
}

fn is_name(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment::from([("A".into(), "one".into()), ("B_2".into(), "${A}".into()), ("E".into(), " ".into())])
    }

    #[test]
    fn references_are_replaced_once() {
        for (text, expected) in [
            ("plain", "plain"),
            ("${A}", "one"),
            ("x${A}y${A}", "xoneyone"),
            ("${B_2}", "${A}"),
            ("$${A}", "${A}"),
            ("a $ b", "a $ b"),
        ] {
            assert_eq!(expand(text, &environment()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn broken_references_are_told_apart() {
        for (text, expected) in [
            ("${NOPE}", Broken::NotSet("NOPE".into())),
            ("${E}", Broken::Empty("E".into())),
            ("${A", Broken::Malformed),
            ("${}", Broken::Malformed),
            ("${A B}", Broken::Malformed),
        ] {
            assert_eq!(expand(text, &environment()), Err(expected), "{text}");
        }
    }
}
