//! What a scan shows: a contact as a list has it, or a record that needs a look.
//!
//! A page is a moment old, and what happened since may be known already. So a list's contact is taken over only where nobody
//! knows it yet; where it differs from what we know it is a hint, and the truth is read.

mod person;

use jiff::Timestamp;
use tandem_contact::{Field, Observed, Side, Value};
use tandem_proto::{Header, Lane};
use tandem_providers::ContactId;
use tandem_reconcile::{Document, Found, Note, Rules, Run, Step, adopt, hint, next_step, read};
use tandem_records::Loaded;
use tandem_store::Expected;

use crate::handle::{Failure, Settlement, cause, is_young_create_of_ours, publish, resolve, skip};
use crate::observation::{Look, Snapshot};
use crate::{Connection, Deps, UNAVAILABLE};

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
    /// Nothing: another contact has taken its place.
    NotOurs,
    /// This contact was not known to be the record's.
    NewLink,
    /// Something is different: read it.
    Differs,
}

impl Shown<'_> {
    pub(crate) async fn attempt(&self, deps: &Deps, lane: Lane) -> Result<Settlement, Failure> {
        let (connection, now) = (&self.header.connection, Timestamp::now());
        let maker = &self.snapshot.maker;
        let (record, loaded) = resolve(deps, connection, (self.side, &self.contact, maker)).await?;
        let Some(Loaded { mut document, revision }) = loaded else {
            if is_young_create_of_ours(self.header, maker, now) {
                return Ok(Settlement::Retry { code: UNAVAILABLE });
            }
            let document = Document::new(connection.clone(), record, now);
            return Box::pin(self.first_seen(deps, document, lane)).await;
        };
        let reason = match meaning(&document, &self.connection.rules, (self.side, &self.contact), &self.snapshot) {
            Meaning::InStep => Some("in_step"),
            Meaning::InHand => Some("in_hand"),
            Meaning::NotOurs => Some("not_ours"),
            Meaning::NewLink | Meaning::Differs => None,
        };
        if let Some(reason) = reason {
            // We may have been stopped between the save and the command: then this event comes again.
            if document.dirty_since.is_some() && document.parked.is_none() && !waits_for_counterpart(&document) {
                publish(deps, self.header, &document, revision, lane).await?;
            } else if reason == "in_step" && self.means_otherwise_now(&mut document, now) {
                return self.save_and_command(deps, (document, Expected::Revision(revision)), lane).await;
            }
            return Ok(skip(deps, self.header, reason));
        }
        if document.link[self.side].is_none() {
            document = self.taken_over(document, now);
            deps.records.link(&document, self.side, self.contact.as_str()).await?;
        } else {
            hint(&mut document, self.side);
        }
        self.save_and_command(deps, (document, Expected::Revision(revision)), lane).await
    }

    /// Somebody nobody has heard of, unless another record is this very person.
    async fn first_seen(&self, deps: &Deps, document: Document, lane: Lane) -> Result<Settlement, Failure> {
        let now = Timestamp::now();
        let mut document = self.taken_over(document, now);
        let rules = self.decided(&mut document);
        if let Some(holder) = self.claim(deps, &mut document).await? {
            return self.joined(deps, (document, holder), lane).await;
        }
        if matches!(next_step(&document, &rules, &Run::default(), now), Step::Done(_)) {
            deps.records.save(&document, Expected::Absent).await?;
            deps.records.link(&document, self.side, self.contact.as_str()).await?;
            return Ok(skip(deps, self.header, "nobody"));
        }
        if !waits_for_counterpart(&document) {
            deps.records.link(&document, self.side, self.contact.as_str()).await?;
            return self.save_and_command(deps, (document, Expected::Absent), lane).await;
        }
        // The scan reads GHL next, and then gives a command to whoever has no counterpart there.
        document.add_cause(&cause(self.header));
        document.dirty_since = Some(now);
        deps.records.save(&document, Expected::Absent).await?;
        deps.records.link(&document, self.side, self.contact.as_str()).await?;
        Ok(Settlement::Done)
    }

    /// The document with this contact, and what the list shows of it: all there is to know, so that nothing has to be read. What
    /// people have to be told of is left to a read, which notes it.
    fn taken_over(&self, mut document: Document, now: Timestamp) -> Document {
        let rules = &self.connection.rules;
        let Snapshot { observed, at, is_lower_cased, .. } = &self.snapshot;
        adopt(&mut document, rules, self.side, self.contact.as_str(), now);
        let mut taken = document.clone();
        let found = Found { id: self.contact.to_string(), observed: observed.clone(), at: *at };
        let notes = read(&mut taken, rules, self.side, &found, now);
        let is_plain = notes.iter().all(|note| matches!(note, Note::Edit(_)));
        if is_plain && !is_lower_cased {
            return taken;
        }
        hint(&mut document, self.side);
        document
    }

    /// By which rules the record is decided, with values that are made from others made. What can't be made is told by the writer.
    fn decided(&self, document: &mut Document) -> Rules {
        let rules = &self.connection.rules;
        self.connection.mapping.apply(rules, document).unwrap_or_else(|_| rules.clone())
    }

    /// The mapping says something else of it than it did when the record was last worked on.
    fn means_otherwise_now(&self, document: &mut Document, now: Timestamp) -> bool {
        let is_free = document.dirty_since.is_none() && !waits_for_counterpart(document);
        if self.connection.mapping.is_plain() || !is_free {
            return false;
        }
        let rules = self.decided(document);
        !matches!(next_step(document, &rules, &Run::default(), now), Step::Done(_) | Step::Park | Step::Wait { .. })
    }

    async fn save_and_command(
        &self,
        deps: &Deps,
        (mut document, expected): (Document, Expected),
        lane: Lane,
    ) -> Result<Settlement, Failure> {
        document.add_cause(&cause(self.header));
        document.dirty_since.get_or_insert(Timestamp::now());
        save_and_command(deps, self.header, (&document, expected), lane).await
    }
}

/// Known in `OpenPhone` alone: whether GHL has the person is known when the scan has read GHL too.
fn waits_for_counterpart(document: &Document) -> bool {
    document.link[Side::OpenPhone].is_some() && document.link[Side::Ghl].is_none()
}

/// A record that a scan found in the end: contacts that it didn't meet are read, and then the record gets a command.
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
    document.add_cause(&cause(header));
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

fn meaning(document: &Document, rules: &Rules, (side, contact): (Side, &ContactId), snapshot: &Snapshot) -> Meaning {
    let is_gone = document.gone[side].is_some();
    match document.provider_id(side) {
        Some(linked) if linked != contact.as_str() => return Meaning::NotOurs,
        Some(_) if document.hint[side] => return Meaning::InHand,
        None if !is_gone => return Meaning::NewLink,
        Some(_) | None => {}
    }
    let is_known = |(field, value): (&Field, &Option<Value>)| is_known(document, side, (*field, value), snapshot);
    let is_same = mapped(&snapshot.observed, rules).all(is_known);
    if is_same && !is_gone { Meaning::InStep } else { Meaning::Differs }
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
