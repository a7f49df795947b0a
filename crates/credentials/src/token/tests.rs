//! The rules one by one, and all of them against a provider that counts.

mod model;

use jiff::SignedDuration;
use secrecy::ExposeSecret;

use super::*;
use crate::{Answer, Call, CompanyId, Grant};

const NEED: Need = Need { refused: None, early: Duration::from_mins(5) };
const DAY: Duration = Duration::from_hours(24);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn moment(seconds: i64) -> Moment {
    Moment { now: at(seconds), random: 0.5 }
}

fn location(company: Option<&str>) -> Account {
    Account::Location { id: "loc".to_owned(), company: company.map(|id| CompanyId::new(id).unwrap()) }
}

fn grant(number: u64) -> Grant {
    Grant {
        access: format!("access{number}").into(),
        refresh: Some(format!("refresh{number}").into()),
        expires_in: DAY,
        scopes: vec!["contacts.readonly".to_owned()],
        location: Some("loc".to_owned()),
        company: None,
        approved: Vec::new(),
        is_exchanged: false,
    }
}

/// Connected at 0, its token good for a day.
fn document() -> Document {
    connected(None, location(None), &grant(1), at(0))
}

fn refreshing(document: Document, seconds: i64) -> (Document, Intent) {
    let begun = begin_refresh(document, &Timing::default(), ("me", at(seconds))).unwrap();
    assert!(matches!(&begun.call, Call::Refresh { .. }));
    (begun.document, begun.intent)
}

fn reconnecting(document: Document, seconds: i64) -> (Document, Intent) {
    let begun = begin_reconnect(document, &Timing::default(), ("me", at(seconds)));
    (begun.document, begun.intent)
}

fn after(document: &Document, intent: &Intent, answer: &Answer, seconds: i64) -> Document {
    settle(document.clone(), intent, answer, moment(seconds)).expect("it changes something")
}

fn tokens(number: u64) -> Answer {
    Answer::Tokens(Box::new(grant(number)))
}

/// What is to be done, in a word.
fn word(document: &Document, seconds: i64, need: &Need) -> String {
    match next(document, at(seconds), need) {
        Next::Use(access) => access.expose_secret().to_owned(),
        Next::Wait { until, why } => format!("wait {} {why:?}", until.duration_since(at(seconds)).as_secs()),
        Next::Refresh => "refresh".to_owned(),
        Next::Exchange { company, location } => format!("exchange {company} {location}"),
        Next::Reconnect => "reconnect".to_owned(),
        Next::Paused(paused) => format!("{paused:?}"),
    }
}

fn refresh_of(document: &Document) -> Option<&str> {
    document.pair.as_ref()?.refresh.as_ref().map(ExposeSecret::expose_secret)
}

#[test]
fn a_token_is_used_until_shortly_before_its_end() {
    let document = document();
    assert_eq!(word(&document, 0, &NEED), "access1");
    assert_eq!(word(&document, 86_099, &NEED), "access1");
    assert_eq!(word(&document, 86_100, &NEED), "refresh");
    assert_eq!(word(&document, 90_000, &NEED), "refresh");
    let (document, _) = refreshing(document, 86_100);
    assert_eq!(word(&document, 86_101, &NEED), "access1", "it still works while it is renewed");
    assert_eq!(word(&document, 86_395, &NEED), "reconnect");
}

#[test]
fn a_short_lived_token_is_not_renewed_all_the_time() {
    let grant = Grant { expires_in: Duration::from_mins(1), ..grant(1) };
    let document = connected(None, location(None), &grant, at(0));
    assert_eq!(word(&document, 44, &NEED), "access1");
    assert_eq!(word(&document, 45, &NEED), "refresh");
}

#[test]
fn a_refused_token_is_renewed_unless_somebody_has_done_it() {
    let refused = |generation| Need { refused: Some(generation), ..NEED };
    let document = document();
    assert_eq!(word(&document, 100, &refused(1)), "refresh");
    assert_eq!(word(&document, 59, &refused(1)), "StillRefused", "it is new");
    let (document, intent) = refreshing(document, 100);
    assert_eq!(word(&document, 101, &refused(1)), "wait 49 Renewal");
    let document = after(&document, &intent, &tokens(2), 102);
    assert_eq!(word(&document, 103, &refused(1)), "access2");
    assert_eq!(word(&document, 103, &refused(2)), "StillRefused");
}

