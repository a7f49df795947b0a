//! Calls, read only (contract sheet, sections 4 and 5). What they leave behind is in [`artefact`].

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::{ApiError, Request, Response, json};

use super::response::{Listing, listing, one};
use super::{Id, Surface, Window, operations as ops, wire};

pub mod artefact;

/// Both documents' bounds for a page.
const PAGE_SIZES: (&str, &str) = ("100", "50");

/// A call of either surface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: Id,
    /// Our number.
    pub number: Option<Id>,
    /// The numbers of everybody in it; can be empty in webhooks, never here.
    pub participants: Vec<String>,
    /// `incoming` or `outgoing`.
    pub direction: Option<String>,
    /// How it went.
    pub status: Option<String>,
    /// How long it took, in seconds; 0 for some calls that took longer.
    pub seconds: Option<u64>,
    /// Who was on it from our side: a person or an AI agent.
    pub actor: Option<Id>,
    /// When it began.
    pub created_at: Option<Timestamp>,
    /// When it was taken.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// `GET /v1/calls`: those of one of our numbers with one other.
pub fn list_v1(number: &Id, participant: &str, created: &Window, after: Option<&str>) -> Request {
    let asked = Surface::V1
        .page(PAGE_SIZES.0, after)
        .with("phoneNumberId", Some(number))
        .with("participants", Some(participant))
        .within(("createdAfter", "createdBefore"), created);
    wire::query(&ops::V1_CALLS_LIST, &[], &asked)
}

/// Which calls the dated list has on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Our number.
    pub number: Option<Id>,
    /// Somebody's number.
    pub participant: Option<String>,
    /// When it began.
    pub created: Window,
}

/// `GET /calls`.
pub fn list(filter: &Filter, after: Option<&str>) -> Request {
    let asked = Surface::Dated
        .page(PAGE_SIZES.1, after)
        .with("phoneNumberId", filter.number.as_ref())
        .with("participant", filter.participant.as_ref())
        .within(("createdAt[gte]", "createdAt[lte]"), &filter.created);
    wire::query(&ops::CALLS_LIST, &[], &asked)
}

/// One call. v1 refuses those with more than two parties (`0101400`).
pub fn get(surface: Surface, call: &Id) -> Request {
    wire::build(surface.pick(&ops::V1_CALL_GET, &ops::CALL_GET), &[call.as_str()])
}

/// The answer to [`get`].
pub fn call(response: &Response) -> Result<Call, ApiError> {
    one(response, read)
}

/// The answer to [`list_v1`] or [`list`].
pub fn page(response: &Response) -> Result<Listing<Call>, ApiError> {
    listing(response, read)
}

fn read(call: &Map<String, Json>) -> Option<Call> {
    Some(Call {
        id: Id::read(call, "id")?,
        number: Id::read(call, "phoneNumberId"),
        participants: json::list(call, "participants").iter().filter_map(participant).collect(),
        direction: json::text(call, "direction"),
        status: json::text(call, "status"),
        seconds: call.get("duration").and_then(Json::as_u64),
        actor: Id::read(call, "actorId").or_else(|| Id::read(call, "userId")),
        created_at: json::time(call, "createdAt"),
        answered_at: json::time(call, "answeredAt"),
        completed_at: json::time(call, "completedAt"),
    })
}

/// A number on v1, an object with it on the dated surface.
fn participant(item: &Json) -> Option<String> {
    json::plain(item).or_else(|| json::text(item.as_object()?, "phoneNumber"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::openphone::tests::{answer, id};

    #[test]
    fn calls_of_both_surfaces_are_read() {
        let v1 = json!({"id": "AC1", "participants": ["+14155550123"], "userId": "US1", "duration": 55});
        let dated = json!({"id": "AC1", "participants": [{"phoneNumber": "+14155550123", "actorId": null}, {}],
            "actorId": "US1", "duration": 55});
        let read = |data: Json| call(&answer(200, &json!({ "data": data }))).unwrap();
        assert_eq!(read(v1.clone()), read(dated));
        let call = read(v1);
        assert_eq!((call.actor, call.seconds), (Some(id("US1")), Some(55)));
        assert_eq!(call.participants, ["+14155550123"]);
    }

    #[test]
    fn lists_name_one_other_party() {
        let window = Window { from: None, to: Some("2026-01-02T03:04:05Z".parse().unwrap()) };
        assert_eq!(
            list_v1(&id("PN1"), "+14155550123", &window, None).http.uri(),
            "/v1/calls?maxResults=100&phoneNumberId=PN1&participants=%2B14155550123\
             &createdBefore=2026-01-02T03%3A04%3A05Z"
        );
        let filter = Filter { participant: Some("+14155550123".to_owned()), created: window, ..Filter::default() };
        assert_eq!(
            list(&filter, Some("c")).http.uri(),
            "/calls?limit=50&after=c&participant=%2B14155550123&createdAt%5Blte%5D=2026-01-02T03%3A04%3A05Z"
        );
    }
}
