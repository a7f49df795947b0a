//! A write: pass, intent, request, in this order.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::Timestamp;
use tandem_contact::{Field, Side};
use tandem_providers::openphone::OpenPhoneView;
use tandem_reconcile::{Document, IntentKind, Writes, begin, external_key, not_applied, refused};
use tandem_records::Loaded;

use super::{Flow, Worker, contact_id};
use crate::journal::{self, Line};
use crate::openphone;

impl Worker<'_> {
    /// Pass, intent, request, outcome: in this order.
    pub(super) async fn write(
        &mut self,
        loaded: Loaded,
        side: Side,
        (kind, writes): (IntentKind, Writes),
    ) -> Result<Flow, tandem_records::Error> {
        if side == Side::Ghl {
            return self.refuse(loaded, side, "this version writes to OpenPhone only".to_owned()).await;
        }
        let view = match openphone::view(&self.caller).await {
            Ok(view) => view,
            Err(trouble) => return self.failed(loaded, side, trouble).await,
        };
        let no_place = openphone::unrepresentable(&view, &writes);
        if !no_place.is_empty() {
            return self.leave_out(loaded, side, no_place).await;
        }
        let Some(prepared) = self.prepare(&loaded.document, side, (kind, &writes), &view) else {
            let reason = "the contact holds something that writing it back would lose".to_owned();
            return self.refuse(loaded, side, reason).await;
        };
        let template = prepared.template();
        let pass = match self.caller.pass(side).await {
            Ok(pass) => pass,
            Err(trouble) => return self.failed(loaded, side, trouble).await,
        };
        // Taken before the intent's own time, so that it ends before what the document says.
        let asked = Instant::now();
        let rules = &self.caller.connection.rules;
        let Loaded { mut document, revision } = loaded;
        begin(&mut document, rules, side, (kind, &writes), (&self.run.owner, Timestamp::now()));
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
        let send_by = asked + rules.timing[side].send_window;
        self.run.fresh[side] = false;
        let answer = openphone::send(&self.caller, prepared, pass, send_by, &view).await;
        self.held = None;
        self.after_write(Loaded { document, revision }, side, (kind, &writes, template), answer).await
    }

    fn prepare(
        &self,
        document: &Document,
        side: Side,
        (kind, writes): (IntentKind, &Writes),
        view: &OpenPhoneView,
    ) -> Option<openphone::Prepared> {
        match kind {
            IntentKind::Create => openphone::create(&external_key(document, side), writes, view),
            IntentKind::Update => openphone::update(&contact_id(document, side)?, self.held.as_ref(), writes, view),
            IntentKind::Delete => Some(openphone::delete(&contact_id(document, side)?)),
        }
    }

    /// Fields that the side has no place for are reported once and left out from then on.
    async fn leave_out(
        &self,
        loaded: Loaded,
        side: Side,
        fields: BTreeSet<Field>,
    ) -> Result<Flow, tandem_records::Error> {
        let Loaded { mut document, revision } = loaded;
        refused(&mut document, side, &fields);
        let revision = self.save(&document, revision).await?;
        let tags_field = &self.caller.connection.mapping.tags_field;
        let reason = format!(
            "{side} has no place for these fields; for tags, make a multi-select or text custom field named {tags_field:?}"
        );
        let line = Line::new("refused", side).with_fields(fields).with_reason(reason);
        journal::write(&self.caller, &document, revision, line).await;
        Ok(Flow::Again)
    }
}
