//! One visit to every operation that is described.

use serde_json::{Value, json};
use tandem_twins::{GhlMessageProvider, GhlTwin};

use crate::described::Inspector;
use crate::ghl_kit::{APP, CLIENT, COMPANY, OTHER, SECRET, code, form, text};
use crate::kit::{Caller, LOCATION};

const START: &str = "2026-12-01T09:00:00Z";

/// Asks, checks, and remembers what was wrong.
pub(super) struct Guide {
    pub(super) inspector: Inspector,
    caller: Caller,
    location: String,
    company: String,
    pub(super) v3: bool,
}

impl Guide {
    pub(super) fn new(inspector: Inspector, caller: Caller, tokens: (String, String), v3: bool) -> Self {
        let (location, company) = tokens;
        Self { inspector, caller, location, company, v3 }
    }

    /// Whatever else is described is no route of the twin: an operation that it has and that was not visited is found here.
    pub(super) async fn looks_for_more(&self, twin: &GhlTwin) {
        let counted = |template: &str| twin.report().calls(template);
        for template in &self.inspector.succeeded {
            assert!(counted(template) > 0, "the twin has another name for {template}");
        }
        for template in self.inspector.unseen() {
            let (method, path) = template.split_once(' ').unwrap();
            let token = format!("Bearer {}", self.location);
            let caller = self.caller.with(&[("authorization", &token), ("version", self.version(path))]);
            caller.try_send(method, &path.replace(['{', '}'], ""), Some(&json!({}))).await.unwrap();
            assert_eq!(counted(&template), 0, "{template} is a route, and was not visited");
        }
    }

    fn version(&self, template: &str) -> &'static str {
        match (self.v3, template.starts_with("/conversations")) {
            (true, _) => "v3",
            (false, true) => "2021-04-15",
            (false, false) => "2021-07-28",
        }
    }

    /// Asks with the location's token; the placeholders of the template are filled in order.
    async fn ask(&mut self, what: &str, ids: &[&str], body: Value) -> Value {
        let (method, target) = what.split_once(' ').unwrap();
        let (template, query) = target.split_once('?').unwrap_or((target, ""));
        let mut path = template.to_owned();
        for id in ids {
            let (start, end) = (path.find('{').unwrap(), path.find('}').unwrap());
            path.replace_range(start..=end, id);
        }
        let token = format!("Bearer {}", if template.starts_with("/oauth") { &self.company } else { &self.location });
        let caller = self.caller.with(&[("authorization", &token), ("version", self.version(template))]);
        let body = (!body.is_null()).then_some(&body);
        let seen = caller.try_send(method, &format!("{path}?{query}"), body).await.unwrap();
        self.inspector.take(&format!("{method} {template}"), &seen);
        seen.body
    }

    async fn send(&mut self, template: &str, twin: &GhlTwin, fields: &[(&str, &str)]) -> Value {
        let token = format!("Bearer {}", self.company);
        let headers = [("authorization", token.as_str()), ("version", self.version(template))];
        let seen = form(twin, template, fields, &headers).await;
        self.inspector.take(&format!("POST {template}"), &seen);
        seen.body
    }
}

pub(super) async fn tour(twin: &GhlTwin, guide: &mut Guide) {
    let id = contacts(guide).await;
    groups(guide, &id).await;
    records(twin, guide, &id).await;
    tags(guide).await;
    fields(guide).await;
    users(guide).await;
    talks(guide, &id).await;
    oauth(twin, guide).await;
    guide.ask("DELETE /contacts/{contactId}", &[&id], Value::Null).await;
    refusals(twin, guide).await;
}

async fn contacts(guide: &mut Guide) -> String {
    let body = json!({
        "locationId": LOCATION, "firstName": "Ana", "lastName": "Garcia", "email": "ana@example.com",
        "phone": "+14155550100", "companyName": "Example Inc", "dateOfBirth": "1990-09-25", "tags": ["vip"],
        "customFields": [{ "id": "FieldOpenPhoneId0001", "field_value": "x" }],
        "dndSettings": { (if guide.v3 { "sms" } else { "SMS" }): { "status": "active", "message": "", "code": "" } },
    });
    let new = guide.ask("POST /contacts/", &[], body).await;
    let id = text(&new["contact"]["id"]).to_owned();
    guide.ask("GET /contacts/{contactId}", &[&id], Value::Null).await;
    guide.ask("PUT /contacts/{contactId}", &[&id], json!({ "city": "Springfield" })).await;
    let body = json!({ "locationId": LOCATION, "email": "ana@example.com", "state": "AL" });
    guide.ask("POST /contacts/upsert", &[], body).await;
    guide.ask("POST /contacts/search", &[], json!({ "locationId": LOCATION, "pageLimit": 5 })).await;
    let query = format!("GET /contacts/search/duplicate?locationId={LOCATION}&email=ana@example.com");
    guide.ask(&query, &[], Value::Null).await;
    if !guide.v3 {
        guide.ask(&format!("GET /contacts/?locationId={LOCATION}"), &[], Value::Null).await;
    }
    guide.ask("POST /contacts/{contactId}/tags", &[&id], json!({ "tags": ["two"] })).await;
    guide.ask("DELETE /contacts/{contactId}/tags", &[&id], json!({ "tags": ["two"] })).await;
    id
}

