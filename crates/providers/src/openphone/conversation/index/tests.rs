use proptest::prelude::*;

use super::*;
use crate::openphone::tests::id;

const ANA: &str = "+14155550123";
const BEN: &str = "+14155550124";

fn people(numbers: &[&str]) -> BTreeSet<String> {
    numbers.iter().map(|number| (*number).to_owned()).collect()
}

fn talk(name: &str, participants: &[&str], second: i64) -> Conversation {
    let at = Some(Timestamp::from_second(second).unwrap());
    Conversation {
        id: id(name),
        number: id("PN1"),
        participants: people(participants),
        name: None,
        assignee: None,
        last_activity_at: at,
        created_at: None,
        updated_at: at,
        deleted_at: None,
    }
}

#[test]
fn a_group_is_found_by_all_of_its_people_and_is_nobodys() {
    let mut index = Index::default();
    assert!(index.is_empty() && index.feed(&[talk("CN1", &[ANA, BEN], 2)]));
    assert_eq!(index.find(&id("PN1"), &people(&[BEN, ANA])), Some(&id("CN1")));
    assert_eq!(index.find(&id("PN1"), &people(&[ANA])), None);
    assert_eq!(index.find(&id("PN2"), &people(&[BEN, ANA])), None);
    assert_eq!(index.owner(&id("CN1")), Owner::Nobody);
    assert!(index.feed(&[talk("CN2", &[ANA], 1)]));
    assert_eq!(index.find(&id("PN1"), &people(&[ANA])), Some(&id("CN2")));
    assert_eq!(index.owner(&id("CN2")), Owner::Person(ANA));
    assert_eq!((index.owner(&id("CN3")), index.len()), (Owner::Unknown, 2));
}

#[test]
fn of_two_threads_with_the_same_person_the_livelier_is_found() {
    let mut index = Index::default();
    assert!(index.feed(&[talk("CN2", &[ANA], 9), talk("CN1", &[ANA], 5)]));
    assert_eq!(index.find(&id("PN1"), &people(&[ANA])), Some(&id("CN2")));
    assert!(index.feed(&[Conversation { deleted_at: Timestamp::from_second(10).ok(), ..talk("CN2", &[ANA], 10) }]));
    assert_eq!(index.find(&id("PN1"), &people(&[ANA])), Some(&id("CN1")));
    assert_eq!(index.owner(&id("CN2")), Owner::Person(ANA));
}

#[test]
fn a_page_without_news_says_so_and_old_news_is_none() {
    let mut index = Index::default();
    let page = [talk("CN2", &[BEN], 9), talk("CN1", &[ANA], 5)];
    assert!(index.feed(&page));
    assert!(!index.feed(&page));
    assert!(!index.feed(&[talk("CN1", &[BEN], 4)]));
    assert_eq!(index.owner(&id("CN1")), Owner::Person(ANA));
    assert!(index.feed(&[talk("CN1", &[BEN], 6)]));
    assert_eq!(index.find(&id("PN1"), &people(&[ANA])), None);
    assert!(!index.feed(&[]));
}

/// A conversation out of few of everything, so that they collide.
fn any_talk() -> impl Strategy<Value = Conversation> {
    let name = prop::sample::select(vec!["CN1", "CN2", "CN3", "CN4"]);
    let number = prop::sample::select(vec!["PN1", "PN2"]);
    let others = prop::sample::subsequence(vec![ANA, BEN], 0..=2);
    let time = || prop::option::of(0..4_i64);
    (name, number, others, (time(), time()), prop::bool::weighted(0.2)).prop_map(
        |(name, number, others, (updated, active), gone)| {
            let at = |second: Option<i64>| second.map(|second| Timestamp::from_second(second).unwrap());
            Conversation {
                number: id(number),
                updated_at: at(updated),
                last_activity_at: at(active),
                deleted_at: at(gone.then_some(0)),
                ..talk(name, &others, 0)
            }
        },
    )
}

/// The newest state of each conversation, found by looking at all of them.
fn newest(fed: &[Conversation]) -> Vec<&Conversation> {
    let rank = |one: &Conversation| {
        let seen = (one.updated_at, one.last_activity_at);
        (seen, one.deleted_at.is_some(), one.participants.clone(), one.number.clone())
    };
    let is_newest = |one: &&Conversation| !fed.iter().any(|other| other.id == one.id && rank(other) > rank(one));
    fed.iter().filter(is_newest).collect()
}

proptest! {
    #[test]
    fn lookups_equal_a_search_through_everything(fed in prop::collection::vec(any_talk(), 0..24), cut in 0..24_usize) {
        let mut index = Index::default();
        let (first, second) = fed.split_at(cut.min(fed.len()));
        index.feed(first);
        index.feed(second);
        let known = newest(&fed);
        for number in [id("PN1"), id("PN2")] {
            for others in [people(&[]), people(&[ANA]), people(&[BEN]), people(&[ANA, BEN])] {
                let fits = |one: &&&Conversation| {
                    one.deleted_at.is_none() && !others.is_empty() && one.number == number && one.participants == others
                };
                let wanted = known.iter().filter(fits).max_by_key(|one| (one.last_activity_at, &one.id));
                prop_assert_eq!(index.find(&number, &others), wanted.map(|one| &one.id));
            }
        }
        prop_assert!(!index.feed(&fed), "everything was known");
    }
}

#[test]
fn what_is_stored_comes_back_and_what_is_broken_does_not() {
    let at = "2026-01-02T03:04:05.123456789Z".parse().ok();
    let known = Known { updated_at: at, ..Known::of(&talk("CN1", &[ANA, BEN], 5)) };
    assert_eq!(Known::from_json(&known.to_json()), Some(known.clone()));
    let bare = Known { updated_at: None, last_activity_at: None, participants: BTreeSet::new(), ..known };
    assert_eq!(Known::from_json(&bare.to_json()), Some(bare));
    for broken in [serde_json::json!({}), serde_json::json!([]), serde_json::json!({ "number": "PN1" })] {
        assert_eq!(Known::from_json(&broken), None);
    }
}
