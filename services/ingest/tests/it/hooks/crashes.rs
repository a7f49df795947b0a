//! Interrupted at each point, and secrets that others had replaced.

use std::time::Duration;

use tandem_providers::openphone::hook::{self, Status};
use tandem_twins::{Fault, On, OpenPhoneConfig, Scripted};

use super::world::{World, id, often, rare};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_whose_secret_was_never_stored_gets_another_one() {
    let world = World::start().await;
    let url = "http://127.0.0.1:9/".parse().unwrap();
    let ours = tandem_ingest::hook_url(&url, &id());
    // What a process leaves behind that dies before it stores what it was told.
    let (left, _) = world.make(ours.as_str(), Status::Disabled).await;
    let ingest = world.ingest(rare(), Some(&url)).await;
    assert_eq!(world.in_order(&ours).await.id, left.id);
    ingest.has_looked("mended", 1).await;
    let calls = ["POST /webhooks", "POST /webhooks/{webhookId}/rotate"].map(|template| world.calls(template));
    assert_eq!(calls, [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_make_no_second_webhook() {
    let world = World::start().await;
    for (method, path) in [("POST", "/webhooks"), ("POST", "/webhooks/1001/rotate"), ("PATCH", "/webhooks/")] {
        world.twin.script(Scripted::next(On::call(method, path), Fault::ResetAfter));
    }
    let ingest = world.ingest(rare(), None).await;
    world.in_order(&ingest.hook_url()).await;
    world.is_told(&ingest, "Ana").await;
    assert_eq!((world.calls("POST /webhooks"), world.hooks().await.len()), (1, 1));
    assert!(ingest.looks("failed") >= 2, "{}", ingest.looks("failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_everything_is_no_reason_for_a_second_webhook() {
    let mut world = World::start().await;
    let ingest = world.ingest(rare(), None).await;
    let hook = world.in_order(&ingest.hook_url()).await;
    ingest.has_looked("mended", 1).await;
    let url = ingest.public_url();
    ingest.stop().await;
    world.store = tandem_store::Store::memory();
    let next = world.ingest(rare(), Some(&url)).await;
    next.has_looked("mended", 1).await;
    assert_eq!(world.in_order(&tandem_ingest::hook_url(&url, &id())).await.id, hook.id);
    assert_eq!(world.calls("POST /webhooks"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_somebody_else_had_replaced_is_replaced_again() {
    let config = OpenPhoneConfig { rotation_overlap: Duration::ZERO, ..OpenPhoneConfig::default() };
    let world = World::start_with(config).await;
    let ingest = world.ingest(rare(), None).await;
    let hook = world.in_order(&ingest.hook_url()).await;
    world.is_told(&ingest, "Ana").await;
    world.call(hook::rotate(&hook.id), hook::rotated).await;
    // Refused at first; the provider's own log shows it, and what is in there comes again, signed anew.
    world.is_told(&ingest, "Bea").await;
    assert_eq!(world.calls("POST /webhooks/{webhookId}/rotate"), 2);
    assert!(ingest.server.count("tandem_events_rejected_total{provider=\"openphone\",reason=\"signature\"}") >= 1);
    let held = world.stored().held(&id()).await.unwrap();
    assert_eq!(held.len(), 2, "the secret before is taken for a while");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_young_is_left_alone() {
    let config = OpenPhoneConfig { rotation_overlap: Duration::ZERO, ..OpenPhoneConfig::default() };
    let world = World::start_with(config).await;
    let timing = tandem_ingest::HookTiming { rotate_again: Duration::from_hours(1), ..often() };
    let ingest = world.ingest(timing, None).await;
    let hook = world.in_order(&ingest.hook_url()).await;
    world.call(hook::rotate(&hook.id), hook::rotated).await;
    world.twin.create_contact(&serde_json::json!({ "firstName": "Ana" })).unwrap();
    let refused = "tandem_events_rejected_total{provider=\"openphone\",reason=\"signature\"}";
    crate::eventually::eventually("refusals", async || ingest.server.count(refused) >= 3).await;
    ingest.has_looked("fine", ingest.looks("fine") + 3).await;
    assert_eq!(world.calls("POST /webhooks/{webhookId}/rotate"), 1, "somebody's");
}

#[tokio::test(flavor = "multi_thread")]
async fn badly_signed_deliveries_of_strangers_replace_nothing() {
    let world = World::start().await;
    let ingest = world.ingest(often(), None).await;
    let hook = world.in_order(&ingest.hook_url()).await;
    world.is_told(&ingest, "Ana").await;
    let seconds = jiff::Timestamp::now().as_second();
    let before = world.calls("GET /webhooks/{webhookId}/events");
    crate::eventually::eventually("a look into the log", async || {
        super::secrets::deliver(&ingest.server, 99, (seconds, "stranger")).await;
        world.calls("GET /webhooks/{webhookId}/events") > before
    })
    .await;
    ingest.has_looked("fine", ingest.looks("fine") + 2).await;
    assert_eq!((world.calls("POST /webhooks/{webhookId}/rotate"), ingest.looks("failed")), (0, 0));
    assert_eq!(world.in_order(&ingest.hook_url()).await.id, hook.id);
}
