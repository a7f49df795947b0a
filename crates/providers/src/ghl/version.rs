//! What differs between the dated API and v3 (contract sheet, section 1.1), in this one place.

use http::HeaderValue;

use crate::Operation;

use super::operations as ops;

/// What a conversation operation needs while everything else has a later date.
const DATED_CONVERSATIONS: HeaderValue = HeaderValue::from_static("2021-04-15");

/// What v3 calls differently in paths.
const ROUTES: &[(Operation, &str)] = &[
    (ops::CONTACT_CAMPAIGNS_CLEAR, "/contacts/{id}/campaigns/remove-all"),
    (ops::OAUTH_LOCATION_TOKEN, "/oauth/location-token"),
    (ops::OAUTH_INSTALLED_LOCATIONS, "/oauth/installed-locations"),
];

/// What v3 calls differently in bodies: dated key, v3 key.
const KEYS: &[(&str, &str)] = &[
    ("client_id", "clientId"),
    ("client_secret", "clientSecret"),
    ("grant_type", "grantType"),
    ("refresh_token", "refreshToken"),
    ("user_type", "userType"),
    ("redirect_uri", "redirectUri"),
    ("access_token", "accessToken"),
    ("expires_in", "expiresIn"),
    ("field_value", "fieldValue"),
    ("succeded", "succeeded"),
    ("Call", "call"),
    ("Email", "email"),
    ("SMS", "sms"),
    ("WhatsApp", "whatsApp"),
    ("GMB", "gmb"),
    ("FB", "fb"),
];

/// The configured value of the `Version` header that every call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion(HeaderValue);

impl ApiVersion {
    /// A date or `v3`: with any other word the names in bodies and paths would be those of the wrong version.
    pub fn new(text: &str) -> Result<Self, InvalidApiVersion> {
        let is_date = text.len() == 10 && text.bytes().enumerate().all(is_of_a_date);
        let header = HeaderValue::from_str(text).ok().filter(|_| is_date || text == "v3");
        header.map(Self).ok_or(InvalidApiVersion)
    }

    /// Whether this is v3, with its own names.
    pub fn is_v3(&self) -> bool {
        self.0 == "v3"
    }

    /// Whether the operation exists in this version.
    pub fn offers(&self, operation: &'static Operation) -> Result<(), NotOffered> {
        let only_dated = [&ops::CONTACTS_LIST, &ops::USERS_LIST].contains(&operation);
        let only_v3 = *operation == ops::CONTACTS_LOOKUP;
        let is_absent = if self.is_v3() { only_dated } else { only_v3 };
        if is_absent { Err(NotOffered { operation: operation.name, is_v3: self.is_v3() }) } else { Ok(()) }
    }

    /// The operation's route in this version.
    pub fn route(&self, operation: &Operation) -> &'static str {
        let renamed = ROUTES.iter().find(|(renamed, _)| self.is_v3() && renamed == operation);
        let dated = operation.template.split_once(' ').map_or("", |(_, path)| path);
        renamed.map_or(dated, |(_, path)| path)
    }

    /// The key of a body in this version, by its dated name.
    pub fn key(&self, dated: &'static str) -> &'static str {
        let renamed = KEYS.iter().find(|(key, _)| self.is_v3() && *key == dated);
        renamed.map_or(dated, |(_, key)| key)
    }

    /// The header for an operation: conversations have an older date than the rest.
    pub(crate) fn header(&self, operation: &Operation) -> HeaderValue {
        let is_older = !self.is_v3() && operation.path().starts_with("/conversations/");
        if is_older { DATED_CONVERSATIONS } else { self.0.clone() }
    }
}

/// Whether the byte can stand there in `2021-07-28`.
fn is_of_a_date((at, byte): (usize, u8)) -> bool {
    if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() }
}

/// The v3 name of a dated key, for readers that take either.
pub(crate) fn v3_key(dated: &str) -> &str {
    KEYS.iter().find(|(key, _)| *key == dated).map_or(dated, |(_, key)| key)
}

/// Not a version that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a GHL API version is a date such as `2021-07-28`, or `v3`")]
pub struct InvalidApiVersion;

/// The configured version has no such operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{operation}` does not exist in GHL's {} API", if *is_v3 { "v3" } else { "dated" })]
pub struct NotOffered {
    /// The operation's name.
    pub operation: &'static str,
    /// Whether v3 is configured.
    pub is_v3: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_knows_its_names_and_its_gaps() {
        let (dated, v3) = (ApiVersion::new("2021-07-28").unwrap(), ApiVersion::new("v3").unwrap());
        assert_eq!(dated.route(&ops::OAUTH_LOCATION_TOKEN), "/oauth/locationToken");
        assert_eq!(v3.route(&ops::OAUTH_LOCATION_TOKEN), "/oauth/location-token");
        assert_eq!((dated.key("grant_type"), v3.key("grant_type")), ("grant_type", "grantType"));
        assert_eq!((dated.key("other"), v3.key("other")), ("other", "other"));
        assert_eq!(dated.header(&ops::MESSAGE_LOG), "2021-04-15");
        assert_eq!(dated.header(&ops::CONTACT_GET), "2021-07-28");
        assert_eq!(v3.header(&ops::MESSAGE_LOG), "v3");
        assert!(dated.offers(&ops::CONTACTS_LIST).is_ok() && v3.offers(&ops::CONTACTS_LOOKUP).is_ok());
        let gap = v3.offers(&ops::CONTACTS_LIST).unwrap_err();
        assert_eq!(gap.to_string(), "`ghl.contacts.list` does not exist in GHL's v3 API");
        assert!(dated.offers(&ops::CONTACTS_LOOKUP).is_err());
        for bad in ["", "V3", "v2", "2021-7-28", "2021-07-28\n", "legacy"] {
            assert_eq!(ApiVersion::new(bad), Err(InvalidApiVersion), "{bad}");
        }
    }
}
