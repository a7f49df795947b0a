//! One agency, two connections.

use serde_json::json;
use tandem_tests::Shape;
use tandem_twins::{GhlChoice, GhlLocation};

use super::{DAY, LOCATION, options};
use crate::house::House;

const SECOND: &str = "SandboxLocation00002";

in_both_shapes!(one_consent_connects_both_and_one_removal_pauses_both);

async fn agency(shape: Shape) -> House {
    let mut options = options(DAY);
    if let Some(ghl) = &mut options.ghl {
        ghl.locations.push(GhlLocation::new(SECOND, "pit-second"));
    }
    let house = House::prepare(shape, options).await;
    let second = "connections:
  - id: beta
    ghl: { location_id: SandboxLocation00002 }
    openphone: { api_key: \"${QUO_KEY}\" }
";
    house.configure(|text| text.replace("connections:\n", second));
    let both = [LOCATION, SECOND].map(str::to_owned).to_vec();
    house.ghl().choose(GhlChoice::Company(both));
    house
}

/// One contact more in that location.
fn create(house: &House, location: &str, (first_name, number): (&str, u32)) {
    let phone = format!("+1415555{number:04}");
    let contact = json!({ "locationId": location, "firstName": first_name, "phone": phone });
    house.ghl().create_contact(&contact).unwrap();
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in its order")]
async fn one_consent_connects_both_and_one_removal_pauses_both(shape: Shape) {
    let mut house = agency(shape).await;
    house.up().await;
    house.connect("acme").await;
    create(&house, LOCATION, ("Ana", 1));
    create(&house, SECOND, ("Bea", 2));
    for first_name in ["Ana", "Bea"] {
        house.arrives(first_name).await;
    }
    let tokens = house.ghl().oauth();
    assert_eq!((tokens.codes_exchanged, tokens.location_exchanges, tokens.reconnects), (1, 2, 0), "{tokens:?}");

    // Both changes are on their way when the agency removes the app.
    house.kill();
    create(&house, LOCATION, ("Cleo", 3));
    create(&house, SECOND, ("Dora", 4));
    house.ghl().uninstall(None).unwrap();
    house.up().await;
    for connection in ["acme", "beta"] {
        let said = format!("connection {connection} is paused: ghl: the app was removed from the GHL account");
        house.says(&said).await;
        house.says(house.link(connection).as_str()).await;
    }
    assert!(house.across("Cleo").is_none() && house.across("Dora").is_none());

    house.connect("beta").await;
    for first_name in ["Cleo", "Dora"] {
        house.arrives(first_name).await;
    }
    let tokens = house.ghl().oauth();
    assert_eq!((tokens.codes_exchanged, tokens.refresh_reuses), (2, 0), "{tokens:?}");
    assert_eq!(house.openphone().contacts().len(), 4);
}