async fn groups(guide: &mut Guide, id: &str) {
    let body = json!({ "contacts": [id], "tags": ["three"], "locationId": LOCATION });
    guide.ask("POST /contacts/bulk/tags/update/{type}", &["add"], body).await;
    let business = "63771dcac1116f0e21de8e12";
    let body = json!({ "locationId": LOCATION, "ids": [id], "businessId": business });
    guide.ask("POST /contacts/bulk/business", &[], body).await;
    let query = format!("GET /contacts/business/{{businessId}}?locationId={LOCATION}");
    guide.ask(&query, &[business], Value::Null).await;
    let followers = json!({ "followers": ["u1"] });
    guide.ask("POST /contacts/{contactId}/followers", &[id], followers.clone()).await;
    guide.ask("DELETE /contacts/{contactId}/followers", &[id], followers).await;
    guide.ask("POST /contacts/{contactId}/campaigns/{campaignId}", &[id, "c1"], json!({})).await;
    guide.ask("DELETE /contacts/{contactId}/campaigns/{campaignId}", &[id, "c1"], Value::Null).await;
    let all = if guide.v3 { "remove-all" } else { "removeAll" };
    guide.ask(&format!("DELETE /contacts/{{contactId}}/campaigns/{all}"), &[id], Value::Null).await;
    let start = json!({ "eventStartTime": START });
    guide.ask("POST /contacts/{contactId}/workflow/{workflowId}", &[id, "w1"], start.clone()).await;
    guide.ask("DELETE /contacts/{contactId}/workflow/{workflowId}", &[id, "w1"], start).await;
}

async fn records(twin: &GhlTwin, guide: &mut Guide, id: &str) {
    let note = json!({ "body": "Called", "title": "Call", "color": "#FFAA00", "pinned": true, "userId": "u1" });
    let note = guide.ask("POST /contacts/{contactId}/notes", &[id], note).await;
    let ids = [id, text(&note["note"]["id"])];
    guide.ask("GET /contacts/{contactId}/notes", &[id], Value::Null).await;
    guide.ask("GET /contacts/{contactId}/notes/{id}", &ids, Value::Null).await;
    guide.ask("PUT /contacts/{contactId}/notes/{id}", &ids, json!({ "body": "Wrote" })).await;
    guide.ask("DELETE /contacts/{contactId}/notes/{id}", &ids, Value::Null).await;
    let task = json!({ "title": "Call", "dueDate": START, "completed": false, "body": "x", "assignedTo": "u1" });
    let task = guide.ask("POST /contacts/{contactId}/tasks", &[id], task).await;
    let ids = [id, text(&task["task"]["id"])];
    guide.ask("GET /contacts/{contactId}/tasks", &[id], Value::Null).await;
    guide.ask("GET /contacts/{contactId}/tasks/{taskId}", &ids, Value::Null).await;
    guide.ask("PUT /contacts/{contactId}/tasks/{taskId}", &ids, json!({ "title": "Write" })).await;
    let completed = json!({ "completed": true });
    guide.ask("PUT /contacts/{contactId}/tasks/{taskId}/completed", &ids, completed).await;
    guide.ask("POST /locations/{locationId}/tasks/search", &[LOCATION], json!({})).await;
    guide.ask("DELETE /contacts/{contactId}/tasks/{taskId}", &ids, Value::Null).await;
    twin.create_appointment(id, &json!({ "title": "Visit", "startTime": "2026-12-01 11:00:00" })).unwrap();
    guide.ask("GET /contacts/{contactId}/appointments", &[id], Value::Null).await;
}

async fn tags(guide: &mut Guide) {
    guide.ask("GET /locations/{locationId}", &[LOCATION], Value::Null).await;
    guide.ask("GET /locations/{locationId}/tags", &[LOCATION], Value::Null).await;
    let tag = guide.ask("POST /locations/{locationId}/tags", &[LOCATION], json!({ "name": "lead" })).await;
    let ids = [LOCATION, text(&tag["tag"]["id"])];
    guide.ask("GET /locations/{locationId}/tags/{tagId}", &ids, Value::Null).await;
    let tag = guide.ask("PUT /locations/{locationId}/tags/{tagId}", &ids, json!({ "name": "customer" })).await;
    let ids = [LOCATION, text(&tag["tag"]["id"])];
    guide.ask("DELETE /locations/{locationId}/tags/{tagId}", &ids, Value::Null).await;
}

