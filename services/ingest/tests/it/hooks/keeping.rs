//! Made at the start, made again when it is gone, and nobody else's touched.

use tandem_providers::openphone::hook::{self, Change, Hook, Status};
use tandem_providers::openphone::response::deleted;
use tandem_store::Store;
use tandem_twins::Access;
use url::Url;

use super::world::{FOREIGN, World, id, often, rare};
use crate::server::embedded;

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_at_the_start_and_found_again_after_it() {
    let world = World::start().await;
    let ingest = world.ingest(rare(), None).await;
    let hook = world.in_order(&ingest.hook_url()).await;
    assert_eq!((hook.resource_ids, hook.label.as_deref()), (vec!["*".to_owned()], Some("Tandem bare")));
    world.is_told(&ingest, "Ana").await;
    ingest.has_looked("mended", 1).await;
    let url = ingest.public_url();
    ingest.stop().await;

    let next = world.ingest(rare(), Some(&url)).await;
    next.has_looked("fine", 1).await;
    assert_eq!((world.calls("POST /webhooks"), world.hooks().await.len()), (1, 1));
    assert_eq!(world.calls("POST /webhooks/{webhookId}/rotate"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_gone_is_made_again() {
    let world = World::start().await;
    let ingest = world.ingest(often(), None).await;
    let first = world.in_order(&ingest.hook_url()).await;
    world.call(hook::delete(&first.id), deleted).await;
    let second = world.in_order(&ingest.hook_url()).await;
    assert_ne!(first.id, second.id);
    world.is_told(&ingest, "Bea").await;
    let held = world.stored().held(&id()).await.unwrap();
    let current = held.iter().filter(|one| one.webhook == second.id.as_str()).count();
    assert_eq!((current, held.len()), (1, 2), "the first one's secret is kept for a while");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_was_disabled_or_tells_too_little_is_set_right_and_others_are_left_alone() {
    let world = World::start().await;
    world.make(FOREIGN, Status::Enabled).await;
    world.make("http://127.0.0.1:9/webhooks/openphone/bare", Status::Disabled).await;
    let others = async || {
        let all = world.hooks().await;
        let others = all.iter().filter(|hook| !hook.label.as_deref().unwrap_or_default().starts_with("Tandem"));
        others.map(|hook| format!("{hook:?} {}", hook.url)).collect::<Vec<_>>()
    };
    let before = others().await;
    let ingest = world.ingest(often(), None).await;
    let hook = world.in_order(&ingest.hook_url()).await;
    for change in [
        Change { status: Some(Status::Disabled), ..Change::default() },
        Change { events: Some(&["contact.updated"]), ..Change::default() },
    ] {
        world.call(hook::update(&hook.id, &change).unwrap(), hook::hook).await;
        assert_eq!(world.in_order(&ingest.hook_url()).await.id, hook.id);
    }
    world.is_told(&ingest, "Cleo").await;
    assert_eq!((others().await, before.len()), (before, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_make_one_webhook() {
    let world = World::start().await;
    let url: Url = "https://sync.example.com".parse().unwrap();
    let (one, two) = tokio::join!(world.ingest(often(), Some(&url)), world.ingest(often(), Some(&url)));
    let ours = tandem_ingest::hook_url(&url, &id());
    world.in_order(&ours).await;
    // Whoever came second has found it.
    let looks = || one.looks("fine") + two.looks("fine");
    crate::eventually::eventually("more looks", async || looks() >= 2).await;
    assert_eq!((world.calls("POST /webhooks"), world.hooks().await.len()), (1, 1));
    assert_eq!(one.looks("failed") + two.looks("failed"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_webhook_for_the_same_goes() {
    let world = World::start().await;
    let ingest = world.ingest(often(), None).await;
    let kept = world.in_order(&ingest.hook_url()).await;
    world.make(ingest.hook_url().as_str(), Status::Enabled).await;
    assert_eq!(world.in_order(&ingest.hook_url()).await.id, kept.id);
    world.is_told(&ingest, "Dora").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_store_nothing_is_made() {
    let (_queue, database, _dir) = embedded(None);
    let mut world = World::start().await;
    world.store = Store::embedded(&database).unwrap();
    database.close().await.unwrap();
    let ingest = world.ingest(rare(), None).await;
    ingest.has_looked("failed", 2).await;
    assert_eq!(world.twin.requests().len(), 0, "nobody could keep what it tells");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_is_told_and_tried_again() {
    let world = World::start().await;
    world.twin.set_access(None, Access { no_webhooks: true, ..Access::default() });
    let ingest = world.ingest(rare(), None).await;
    ingest.has_looked("failed", 2).await;
    assert_eq!(world.hooks().await.iter().map(|hook: &Hook| hook.url.as_str()).collect::<Vec<_>>(), [""; 0]);
    world.twin.set_access(None, Access::default());
    world.in_order(&ingest.hook_url()).await;
}
