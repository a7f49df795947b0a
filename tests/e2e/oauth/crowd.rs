//! Many workers, one token.

use std::time::Duration;

use tandem::Part;
use tandem_tests::{ClusterOptions, Shape};
use tandem_twins::{Fault, On, Scripted};

use super::{DAY, connected, options};
use crate::house::{House, LIMIT};

/// Of the first token.
const LIFE: Duration = Duration::from_secs(6);
const CHANGES: u32 = 50;
const WRITERS: usize = 5;

in_both_shapes!(fifty_workers_with_one_expired_token_make_one_refresh_and_no_change_fails);

async fn fifty_workers_with_one_expired_token_make_one_refresh_and_no_change_fails(shape: Shape) {
    // Fifty in one process, or ten in each of five.
    let workers = if shape == Shape::Embedded { "50" } else { "10" };
    let environment = vec![
        ("TANDEM_WRITER__IN_FLIGHT_PER_CONNECTION", workers.to_owned()),
        ("TANDEM_PROVIDERS__GHL__TIMING__TIMEOUT_SECONDS", "10".to_owned()),
    ];
    let services = [(Part::Ingest, 1), (Part::Mapper, 1), (Part::Writer, WRITERS)];
    let options = ClusterOptions { environment, services, ..options(LIFE) };
    let house = connected(shape, options).await;
    house.ghl().set_access_life(DAY);
    tokio::time::sleep(LIFE).await;

    // Everybody begins at the same moment, or comes while it is under way.
    house.hold_writers(true);
    let slow = Fault::Latency { min_ms: 800, max_ms: 800 };
    house.ghl().script(Scripted::next(On::call("POST", "/oauth/token"), slow));
    for number in 0..CHANGES {
        house.create(&format!("Ana{number}"), number);
    }
    let commands = "tandem_commands_total{lane=\"live\"}";
    tandem_testkit::eventually("all commands", LIMIT, async || {
        (house.mapped(commands).await >= f64::from(CHANGES)).then_some(())
    })
    .await;
    house.hold_writers(false);
    for number in 0..CHANGES {
        house.arrives(&format!("Ana{number}")).await;
    }
    nothing_failed(&house).await;
}

async fn nothing_failed(house: &House) {
    let tokens = house.ghl().oauth();
    let counts = (tokens.codes_exchanged, tokens.refreshes, tokens.refresh_reuses, tokens.reconnects, tokens.refused);
    assert_eq!(counts, (1, 1, 0, 0, 0), "{tokens:?}");
    assert_eq!(house.ghl().report().answers(401), 0, "a token was used after its end");
    assert_eq!(house.openphone().contacts().len(), CHANGES as usize);
    assert!(house.openphone().report().duplicates.is_empty());
    for outcome in ["retry", "unknown", "refused", "parked"] {
        for side in ["ghl", "openphone", "none"] {
            let series = format!("tandem_writer_outcomes_total{{destination=\"{side}\",outcome=\"{outcome}\"}}");
            assert!(house.count(&series).await < 1.0, "{series}");
        }
    }
}
