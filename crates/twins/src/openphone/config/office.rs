//! Who and what belongs to a workspace, and what its key may do.

use std::time::Duration;

/// A telephone number of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    /// Its id, beginning with `PN`.
    pub id: String,
    /// In E.164.
    pub number: String,
    /// Its name.
    pub name: String,
}

impl PhoneNumber {
    /// A number with a name of its own.
    pub fn new(id: &str, number: &str, name: &str) -> Self {
        Self { id: id.to_owned(), number: number.to_owned(), name: name.to_owned() }
    }

    /// `(415) 555-0199`, for numbers of the United States.
    pub(crate) fn formatted(&self) -> String {
        let digits = self.number.strip_prefix("+1").filter(|digits| digits.len() == 10 && digits.is_ascii());
        digits.map_or_else(
            || self.number.clone(),
            |digits| format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..]),
        )
    }
}

/// Somebody who works in the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id, beginning with `US`.
    pub id: String,
    /// The address that people are recognised by.
    pub email: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// `owner`, `admin` or `member`.
    pub role: String,
}

impl User {
    /// A member without a name.
    pub fn member(id: &str, email: &str) -> Self {
        let (first_name, last_name) = (None, None);
        Self { id: id.to_owned(), email: email.to_owned(), first_name, last_name, role: "member".to_owned() }
    }

    pub(crate) fn owner(id: &str) -> Self {
        Self { role: "owner".to_owned(), ..Self::member(id, "owner@example.com") }
    }
}

/// A webhook that people made in the app: older bodies, `openphone-signature`, invisible to the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppWebhook {
    /// Where it goes.
    pub url: String,
    /// The bare base64 secret that the app shows.
    pub secret: String,
    /// Event types; none means all that this generation has.
    pub events: Vec<String>,
}

/// What a workspace's key may do. By default everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The key is no longer one: 401.
    pub revoked: bool,
    /// The key is too young.
    pub young: Option<Young>,
    /// The subscription has lapsed: 402, but for `GET /organization`, which says `expired`.
    pub lapsed: bool,
    /// Webhooks can't be made with this key: 403.
    pub no_webhooks: bool,
}

/// A key that is refused for a while after it was made: when the twin starts, or when the access is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Young {
    /// For how long.
    pub lasts: Duration,
    /// 401, or 403.
    pub forbidden: bool,
}
