//! Campaigns and workflows that a contact is in.

use crate::ghl::contact::Contact;
use crate::ghl::contacts::{WRITE, id_for};
use crate::ghl::errors;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};
use crate::ghl::version::Version;

pub(super) const RULES: &[Rule] = &[
    Rule::new("DELETE /contacts/{contactId}/campaigns/removeAll", WRITE, leave_all).only(Version::Dated),
    Rule::new("DELETE /contacts/{contactId}/campaigns/remove-all", WRITE, leave_all).only(Version::V3),
    Rule::new("POST /contacts/{contactId}/campaigns/{campaignId}", WRITE, join_campaign),
    Rule::new("DELETE /contacts/{contactId}/campaigns/{campaignId}", WRITE, leave_campaign),
    Rule::new("POST /contacts/{contactId}/workflow/{workflowId}", WRITE, join_workflow),
    Rule::new("DELETE /contacts/{contactId}/workflow/{workflowId}", WRITE, leave_workflow),
];

const BODY: [Field; 1] = [Field::optional("eventStartTime", Kind::Time)];

fn edited(ghl: &mut Ghl, asked: &Asked<'_>, status: u16, edit: impl FnOnce(&mut Contact)) -> Reply {
    let id = id_for(ghl, asked)?;
    let contact = ghl.locations[asked.at].shelf.get_mut(id).ok_or_else(|| errors::no_contact(id))?;
    edit(contact);
    reply(status, asked.version.done())
}

fn join(held: &mut Vec<Box<str>>, id: &str) {
    if !held.iter().any(|one| **one == *id) {
        held.push(id.into());
    }
}

fn join_campaign(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = asked.call.segment(3);
    edited(ghl, asked, 201, |contact| join(&mut contact.campaigns, id))
}

fn leave_campaign(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = asked.call.segment(3);
    edited(ghl, asked, 200, |contact| contact.campaigns.retain(|held| **held != *id))
}

fn leave_all(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    edited(ghl, asked, 200, |contact| contact.campaigns.clear())
}

fn join_workflow(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    whitelisted(&asked.call.object().unwrap_or_default(), &BODY)?;
    let id = asked.call.segment(3);
    edited(ghl, asked, 200, |contact| join(&mut contact.workflows, id))
}

fn leave_workflow(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    whitelisted(&asked.call.object().unwrap_or_default(), &BODY)?;
    let id = asked.call.segment(3);
    edited(ghl, asked, 200, |contact| contact.workflows.retain(|held| **held != *id))
}
