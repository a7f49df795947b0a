//! What an answer does to the document.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::{Field, Observed, Side};
use tandem_outbound::{NotSent, SendError};
use tandem_proto::Lane;
use tandem_providers::{ApiError, Class, ContactId, Outcome};
use tandem_reconcile::{
    Document, Found, IntentKind, Kind, Note, Writes, created, deleted, hint, not_applied, not_found, probed, read,
    refused, refused_create, taken, unknown, updated,
};
use tandem_records::{Error, Loaded};
use tandem_telemetry::chain;

use super::{Flow, Settlement, Worker, spread};
use crate::call::Trouble;
use crate::journal::{self, Line};

/// A write's answer, decided.
enum Verdict {
    /// It happened.
    Applied(Option<Found>),
    /// It certainly didn't, for a reason that isn't the record's.
    NotNow(Duration),
    /// It certainly didn't; count the attempt.
    Failed,
    /// It certainly didn't, because we were late: decide again.
    TooLate,
    /// Who knows.
    Unknown,
    /// The contact isn't there.
    Missing,
    /// The external key is.
    Taken,
    /// Somebody has the number or address already.
    Exists(ContactId),
    /// It was refused, which may have made a contact all the same.
    RefusedCreate(String),
    /// These fields are refused; the rest may go.
    Refused(BTreeSet<Field>),
    /// A person has to look.
    Park,
}

