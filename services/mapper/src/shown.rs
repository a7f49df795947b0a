//! What a scan shows: a contact as a list has it, or a record that needs a look.
//!
//! A page is a moment old, and what happened since may be known already. So a list's contact is taken over only where nobody
//! knows the person yet; where it differs from what we know it is a hint, and the truth is read.

use jiff::Timestamp;
use tandem_contact::{Field, Observed, Side, Value};
use tandem_proto::{Header, Lane};
use tandem_providers::ContactId;
use tandem_reconcile::{Document, Found, Rules, Run, Step, adopt, hint, next_step, read};
use tandem_records::{Loaded, record_id};
use tandem_store::Expected;

use crate::handle::{Failure, Settlement, publish, skip};
use crate::observation::{Look, Snapshot};
use crate::{Connection, Deps};

/// A contact that a list shows.
pub(crate) struct Shown<'a> {
    pub(crate) header: &'a Header,
    pub(crate) connection: &'a Connection,
    pub(crate) side: Side,
    pub(crate) contact: ContactId,
    pub(crate) snapshot: Snapshot,
}

/// What it means for a record that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Nothing: that is what we know.
    InStep,
    /// Nothing: the side is going to be read anyway.
    InHand,
    /// Something is different: read it.
    Differs,
}

impl Shown<'_> {
    pub(crate) async fn attempt(&self, deps: &Deps, lane: Lane) -> Result<Settlement, Failure> {
        let connection = &self.header.connection;
        let record = match self.side {
            Side::Ghl => record_id(connection, Side::Ghl, self.contact.as_str()),
            Side::OpenPhone => {
                let linked = deps.records.linked(connection, Side::OpenPhone, self.contact.as_str()).await?;
                let Some(record) = linked else { return Ok(skip(deps, self.header, "not_ours")) };
                record
            }
        };
        let loaded = deps.metrics.timed("store_load", deps.records.load(connection, &record), |_| true).await?;
        let Some(Loaded { mut document, revision }) = loaded else {
            let document = Document::new(connection.clone(), record, Timestamp::now());
            return self.first_seen(deps, document, lane).await;
        };
        let who = (self.side, self.contact.as_str());
        let reason = match meaning(&document, &self.connection.rules, who, &self.snapshot) {
            Meaning::InStep => Some("in_step"),
            Meaning::InHand => Some("in_hand"),
            Meaning::Differs => None,
        };
        if let Some(reason) = reason {
            // We may have been stopped between the save and the command: then this event comes again.
            if document.dirty_since.is_some() && document.parked.is_none() {
                publish(deps, self.header, &document, revision, lane).await?;
            }
            return Ok(skip(deps, self.header, reason));
        }
        hint(&mut document, self.side);
        document.add_cause(&self.header.traceparent);
        document.dirty_since.get_or_insert(Timestamp::now());
        save_and_command(deps, self.header, (&document, Expected::Revision(revision)), lane).await
    }

    /// Somebody nobody has heard of: what the list shows is all there is to know, so that no read is needed.
    async fn first_seen(&self, deps: &Deps, mut document: Document, lane: Lane) -> Result<Settlement, Failure> {
        let (rules, now) = (&self.connection.rules, Timestamp::now());
        let Snapshot { observed, at, is_lower_cased } = &self.snapshot;
        adopt(&mut document, rules, self.side, self.contact.as_str(), now);
        if *is_lower_cased {
            hint(&mut document, self.side);
        } else {
            let found = Found { id: self.contact.to_string(), observed: observed.clone(), at: *at };
            read(&mut document, rules, self.side, &found, now);
        }
        if matches!(next_step(&document, rules, &Run::default(), now), Step::Done(_)) {
            deps.records.save(&document, Expected::Absent).await?;
            return Ok(skip(deps, self.header, "nobody"));
        }
        document.add_cause(&self.header.traceparent);
        document.dirty_since = Some(now);
        save_and_command(deps, self.header, (&document, Expected::Absent), lane).await
    }
}

/// A record that a sweep found: contacts that it didn't meet are read, and then the record gets a command.
pub(crate) async fn look(deps: &Deps, header: &Header, look: &Look, lane: Lane) -> Result<Settlement, Failure> {
    let load = deps.records.load(&header.connection, &look.record);
    let loaded = deps.metrics.timed("store_load", load, |_| true).await?;
    let Some(Loaded { mut document, revision }) = loaded else { return Ok(skip(deps, header, "not_ours")) };
    let is_lost = |side: &&Side| {
        let is_old = |since: Timestamp| since.as_millisecond() < look.before_ms;
        document.gone[**side].is_none() && document.link[**side].as_ref().is_some_and(|link| is_old(link.since))
    };
    let lost: Vec<Side> = look.unmet.iter().filter(is_lost).copied().collect();
    if lost.is_empty() && document.dirty_since.is_none() {
        return Ok(skip(deps, header, "in_step"));
    }
    for side in lost {
        hint(&mut document, side);
    }
    document.add_cause(&header.traceparent);
    document.dirty_since.get_or_insert(Timestamp::now());
    save_and_command(deps, header, (&document, Expected::Revision(revision)), lane).await
}

async fn save_and_command(
    deps: &Deps,
    header: &Header,
    (document, expected): (&Document, Expected),
    lane: Lane,
) -> Result<Settlement, Failure> {
    let save = deps.records.save(document, expected);
    let revision = deps.metrics.timed("store_save", save, |error| !error.is_conflict()).await?;
    publish(deps, header, document, revision, lane).await?;
    Ok(Settlement::Done)
}

fn meaning(document: &Document, rules: &Rules, (side, contact): (Side, &str), snapshot: &Snapshot) -> Meaning {
    if document.hint[side] {
        return Meaning::InHand;
    }
    let is_there = document.gone[side].is_none() && document.provider_id(side) == Some(contact);
    let is_known = |(field, value): (&Field, &Option<Value>)| is_known(document, side, (*field, value), snapshot);
    if is_there && mapped(&snapshot.observed, rules).all(is_known) { Meaning::InStep } else { Meaning::Differs }
}

fn mapped<'a>(observed: &'a Observed, rules: &Rules) -> impl Iterator<Item = (&'a Field, &'a Option<Value>)> {
    observed.iter().filter(|(field, _)| rules.fields.contains_key(field))
}

/// Whether the side is believed to hold this, or our own request is under way that puts it there.
fn is_known(document: &Document, side: Side, (field, value): (Field, &Option<Value>), snapshot: &Snapshot) -> bool {
    let same = |held: &Option<Value>| {
        held == value || snapshot.is_lower_cased && is_name(field) && lower(held.as_ref()) == lower(value.as_ref())
    };
    let sent = document.intent[side].as_ref().and_then(|intent| intent.sent.get(&field));
    match document.shadow[side].get(&field) {
        Some(seen) => same(&seen.value) || sent.is_some_and(same),
        // Tags that a workspace has no place for are never observed: a list can't tell that.
        None => value.is_none() || side == Side::OpenPhone && field == Field::Tags || sent.is_some_and(same),
    }
}

fn is_name(field: Field) -> bool {
    matches!(field, Field::FirstName | Field::LastName)
}

fn lower(value: Option<&Value>) -> String {
    value.and_then(Value::as_text).unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests;
