//! The life of OAuth tokens at the real programs: one refresh for everybody, kills in its middle, refusals of every kind,
//! agencies, and new encryption keys.

mod agency;
mod crowd;
mod keys;
mod killed;
mod paused;

use std::time::Duration;

use tandem_tests::{ClusterOptions, Shape, quick_ghl, quick_openphone};
use tandem_twins::{GhlChoice, GhlConfig, OpenPhoneConfig, Rate};

use crate::house::House;

const LOCATION: &str = "SandboxLocation00001";
const DAY: Duration = Duration::from_hours(24);

/// Providers that hold nobody back; the first tokens last this long.
fn options(life: Duration) -> ClusterOptions {
    let rate = Rate { requests: 400, per: Duration::from_secs(1), per_day: None, enforce: true };
    let mut ghl = GhlConfig { rate, ..quick_ghl() };
    ghl.app.access_life = life;
    let openphone = OpenPhoneConfig { rate, ..quick_openphone() };
    ClusterOptions { ghl: Some(ghl), openphone: Some(openphone), ..ClusterOptions::default() }
}

/// Running, with one location that is connected.
async fn connected(shape: Shape, options: ClusterOptions) -> House {
    let mut house = House::prepare(shape, options).await;
    house.up().await;
    house.ghl().choose(GhlChoice::Location(LOCATION.to_owned()));
    house.connect("acme").await;
    house
}
