//! kill -9 in the middle of a renewal.

use std::time::Duration;

use tandem_tests::{ClusterOptions, Shape, eventually};
use tandem_twins::{Fault, On, Scripted};

use super::{DAY, connected, options};
use crate::house::{House, LIMIT};

/// Of the tokens that are to end.
const LIFE: Duration = Duration::from_secs(5);

in_both_shapes!(killed_in_a_renewal_it_goes_on_and_sends_no_refresh_token_again);

async fn killed_in_a_renewal_it_goes_on_and_sends_no_refresh_token_again(shape: Shape) {
    // The kill comes while the answer is waited for.
    let environment = vec![("TANDEM_PROVIDERS__GHL__TIMING__TIMEOUT_SECONDS", "3".to_owned())];
    let mut house = connected(shape, ClusterOptions { environment, ..options(LIFE) }).await;

    // The refresh token was sent, and worked; nobody ever heard of it.
    killed_in(&mut house, "/oauth/token", ("Ana", 1)).await;
    let tokens = house.ghl().oauth();
    assert_eq!((tokens.refreshes, tokens.reconnects), (1, 1), "{tokens:?}");

    lives_on(&house, ("Bea", 2)).await;
}

/// In one process only: it takes half a minute until nobody can be at it any more.
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_reconnect_it_asks_again() {
    let environment = vec![("TANDEM_PROVIDERS__GHL__TIMING__TIMEOUT_SECONDS", "3".to_owned())];
    let mut house = connected(Shape::Embedded, ClusterOptions { environment, ..options(LIFE) }).await;
    house.ghl().forget_refresh_tokens(None).unwrap();
    killed_in(&mut house, "/oauth/reconnect", ("Ana", 1)).await;
    let tokens = house.ghl().oauth();
    assert_eq!((tokens.refreshes, tokens.reconnects), (0, 2), "{tokens:?}");
    lives_on(&house, ("Bea", 2)).await;
}

/// As if nothing had been.
async fn lives_on(house: &House, (first_name, number): (&str, u32)) {
    let before = house.ghl().oauth().refreshes;
    tokio::time::sleep(LIFE).await;
    house.ghl().set_access_life(DAY);
    house.create(first_name, number);
    house.arrives(first_name).await;
    let tokens = house.ghl().oauth();
    let counts = (tokens.refreshes, tokens.refresh_reuses, tokens.code_reuses);
    assert_eq!(counts, (before + 1, 0, 0), "{tokens:?}");
    assert_eq!(house.openphone().contacts().len(), 2);
    let output = house.output();
    assert!(!output.iter().any(|line| line.contains("is paused, its events are kept")), "{output:#?}");
}

/// The token ends, somebody needs one, everybody is killed in the call, and started again.
async fn killed_in(house: &mut House, path: &str, (first_name, number): (&str, u32)) {
    tokio::time::sleep(LIFE).await;
    let before = house.ghl().report().faults.values().sum::<u64>();
    house.ghl().script(Scripted::next(On::call("POST", path), Fault::TimeoutAfter));
    house.create(first_name, number);
    let struck = || (house.ghl().report().faults.values().sum::<u64>() > before).then_some(());
    eventually("the call", LIMIT, struck).await;
    house.kill();
    assert!(house.across(first_name).is_none());
    house.up().await;
    house.arrives(first_name).await;
}
