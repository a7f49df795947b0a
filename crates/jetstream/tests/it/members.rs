//! Counting each other.

use std::collections::BTreeSet;

use tandem_jetstream::Members;
use tandem_testkit::eventually;
use tandem_testkit::servers::Nats;

use crate::{LONG, connect};

#[tokio::test]
async fn members_know_how_many_they_are_and_each_its_place() {
    let server = Nats::start();
    let mut members = Vec::new();
    for _ in 0..3 {
        members.push(Members::join(&connect(&server).await, "app-1").await.unwrap());
    }
    let stranger = Members::join(&connect(&server).await, "app-2").await.unwrap();
    let counts = |members: &[Members]| members.iter().map(Members::count).collect::<Vec<_>>();
    eventually("three of them", LONG, async || (counts(&members) == [3, 3, 3]).then_some(())).await;
    let ranks: BTreeSet<usize> = members.iter().map(Members::rank).collect();
    assert_eq!(ranks, BTreeSet::from([0, 1, 2]));
    assert_eq!((stranger.count(), stranger.rank()), (1, 0));
    drop(members.pop());
    eventually("two of them", LONG, async || (counts(&members) == [2, 2]).then_some(())).await;
}

#[tokio::test]
async fn without_a_server_the_number_stays_what_it_was() {
    let server = Nats::start();
    let one = Members::join(&connect(&server).await, "app-1").await.unwrap();
    let other = Members::join(&connect(&server).await, "app-1").await.unwrap();
    eventually("two of them", LONG, async || (one.count() == 2 && other.count() == 2).then_some(())).await;
    server.kill();
    // Longer than one who is silent is counted.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert_eq!((one.count(), other.count()), (2, 2));
}
