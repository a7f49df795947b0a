//! The requests of the OpenPhone side.

use std::collections::BTreeSet;
use std::time::Instant;

use tandem_contact::{Field, Fields, Observed, Side};
use tandem_providers::openphone::contact::{observe, observe_partial};
use tandem_providers::openphone::{
    Contact, Definition, ExternalId, List, OpenPhoneView, TagTarget, patch, request, response,
};
use tandem_providers::{ContactId, CustomDefinition, Request};
use tandem_reconcile::{Found, Writes};

use crate::Connection;
use crate::call::{Caller, Pass, Trouble};

/// How contacts of this workspace are read and written; asks for the custom fields when that was long ago.
pub(crate) async fn view(caller: &Caller<'_>) -> Result<OpenPhoneView, Trouble> {
    let mut workspace = caller.connection.workspace.lock().await;
    if let Some((view, read_at)) = workspace.as_ref()
        && read_at.elapsed() < Connection::SETTINGS_AGE
    {
        return Ok(view.clone());
    }
    let (mapping, mut view) = (&caller.connection.mapping, caller.connection.openphone.view.clone());
    let has_tags = mapping.fields.contains_key(&Field::Tags);
    if has_tags || !view.custom_fields.is_empty() {
        let definitions = caller.read(Side::OpenPhone, request::custom_fields(), response::definitions).await?;
        if has_tags {
            view.tags = TagTarget::resolve(&definitions, &mapping.tags_field);
        }
        let definitions: Vec<CustomDefinition> = definitions.iter().map(Definition::custom).collect();
        view.custom_fields.resolve(&definitions);
    }
    *workspace = Some((view.clone(), Instant::now()));
    Ok(view)
}

/// Mapped values that OpenPhone has no place for.
pub(crate) fn unrepresentable(view: &OpenPhoneView, writes: &Writes) -> BTreeSet<Field> {
    let has_no_place = |(field, write): (&Field, &tandem_reconcile::Write)| {
        let value = write.canon.as_ref().or(write.to.as_ref());
        value.is_some_and(|value| !view.can_hold(*field, value)).then_some(*field)
    };
    writes.iter().filter_map(has_no_place).collect()
}

/// Why, for people.
pub(crate) fn why_not(view: &OpenPhoneView, tags_field: &str, writes: &Writes, fields: &BTreeSet<Field>) -> String {
    let mut reasons = BTreeSet::new();
    for field in fields {
        let value = writes.get(field).and_then(|write| write.canon.as_ref().or(write.to.as_ref()));
        reasons.insert(match (field, value) {
            (Field::Tags, _) => {
                format!(
                    "OpenPhone has no place for tags: make a multi-select or text custom field named {tags_field:?}"
                )
            }
            (field, Some(value)) if field.is_custom() => {
                let unfit = view.unfit(*field, value).map(|unfit| unfit.to_string()).unwrap_or_default();
                format!("OpenPhone has no place for {}: {unfit}", field.name())
            }
            (field, _) => format!("OpenPhone has no place for this {}", field.name()),
        });
    }
    reasons.into_iter().collect::<Vec<_>>().join("; ")
}

/// `GET /v1/contacts/{id}`, with the document itself: writing lists back needs its labels and item ids.
pub(crate) async fn read(caller: &Caller<'_>, id: &ContactId) -> Result<(Found, Contact), Trouble> {
    let view = view(caller).await?;
    let contact = caller.read(Side::OpenPhone, request::contact(id), response::contact).await?;
    Ok((found(&contact, &view), contact))
}

/// The contacts under an external key, oldest first. OpenPhone can't be searched by phone or email.
pub(crate) async fn probe(caller: &Caller<'_>, key: &str) -> Result<Vec<Found>, Trouble> {
    let view = view(caller).await?;
    let Ok(key) = ExternalId::new(key) else { return Ok(Vec::new()) };
    let mut contacts = Vec::new();
    for list in List::by_external_ids(std::slice::from_ref(&key)) {
        let page = caller.read(Side::OpenPhone, list.page(None), response::page).await?;
        contacts.extend(page.contacts);
    }
    contacts.retain(|contact| contact.external_id.as_deref() == Some(key.as_str()));
    contacts.sort_by_key(|contact| contact.created_at);
    Ok(contacts.iter().map(|contact| found(contact, &view)).collect())
}

/// A write, ready to be sent.
pub(crate) enum Prepared {
    /// Answered with the whole contact.
    Whole(Request),
    /// Answered with names, company and role only.
    Thin(Request),
    /// Answered with nothing.
    Empty(Request),
}

/// The request that makes the contact.
pub(crate) fn create(key: &str, writes: &Writes, view: &OpenPhoneView) -> Option<Prepared> {
    let fields: Fields = writes.iter().filter_map(|(field, write)| Some((*field, write.to.clone()?))).collect();
    let key = ExternalId::new(key).ok()?;
    Some(Prepared::Whole(request::create(&key, &fields, view)))
}

/// The request that changes the contact and wipes nothing; none when it can't be done without losing something.
pub(crate) fn update(
    id: &ContactId,
    held: Option<&Contact>,
    writes: &Writes,
    view: &OpenPhoneView,
) -> Option<Prepared> {
    let changes: Observed = writes.iter().map(|(field, write)| (*field, write.to.clone())).collect();
    if patch::needs_document(&changes) {
        return patch::document(held?, &changes, view).ok().map(Prepared::Whole);
    }
    patch::scalars(id, &changes, view).map(Prepared::Thin)
}

/// The request that removes the contact.
pub(crate) fn delete(id: &ContactId) -> Prepared {
    Prepared::Empty(request::delete(id))
}

/// Sends a write with a pass in hand. Nothing is found where the answer is empty.
pub(crate) async fn send(
    caller: &Caller<'_>,
    prepared: Prepared,
    pass: Pass,
    send_by: Instant,
    view: &OpenPhoneView,
) -> Result<Option<Found>, Trouble> {
    let with = (pass, Some(send_by));
    match prepared {
        Prepared::Whole(request) => {
            let contact = caller.send(Side::OpenPhone, request, with, response::contact).await?;
            Ok(Some(found(&contact, view)))
        }
        Prepared::Thin(request) => {
            let contact = caller.send(Side::OpenPhone, request, with, response::partial).await?;
            let (observed, at) = observe_partial(&contact, view);
            Ok(Some(Found { id: contact.id.to_string(), observed, at }))
        }
        Prepared::Empty(request) => {
            caller.send(Side::OpenPhone, request, with, response::deleted).await?;
            Ok(None)
        }
    }
}

impl Prepared {
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Whole(request) | Self::Thin(request) | Self::Empty(request) => request.operation.template,
        }
    }
}

fn found(contact: &Contact, view: &OpenPhoneView) -> Found {
    let (observed, at) = observe(contact, view);
    Found { id: contact.id.to_string(), observed, at }
}
