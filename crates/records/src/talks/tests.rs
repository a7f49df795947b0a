//! Pages in any order, several readers of them, crashes, and the pure index as the judge.

use jiff::Timestamp;
use proptest::prelude::*;
use tandem_providers::openphone::conversation::{Index, Owner};

use super::*;

const ANA: &str = "+14155550123";
const BEN: &str = "+14155550124";

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}

fn people(numbers: &[&str]) -> BTreeSet<String> {
    numbers.iter().map(|number| (*number).to_owned()).collect()
}

fn talk(name: &str, participants: &[&str], second: i64) -> Conversation {
    let at = Timestamp::from_second(second).ok();
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

fn deleted(conversation: Conversation) -> Conversation {
    Conversation { deleted_at: conversation.updated_at, ..conversation }
}

async fn find(talks: &Talks, participants: &[&str]) -> Option<Id> {
    talks.find(&acme(), &id("PN1"), &people(participants)).await.unwrap()
}

#[tokio::test]
async fn a_conversation_is_found_by_exactly_its_people_and_says_who_they_are() {
    let talks = Talks::new(Store::memory());
    assert!(talks.feed(&acme(), &[talk("CN1", &[ANA], 1), talk("CN2", &[ANA, BEN], 2)]).await.unwrap());
    assert_eq!(find(&talks, &[ANA]).await, Some(id("CN1")));
    assert_eq!(find(&talks, &[BEN, ANA]).await, Some(id("CN2")));
    assert_eq!(find(&talks, &[BEN]).await, None);
    assert_eq!(talks.find(&acme(), &id("PN2"), &people(&[ANA])).await.unwrap(), None);
    let other = ConnectionId::new("other").unwrap();
    assert_eq!(talks.find(&other, &id("PN1"), &people(&[ANA])).await.unwrap(), None);
    let known = talks.known(&acme(), &id("CN1")).await.unwrap().unwrap();
    assert_eq!(known.owner(), Owner::Person(ANA));
    assert_eq!(talks.known(&acme(), &id("CN2")).await.unwrap().unwrap().owner(), Owner::Nobody);
    assert_eq!(talks.known(&acme(), &id("CN3")).await.unwrap(), None);
}

#[tokio::test]
async fn old_pages_change_nothing_and_say_so() {
    let talks = Talks::new(Store::memory());
    let page = [talk("CN1", &[ANA], 5), deleted(talk("CN2", &[BEN], 6))];
    assert!(talks.feed(&acme(), &page).await.unwrap());
    assert!(!talks.feed(&acme(), &page).await.unwrap());
    assert!(!talks.feed(&acme(), &[talk("CN1", &[BEN], 4)]).await.unwrap());
    assert_eq!((find(&talks, &[ANA]).await, find(&talks, &[BEN]).await), (Some(id("CN1")), None));
    assert!(talks.feed(&acme(), &[talk("CN1", &[BEN], 6)]).await.unwrap());
    assert_eq!((find(&talks, &[ANA]).await, find(&talks, &[BEN]).await), (None, Some(id("CN1"))));
}

#[tokio::test]
async fn a_crash_before_the_conversation_was_stored_is_mended_by_the_next_page() {
    let talks = Talks::new(Store::memory());
    let conversation = talk("CN1", &[ANA], 1);
    talks.note(&acme(), &conversation.id, &Known::of(&conversation)).await.unwrap();
    assert_eq!(find(&talks, &[ANA]).await, None, "nobody confirms it");
    assert!(talks.feed(&acme(), &[conversation]).await.unwrap());
    assert_eq!(find(&talks, &[ANA]).await, Some(id("CN1")));
}

/// All note the same people, and fight for the same conversation.
async fn reads(talks: Talks, second: i64) {
    let who = if second == 15 { BEN } else { ANA };
    let page = [talk("CN1", &[who], second), talk(&format!("CN9{second}"), &[ANA], second)];
    talks.feed(&acme(), &page).await.unwrap();
}

#[tokio::test]
async fn whoever_reads_the_newer_page_wins_however_many_read_at_once() {
    let talks = Talks::new(Store::memory());
    let readers: Vec<_> = (0..16).map(|second| tokio::spawn(reads(talks.clone(), second))).collect();
    for reader in readers {
        reader.await.unwrap();
    }
    let known = talks.known(&acme(), &id("CN1")).await.unwrap().unwrap();
    assert_eq!((known.owner(), known.updated_at), (Owner::Person(BEN), Timestamp::from_second(15).ok()));
    assert_eq!(find(&talks, &[BEN]).await, Some(id("CN1")));
    assert_eq!(find(&talks, &[ANA]).await, Some(id("CN915")), "no note of a conversation was lost");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_by_its_key_which_names_nobody() {
    let store = Store::memory();
    store.put("conversation/acme/CN1", "?", Expected::Absent).await.unwrap();
    let error = Talks::new(store.clone()).known(&acme(), &id("CN1")).await.unwrap_err();
    assert_eq!(error.to_string(), "the index entry conversation/acme/CN1 holds no conversation");
    assert!(!error.is_transient() && !error.is_conflict());
    let place = key::talk(&acme(), &id("PN1"), &people(&[ANA]));
    assert!(!place.contains("4155550123"), "{place}");
    store.put(&place, "{}", Expected::Absent).await.unwrap();
    assert!(Talks::new(store).find(&acme(), &id("PN1"), &people(&[ANA])).await.is_err());
}

fn any_talk() -> impl Strategy<Value = Conversation> {
    let groups = [&[ANA][..], &[BEN], &[ANA, BEN], &[]];
    (0..4_u8, prop::sample::select(groups.to_vec()), 0..6_i64, any::<bool>()).prop_map(
        |(name, group, second, is_gone)| {
            let conversation = talk(&format!("CN{name}"), group, second);
            if is_gone { deleted(conversation) } else { conversation }
        },
    )
}

proptest! {
    #[test]
    fn the_stored_index_answers_as_the_pure_one(pages in prop::collection::vec(prop::collection::vec(any_talk(), 0..4), 0..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (talks, mut index) = (Talks::new(Store::memory()), Index::default());
        for page in &pages {
            let is_news = runtime.block_on(talks.feed(&acme(), page)).unwrap();
            prop_assert_eq!(is_news, index.feed(page));
        }
        for group in [&[ANA][..], &[BEN], &[ANA, BEN]] {
            let found = runtime.block_on(find(&talks, group));
            prop_assert_eq!(found.as_ref(), index.find(&id("PN1"), &people(group)));
        }
        for name in ["CN0", "CN1", "CN2", "CN3"] {
            let known = runtime.block_on(talks.known(&acme(), &id(name))).unwrap();
            prop_assert_eq!(known.as_ref().map_or(Owner::Unknown, Known::owner), index.owner(&id(name)));
        }
    }
}