async fn fields(guide: &mut Guide) {
    guide.ask("GET /locations/{locationId}/customFields?model=all", &[LOCATION], Value::Null).await;
    let field = json!({ "name": "Firm", "dataType": "TEXT", "model": "contact" });
    let field = guide.ask("POST /locations/{locationId}/customFields", &[LOCATION], field).await;
    let ids = [LOCATION, text(&field["customField"]["id"])];
    guide.ask("GET /locations/{locationId}/customFields/{id}", &ids, Value::Null).await;
    guide.ask("PUT /locations/{locationId}/customFields/{id}", &ids, json!({ "name": "Company" })).await;
    guide.ask("DELETE /locations/{locationId}/customFields/{id}", &ids, Value::Null).await;
}

async fn users(guide: &mut Guide) {
    let users = guide.ask(&format!("GET /users/search?companyId={COMPANY}"), &[], Value::Null).await;
    guide.ask("GET /users/{userId}", &[text(&users["users"][0]["id"])], Value::Null).await;
    if !guide.v3 {
        guide.ask(&format!("GET /users/?locationId={LOCATION}"), &[], Value::Null).await;
    }
}

async fn talks(guide: &mut Guide, id: &str) {
    let body = json!({ "locationId": LOCATION, "contactId": id });
    let talk = guide.ask("POST /conversations/", &[], body).await;
    let talk = text(&talk["conversation"]["id"]).to_owned();
    let sms = json!({ "type": "SMS", "contactId": id, "conversationId": talk, "message": "Hello",
        "altId": "AC1" });
    guide.ask("POST /conversations/messages/inbound", &[], sms).await;
    let call = json!({
        "type": "Call", "conversationId": talk, "conversationProviderId": GhlMessageProvider::call().id,
        "call": { "to": "+14155550100", "from": "+14155550199", "status": "completed" },
    });
    let call = guide.ask("POST /conversations/messages/outbound", &[], call).await;
    let message = text(&call["messageId"]);
    guide.ask(&format!("GET /conversations/search?locationId={LOCATION}"), &[], Value::Null).await;
    guide.ask("GET /conversations/{conversationId}", &[&talk], Value::Null).await;
    guide.ask("GET /conversations/{conversationId}/messages", &[&talk], Value::Null).await;
    guide.ask("GET /conversations/messages/{id}", &[message], Value::Null).await;
    guide.ask(&format!("GET /conversations/messages/export?locationId={LOCATION}"), &[], Value::Null).await;
    let read = json!({ "status": "read" });
    guide.ask("PUT /conversations/messages/{messageId}/status", &[message], read).await;
    let links = json!({ "attachments": ["https://example.com/1.mp3"] });
    guide.ask("PUT /conversations/messages/{messageId}/attachments", &[message], links).await;
}

async fn oauth(twin: &GhlTwin, guide: &mut Guide) {
    let query = format!("companyId={COMPANY}&appId={APP}");
    let exchange = [("companyId", COMPANY), ("locationId", OTHER)];
    let code = code(twin, "contacts.readonly").await;
    let (client, secret) = (CLIENT.1, SECRET.1);
    if guide.v3 {
        guide.ask(&format!("GET /oauth/installed-locations?{query}&pageSize=1"), &[], Value::Null).await;
        guide.ask("GET /oauth/installed-locations", &[], Value::Null).await;
        guide.send("/oauth/location-token", twin, &exchange).await;
        let fields = [("clientId", client), ("clientSecret", secret), ("grantType", "authorization_code")];
        guide.send("/oauth/token", twin, &[&fields[..], &[("code", &code)]].concat()).await;
        guide.send("/oauth/token", twin, &fields).await;
    } else {
        guide.ask(&format!("GET /oauth/installedLocations?{query}"), &[], Value::Null).await;
        guide.send("/oauth/locationToken", twin, &exchange).await;
        let fields = [CLIENT, SECRET, ("grant_type", "authorization_code")];
        guide.send("/oauth/token", twin, &[&fields[..], &[("code", &code)]].concat()).await;
        guide.send("/oauth/token", twin, &fields).await;
    }
}

async fn refusals(twin: &GhlTwin, guide: &mut Guide) {
    guide.ask("GET /contacts/{contactId}", &["GoneGoneGoneGone0001"], Value::Null).await;
    guide.ask("POST /contacts/", &[], json!({ "surprise": 1 })).await;
    guide.ask("POST /contacts/", &[], json!({ "locationId": OTHER })).await;
    twin.remove_scope("contacts.write");
    guide.ask("POST /contacts/", &[], json!({ "locationId": LOCATION })).await;
    twin.expire_access_tokens();
    guide.ask("GET /contacts/{contactId}", &["GoneGoneGoneGone0001"], Value::Null).await;
}
