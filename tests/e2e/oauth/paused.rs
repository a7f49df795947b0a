//! What GHL refuses for good, and what it refuses for a while.

use std::time::Duration;

use tandem_tests::{Browser, Shape, eventually};

use super::{DAY, LOCATION, connected, options};

const LIFE: Duration = Duration::from_secs(5);
/// A location that is not active is asked about at most once in half a minute.
const PATIENCE: Duration = Duration::from_mins(3);

in_both_shapes!(after_the_last_way_it_is_paused_with_the_link_and_keeps_its_events);

#[expect(clippy::cognitive_complexity, reason = "one story, told in its order")]
async fn after_the_last_way_it_is_paused_with_the_link_and_keeps_its_events(shape: Shape) {
    let mut house = connected(shape, options(LIFE)).await;
    house.create("Ana", 1);
    house.arrives("Ana").await;
    tokio::time::sleep(LIFE).await;
    house.ghl().forget_refresh_tokens(None).unwrap();
    house.ghl_parrot.refuse("POST /oauth/reconnect", 400);
    let bea = house.create("Bea", 2);
    house.says("connection acme is paused: ghl: GHL gives no new token; connect it again with `tandem connect`").await;
    house.says(house.link("acme").as_str()).await;
    let mut browser = Browser::default();
    let done = format!("http://{}/oauth/ghl/done?connection=acme", house.ingest()).parse().unwrap();
    assert!(browser.open(&done).await.unwrap().body.contains("<h1>Not connected</h1>"));

    // Kept over a kill, and while it goes on.
    house.kill();
    house.up().await;
    house.create("Cleo", 3);
    house.ghl().edit_contact(&bea, &serde_json::json!({ "lastName": "Sample" })).unwrap();
    assert!(house.ghl().webhooks_idle(PATIENCE).await);
    house.says("GHL gives no new token").await;
    assert!(house.across("Bea").is_none() && house.across("Cleo").is_none());
    let tokens = house.ghl().oauth();
    assert_eq!((tokens.refreshes, tokens.refused, tokens.refresh_reuses), (0, 1, 0), "asked once: {tokens:?}");

    house.ghl().set_access_life(DAY);
    house.connect("acme").await;
    assert_eq!(house.arrives("Bea").await["defaultFields"]["lastName"], "Sample");
    house.arrives("Cleo").await;
    assert!(browser.open(&done).await.unwrap().body.contains("<h1>Connected</h1>"));
    assert_eq!(house.openphone().contacts().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_that_is_not_active_gets_no_token_and_stays_connected() {
    let house = connected(Shape::Embedded, options(LIFE)).await;
    tokio::time::sleep(LIFE).await;
    house.ghl().set_access_life(DAY);
    house.ghl().set_active(LOCATION, false).unwrap();
    house.create("Ana", 1);
    house.says("GHL says that the location is not active").await;
    house.ghl().set_active(LOCATION, true).unwrap();
    eventually("Ana", PATIENCE, || house.across("Ana")).await;
    let tokens = house.ghl().oauth();
    assert_eq!((tokens.codes_exchanged, tokens.refreshes, tokens.reconnects), (1, 1, 0), "{tokens:?}");
    assert_eq!(tokens.refresh_reuses, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_that_is_not_active_keeps_its_changes_though_its_token_is_good() {
    let house = connected(Shape::Embedded, options(DAY)).await;
    house.ghl().set_active(LOCATION, false).unwrap();
    house.create("Ana", 1);
    house.says("connection acme is paused: ghl: the location is not active").await;
    assert!(house.count("tandem_writer_outcomes_total{destination=\"none\",outcome=\"parked\"}").await < 1.0);
    house.ghl().set_active(LOCATION, true).unwrap();
    eventually("Ana", PATIENCE, || house.across("Ana")).await;
}
