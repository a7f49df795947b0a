//! A provider in memory, in any state, with any step interrupted: a few steps later everything is in place.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use tandem_providers::openphone::hook::CONTACT_EVENTS;

use super::*;

const VERSION: &str = "2026-03-30";
const OURS: &str = "https://sync.example.com/webhooks/openphone/acme";
/// More than any situation here needs.
const MOST_STEPS: usize = 30;

fn hook(id: u32, url: &str, status: Option<Status>, events: &[&str]) -> Hook {
    Hook {
        id: Id::new(&id.to_string()).unwrap(),
        url: url.to_owned(),
        status,
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        resource_ids: vec!["*".to_owned()],
        label: None,
        api_version: Some(VERSION.to_owned()),
        key: None,
    }
}

fn good(id: u32) -> Hook {
    hook(id, OURS, Some(Status::Enabled), CONTACT_EVENTS)
}

fn ours() -> Url {
    Url::parse(OURS).unwrap()
}

fn next(there: Vec<Hook>, known: &[&str]) -> Step {
    let known = known.iter().map(|id| (*id).to_owned()).collect();
    Situation { there, url: &ours(), known, events: CONTACT_EVENTS, wrong: None }.next()
}

fn id(id: u32) -> Id {
    Id::new(&id.to_string()).unwrap()
}

#[test]
fn each_state_has_its_step() {
    let off = |id| hook(id, OURS, Some(Status::Disabled), CONTACT_EVENTS);
    let foreign =
        || hook(9, "https://other.example.com/webhooks/openphone/acme", Some(Status::Enabled), CONTACT_EVENTS);
    assert_eq!(next(vec![], &[]), Step::Create);
    assert_eq!(next(vec![foreign()], &[]), Step::Create, "it delivers elsewhere");
    assert_eq!(next(vec![off(1)], &[]), Step::Rotate(id(1)), "interrupted before its secret was stored");
    assert_eq!(next(vec![good(1)], &[]), Step::Rotate(id(1)), "the store was lost");
    assert_eq!(next(vec![off(1)], &["1"]), Step::Repair(id(1)), "interrupted before it was enabled");
    assert_eq!(next(vec![hook(1, OURS, None, CONTACT_EVENTS)], &["1"]), Step::Repair(id(1)));
    assert_eq!(next(vec![hook(1, OURS, Some(Status::Enabled), &["contact.updated"])], &["1"]), Step::Repair(id(1)));
    assert_eq!(next(vec![good(1), good(2)], &["2"]), Step::Delete(id(1)), "the one with a secret stays");
    assert_eq!(next(vec![good(10), good(9)], &["9", "10"]), Step::Delete(id(10)), "the older one stays");
    assert_eq!(next(vec![good(2), foreign()], &["1", "2"]), Step::Forget("1".to_owned()));
    assert_eq!(next(vec![good(2), foreign()], &["2", "9"]), Step::Done, "it may come here on another way");
    let all_and_more = [CONTACT_EVENTS, &["task.created"]].concat();
    assert_eq!(next(vec![hook(1, OURS, Some(Status::Enabled), &all_and_more)], &["1"]), Step::Done);
}

#[test]
fn the_address_is_compared_as_an_address() {
    let shouted =
        hook(1, "HTTPS://Sync.Example.com:443/webhooks/openphone/acme", Some(Status::Enabled), CONTACT_EVENTS);
    assert_eq!(next(vec![shouted], &["1"]), Step::Done);
    for other in ["/webhooks/openphone/acme2", "/webhooks/openphone/", "/webhooks/openphone/acme?x=1"] {
        let other = hook(1, &format!("https://sync.example.com{other}"), Some(Status::Disabled), CONTACT_EVENTS);
        assert_eq!(next(vec![other], &[]), Step::Create);
    }
}

#[test]
fn a_webhook_of_another_version_goes_when_its_successor_delivers() {
    let old = || Hook { api_version: Some("2025-01-01".to_owned()), ..good(1) };
    assert_eq!(next(vec![old()], &["1"]), Step::Create);
    assert_eq!(next(vec![old(), good(2)], &["1"]), Step::Rotate(id(2)));
    assert_eq!(next(vec![old(), good(2)], &["1", "2"]), Step::Delete(id(1)));
}

#[test]
fn a_secret_that_does_not_fit_is_replaced() {
    let known = ["1".to_owned(), "2".to_owned()].into();
    let mut situation =
        Situation { there: vec![good(1), good(2)], url: &ours(), known, events: CONTACT_EVENTS, wrong: Some(id(1)) };
    assert_eq!(situation.next(), Step::Rotate(id(1)));
    situation.wrong = Some(id(2));
    assert_eq!(situation.next(), Step::Delete(id(2)), "it goes anyway");
}