impl Worker<'_> {
    pub(super) async fn after_read(
        &mut self,
        loaded: Loaded,
        side: Side,
        answer: Result<Found, Trouble>,
    ) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        match answer {
            Ok(found) => {
                let notes = read(&mut document, &self.rules, side, &found, Timestamp::now());
                self.run.fresh[side] = true;
                let (revision, is_done) = self.save_outcome(&mut document, revision).await?;
                self.learn(&document, side, Some(&found)).await;
                journal::conflicts(&self.caller, &document, revision, &notes).await;
                if is_done {
                    self.nothing_to_do((&document, revision), side, &notes).await;
                }
                Ok(Flow::Again)
            }
            Err(Trouble::Refused(error)) if error.class() == Class::NotFound => {
                self.after_no_find(Loaded { document, revision }, side).await
            }
            Err(Trouble::Refused(error)) if is_final(&error) => {
                let reason = Trouble::Refused(error).reason();
                self.refuse(Loaded { document, revision }, side, reason).await
            }
            Err(trouble) => self.failed(Loaded { document, revision }, side, trouble).await,
        }
    }

    /// What was read leads to no write, and why.
    async fn nothing_to_do(&self, (document, revision): (&Document, u64), side: Side, notes: &[Note]) {
        let there = side.other();
        let (line, skipped) = if self.rules.is_left_out {
            (Line::new("skipped", there).with_reason("the mapping's filter leaves it out"), Some("left_out"))
        } else if self.names_nobody(document, there) {
            (Line::new("skipped", there).with_reason(not_worth_making(document.kind)), Some("nobody"))
        } else {
            (in_step(side, notes), None)
        };
        if let Some(reason) = skipped {
            self.caller.deps.metrics.skipped(reason);
        }
        journal::write(&self.caller, document, revision, line).await;
    }

    /// The side has no such thing any more.
    pub(super) async fn after_no_find(&self, loaded: Loaded, side: Side) -> Result<Flow, Error> {
        let Loaded { mut document, revision } = loaded;
        not_found(&mut document, &self.rules, side, Timestamp::now());
        let revision = self.save(&document, revision).await?;
        let line = Line::new("deleted_there", side).with_reason(no_more(document.kind));
        journal::write(&self.caller, &document, revision, line).await;
        if document.parked.is_some() {
            journal::park(&self.caller, &document, revision).await;
        }
        Ok(Flow::Again)
    }

    pub(super) async fn after_probe(
        &mut self,
        loaded: Loaded,
        side: Side,
        answer: Result<Vec<Found>, Trouble>,
    ) -> Result<Flow, Error> {
        let found = match answer {
            Ok(found) => found,
            Err(trouble) => return self.failed(loaded, side, trouble).await,
        };
        let Loaded { mut document, revision } = loaded;
        if document.kind == Kind::Contact {
            self.expect_notes(side, found.first().map(|first| first.id.as_str())).await;
        }
        if let Some(first) = found.first() {
            self.index(&document, side, &first.id).await;
        }
        let notes = probed(&mut document, &self.rules, side, &found, Timestamp::now());
        let (revision, _) = self.save_outcome(&mut document, revision).await?;
        if let Some(first) = found.first() {
            self.caller.deps.records.link(&document, side, &first.id).await?;
            let reason = match side {
                _ if document.kind != Kind::Contact => "found by what it says after a create of unknown outcome",
                Side::Ghl => "found by phone, email or name",
                Side::OpenPhone => "found under its external key after a create of unknown outcome",
            };
            let line = Line::new("linked", side).with_reason(reason);
            journal::write(&self.caller, &document, revision, line).await;
            self.count_write(&document, side);
        }
        if document.parked.is_some() {
            journal::park(&self.caller, &document, revision).await;
        }
        journal::conflicts(&self.caller, &document, revision, &notes).await;
        Ok(Flow::Again)
    }

    /// Stores what became of a write. Somebody may have noted a hint meanwhile: the outcome is then merged into that.
    pub(super) async fn after_write(
        &mut self,
        loaded: Loaded,
        side: Side,
        (kind, writes, template): (IntentKind, &Writes, &'static str),
        answer: Result<Option<Found>, Trouble>,
    ) -> Result<Flow, Error> {
        let line = Line::new(verb(kind), side).with_fields(writes.keys().copied()).with_request(template);
        let line = match &answer {
            Ok(_) => Line { status: self.caller.last.get(), ..line },
            Err(trouble) => line.with_trouble(trouble),
        };
        let verdict = verdict((kind, side), answer, writes);
        if let Verdict::Exists(id) = &verdict {
            // Boxed, as the next: each wrapper would copy it.
            return Box::pin(self.meet_existing(loaded, id)).await;
        }
        self.announce(&loaded.document, side, &verdict).await;
        let mut current = loaded;
        loop {
            let mut document = current.document.clone();
            let before = document.clone();
            let (notes, wait) = self.apply(&mut document, side, (kind, &verdict));
            match self.save_outcome(&mut document, current.revision).await {
                Ok((revision, _)) => {
                    let documents = (&before, &document, revision);
                    return self.report(documents, side, (verdict, line), (notes, wait)).await;
                }
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
            let Some(fresh) = self.caller.deps.records.load(&document.connection, &document.id).await? else {
                return Ok(Flow::Stop(Settlement::Ack));
            };
            let is_ours = fresh.document.intent[side].as_ref().is_some_and(|intent| intent.owner == self.run.owner);
            if !is_ours {
                return Ok(Flow::Again);
            }
            current = fresh;
        }
    }

    /// Noted before the answer is stored, so that whoever is stopped in between has left nothing out: a contact in GHL doesn't say
    /// for which record Tandem made it. A new thing is nobody else's then; should that fail, `give_way` finds out.
    async fn announce(&self, document: &Document, side: Side, verdict: &Verdict) {
        let Verdict::Applied(found) = verdict else { return };
        let id = found.as_ref().map(|found| found.id.as_str());
        if document.kind == Kind::Contact {
            self.expect_notes(side, id.or_else(|| document.provider_id(side))).await;
        }
        if let Some(id) = id.filter(|_| document.link[side].is_none()) {
            self.index(document, side, id).await;
        }
    }

    /// Notes whose contact or thing this is. Where that fails the document is stored nevertheless, and the index after it.
    async fn index(&self, document: &Document, side: Side, id: &str) {
        if let Err(error) = self.caller.deps.records.link(document, side, id).await {
            tracing::debug!(record.id = %self.record, error = %chain(&error), "the index comes later");
        }
    }

    fn apply(
        &self,
        document: &mut Document,
        side: Side,
        (kind, verdict): (IntentKind, &Verdict),
    ) -> (Vec<Note>, Option<Duration>) {
        let (rules, now) = (&self.rules, Timestamp::now());
        let mut wait = None;
        let mut notes = Vec::new();
        match verdict {
            Verdict::Applied(Some(found)) if kind == IntentKind::Create => {
                notes = created(document, rules, side, found, now);
            }
            Verdict::Applied(Some(found)) => notes = updated(document, rules, side, found, now),
            Verdict::Applied(None) if kind == IntentKind::Update => {
                // The answer shows nothing: what was sent is what is there.
                let id = document.provider_id(side).unwrap_or_default().to_owned();
                let found = Found { id, observed: Observed::new(), at: None };
                notes = updated(document, rules, side, &found, now);
            }
            Verdict::Applied(None) => deleted(document, side, now),
            Verdict::Missing if kind == IntentKind::Delete => deleted(document, side, now),
            Verdict::Missing if document.kind == Kind::Note => {
                // Or its person is: a read finds out.
                not_applied(document, side);
                hint(document, side);
            }
            Verdict::Missing => not_found(document, rules, side, now),
            Verdict::Taken => taken(document, side, now),
            Verdict::RefusedCreate(reason) => refused_create(document, side, reason.clone(), now),
            Verdict::Refused(fields) => refused(document, side, fields),
            Verdict::NotNow(pause) => {
                not_applied(document, side);
                wait = Some(spread(*pause));
            }
            Verdict::TooLate | Verdict::Exists(_) => not_applied(document, side),
            Verdict::Failed => {
                not_applied(document, side);
                wait = Some(self.back_off(document));
            }
            Verdict::Unknown => {
                unknown(document, rules, side, now);
                wait = Some(self.back_off(document));
            }
            Verdict::Park => {
                not_applied(document, side);
                let reason = "the provider refused it; its words are in the journal".to_owned();
                tandem_reconcile::parked(document, "refused", reason);
            }
        }
        (notes, wait)
    }

    async fn report(
        &self,
        (before, document, revision): (&Document, &Document, u64),
        side: Side,
        (verdict, mut line): (Verdict, Line),
        (notes, wait): (Vec<Note>, Option<Duration>),
    ) -> Result<Flow, Error> {
        if let Verdict::Applied(found) = &verdict {
            if let Some(found) = found.as_ref().filter(|_| before.link[side].is_none()) {
                self.caller.deps.records.link(document, side, &found.id).await?;
            }
            if found.is_some() || document.gone[side].is_some() {
                self.learn(document, side, found.as_ref()).await;
            }
            self.count_write(before, side);
        }
        if let Some(outcome) = verdict.outcome() {
            line.outcome = outcome;
        }
        if !matches!(verdict, Verdict::NotNow(_) | Verdict::TooLate) {
            journal::write(&self.caller, document, revision, line).await;
        }
        journal::conflicts(&self.caller, document, revision, &notes).await;
        if document.parked.is_some() {
            journal::park(&self.caller, document, revision).await;
        }
        if document.attempts > self.config.max_attempts {
            let text = "the provider failed every time".to_owned();
            let reason = crate::dead_letter::Reason { code: "attempts_exhausted", text };
            return Ok(Flow::Stop(Settlement::Dead(reason)));
        }
        Ok(wait.map_or(Flow::Again, |wait| Flow::Stop(Settlement::Nak(wait))))
    }

    /// True where the other side is to have a contact, and there is nothing that one could be made of.
    fn names_nobody(&self, document: &Document, side: Side) -> bool {
        self.rules.creates[side] && document.link[side].is_none() && document.merged_into.is_none()
    }

    /// How long a change took that somebody waits for; what is read in bulk waits behind thousands of others.
    fn count_write(&self, document: &Document, side: Side) {
        if let Some(since) = document.dirty_since.filter(|_| self.caller.lane == Lane::Live) {
            let took = Duration::try_from(Timestamp::now() - since).unwrap_or_default();
            self.caller.deps.metrics.event_to_write(side.name(), took);
        }
    }
}

impl Verdict {
    /// The journal's word for it, where it isn't what was attempted.
    fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Applied(_) => None,
            Self::NotNow(_) | Self::TooLate | Self::Failed => Some("retry"),
            Self::Unknown | Self::Taken | Self::RefusedCreate(_) => Some("unknown"),
            Self::Exists(_) => Some("linked"),
            Self::Missing => Some("deleted_there"),
            Self::Refused(_) | Self::Park => Some("refused"),
        }
    }
}

