//! A write: pass, intent, request, in this order.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::Timestamp;
use tandem_contact::{Field, Side};
use tandem_providers::openphone::OpenPhoneView;
use tandem_reconcile::{Document, Found, IntentKind, Kind, Writes, begin, external_key, harm, not_applied, refused};
use tandem_records::Loaded;

use super::thing::{Ground, Ready};
use super::{Flow, Settlement, Worker, contact_id, spread};
use crate::brake::{self, STOPPED_PAUSE};
use crate::call::{Pass, Trouble};
use crate::journal::{self, Line};
use crate::{ghl, note, openphone, task};

/// A request to either side.
enum Prepared {
    Ghl(ghl::Prepared),
    OpenPhone(openphone::Prepared, OpenPhoneView),
    Task(task::Prepared),
    Note(note::Prepared),
}

/// Why there is none.
pub(crate) enum Unfit {
    /// The side has no place for these fields.
    NoPlace(BTreeSet<Field>, String),
    /// Writing would lose something.
    Lossy,
    /// Something has to be known first, and can't be now.
    Trouble(Trouble),
}

impl Worker<'_> {
    /// Pass, intent, request, outcome: in this order.
    pub(super) async fn write(
        &mut self,
        loaded: Loaded,
        side: Side,
        (kind, writes): (IntentKind, Writes),
    ) -> Result<Flow, tandem_records::Error> {
        let what = loaded.document.kind;
        if what == Kind::Note && side == Side::Ghl && kind != IntentKind::Create {
            return Box::pin(self.write_in_turn(loaded, (kind, writes))).await;
        }
        if what == Kind::Contact || kind != IntentKind::Create {
            return Box::pin(self.write_on(loaded, side, (kind, writes), None)).await;
        }
        match Box::pin(self.ready(loaded, side)).await? {
            Ready::Go(loaded, ground) => Box::pin(self.write_on(*loaded, side, (kind, writes), Some(&ground))).await,
            Ready::Not(flow) => Ok(flow),
        }
    }

    pub(super) async fn write_on(
        &mut self,
        loaded: Loaded,
        side: Side,
        (kind, writes): (IntentKind, Writes),
        ground: Option<&Ground>,
    ) -> Result<Flow, tandem_records::Error> {
        let prepared = match self.prepare(&loaded.document, side, (kind, &writes), ground).await {
            Ok(prepared) => prepared,
            Err(Unfit::NoPlace(fields, reason)) => return self.leave_out(loaded, side, fields, reason).await,
            Err(Unfit::Trouble(trouble)) => return self.failed(loaded, side, trouble).await,
            Err(Unfit::Lossy) => {
                let reason = match loaded.document.kind {
                    Kind::Contact => "the contact holds something that writing it back would lose",
                    Kind::Task => "the task can't be put into a request: an id, a time or a text has no usable form",
                    Kind::Note => "the note can't be put into a request: an id or a text has no usable form",
                };
                return self.refuse(loaded, side, reason.to_owned()).await;
            }
        };
        let template = prepared.template();
        if self.caller.deps.rehearsal.is_some() {
            return self.rehearse(loaded, side, (kind, &writes, template)).await;
        }
        let harm = harm(&loaded.document, side, kind, &writes);
        if !brake::lets_pass(&self.caller, &self.config.brake, (self.record, harm)).await? {
            return Ok(Flow::Stop(Settlement::Nak(spread(STOPPED_PAUSE))));
        }
        let pass = match self.caller.pass(side).await {
            Ok(pass) => pass,
            Err(trouble) => return self.failed(loaded, side, trouble).await,
        };
        // Taken before the intent's own time, so that it ends before what the document says.
        let asked = Instant::now();
        let Loaded { mut document, revision } = loaded;
        begin(&mut document, &self.rules, side, (kind, &writes), (&self.run.owner, Timestamp::now()));
        let revision = match self.save(&document, revision).await {
            Ok(revision) => revision,
            Err(error) => {
                pass.cancel();
                return Err(error);
            }
        };
        if pass.is_late() {
            pass.cancel();
            not_applied(&mut document, side);
            self.save(&document, revision).await?;
            return Ok(Flow::Again);
        }
        let send_by = asked + self.rules.timing[side].send_window;
        self.run.fresh[side] = false;
        let answer = self.send(prepared, pass, send_by).await;
        self.held.drop(side);
        Box::pin(self.after_write(Loaded { document, revision }, side, (kind, &writes, template), answer)).await
    }

    async fn prepare(
        &self,
        document: &Document,
        side: Side,
        (kind, writes): (IntentKind, &Writes),
        ground: Option<&Ground>,
    ) -> Result<Prepared, Unfit> {
        match (document.kind, side) {
            (Kind::Task, _) => self.prepare_task(document, side, (kind, writes), ground).await.map(Prepared::Task),
            (Kind::Note, _) => self.prepare_note(document, side, (kind, writes), ground).map(Prepared::Note),
            (Kind::Contact, Side::Ghl) => self.prepare_ghl(document, (kind, writes)).await,
            (Kind::Contact, Side::OpenPhone) => self.prepare_openphone(document, (kind, writes)).await,
        }
    }

    async fn prepare_ghl(&self, document: &Document, (kind, writes): (IntentKind, &Writes)) -> Result<Prepared, Unfit> {
        let side = &self.caller.connection.ghl;
        let location = ghl::location_fields(&self.caller).await.map_err(Unfit::Trouble)?;
        let view = &location.view;
        if let Some((fields, why)) = ghl::unfit(writes, view) {
            return Err(Unfit::NoPlace(fields, why));
        }
        if kind == IntentKind::Create {
            return Ok(Prepared::Ghl(ghl::create(writes, (view, side))));
        }
        let id = contact_id(document, Side::Ghl).ok_or(Unfit::Lossy)?;
        if kind == IntentKind::Delete {
            return Ok(Prepared::Ghl(ghl::delete(&id, side)));
        }
        let no_place = ghl::unrepresentable(writes);
        if !no_place.is_empty() {
            let why = "GoHighLevel takes the company when a contact is made and can't be told to change it";
            return Err(Unfit::NoPlace(no_place, why.to_owned()));
        }
        let held = (self.held.ghl.as_ref(), document);
        let no_way = || {
            let why = "GoHighLevel has no request that changes this: additional numbers and addresses can be read only";
            Unfit::NoPlace(writes.keys().copied().collect(), why.to_owned())
        };
        ghl::update(&id, held, writes, (view, side)).map(Prepared::Ghl).ok_or_else(no_way)
    }

    async fn prepare_openphone(
        &self,
        document: &Document,
        (kind, writes): (IntentKind, &Writes),
    ) -> Result<Prepared, Unfit> {
        let view = openphone::view(&self.caller).await.map_err(Unfit::Trouble)?;
        let no_place = openphone::unrepresentable(&view, writes);
        if !no_place.is_empty() {
            let tags_field = &self.caller.connection.mapping.tags_field;
            let why = openphone::why_not(&view, tags_field, writes, &no_place);
            return Err(Unfit::NoPlace(no_place, why));
        }
        let side = Side::OpenPhone;
        let prepared = match kind {
            IntentKind::Create => openphone::create(&external_key(document, side), writes, &view),
            IntentKind::Update => contact_id(document, side)
                .and_then(|id| openphone::update(&id, self.held.openphone.as_ref(), writes, &view)),
            IntentKind::Delete => contact_id(document, side).map(|id| openphone::delete(&id)),
        };
        prepared.map(|prepared| Prepared::OpenPhone(prepared, view)).ok_or(Unfit::Lossy)
    }

    async fn send(&self, prepared: Prepared, pass: Pass, send_by: Instant) -> Result<Option<Found>, Trouble> {
        match prepared {
            Prepared::Ghl(prepared) => ghl::send(&self.caller, prepared, pass, send_by).await,
            Prepared::OpenPhone(prepared, view) => openphone::send(&self.caller, prepared, pass, send_by, &view).await,
            Prepared::Task(prepared) => task::send(&self.caller, prepared, pass, send_by).await,
            Prepared::Note(prepared) => note::send(&self.caller, prepared, pass, send_by).await,
        }
    }

    /// Fields that the side has no place for are reported once and left out from then on.
    async fn leave_out(
        &self,
        loaded: Loaded,
        side: Side,
        fields: BTreeSet<Field>,
        reason: String,
    ) -> Result<Flow, tandem_records::Error> {
        let Loaded { mut document, revision } = loaded;
        refused(&mut document, side, &fields);
        let revision = self.save(&document, revision).await?;
        let line = Line::new("refused", side).with_fields(fields).with_reason(reason);
        journal::write(&self.caller, &document, revision, line).await;
        Ok(Flow::Again)
    }
}

impl Prepared {
    fn template(&self) -> &'static str {
        match self {
            Self::Ghl(prepared) => prepared.template(),
            Self::OpenPhone(prepared, _) => prepared.template(),
            Self::Task(prepared) => prepared.template(),
            Self::Note(prepared) => prepared.template(),
        }
    }
}
