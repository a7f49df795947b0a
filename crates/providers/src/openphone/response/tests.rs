use proptest::prelude::*;

use super::*;
use crate::Outcome;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut builder = http::Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(bytes::Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn error_of(status: u16, body: &str) -> ApiError {
    contact(&answer(status, &[], body)).unwrap_err()
}

#[test]
fn all_four_error_shapes_are_read() {
    let documented = error_of(
        409,
        r#"{"message":"Conflict","code":"0800409","status":409,"docs":"x","title":"Conflict","trace":"t1"}"#,
    );
    assert_eq!((documented.class(), documented.code.as_deref()), (Class::Conflict, Some("0800409")));
    assert_eq!(documented.trace.as_deref(), Some("t1"));
    let gateway = error_of(401, r#"{"error":{"message":"Unauthorized","key":"E1","trace":"t2"}}"#);
    assert_eq!((gateway.class(), gateway.code.as_deref()), (Class::Unauthorized, Some("E1")));
    assert_eq!((gateway.words.reveal(), gateway.trace.as_deref()), ("Unauthorized", Some("t2")));
    let dated = error_of(404, r#"{"title":"Not Found","message":"no such contact","docs":"x"}"#);
    assert_eq!((dated.class(), dated.words.reveal()), (Class::NotFound, "no such contact"));
    let html = error_of(404, "<!DOCTYPE html><pre>Cannot GET /v2/contacts</pre>");
    assert_eq!(html.class(), Class::Misrouted);
    assert_eq!(html.to_string(), "the provider answered 404 Not Found");
}

#[test]
fn an_unknown_route_is_never_a_deleted_contact() {
    assert!(deleted(&answer(204, &[], "")).is_ok());
    assert!(deleted(&answer(404, &[], r#"{"message":"Not Found","code":"0800404"}"#)).is_ok());
    for body in ["<html>", "", r#"{"statusCode":404,"message":"Cannot DELETE /v1/contacts/1"}"#] {
        assert_eq!(deleted(&answer(404, &[], body)).unwrap_err().class(), Class::Misrouted, "{body}");
    }
}

#[test]
fn the_outcome_of_a_write_follows_from_its_answer() {
    let outcome = |status, body| Outcome::of(&contact(&answer(status, &[], body)));
    let whole = r#"{"data":{"id":"c1","defaultFields":{}}}"#;
    assert_eq!(outcome(201, whole), Outcome::Applied);
    for status in [401, 402, 403, 429] {
        assert_eq!(outcome(status, "{}"), Outcome::NotApplied, "{status}");
    }
    for status in [302, 408, 500, 502, 503, 504] {
        assert_eq!(outcome(status, ""), Outcome::Unknown, "{status}");
    }
    for broken in ["", "{", r#"{"data":{}}"#, r#"{"data":{"id":"c1"}}"#] {
        assert_eq!(outcome(201, broken), Outcome::Unknown, "{broken}");
    }
    for status in [400, 404, 409, 422] {
        assert_eq!(outcome(status, "{}"), Outcome::Permanent, "{status}");
    }
}

#[test]
fn a_refused_field_is_named() {
    let by_code = error_of(400, r#"{"message":"Bad Request","code":"0801400","title":"x"}"#);
    assert_eq!(by_code.refused, [Field::Tags].into());
    let by_title = error_of(400, r#"{"code":"0800400","title":"Invalid Custom Field Item"}"#);
    assert_eq!(by_title.refused, [Field::Tags].into());
    let paths = r#"{"code":"0800400","errors":[{"path":"/defaultFields/phoneNumbers/0/value","message":"m","value":"+1"},
        {"path":"customFields[1].value"},{"path":"sourceUrl"},{"path":"/x"},{},7]}"#;
    let by_path = error_of(400, paths);
    assert_eq!(by_path.refused, [Field::Phones, Field::Tags, Field::SourceLink].into());
    assert!(error_of(400, r#"{"code":"0800400","message":"no"}"#).refused.is_empty());
}

#[test]
fn throttling_is_read_from_either_header() {
    let pause = |headers: &[(&str, &str)]| contact(&answer(429, headers, "{}")).unwrap_err().class();
    let after = |seconds: Option<u64>| Class::Throttled { retry_after: seconds.map(Duration::from_secs) };
    assert_eq!(pause(&[]), after(None));
    assert_eq!(pause(&[("Retry-After", "7")]), after(Some(7)));
    assert_eq!(pause(&[("ratelimit", "\"per-second\"; r=0; t=1")]), after(Some(1)));
    assert_eq!(pause(&[("ratelimit", "\"a\";r=0;t=1, \"b\";r=0;t=9")]), after(Some(9)));
    assert_eq!(pause(&[("Retry-After", "18446744073709551615")]), after(Some(86_400)));
    assert_eq!(pause(&[("Retry-After", "soon"), ("ratelimit", "t=")]), after(None));
}

#[test]
fn a_page_ends_when_it_is_empty_or_names_no_next() {
    let page = |body: &str| page(&answer(200, &[], body)).unwrap();
    let item = r#"{"id":"CT64260c5c0000000000000001","defaultFields":{}}"#;
    let full = page(&format!(r#"{{"data":[{item},{{"id":"x"}}],"totalItems":0,"nextPageToken":"n"}}"#));
    assert_eq!((full.contacts.len(), full.unreadable, full.next.as_deref()), (1, 1, Some("n")));
    assert_eq!(full.contacts[0].id.as_str(), "64260c5c0000000000000001");
    assert_eq!(page(r#"{"data":[],"nextPageToken":"n"}"#).next, None);
    assert_eq!(page(&format!(r#"{{"data":[{item}],"nextPageToken":null}}"#)).next, None);
    assert_eq!(page(&format!(r#"{{"data":[{item}]}}"#)).next, None);
}

#[test]
fn definitions_are_read() {
    let body = r#"{"data":[{"name":"Tags","key":"tags","type":"multi-select"},{"name":"broken"}]}"#;
    let read = definitions(&answer(200, &[], body)).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].key.as_str(), read[0].kind.as_str()), ("tags", "multi-select"));
}

proptest! {
    #[test]
    fn no_answer_panics(status in 100..600_u16, body in ".{0,80}", header in "[ -~]{0,30}") {
        let answer = answer(status, &[("ratelimit", &header), ("retry-after", &header)], &body);
        let _results = (contact(&answer), partial(&answer), page(&answer), definitions(&answer), deleted(&answer));
    }
}
