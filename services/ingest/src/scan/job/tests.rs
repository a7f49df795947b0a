//! A scan that is killed at any moment reads everybody, and one page at most twice.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const PLAN: [Part; 4] = [Part::OpenPhone, Part::GhlFurther, Part::Ghl, Part::Records];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn job() -> Job {
    let mut job = Job::new("j1".to_owned(), ScanKind::Sweep, at(0));
    job.take("one", || PLAN.to_vec(), at(0));
    job
}

/// Contacts on each page of a part.
fn pages(part: Part, sizes: &[u8]) -> Vec<Vec<String>> {
    let page = |(number, size): (usize, &u8)| (0..*size).map(|one| format!("{part:?}-{number}-{one}")).collect();
    sizes.iter().enumerate().map(page).collect()
}

/// What the shell does with a page, up to the moment of a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    No,
    BeforePublishing,
    BeforeCheckpoint,
    Fails,
}

fn kill() -> impl Strategy<Value = Kill> {
    prop_oneof![
        6 => Just(Kill::No),
        1 => Just(Kill::BeforePublishing),
        1 => Just(Kill::BeforeCheckpoint),
        1 => Just(Kill::Fails),
    ]
}

proptest! {
    #[test]
    fn everybody_is_published_and_a_kill_costs_one_page(
        sizes in proptest::collection::vec(0_u8..5, 1..6),
        kills in proptest::collection::vec(kill(), 0..60),
    ) {
        let mut stored = serde_json::to_string(&job()).unwrap();
        let mut published: BTreeMap<String, u32> = BTreeMap::new();
        let (mut read, mut killed, mut now) = (0, 0, 0);
        let mut kills = kills.into_iter().chain(std::iter::repeat(Kill::No));
        loop {
            // Whoever goes on knows only what was stored.
            let mut job: Job = serde_json::from_str(&stored).unwrap();
            let (part, page, cursor) = match job.next(at(now)) {
                Step::Over => break,
                Step::Wait(until) => { now = until.as_second() - at(0).as_second() + 1; continue }
                Step::Read { part, page, cursor } => (part, page, cursor),
            };
            let all = pages(part, &sizes);
            let number: usize = cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
            prop_assert_eq!(number, usize::try_from(page).unwrap());
            read += 1;
            let kill = kills.next().unwrap();
            match kill {
                Kill::BeforePublishing => { killed += 1; continue }
                Kill::Fails => {
                    killed += 1;
                    job.failed(&Setback::Again, "no answer".to_owned(), (at(now), 0.5));
                }
                Kill::No | Kill::BeforeCheckpoint => {
                    for contact in &all[number] {
                        *published.entry(contact.clone()).or_default() += 1;
                    }
                    if kill == Kill::BeforeCheckpoint { killed += 1; continue }
                    let next = (number + 1 < all.len()).then(|| (number + 1).to_string());
                    let contacts = all[number].len() as u64;
                    job.page_done(PageDone { contacts, next, ..PageDone::default() }, at(now));
                }
            }
            stored = serde_json::to_string(&job).unwrap();
        }
        let job: Job = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(job.ended.unwrap().failure, None);
        prop_assert_eq!(read, sizes.len() * PLAN.len() + killed);
        let everybody: u64 = PLAN.iter().map(|part| pages(*part, &sizes).concat().len() as u64).sum();
        prop_assert_eq!(published.len() as u64, everybody);
        let twice = published.values().filter(|times| **times > 1).count();
        prop_assert!(twice <= killed * 4, "{twice} contacts twice after {killed} kills");
        let counted = job.read.ghl.contacts + job.read.openphone.contacts;
        prop_assert_eq!(counted, everybody / 4 * 3);
    }
}

#[test]
fn one_worker_at_a_time_until_it_is_silent_for_long() {
    let mut job = job();
    assert!(job.is_free("one", at(1)) && !job.is_free("two", at(1)));
    assert!(job.is_free("two", at(30)));
    job.renew("one", at(20));
    assert!(!job.is_free("two", at(49)));
    job.release();
    assert!(job.is_free("two", at(21)));
    // Written by a clock that went ahead.
    job.renew("one", at(9_000));
    assert!(job.is_free("two", at(22)));
}

#[test]
fn a_cursor_that_is_not_taken_means_the_part_from_its_beginning_once() {
    let mut job = job();
    job.page_done(PageDone { contacts: 50, next: Some("a".to_owned()), ..PageDone::default() }, at(1));
    job.failed(&Setback::Stale, "no such page".to_owned(), (at(1), 0.0));
    assert_eq!(job.next(at(1)), Step::Read { part: Part::OpenPhone, page: 1, cursor: None });
    job.page_done(PageDone { contacts: 50, next: Some("b".to_owned()), ..PageDone::default() }, at(2));
    job.failed(&Setback::Stale, "no such page".to_owned(), (at(2), 0.0));
    assert_eq!(job.ended.unwrap().failure.as_deref(), Some("no such page"));
    // There was no cursor: it is the request itself that is refused.
    let mut job = self::job();
    job.failed(&Setback::Stale, "refused".to_owned(), (at(1), 0.0));
    assert!(!job.is_under_way());
}

#[test]
fn patience_is_no_failure_and_failures_in_a_row_end_it() {
    let mut job = job();
    for _ in 0..100 {
        job.failed(&Setback::Later(Duration::from_secs(7)), "429".to_owned(), (at(0), 0.0));
        assert_eq!(job.next(at(0)), Step::Wait(at(7)));
    }
    for _ in 0..MOST_FAILURES {
        job.failed(&Setback::Again, "503".to_owned(), (at(0), 0.999));
        assert!(matches!(job.next(at(0)), Step::Wait(_)), "{job:?}");
    }
    assert_eq!(job.trouble.as_deref(), Some("503"));
    job.failed(&Setback::Again, "503".to_owned(), (at(0), 0.0));
    assert_eq!((job.next(at(0)), job.trouble.clone()), (Step::Over, None));
    let mut job = self::job();
    job.failed(&Setback::Again, "503".to_owned(), (at(0), 0.0));
    job.page_done(PageDone { next: Some("a".to_owned()), ..PageDone::default() }, at(1));
    assert_eq!((job.failures, job.trouble), (0, None));
}

#[test]
fn a_list_without_an_end_ends_the_scan() {
    let mut job = job();
    for _ in 0..2 {
        job.page_done(PageDone { next: Some("a".to_owned()), ..PageDone::default() }, at(1));
    }
    assert!(job.ended.unwrap().failure.unwrap().contains("names itself"));
}
