//! The requests of the GHL side.

use tandem_contact::Side;
use tandem_providers::ghl::contact::observe;
use tandem_providers::{ContactId, ghl};
use tandem_reconcile::Found;

use crate::call::{Caller, Trouble};

/// `GET /contacts/{id}`.
pub(crate) async fn read(caller: &Caller<'_>, id: &ContactId) -> Result<Found, Trouble> {
    let side = &caller.connection.ghl;
    let contact = caller.read(Side::Ghl, ghl::request::contact(id, &side.version), ghl::response::contact).await?;
    let (observed, at) = observe(&contact, &side.view);
    Ok(Found { id: contact.id.to_string(), observed, at })
}