#[test]
fn a_refresh_token_in_an_intent_is_nowhere_else() {
    let (document, _) = refreshing(document(), 86_200);
    assert_eq!(refresh_of(&document), None);
    assert!(begin_refresh(document.clone(), &Timing::default(), ("me", at(86_201))).is_none());
    assert_eq!(word(&document, 86_249, &NEED), "access1");
    assert_eq!(word(&document, 86_250, &NEED), "reconnect", "its time has passed: the token counts as used");
    let (document, _) = reconnecting(document, 86_250);
    assert!(!serde_json::to_string(&document).unwrap().contains("refresh1"), "it is still kept");
}

#[test]
fn what_certainly_did_not_happen_is_tried_again_later_with_the_same_token() {
    let harmless = [
        (Answer::NotApplied { retry_after: None }, "wait 1 Trouble(Unreachable)"),
        (Answer::NotApplied { retry_after: Some(Duration::from_mins(2)) }, "wait 120 Trouble(Unreachable)"),
        (Answer::LocationInactive, "wait 45 Trouble(LocationInactive)"),
        (Answer::Unauthorized, "wait 22 Trouble(Unauthorized)"),
        (Answer::Refused, "wait 22 Trouble(Refused)"),
    ];
    let (document, intent) = refreshing(document(), 90_000);
    for (answer, wait) in harmless {
        let document = after(&document, &intent, &answer, 90_001);
        assert_eq!(refresh_of(&document), Some("refresh1"));
        assert_eq!(word(&document, 90_001, &NEED), wait);
        assert_eq!(word(&document, 90_200, &NEED), "refresh");
    }
}

#[test]
fn what_may_have_happened_is_never_tried_again() {
    let (document, intent) = refreshing(document(), 90_000);
    for answer in [Answer::Unknown, Answer::InvalidGrant] {
        let document = after(&document, &intent, &answer, 90_001);
        assert_eq!(refresh_of(&document), None);
        assert_eq!(word(&document, 90_001, &NEED), "reconnect");
    }
}

#[test]
fn a_location_that_is_not_active_stays_connected_for_good() {
    let mut document = document();
    let mut now = 90_000;
    for _ in 0..50 {
        let (begun, intent) = refreshing(document, now);
        document = after(&begun, &intent, &Answer::LocationInactive, now + 1);
        now += 3600;
        assert_eq!(word(&document, now, &NEED), "refresh");
    }
    let (begun, intent) = refreshing(document, now);
    assert_eq!(word(&after(&begun, &intent, &tokens(2), now), now, &NEED), "access2");
}

#[test]
fn a_refused_refresh_is_given_up_after_some_attempts_but_wrong_client_keys_never_cost_the_token() {
    for (answer, end) in [(Answer::Refused, "reconnect"), (Answer::Unauthorized, "refresh")] {
        let mut document = document();
        for round in 0..5 {
            let (begun, intent) = refreshing(document, 90_000 + 10_000 * round);
            document = after(&begun, &intent, &answer.clone(), 90_000 + 10_000 * round);
        }
        assert_eq!(word(&document, 200_000, &NEED), end);
    }
}

#[test]
fn a_reconnect_is_repeated_until_the_provider_says_no() {
    let (document, intent) = reconnecting(document(), 90_000);
    assert_eq!(word(&document, 90_001, &NEED), "wait 84 Renewal");
    assert_eq!(word(&document, 90_085, &NEED), "refresh", "the pair was not lost in this one");
    let (lost, lost_intent) = refreshing(document.clone(), 90_000);
    let lost = after(&lost, &lost_intent, &Answer::Unknown, 90_000);
    assert!(settle(lost.clone(), &intent, &Answer::Refused, moment(90_002)).is_none(), "somebody else went on");
    let (document, intent) = reconnecting(lost, 90_000);
    let unknown = after(&document, &intent, &Answer::Unknown, 90_001);
    assert_eq!(word(&unknown, 90_001, &NEED), "wait 7 Trouble(OutcomeUnknown)");
    assert_eq!(word(&unknown, 90_100, &NEED), "reconnect");
    let refused = after(&document, &intent, &Answer::Refused, 90_001);
    assert_eq!(word(&refused, 99_999, &NEED), "NeedsReconnect(Refused)");
    let found = after(&document, &intent, &tokens(2), 90_001);
    assert_eq!(word(&found, 90_002, &NEED), "access2");
}

