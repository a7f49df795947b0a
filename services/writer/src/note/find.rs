//! The note that a create of unknown outcome may have made.

use jiff::Timestamp;
use tandem_contact::{Field, Side, Value, part};
use tandem_providers::ghl::note::Note;
use tandem_providers::{Class, ContactId};
use tandem_reconcile::{Document, Found};

use super::{ghl, openphone};
use crate::Failure;
use crate::call::{Caller, Trouble};
use crate::thing::{SKEW, alike, unclaimed};

/// Those of the contact that say the same, are not older, and no other record's.
pub(crate) async fn probe(caller: &Caller<'_>, document: &Document, side: Side) -> Result<Vec<Found>, Failure> {
    let place = document.place[side].as_deref().and_then(|id| ContactId::new(id).ok());
    let (Some(contact), Some(intent)) = (place, &document.intent[side]) else { return Ok(Vec::new()) };
    let sent = intent.sent.get(&Field::NoteText).and_then(Option::as_ref).and_then(Value::as_text);
    let sent = sent.unwrap_or_default();
    let is_young = |made: Option<Timestamp>| made.is_none_or(|made| made + SKEW > intent.sent_at);
    let listed = match side {
        Side::Ghl => ghl::list(caller, &contact).await.map(|notes| {
            let sent = alike(part::without_marks(sent));
            let is_it = |note: &&Note| is_young(note.created_at) && alike(&note.body) == sent;
            notes.iter().filter(is_it).map(|note| ghl::written(note, 1)).collect::<Vec<_>>()
        }),
        Side::OpenPhone => openphone::list(caller, &contact).await.map(|notes| {
            let sent = alike(sent);
            let young = notes.iter().filter(|note| is_young(note.created_at)).map(openphone::found);
            young.filter(|found| alike(&said(found)) == sent).collect()
        }),
    };
    match listed {
        Ok(found) => unclaimed(caller, document, side, found.into_iter()).await,
        Err(Trouble::Refused(error)) if error.class() == Class::NotFound => Ok(Vec::new()),
        Err(trouble) => Err(trouble.into()),
    }
}

fn said(found: &Found) -> String {
    let text = found.observed.get(&Field::NoteText).and_then(Option::as_ref).and_then(Value::as_text);
    text.unwrap_or_default().to_owned()
}
