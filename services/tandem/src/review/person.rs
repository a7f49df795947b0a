//! Whom a record is about, as far as people need it to recognise them.

use serde::{Deserialize, Serialize};
use tandem_contact::{Field, PerSide, Side, Value};
use tandem_proto::RecordId;
use tandem_reconcile::Document;
use utoipa::ToSchema;

use crate::api::shapes::BothIds;

/// A record, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// The record.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// First and last name, else the company; empty where there is neither.
    pub name: String,
    /// Phone numbers and email addresses.
    pub reached_by: Vec<String>,
    /// The contact at each side.
    #[schema(value_type = BothIds)]
    pub contacts: PerSide<Option<String>>,
}

impl Person {
    pub(crate) fn of(document: &Document) -> Self {
        let text = |field| document.canon_value(field).and_then(Value::as_text);
        let names: Vec<&str> = [text(Field::FirstName), text(Field::LastName)].into_iter().flatten().collect();
        let name = if names.is_empty() { text(Field::Company).unwrap_or_default().to_owned() } else { names.join(" ") };
        let items = |field| document.canon_value(field).map(Value::items).unwrap_or_default();
        let reached_by = items(Field::Phones).into_iter().chain(items(Field::Emails)).collect();
        // A dry run names what it would make after the record.
        let is_real = |id: &&str| !id.ends_with(document.id.as_str());
        let contact = |side| document.provider_id(side).filter(is_real).map(str::to_owned);
        let contacts = PerSide { ghl: contact(Side::Ghl), openphone: contact(Side::OpenPhone) };
        Self { record: document.id.clone(), name, reached_by, contacts }
    }

    /// One line.
    pub(super) fn line(&self) -> String {
        let name = if self.name.is_empty() { "(no name)" } else { &self.name };
        let contact = |side: Side| {
            let label = match side {
                Side::Ghl => "GHL",
                Side::OpenPhone => "OpenPhone",
            };
            self.contacts[side].as_ref().map(|id| format!("{label} {id}"))
        };
        let parts = [name.to_owned()].into_iter().chain(self.reached_by.iter().cloned());
        parts.chain(Side::BOTH.into_iter().filter_map(contact)).collect::<Vec<_>>().join(" · ")
    }
}
