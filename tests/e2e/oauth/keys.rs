//! A new encryption key, without a stop and with nothing lost.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::time::Duration;

use tandem::Part;
use tandem_tests::{ClusterOptions, Shape};
use tandem_twins::GhlChoice;

use super::{LOCATION, options};
use crate::house::House;

/// So short that every restart has a token renewed.
const LIFE: Duration = Duration::from_secs(3);

in_both_shapes!(an_encryption_key_is_replaced_over_three_restarts);

/// Which keys there are, in which order.
fn configure(house: &House, keys: &[&str]) {
    let keys = keys.iter().map(|name| format!("\"${{{name}}}\"")).collect::<Vec<_>>().join(", ");
    house.configure(|text| {
        let others = text.lines().filter(|line| !line.starts_with("encryption_key:"));
        others.chain([format!("encryption_key: [{keys}]").as_str()]).collect::<Vec<_>>().join("\n")
    });
}

/// One process after the other, while people go on; then a renewed token is needed.
async fn restarted(house: &mut House, keys: &[&str], (first_name, number): (&str, u32)) {
    configure(house, keys);
    house.create(&format!("{first_name}-before"), number);
    house.restart_in_turn().await;
    house.arrives(&format!("{first_name}-before")).await;
    tokio::time::sleep(LIFE).await;
    house.create(first_name, number + 1);
    house.arrives(first_name).await;
    told_of_edits(house, first_name).await;
}

/// The webhook's signing secret is stored too.
async fn told_of_edits(house: &House, first_name: &str) {
    let accepted = async || house.count("tandem_events_accepted_total{provider=\"openphone\"}").await;
    let before = accepted().await;
    let contact = house.arrives(first_name).await;
    let change = serde_json::json!({ "company": first_name });
    house.openphone().edit_contact(contact["id"].as_str().unwrap(), &change).unwrap();
    tandem_testkit::eventually("the edit", crate::house::LIMIT, async || (accepted().await > before).then_some(()))
        .await;
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in its order")]
async fn an_encryption_key_is_replaced_over_three_restarts(shape: Shape) {
    let key = |byte: u8| BASE64_STANDARD.encode([byte; 32]);
    let environment = vec![("OLD_KEY", key(1)), ("NEW_KEY", key(2))];
    let services = [(Part::Ingest, 1), (Part::Mapper, 1), (Part::Writer, 2)];
    let mut house = House::prepare(shape, ClusterOptions { environment, services, ..options(LIFE) }).await;
    house.unset("TANDEM_ENCRYPTION_KEY");
    configure(&house, &["OLD_KEY"]);
    house.up().await;
    house.ghl().choose(GhlChoice::Location(LOCATION.to_owned()));
    house.connect("acme").await;
    house.create("Ana", 10);
    house.arrives("Ana").await;

    // Known first, then in front.
    restarted(&mut house, &["OLD_KEY", "NEW_KEY"], ("Bea", 20)).await;
    let moved = "are under the encryption key";
    let said = |house: &House, what: &str| house.output().iter().any(|line| line.contains(what));
    assert!(!said(&house, moved), "nothing is to be moved yet");
    restarted(&mut house, &["NEW_KEY", "OLD_KEY"], ("Cleo", 30)).await;
    house.says(moved).await;
    house.says("leave the others out of encryption_key").await;

    // As was said.
    restarted(&mut house, &["NEW_KEY"], ("Dora", 40)).await;
    assert!(!said(&house, "can't be opened"), "{:#?}", house.output());
    let tokens = house.ghl().oauth();
    assert_eq!((tokens.codes_exchanged, tokens.refresh_reuses, tokens.reconnects), (1, 0, 0), "{tokens:?}");
    assert!(tokens.refreshes >= 3, "{tokens:?}");

    // A key that is missing is named; with it everything is there again.
    house.stop();
    configure(&house, &["OLD_KEY"]);
    house.up().await;
    house.says("which is not in `encryption_key`").await;
    house.stop();
    restarted_after_all(&mut house).await;
}

async fn restarted_after_all(house: &mut House) {
    configure(house, &["OLD_KEY", "NEW_KEY"]);
    house.create("Emma", 50);
    house.up().await;
    house.arrives("Emma").await;
}
