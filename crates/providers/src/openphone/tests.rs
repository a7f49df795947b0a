//! What the tests of all subjects share, and what holds for all readers and all operations.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::{ApiError, Request, Response};

pub(super) fn answer(status: u16, body: &Json) -> Response {
    http::Response::builder().status(status).body(body.to_string().into()).unwrap()
}

pub(super) fn body(request: &Request) -> Json {
    serde_json::from_slice(request.http.body()).unwrap()
}

pub(super) fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub(super) fn contact() -> ContactId {
    ContactId::new("c1").unwrap()
}

type Reader = fn(&Response) -> Option<ApiError>;

/// Every reader of an answer, reduced to its refusal.
const READERS: &[Reader] = &[
    |answer| response::contact(answer).err(),
    |answer| response::partial(answer).err(),
    |answer| response::page(answer).err(),
    |answer| response::definitions(answer).err(),
    |answer| response::deleted(answer).err(),
    |answer| response::accepted(answer).err(),
    |answer| thin::page(answer).err(),
    |answer| thin::shares_page(answer).err(),
    |answer| property::property(answer).err(),
    |answer| property::page(answer).err(),
    |answer| note::note(answer).err(),
    |answer| note::page(answer).err(),
    |answer| conversation::conversation(answer).err(),
    |answer| conversation::page(answer).err(),
    |answer| task::task(answer).err(),
    |answer| task::changed(answer).err(),
    |answer| task::page(answer).err(),
    |answer| message::message(answer).err(),
    |answer| message::page(answer).err(),
    |answer| call::call(answer).err(),
    |answer| call::page(answer).err(),
    |answer| call::artefact::recordings_page(answer).err(),
    |answer| call::artefact::read_summary(answer).err(),
    |answer| call::artefact::read_transcript(answer).err(),
    |answer| call::artefact::transcripts_page(answer).err(),
    |answer| call::artefact::read_voicemail(answer).err(),
    |answer| workspace::read_user(answer).err(),
    |answer| workspace::users_page(answer).err(),
    |answer| workspace::read_number(answer).err(),
    |answer| workspace::numbers_page(answer).err(),
    |answer| workspace::read_organization(answer).err(),
    |answer| hook::hook(answer).err(),
    |answer| hook::page(answer).err(),
    |answer| hook::created(answer).err(),
    |answer| hook::rotated(answer).err(),
    |answer| hook::delivery::page(answer).err(),
    |answer| hook::delivery::detail(answer).err(),
    |answer| hook::delivery::tested(answer).err(),
];

#[test]
fn operations_are_named_once() {
    let names: BTreeSet<&str> = operations::ALL.iter().map(|operation| operation.name).collect();
    let templates: BTreeSet<&str> = operations::ALL.iter().map(|operation| operation.template).collect();
    assert_eq!((names.len(), templates.len()), (operations::ALL.len(), operations::ALL.len()));
    for operation in operations::ALL {
        let is_v1 = operation.path().starts_with("/v1/");
        assert_eq!(operation.name.starts_with("openphone.v1."), is_v1, "{}", operation.name);
        assert_eq!(operation.access == crate::Access::Read, operation.method() == "GET", "{}", operation.name);
    }
}

#[test]
fn every_reader_sorts_refusals_alike() {
    for status in [301, 400, 401, 402, 403, 404, 409, 422, 429, 500, 503] {
        let refused = answer(status, &serde_json::json!({"error": {"message": "no", "key": "E1", "trace": "t1"}}));
        let wanted = response::contact(&refused).unwrap_err();
        for reader in READERS {
            // What is gone already counts as deleted; nothing else is ever read out of a refusal.
            let Some(error) = reader(&refused) else {
                assert_eq!(status, 404);
                continue;
            };
            assert_eq!(error, wanted);
        }
    }
}

/// Answers with the keys that readers look for, holding anything.
fn any_json() -> impl Strategy<Value = Json> {
    let keys = vec![
        "data",
        "id",
        "contactId",
        "sharedWith",
        "taskId",
        "callId",
        "phoneNumberId",
        "participants",
        "text",
        "media",
        "to",
        "type",
        "value",
        "status",
        "dialogue",
        "content",
        "users",
        "attempts",
        "events",
        "url",
        "key",
        "eventType",
        "revision",
        "createdAt",
        "nextPageToken",
        "nextCursor",
        "defaultFields",
        "phoneNumbers",
        "customFields",
        "error",
        "errors",
        "message",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        let key = prop::sample::select(keys.clone()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(key, inner, 0..8).prop_map(|map| map.into_iter().collect::<Json>()),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_panics(status in prop::sample::select(vec![200_u16, 201, 202, 204, 302, 400, 404, 429, 500]), json in any_json()) {
        for body in [json.clone(), serde_json::json!({ "data": json }), serde_json::json!({ "data": [json] })] {
            for reader in READERS {
                let _error = reader(&answer(status, &body));
            }
        }
    }

    #[test]
    fn no_bytes_panic(status in 100..600_u16, body in prop::collection::vec(any::<u8>(), 0..80)) {
        let answer: Response = http::Response::builder().status(status).body(body.into()).unwrap();
        for reader in READERS {
            let _error = reader(&answer);
        }
    }
}
