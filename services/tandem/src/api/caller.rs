//! Who asks.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, header};
use tandem_service::config::{ApiToken, Role};

/// Whoever showed a token of the configuration.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// What the configuration calls them.
    pub(super) name: String,
    /// What they may do.
    pub(super) role: Role,
}

impl From<&ApiToken> for Caller {
    fn from(token: &ApiToken) -> Self {
        Self { name: token.name.clone(), role: token.role }
    }
}

/// The word that a request shows.
pub(super) fn shown(headers: &HeaderMap) -> Option<&str> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, word) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(word.trim())
}

/// Takes as long for a wrong word as for one that is nearly right, and tells nothing of its length.
pub(super) fn is_same(word: &str, token: &str) -> bool {
    let hash = |text: &str| digest(&SHA256, text.as_bytes());
    verify_slices_are_equal(hash(word).as_ref(), hash(token).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_stands_behind_bearer() {
        for (header, word) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("abc", None),
            ("Bearer", None),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, header.parse().unwrap())]);
            assert_eq!(shown(&headers), word, "{header}");
        }
        assert_eq!(shown(&HeaderMap::new()), None);
    }

    #[test]
    fn only_the_token_itself_is_the_same() {
        assert!(is_same("abc", "abc"));
        for other in ["", "ab", "abcd", "abC"] {
            assert!(!is_same(other, "abc"), "{other}");
        }
    }
}
