//! Followers, campaigns, workflows and companies of contacts.

use serde_json::json;
use tandem_providers::ContactId;
use tandem_providers::ghl::{Id, membership, response};

use super::{ana, id};
use crate::exchange::Api;

#[test]
pub(crate) fn followers_come_and_go() {
    for api in Api::GHL {
        let version = api.version();
        api.asks(membership::add_followers(&ana(), &[id("u1"), id("u2")], &version), "POST /contacts/c1/followers")
            .with(json!({ "followers": ["u1", "u2"] }))
            .answered(201, json!({ "followers": ["u1", "u2"], "followersAdded": ["u2"] }))
            .reads(membership::followers, vec![id("u1"), id("u2")]);
        api.asks(membership::remove_followers(&ana(), &[id("u2")], &version), "DELETE /contacts/c1/followers")
            .with(json!({ "followers": ["u2"] }))
            .answered(200, json!({ "followers": ["u1"], "followersRemoved": ["u2"] }))
            .reads(membership::followers, vec![id("u1")]);
    }
}

#[test]
pub(crate) fn campaigns_are_joined_and_left() {
    for api in Api::GHL {
        let (version, done) = (api.version(), api.pick("succeded", "succeeded"));
        let line = "/contacts/c1/campaigns/k1";
        api.asks(membership::add_to_campaign(&ana(), &id("k1"), &version), &format!("POST {line}"))
            .with(json!({}))
            .answered(201, json!({ done: true }))
            .reads(response::done, ());
        api.asks(membership::remove_from_campaign(&ana(), &id("k1"), &version), &format!("DELETE {line}"))
            .answered(200, json!({ done: true }))
            .reads(response::done, ());
        let all = api.pick("DELETE /contacts/c1/campaigns/removeAll", "DELETE /contacts/c1/campaigns/remove-all");
        api.asks(membership::remove_from_campaigns(&ana(), &version), all)
            .answered(200, json!({ done: true }))
            .reads(response::done, ());
    }
}

#[test]
pub(crate) fn workflows_are_joined_and_left_at_a_time() {
    let start = "2026-12-01T09:00:00Z".parse().ok();
    for api in Api::GHL {
        let (version, done) = (api.version(), api.pick("succeded", "succeeded"));
        let at = json!({ "eventStartTime": "2026-12-01T09:00:00+00:00" });
        for (start, body) in [(start, at), (None, json!({}))] {
            api.asks(membership::add_to_workflow(&ana(), &id("w1"), start, &version), "POST /contacts/c1/workflow/w1")
                .with(body.clone())
                .answered(200, json!({ done: true }))
                .reads(response::done, ());
            let request = membership::remove_from_workflow(&ana(), &id("w1"), start, &version);
            api.asks(request, "DELETE /contacts/c1/workflow/w1")
                .with(body)
                .answered(200, json!({ done: true }))
                .reads(response::done, ());
        }
    }
}

#[test]
pub(crate) fn many_contacts_get_a_company_or_none() {
    let both = [ana(), ContactId::new("c2").unwrap()];
    for api in Api::GHL {
        for business in [Some(id("b1")), None] {
            let mut requests = membership::set_business(&id("L1"), &both, business.as_ref(), &api.version());
            assert_eq!(requests.len(), 1);
            api.asks(requests.remove(0), "POST /contacts/bulk/business")
                .with(json!({ "locationId": "L1", "ids": ["c1", "c2"],
                    "businessId": business.as_ref().map(Id::as_str) }))
                .answered(200, json!({ "success": true, "ids": ["c1", "c2"] }))
                .reads(membership::business_set, vec![id("c1"), id("c2")]);
        }
    }
}
