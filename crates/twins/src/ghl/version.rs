//! The `Version` header and the names that v3 changed.

use serde_json::{Map, Value, json};

use crate::call::Call;

/// The two families of behaviour behind the `Version` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Dated,
    V3,
}

/// The two families of operations: they are dated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Crm,
    Conversations,
}

impl Version {
    /// The version of a call; none when it is missing or not one of the family's.
    pub(super) fn of(call: &Call, family: Family) -> Option<Self> {
        match (call.header("version")?, family) {
            ("v3", _) => Some(Self::V3),
            ("2021-07-28", Family::Crm) | ("2021-04-15", Family::Conversations) | ("2023-02-21", _) => {
                Some(Self::Dated)
            }
            _ => None,
        }
    }

    /// The version of a call that need not name one.
    pub(super) fn meant(call: &Call) -> Self {
        if call.header("version") == Some("v3") { Self::V3 } else { Self::Dated }
    }

    /// The success flag: misspelled in the dated versions.
    pub(super) fn succeeded(self) -> &'static str {
        match self {
            Self::Dated => "succeded",
            Self::V3 => "succeeded",
        }
    }

    /// The answer of deletions and bulk operations: v3 repeats the misspelled flag beside the right one.
    pub(super) fn done(self) -> Map<String, Value> {
        let mut body = Map::from_iter([("succeded".to_owned(), json!(true))]);
        if self == Self::V3 {
            body.insert("succeeded".to_owned(), json!(true));
        }
        body
    }

    /// A name as this version spells it: `snake_case` dated, `camelCase` in v3. Only token fields differ so.
    pub(super) fn token_field(self, dated: &str) -> String {
        let mut parts = dated.split('_');
        let first = parts.next().unwrap_or_default().to_owned();
        match self {
            Self::Dated => dated.to_owned(),
            Self::V3 => parts.fold(first, |name, part| name + &capital(part)),
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn token_fields_are_camel_case_in_v3() {
        assert_eq!(Version::V3.token_field("refresh_token"), "refreshToken");
        assert_eq!(Version::V3.token_field("code"), "code");
        assert_eq!(Version::Dated.token_field("refresh_token"), "refresh_token");
    }
}
