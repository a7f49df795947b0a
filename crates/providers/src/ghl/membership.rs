//! What a contact takes part in: followers, campaigns, workflows, companies (contract sheet, end of section 4).

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::{ApiError, ContactId, Request, Response, json};

use super::request::build;
use super::response::read;
use super::{ApiVersion, Id, operations as ops};

/// v3 takes no more contacts at once.
const MAX_CONTACTS: usize = 50;

/// `POST /contacts/{id}/followers`: users who follow the contact from now on.
pub fn add_followers(contact: &ContactId, users: &[Id], version: &ApiVersion) -> Request {
    build(&ops::CONTACT_FOLLOWERS_ADD, version, &[contact.as_str()]).with_json(&followed(users))
}

/// `DELETE /contacts/{id}/followers`, which has a body.
pub fn remove_followers(contact: &ContactId, users: &[Id], version: &ApiVersion) -> Request {
    build(&ops::CONTACT_FOLLOWERS_REMOVE, version, &[contact.as_str()]).with_json(&followed(users))
}

fn followed(users: &[Id]) -> Json {
    json!({ "followers": users.iter().map(Id::as_str).collect::<Vec<_>>() })
}

/// Who follows the contact now, from the answer to [`add_followers`] or [`remove_followers`].
pub fn followers(response: &Response) -> Result<Vec<Id>, ApiError> {
    read(response, |body| ids(body.get("followers")?))
}

fn ids(list: &Json) -> Option<Vec<Id>> {
    Some(list.as_array()?.iter().filter_map(|one| Id::new(&json::plain(one)?).ok()).collect())
}

/// `POST /contacts/{id}/campaigns/{campaignId}`, answered to [`super::response::done`], as all below but the companies.
pub fn add_to_campaign(contact: &ContactId, campaign: &Id, version: &ApiVersion) -> Request {
    let ids = [contact.as_str(), campaign.as_str()];
    build(&ops::CONTACT_CAMPAIGN_ADD, version, &ids).with_json(&json!({}))
}

/// `DELETE /contacts/{id}/campaigns/{campaignId}`.
pub fn remove_from_campaign(contact: &ContactId, campaign: &Id, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_CAMPAIGN_REMOVE, version, &[contact.as_str(), campaign.as_str()])
}

/// `DELETE /contacts/{id}/campaigns/removeAll`.
pub fn remove_from_campaigns(contact: &ContactId, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_CAMPAIGNS_CLEAR, version, &[contact.as_str()])
}

/// `POST /contacts/{id}/workflow/{workflowId}`: it starts at once, or then.
pub fn add_to_workflow(contact: &ContactId, workflow: &Id, start: Option<Timestamp>, version: &ApiVersion) -> Request {
    build(&ops::CONTACT_WORKFLOW_ADD, version, &[contact.as_str(), workflow.as_str()]).with_json(&starting(start))
}

/// `DELETE /contacts/{id}/workflow/{workflowId}`, which has the same body.
pub fn remove_from_workflow(
    contact: &ContactId,
    workflow: &Id,
    start: Option<Timestamp>,
    version: &ApiVersion,
) -> Request {
    build(&ops::CONTACT_WORKFLOW_REMOVE, version, &[contact.as_str(), workflow.as_str()]).with_json(&starting(start))
}

/// ISO 8601 with an offset, as GHL's example has it.
fn starting(start: Option<Timestamp>) -> Json {
    let text = |start: Timestamp| format!("{}+00:00", format!("{start:.0}").trim_end_matches('Z'));
    json::given([("eventStartTime", start.map(|start| text(start).into()))])
}

/// `POST /contacts/bulk/business`: the contacts belong to this company of GHL's own, or to none; in as many requests as
/// GHL's bound makes necessary.
pub fn set_business(
    location: &Id,
    contacts: &[ContactId],
    business: Option<&Id>,
    version: &ApiVersion,
) -> Vec<Request> {
    let request = |chunk: &[ContactId]| {
        let ids: Vec<&str> = chunk.iter().map(ContactId::as_str).collect();
        let body = json!({ "locationId": location.as_str(), "ids": ids, "businessId": business.map(Id::as_str) });
        build(&ops::CONTACTS_BULK_BUSINESS, version, &[]).with_json(&body)
    };
    contacts.chunks(MAX_CONTACTS).map(request).collect()
}

/// Whose company was set, from the answer to [`set_business`].
pub fn business_set(response: &Response) -> Result<Vec<Id>, ApiError> {
    super::response::done(response)?;
    read(response, |body| ids(body.get("ids")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_has_its_offset() {
        let start = "2026-11-24T14:30:00.9Z".parse().unwrap();
        assert_eq!(starting(Some(start)), json!({ "eventStartTime": "2026-11-24T14:30:00+00:00" }));
        assert_eq!(starting(None), json!({}));
    }

    #[test]
    fn many_contacts_are_split() {
        let (version, id) = (ApiVersion::new("v3").unwrap(), |text: &str| Id::new(text).unwrap());
        let contacts: Vec<ContactId> = (0..51).map(|n| ContactId::new(&format!("c{n}")).unwrap()).collect();
        let requests = set_business(&id("loc1"), &contacts, None, &version);
        let bodies: Vec<Json> =
            requests.iter().map(|request| serde_json::from_slice(request.http.body()).unwrap()).collect();
        assert_eq!(bodies.iter().map(|body| body["ids"].as_array().unwrap().len()).collect::<Vec<_>>(), [50, 1]);
        assert_eq!(bodies[1], json!({ "locationId": "loc1", "ids": ["c50"], "businessId": null }));
        assert!(set_business(&id("loc1"), &[], None, &version).is_empty());
    }
}