fn verdict((kind, side): (IntentKind, Side), answer: Result<Option<Found>, Trouble>, writes: &Writes) -> Verdict {
    let trouble = match answer {
        Ok(found) => return Verdict::Applied(found),
        Err(trouble) => trouble,
    };
    if let Some(pause) = trouble.not_the_records_fault() {
        return Verdict::NotNow(pause);
    }
    match trouble {
        Trouble::NoSlot(pause) => Verdict::NotNow(pause),
        Trouble::NoToken(_) => Verdict::Failed,
        Trouble::Lost(SendError::NotSent { reason: NotSent::PastDeadline, .. }) => Verdict::TooLate,
        Trouble::Lost(error) if error.outcome() == Outcome::NotApplied => Verdict::Failed,
        Trouble::Lost(_) => Verdict::Unknown,
        Trouble::Refused(error) => refusal((kind, side), &error, writes),
    }
}

fn refusal((kind, side): (IntentKind, Side), error: &ApiError, writes: &Writes) -> Verdict {
    if let (Some(id), IntentKind::Create) = (&error.existing, kind) {
        return Verdict::Exists(ContactId::clone(id));
    }
    let named: BTreeSet<Field> = error.refused.iter().copied().filter(|field| writes.contains_key(field)).collect();
    match (error.class(), kind) {
        (Class::NotFound, IntentKind::Update | IntentKind::Delete) => Verdict::Missing,
        (Class::Conflict, IntentKind::Create) => Verdict::Taken,
        // GHL has been seen to make the contact that it refuses (contract sheet, section 10.2).
        (Class::Refused, IntentKind::Create) if side == Side::Ghl && error.status.as_u16() == 422 => {
            Verdict::RefusedCreate(format!("{error}: {}", error.words.reveal()))
        }
        (Class::Refused, IntentKind::Create | IntentKind::Update) if !named.is_empty() => Verdict::Refused(named),
        (Class::Transient | Class::Unreadable | Class::Misrouted, _) => Verdict::Unknown,
        (
            Class::NotFound
            | Class::Conflict
            | Class::Refused
            | Class::Forbidden
            | Class::Throttled { .. }
            | Class::QuotaExhausted { .. }
            | Class::Unauthorized
            | Class::PaymentRequired,
            _,
        ) => Verdict::Park,
    }
}