/// The provider carries it out; `stored` says whether we lived long enough to store a secret that it told.
fn carry_out(step: &Step, situation: &mut Situation<'_>, (new, stored): (u32, bool)) {
    let mut learn = |id: &str| {
        if stored {
            situation.known.insert(id.to_owned());
        }
    };
    match step {
        Step::Create => {
            learn(&new.to_string());
            situation.there.push(hook(new, OURS, Some(Status::Disabled), CONTACT_EVENTS));
        }
        Step::Rotate(id) => {
            learn(id.as_str());
            if stored {
                situation.wrong = None;
            }
        }
        Step::Repair(id) => {
            let found = situation.there.iter_mut().find(|hook| hook.id == *id).unwrap();
            found.status = Some(Status::Enabled);
            found.events = CONTACT_EVENTS.iter().map(|event| (*event).to_owned()).collect();
        }
        Step::Delete(id) => {
            situation.there.retain(|hook| hook.id != *id);
        }
        Step::Forget(id) => {
            situation.known.remove(id);
        }
        Step::Done => {}
    }
}

fn any_hook() -> impl Strategy<Value = Hook> {
    let url = prop_oneof![
        3 => Just(OURS.to_owned()),
        1 => Just("https://sync.example.com/webhooks/openphone/other".to_owned()),
        1 => Just("https://n8n.example.com/hook".to_owned()),
        1 => Just("no address".to_owned()),
    ];
    let status = prop_oneof![Just(None), Just(Some(Status::Enabled)), Just(Some(Status::Disabled))];
    let events = proptest::sample::subsequence(vec!["contact.updated", "contact.deleted", "call.ringing"], 0..=3);
    let version = prop_oneof![4 => Just(Some(VERSION)), 1 => Just(None), 1 => Just(Some("2025-01-01"))];
    (1_u32..40, url, status, events, version).prop_map(|(id, url, status, events, version)| Hook {
        api_version: version.map(str::to_owned),
        ..hook(id, &url, status, &events)
    })
}

fn foreign(there: &[Hook]) -> Vec<(String, String, Option<Status>, Vec<String>)> {
    let others = there.iter().filter(|hook| hook.url != OURS);
    others.map(|hook| (hook.id.to_string(), hook.url.clone(), hook.status, hook.events.clone())).collect()
}

proptest! {
    #[test]
    fn everything_is_in_place_after_a_few_steps_and_nothing_else_is_touched(
        hooks in vec(any_hook(), 0..8),
        known in btree_set(1_u32..40, 0..6),
        wrong in proptest::option::of(1_u32..40),
        lives in vec(proptest::bool::weighted(0.7), MOST_STEPS),
    ) {
        let mut there: Vec<Hook> = Vec::new();
        for hook in hooks {
            if there.iter().all(|other| other.id != hook.id) {
                there.push(hook);
            }
        }
        let url = ours();
        let others = foreign(&there);
        let known = known.into_iter().map(|id| id.to_string()).collect();
        let mut situation = Situation { there, url: &url, known, events: CONTACT_EVENTS, wrong: wrong.map(id) };
        for (new, stored) in (100..).zip(lives) {
            let step = situation.next();
            if step == Step::Done {
                break;
            }
            carry_out(&step, &mut situation, (new, stored || new > 115));
            prop_assert_eq!(foreign(&situation.there), others.clone(), "a foreign webhook after {:?}", step);
        }
        prop_assert_eq!(situation.next(), Step::Done);
        let ours: Vec<&Hook> = situation.there.iter().filter(|hook| hook.url == OURS).collect();
        prop_assert_eq!(ours.len(), 1);
        prop_assert!(ours[0].status == Some(Status::Enabled) && situation.known.contains(ours[0].id.as_str()));
        prop_assert!(CONTACT_EVENTS.iter().all(|event| ours[0].events.iter().any(|told| told == event)));
        prop_assert!(ours[0].api_version.as_deref().is_none_or(|version| version == VERSION));
    }

    #[test]
    fn one_that_delivers_well_goes_only_when_another_one_does(hooks in vec(any_hook(), 0..8), known in btree_set(1_u32..40, 0..6)) {
        let known: BTreeSet<String> = known.into_iter().map(|id| id.to_string()).collect();
        let url = ours();
        let situation = Situation { there: hooks, url: &url, known: known.clone(), events: CONTACT_EVENTS, wrong: None };
        if let Step::Delete(gone) = situation.next() {
            let is_good = |hook: &&Hook| hook.id != gone && hook.url == OURS && situation.tells_everything(hook);
            prop_assert!(situation.there.iter().filter(is_good).any(|hook| known.contains(hook.id.as_str())));
        }
    }
}