#[test]
fn a_late_pair_is_taken_unless_a_newer_one_is_there() {
    let (document, intent) = refreshing(document(), 90_000);
    let (document, newer) = reconnecting(document, 90_100);
    let late = after(&document, &intent, &tokens(2), 90_101);
    assert_eq!(word(&late, 90_101, &NEED), "access2", "while the newer one is asked for");
    let (gone, none) = (after(&late, &newer, &Answer::Refused, 90_102), refresh_of(&late));
    assert_eq!((word(&gone, 90_102, &NEED).as_str(), none), ("access2", Some("refresh2")));
    let newest = after(&late, &newer, &tokens(3), 90_102);
    assert_eq!(word(&newest, 90_102, &NEED), "access3");
    let newest = after(&document, &newer, &tokens(3), 90_101);
    assert!(settle(newest, &intent, &tokens(2), moment(90_102)).is_none());
    let refused = after(&document, &newer, &Answer::Refused, 90_101);
    assert_eq!(word(&after(&refused, &intent, &tokens(2), 90_102), 90_103, &NEED), "access2");
}

#[test]
fn tokens_of_another_account_are_not_taken() {
    let (document, intent) = refreshing(document(), 90_000);
    let other = Grant { location: Some("other".to_owned()), ..grant(2) };
    let document = after(&document, &intent, &Answer::Tokens(Box::new(other)), 90_001);
    assert_eq!(word(&document, 90_002, &NEED), "NeedsReconnect(OtherAccount)");
    assert!(!serde_json::to_string(&document).unwrap().contains("access2"));
}

#[test]
fn a_location_of_an_agency_gets_its_token_from_the_agency() {
    let document = installed(None, location(Some("agency")), at(0)).unwrap();
    assert_eq!(word(&document, 0, &NEED), "exchange agency loc");
    let intent = begin_exchange(&document, ("me", at(0)));
    let other = begin_exchange(&document, ("you", at(0)));
    let given = Answer::Tokens(Box::new(Grant { refresh: None, ..grant(1) }));
    let document = after(&document, &intent, &given, 1);
    assert_eq!(word(&document, 2, &NEED), "access1");
    assert!(settle(document.clone(), &other, &given, moment(2)).is_none(), "one was first");
    assert_eq!(word(&document, 86_200, &NEED), "exchange agency loc", "there is no refresh token");
}

#[test]
fn an_agency_that_gives_no_token_is_followed_by_a_reconnect() {
    let document = installed(None, location(Some("agency")), at(0)).unwrap();
    let intent = begin_exchange(&document, ("me", at(0)));
    assert_eq!(word(&after(&document, &intent, &Answer::Refused, 1), 1, &NEED), "reconnect");
    assert_eq!(word(&after(&document, &intent, &Answer::Unknown, 1), 100, &NEED), "exchange agency loc");
    let waiting = no_company_token(document.clone(), &intent, moment(1)).unwrap();
    assert_eq!(word(&waiting, 1, &NEED), "wait 1 Trouble(NoCompanyToken)");
    let mut refused = document;
    for _ in 0..5 {
        let intent = begin_exchange(&refused, ("me", at(0)));
        refused = after(&refused, &intent, &Answer::Unauthorized, 1);
    }
    assert_eq!(word(&refused, 1, &NEED), "reconnect");
}

#[test]
fn a_lost_refresh_token_is_replaced_through_the_agency_if_there_is_one() {
    let document = connected(None, location(Some("agency")), &grant(1), at(0));
    let (document, intent) = refreshing(document, 90_000);
    assert_eq!(word(&document, 91_000, &NEED), "exchange agency loc");
    assert_eq!(word(&after(&document, &intent, &Answer::InvalidGrant, 90_001), 90_001, &NEED), "exchange agency loc");
}