/// What was read leads to no write.
fn in_step(side: Side, notes: &[Note]) -> Line {
    let changed: Vec<Field> = notes
        .iter()
        .filter_map(|note| match note {
            Note::Edit(field) | Note::KeptThere(field) => Some(*field),
            Note::OwnWrite(_) | Note::NotTaken(_) | Note::Held(..) | Note::Conflict { .. } => None,
        })
        .collect();
    let reason = if changed.is_empty() {
        "read, and nothing that is kept in step differs"
    } else {
        "read: these fields were changed there, and are not to be written elsewhere"
    };
    Line::new("in_step", side).with_fields(changed).with_reason(reason)
}

fn not_worth_making(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "nothing in it names a person: no name, company, phone or email that is mapped",
        Kind::Task => "it is done already, or has no title",
        Kind::Note => "it says nothing",
    }
}

fn no_more(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "the provider has no such contact any more",
        Kind::Task => "the provider has no such task any more",
        Kind::Note => "the provider has no such note, or no such part of it, any more",
    }
}

/// True where asking again brings the same answer.
fn is_final(error: &ApiError) -> bool {
    match error.class() {
        Class::Forbidden | Class::Conflict | Class::Refused => !error.is_location_inactive(),
        Class::Throttled { .. }
        | Class::QuotaExhausted { .. }
        | Class::Transient
        | Class::Unreadable
        | Class::Unauthorized
        | Class::PaymentRequired
        | Class::NotFound
        | Class::Misrouted => false,
    }
}

fn verb(kind: IntentKind) -> &'static str {
    match kind {
        IntentKind::Create => "created",
        IntentKind::Update => "updated",
        IntentKind::Delete => "deleted",
    }
}
