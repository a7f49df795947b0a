//! The requests of the GHL side.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use tandem_contact::{Field, Fields, Observed, Side, Value};
use tandem_providers::ghl::contact::observe;
use tandem_providers::ghl::search::{self, Filter, Search};
use tandem_providers::ghl::{self, Contact, GhlView, Id, custom_field, location, tag, write};
use tandem_providers::{ApiError, Class, ContactId, CustomDefinition, Request};
use tandem_reconcile::{Document, Found, Writes, fits};

use crate::call::{Caller, Pass, Trouble};
use crate::connection::GhlSide;
use crate::{Connection, Failure};

/// Numbers and addresses that somebody is looked for by.
const MOST_LOOKED_FOR: usize = 3;

/// What of a location's settings matters.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Whether it takes two contacts with one number or address.
    pub(crate) allows_duplicates: bool,
    /// IANA time zone.
    pub(crate) timezone: Option<String>,
    /// The agency it belongs to.
    pub(crate) company: Option<Id>,
}

/// The location's settings; asks when that was long ago.
pub(crate) async fn settings(caller: &Caller<'_>) -> Result<Settings, Trouble> {
    let unknown = Settings { allows_duplicates: true, timezone: None, company: None };
    let mut location = caller.connection.location.lock().await;
    if let Some((settings, read_at)) = location.as_ref()
        && read_at.elapsed() < Connection::SETTINGS_AGE
    {
        return Ok(settings.clone());
    }
    let side = &caller.connection.ghl;
    let Ok(id) = Id::new(&side.view.location_id) else { return Ok(unknown) };
    let settings = match caller.read(Side::Ghl, location::get(&id, &side.version), location::location).await {
        Ok(location) => Settings {
            allows_duplicates: location.allows_duplicates.unwrap_or(true),
            timezone: location.timezone,
            company: location.company,
        },
        // Without leave to look, what costs more care is taken for true.
        Err(Trouble::Refused(error)) if is_denied(&error) => unknown,
        Err(trouble) => return Err(trouble),
    };
    *location = Some((settings.clone(), Instant::now()));
    Ok(settings)
}

/// The location's custom fields, and what they mean for reading and writing its contacts.
#[derive(Debug)]
pub(crate) struct LocationFields {
    /// How its contacts are read and written.
    pub(crate) view: GhlView,
    /// What there is.
    definitions: Vec<CustomDefinition>,
}

/// The custom fields that the mapping names; asks when that was long ago, and only where it names some by key or name.
pub(crate) async fn location_fields(caller: &Caller<'_>) -> Result<Arc<LocationFields>, Trouble> {
    let side = &caller.connection.ghl;
    let mut held = caller.connection.custom_fields.lock().await;
    if let Some((fields, read_at)) = held.as_ref()
        && read_at.elapsed() < Connection::SETTINGS_AGE
    {
        return Ok(Arc::clone(fields));
    }
    let mut fields = LocationFields { view: side.view.clone(), definitions: Vec::new() };
    if !side.view.custom_fields.is_resolved()
        && let Ok(location) = Id::new(&side.view.location_id)
    {
        let request = custom_field::list(&location, &side.version);
        let listed = caller.read(Side::Ghl, request, custom_field::definitions).await?;
        fields.definitions = listed.items.iter().map(custom_field::Definition::custom).collect();
        fields.view.custom_fields.resolve(&fields.definitions);
    }
    let fields = Arc::new(fields);
    *held = Some((Arc::clone(&fields), Instant::now()));
    Ok(fields)
}

/// Custom fields that are not there, or can't hold what they should, and why.
pub(crate) fn unfit(writes: &Writes, view: &GhlView) -> Option<(BTreeSet<Field>, String)> {
    let has_place = |field: &Field| field.is_custom() || *field == Field::Role;
    let of =
        |(field, write): (&Field, &tandem_reconcile::Write)| Some((*field, view.unfit(*field, write.to.as_ref())?));
    let unfit: Vec<_> = writes.iter().filter(|(field, _)| has_place(field)).filter_map(of).collect();
    let why: BTreeSet<String> =
        unfit.iter().map(|(field, unfit)| format!("GoHighLevel has no place for {}: {unfit}", field.name())).collect();
    let fields: BTreeSet<Field> = unfit.into_iter().map(|(field, _)| field).collect();
    (!fields.is_empty()).then(|| (fields, why.into_iter().collect::<Vec<_>>().join("; ")))
}

