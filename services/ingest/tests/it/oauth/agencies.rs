//! Installations of an agency, in several locations at once, and their ends.

use jiff::Timestamp;
use serde_json::json;
use tandem_credentials::{NoToken, Paused, Stage};
use tandem_twins::{Fault, GhlChoice, On, Scripted};

use super::world::{Browser, COMPANY, PAIRS, VERSIONS, World, location, target};
use crate::eventually::eventually;

/// Somebody picks the agency and these locations, having begun with the first of them.
async fn installed_in(world: &World, names: &[&str]) -> crate::client::Reply {
    let chosen = names.iter().map(|name| location(name).to_owned()).collect();
    world.twin.choose(GhlChoice::Company(chosen));
    let mut browser = Browser::default();
    let back = browser.consent(world, names[0]).await;
    world.idle().await;
    browser.open(&back).await
}

async fn all_work(world: &World, names: &[&str]) {
    for name in names {
        eventually(name, async || world.works(name).await.is_ok()).await;
    }
}

#[tokio::test]
async fn one_consent_connects_every_location_it_was_given_for() {
    for version in VERSIONS {
        let world = World::start_in(version, "").await;
        let reply = installed_in(&world, &["acme", "beta"]).await;
        assert!(target(&reply).path().ends_with("/done"), "{reply:?}");
        for name in ["acme", "beta"] {
            world.works(name).await.unwrap();
        }
        assert_eq!(world.stage("gamma").await, None, "it was not given for this one");
        let report = world.twin.oauth();
        assert_eq!((report.codes_exchanged, report.location_exchanges, report.reconnects), (1, 2, 0), "{version}");
    }
}

#[tokio::test]
async fn an_agency_without_the_location_is_kept_until_the_app_is_there() {
    let world = World::start().await;
    let chosen = vec![location("beta").to_owned()];
    world.twin.choose(GhlChoice::Company(chosen));
    let mut browser = Browser::default();
    let back = browser.consent(&world, "acme").await;
    let reply = browser.open(&back).await;
    assert_eq!((reply.status, reply.body.contains("Not installed in this location")), (409, true), "{reply:?}");
    assert_eq!(world.stage("acme").await, None, "nothing is asked for in vain");
    world.works("beta").await.unwrap();

    // Put there by the agency, which GHL tells of.
    world.twin.choose(GhlChoice::Company(vec![location("acme").to_owned()]));
    browser.consent(&world, "gamma").await;
    world.idle().await;
    world.works("acme").await.unwrap();
}

#[tokio::test]
async fn an_installation_event_without_an_agency_is_of_the_only_one_there_is() {
    let world = World::start().await;
    installed_in(&world, &["acme"]).await;
    let exchanges = world.twin.oauth().location_exchanges;
    // A location that was added by itself later.
    world.twin.choose(GhlChoice::Company(vec![location("gamma").to_owned()]));
    world.twin.set_webhook_url(None);
    Browser::default().consent(&world, "gamma").await;
    world.told(json!({ "type": "INSTALL", "locationId": location("gamma") })).await;
    world.works("gamma").await.unwrap();
    assert_eq!(world.twin.oauth().location_exchanges, exchanges + 1);
    world.told(json!({ "type": "INSTALL", "locationId": "SomebodyElsesPlace01" })).await;
}

#[tokio::test]
async fn an_installation_nobody_told_of_is_found_by_asking() {
    for version in VERSIONS {
        let world = World::start_in(version, "").await;
        installed_in(&world, &["acme"]).await;
        world.twin.set_webhook_url(None);
        world.twin.choose(GhlChoice::Company(PAIRS.map(|(_, id)| id.to_owned()).to_vec()));
        Browser::default().consent(&world, "acme").await;
        assert_eq!(world.stage("beta").await, None);
        world.twin.script(Scripted::next(On::call("GET", "/oauth/installed"), Fault::ErrorBefore));
        world.keep_asking();
        eventually("a question in vain", async || world.twin.report().answers(500) == 1).await;
        world.told(json!({ "type": "INSTALL", "companyId": COMPANY })).await;
        all_work(&world, &["beta", "gamma"]).await;
    }
}

#[tokio::test]
async fn a_location_that_removes_the_app_is_paused_until_it_is_there_again() {
    let world = World::start().await;
    installed_in(&world, &["acme", "beta"]).await;
    world.twin.uninstall(Some(location("acme"))).unwrap();
    world.idle().await;
    let error = world.works("acme").await.unwrap_err();
    assert!(matches!(error, NoToken::Paused { paused: Paused::Uninstalled, .. }), "{error}");
    world.works("beta").await.unwrap();
    world.twin.choose(GhlChoice::Company(vec![location("acme").to_owned()]));
    Browser::default().consent(&world, "acme").await;
    world.idle().await;
    world.works("acme").await.unwrap();
}

#[tokio::test]
async fn an_agency_that_removes_the_app_takes_its_locations_along() {
    let world = World::start().await;
    installed_in(&world, &["acme", "beta"]).await;
    // This one was connected by itself.
    world.twin.choose(GhlChoice::Location(location("gamma").to_owned()));
    let mut browser = Browser::default();
    let back = browser.consent(&world, "gamma").await;
    browser.open(&back).await;
    for name in ["acme", "beta", "gamma"] {
        world.works(name).await.unwrap();
    }
    world.told(json!({ "type": "UNINSTALL", "companyId": COMPANY })).await;
    for name in ["acme", "beta"] {
        assert_eq!(world.stage(name).await, Some(Stage::Uninstalled));
    }
    assert_eq!(world.stage("gamma").await, Some(Stage::Active));
    assert!(world.tokens.agencies().await.unwrap().is_empty());

    installed_in(&world, &["acme", "beta"]).await;
    all_work(&world, &["acme", "beta"]).await;
}

#[tokio::test]
async fn the_end_of_a_strange_location_ends_nothing_of_ours() {
    let world = World::start().await;
    installed_in(&world, &["acme"]).await;
    world.told(json!({ "type": "UNINSTALL", "locationId": "SomebodyElsesPlace01", "companyId": COMPANY })).await;
    world.told(json!({ "type": "UNINSTALL", "companyId": "SomebodyElsesCompany" })).await;
    let early = Timestamp::now() - jiff::SignedDuration::from_hours(1);
    world.told(json!({ "type": "UNINSTALL", "companyId": COMPANY, "timestamp": early.to_string() })).await;
    world.works("acme").await.unwrap();
    assert_eq!(world.stage("acme").await, Some(Stage::Active));
    assert_eq!(world.tokens.agencies().await.unwrap().len(), 1);
}
