use proptest::prelude::*;

use super::*;
use crate::openphone::operations;

#[test]
fn only_dated_requests_carry_the_version() {
    for operation in operations::ALL {
        let request = build(operation, &["a", "b"]);
        let is_dated = !operation.path().starts_with("/v1/");
        assert_eq!(request.http.headers().contains_key("quo-api-version"), is_dated, "{}", operation.name);
        assert!(!request.http.uri().path().contains('{'), "{}", operation.name);
        assert_eq!(request.http.method(), operation.method());
    }
}

#[test]
fn queries_repeat_names_and_leave_out_what_is_unset() {
    let window = Window { from: Some("2026-01-02T03:04:05Z".parse().unwrap()), to: None };
    let asked = Surface::V1.page("50", None).with("participants", ["+14155550123", "+14155550124"]);
    let request = query(&operations::V1_CALLS_LIST, &[], &asked.within(("createdAfter", "createdBefore"), &window));
    assert_eq!(
        request.http.uri(),
        "/v1/calls?maxResults=50&participants=%2B14155550123&participants=%2B14155550124\
         &createdAfter=2026-01-02T03%3A04%3A05Z"
    );
    let dated = query(&operations::USERS_LIST, &[], &Surface::Dated.page("50", Some("n&1")));
    assert_eq!(dated.http.uri(), "/users?limit=50&after=n%261");
}

#[test]
fn an_ai_agent_is_no_user() {
    assert_eq!(UserId::new("US123").unwrap().as_str(), "US123");
    for other in ["SYU123", "", "123", "US 1"] {
        assert_eq!(UserId::new(other), Err(InvalidUserId), "{other}");
    }
}

proptest! {
    #[test]
    fn no_id_leaves_its_segment(first in ".{0,40}", second in "[!-~]{1,40}") {
        let (Ok(first), Ok(second)) = (Id::new(&first), Id::new(&second)) else { return Ok(()) };
        for operation in operations::ALL {
            let request = build(operation, &[first.as_str(), second.as_str()]);
            let uri = request.http.uri();
            prop_assert_eq!(uri.query(), None);
            let (wanted, built) = (operation.path().split('/'), uri.path().split('/'));
            prop_assert_eq!(wanted.clone().count(), built.clone().count());
            for (wanted, built) in wanted.zip(built) {
                prop_assert!(wanted.starts_with('{') || wanted == built, "{} {}", operation.name, uri);
            }
        }
    }
}