#[test]
fn an_app_that_was_removed_is_paused_until_it_is_there_again() {
    let (document, intent) = refreshing(document(), 90_000);
    assert!(uninstalled(document.clone(), at(-1)).is_none(), "older than the connecting");
    let connected_at = at(0) + SignedDuration::from_micros(7);
    let within_a_millisecond = uninstalled(Document { connected_at, ..document.clone() }, at(0));
    assert!(within_a_millisecond.is_some(), "events tell no microseconds");
    let removed = uninstalled(document, at(90_001)).unwrap();
    assert_eq!(word(&removed, 90_002, &NEED), "Uninstalled");
    assert!(removed.pair.is_none() && uninstalled(removed.clone(), at(90_003)).is_none());
    assert!(settle(removed.clone(), &intent, &tokens(2), moment(90_003)).is_none());
    assert!(installed(Some(&removed), location(Some("agency")), at(89_000)).is_none(), "an old event");
    let back = installed(Some(&removed), location(Some("agency")), at(91_000)).unwrap();
    assert_eq!(word(&back, 91_000, &NEED), "exchange agency loc");
    assert!(settle(back, &intent, &tokens(2), moment(91_001)).is_none(), "from before the removal");
    let back = connected(Some(&removed), location(None), &grant(3), at(91_000));
    assert_eq!(word(&back, 91_000, &NEED), "access3");
    assert_eq!(back.generation, 2);
}

#[test]
fn an_agency_that_removes_the_app_ends_what_came_through_it_and_nothing_else() {
    let (agency, other) = (CompanyId::new("agency").unwrap(), CompanyId::new("other").unwrap());
    let direct = connected(None, location(Some("agency")), &grant(1), at(0));
    assert!(uninstalled_with(direct, &agency, at(1)).is_none(), "a person connected it");
    let below = installed(None, location(Some("agency")), at(0)).unwrap();
    let exchanged = Answer::Tokens(Box::new(Grant { is_exchanged: true, ..grant(1) }));
    let holding = after(&below, &begin_exchange(&below, ("me", at(0))), &exchanged, 1);
    for document in [below, holding] {
        assert!(uninstalled_with(document.clone(), &other, at(2)).is_none(), "another agency");
        assert!(uninstalled_with(document.clone(), &agency, at(-1)).is_none(), "older than the installation");
        let gone = uninstalled_with(document, &agency, at(2)).unwrap();
        assert_eq!(word(&gone, 3, &NEED), "Uninstalled");
        assert!(gone.pair.is_none());
    }
}

#[test]
fn failures_in_a_row_wait_longer_and_success_forgets_them() {
    let mut document = document();
    let mut waits = Vec::new();
    let mut now = at(90_000);
    for _ in 0..9 {
        let begun = begin_refresh(document, &Timing::default(), ("me", now)).unwrap();
        let answer = Answer::NotApplied { retry_after: None };
        document = settle(begun.document, &begun.intent, &answer, Moment { now, random: 0.0 }).unwrap();
        let until = document.trouble.unwrap().not_before;
        waits.push(until.duration_since(now));
        now = until;
    }
    assert_eq!(waits.first(), Some(&SignedDuration::from_secs(1)));
    assert!(waits.is_sorted() && waits.last() == Some(&SignedDuration::from_mins(1)), "{waits:?}");
    let begun = begin_refresh(document, &Timing::default(), ("me", now)).unwrap();
    let document = settle(begun.document, &begun.intent, &tokens(2), Moment { now, random: 0.0 }).unwrap();
    assert_eq!(document.trouble, None);
}

#[test]
fn a_document_shows_no_secret() {
    let (document, intent) = refreshing(document(), 90_000);
    let begun = begin_reconnect(document.clone(), &Timing::default(), ("me", at(0)));
    let shown = format!("{document:?} {intent:?} {begun:?} {:?} {:?}", grant(1), tokens(1));
    for secret in ["access1", "refresh1"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