pub(crate) fn is_denied(error: &ApiError) -> bool {
    error.is_missing_scope() || error.class() == Class::Forbidden
}

/// `GET /contacts/{id}`, with the contact itself: which number is the primary one matters for writing.
pub(crate) async fn read(caller: &Caller<'_>, id: &ContactId) -> Result<(Found, Contact), Trouble> {
    let (side, fields) = (&caller.connection.ghl, location_fields(caller).await?);
    let contact = caller.read(Side::Ghl, ghl::request::contact(id, &side.version), ghl::response::contact).await?;
    Ok((found(&contact, &fields.view), contact))
}

/// Contacts that can be this record's: those whom GHL finds by its numbers and addresses, else by name among those that we
/// made. Who is another record's contact, or is called otherwise, is somebody else.
pub(crate) async fn probe(caller: &Caller<'_>, document: &Document) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for id in candidates(caller, document).await? {
        let holder = caller.deps.records.linked(&document.connection, Side::Ghl, id.as_str()).await?;
        if holder.is_some_and(|holder| holder != document.id) {
            continue;
        }
        match read(caller, &id).await {
            Ok((contact, _)) if fits(document, &contact.observed) => found.push(contact),
            Ok(_) => {}
            Err(Trouble::Refused(error)) if error.class() == Class::NotFound => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(found)
}

pub(crate) async fn candidates(caller: &Caller<'_>, document: &Document) -> Result<BTreeSet<ContactId>, Trouble> {
    let side = &caller.connection.ghl;
    let Ok(location) = Id::new(&side.view.location_id) else { return Ok(BTreeSet::new()) };
    let items = |field| document.canon_value(field).map(Value::items).unwrap_or_default();
    let phones: Vec<_> =
        items(Field::Phones).into_iter().take(MOST_LOOKED_FOR).map(|phone| (Some(phone), None)).collect();
    let emails: Vec<_> =
        items(Field::Emails).into_iter().take(MOST_LOOKED_FOR).map(|email| (None, Some(email))).collect();
    let mut ids = BTreeSet::new();
    for (phone, email) in phones.iter().chain(&emails) {
        let asked = search::duplicate(&location, phone.as_deref(), email.as_deref(), &side.version);
        let Some(request) = asked else { continue };
        ids.extend(caller.read(Side::Ghl, request, search::duplicated).await?.map(|hit| hit.id));
    }
    if phones.is_empty() && emails.is_empty() {
        ids.extend(by_name(caller, document, &location).await?);
    }
    Ok(ids)
}

/// Somebody without number and address can only be looked for by name, and is told from others by who made the contact.
async fn by_name(caller: &Caller<'_>, document: &Document, location: &Id) -> Result<Vec<ContactId>, Trouble> {
    let text = |field| document.canon_value(field).and_then(Value::as_text).map(str::to_lowercase);
    let names = [("firstNameLowerCase", text(Field::FirstName)), ("lastNameLowerCase", text(Field::LastName))];
    let mut filters: Vec<Filter> =
        names.into_iter().filter_map(|(key, name)| Filter::equals(key, &name?).ok()).collect();
    if filters.is_empty() {
        return Ok(Vec::new());
    }
    filters.extend(Filter::equals("source", write::SOURCE));
    let request = Search::new(location, filters).page(None, &caller.connection.ghl.version);
    let page = caller.read(Side::Ghl, request, search::searched).await?;
    Ok(page.hits.into_iter().map(|hit| hit.id).collect())
}

/// A write, ready to be sent.
#[derive(Debug)]
pub(crate) enum Prepared {
    /// Answered with the contact.
    Create(Request),
    /// Answered with the contact, where GHL shows it.
    Update(Request),
    /// Answered with tags, not always with all of them.
    Tags(Request),
    /// Answered with nothing.
    Delete(Request),
}

/// Mapped fields that GHL takes when a contact is made and never again (contract sheet, section 4.10).
pub(crate) fn unrepresentable(writes: &Writes) -> BTreeSet<Field> {
    writes.keys().copied().filter(|field| *field == Field::Company).collect()
}

/// The request that makes the contact.
pub(crate) fn create(writes: &Writes, (view, side): (&GhlView, &GhlSide)) -> Prepared {
    let fields: Fields = writes.iter().filter_map(|(field, write)| Some((*field, write.to.clone()?))).collect();
    Prepared::Create(write::create(&fields, view, &side.version))
}

/// The request that changes the contact; none where GHL offers no way.
pub(crate) fn update(
    id: &ContactId,
    (held, document): (Option<&Contact>, &Document),
    writes: &Writes,
    (view, side): (&GhlView, &GhlSide),
) -> Option<Prepared> {
    if let Some(tags) = writes.get(&Field::Tags) {
        return change_tags(id, document, tags.to.as_ref(), side);
    }
    let changes: Observed = writes.iter().map(|(field, write)| (*field, write.to.clone())).collect();
    let unread = Contact::unread(id.clone());
    write::update(held.unwrap_or(&unread), &changes, view, &side.version).map(Prepared::Update)
}

/// One request adds, another removes; the steps come in this order.
fn change_tags(id: &ContactId, document: &Document, to: Option<&Value>, side: &GhlSide) -> Option<Prepared> {
    let there = document.shadow_value(Side::Ghl, Field::Tags).map(Value::items).unwrap_or_default();
    let wanted = to.map(Value::items).unwrap_or_default();
    let added: Vec<&str> = wanted.difference(&there).map(String::as_str).collect();
    if !added.is_empty() {
        return Some(Prepared::Tags(tag::add(id, &added, &side.version)));
    }
    let removed: Vec<&str> = there.difference(&wanted).map(String::as_str).collect();
    (!removed.is_empty()).then(|| Prepared::Tags(tag::remove(id, &removed, &side.version)))
}

/// The request that removes the contact.
pub(crate) fn delete(id: &ContactId, side: &GhlSide) -> Prepared {
    Prepared::Delete(write::delete(id, &side.version))
}

/// Sends a write with a pass in hand. Nothing is found where the answer shows no contact.
pub(crate) async fn send(
    caller: &Caller<'_>,
    prepared: Prepared,
    pass: Pass,
    send_by: Instant,
) -> Result<Option<Found>, Trouble> {
    let with = (pass, Some(send_by));
    // Known since it was prepared.
    let known = caller.connection.custom_fields.lock().await.as_ref().map(|(fields, _)| Arc::clone(fields));
    let view = known.as_ref().map_or(&caller.connection.ghl.view, |fields| &fields.view);
    match prepared {
        Prepared::Create(request) => {
            let contact = caller.send(Side::Ghl, request, with, write::created).await?;
            Ok(Some(found(&contact, view)))
        }
        Prepared::Update(request) => {
            let contact = caller.send(Side::Ghl, request, with, write::updated).await?;
            Ok(contact.map(|contact| found(&contact, view)))
        }
        Prepared::Tags(request) => caller.send(Side::Ghl, request, with, tag::tags).await.map(|_| None),
        Prepared::Delete(request) => caller.send(Side::Ghl, request, with, ghl::response::done).await.map(|()| None),
    }
}

impl Prepared {
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Create(request) | Self::Update(request) | Self::Tags(request) | Self::Delete(request) => {
                request.operation.template
            }
        }
    }
}

fn found(contact: &Contact, view: &GhlView) -> Found {
    let (observed, at) = observe(contact, view);
    Found { id: contact.id.to_string(), observed, at }
}
