//! A contact as a page of a list showed it: who it is, and the rest as it came.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ContactId, json};

/// One contact of a page. What it says is read elsewhere, from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The provider's id.
    pub id: ContactId,
    /// When it was last changed, where the list says so.
    pub updated_at: Option<Timestamp>,
    pub(crate) body: Map<String, Json>,
}

impl Row {
    pub(crate) fn new(id: ContactId, body: &Map<String, Json>, but: &[&str]) -> Self {
        let mut body = body.clone();
        body.retain(|key, _| !but.contains(&key.as_str()));
        Self { id, updated_at: json::time(&body, "dateUpdated").or_else(|| json::time(&body, "updatedAt")), body }
    }

    /// The contact in the provider's own form.
    pub fn into_bytes(self) -> Vec<u8> {
        Json::Object(self.body).to_string().into_bytes()
    }
}
