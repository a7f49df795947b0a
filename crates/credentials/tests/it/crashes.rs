//! A process is killed at each step of a renewal; another one goes on.

use std::time::Duration;

use secrecy::SecretString;
use tandem_credentials::{Answer, NoToken, Paused, Stage, Tokens};
use tandem_store::Store;
use tandem_testkit::eventually;
use tandem_testkit::servers::Nats;
use tokio::runtime::Runtime;

use crate::backend::{on, over_every_store};
use crate::provider::{Calls, DAY, Fate, LIMIT, World, acme};

over_every_store! {
    killed_before_the_intent_the_token_is_refreshed_as_if_nothing_was,
    killed_before_the_request_the_refresh_token_counts_as_used,
    killed_after_the_request_the_refresh_token_is_not_sent_again,
    killed_after_the_pair_is_stored_it_is_used,
    killed_while_reconnecting_it_is_asked_again,
    killed_and_not_let_back_it_is_paused,
}

/// After this an intent of a dead process is nobody's.
const PAST_ANY_INTENT: i64 = 120;

/// Its own runtime: what it was doing ends in the middle when this is dropped.
struct Process {
    runtime: Option<Runtime>,
    tokens: Tokens,
}

impl Process {
    fn start(world: &World) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime: Some(runtime), tokens: world.process() }
    }

    /// Asks for a token and doesn't wait for it.
    fn ask(&self) {
        let tokens = self.tokens.clone();
        let ask = async move { tokens.access(acme()).await.map(drop) };
        self.runtime.as_ref().unwrap().spawn(ask);
    }

    fn kill(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A connection whose token is over.
async fn expired(store: &Store) -> World {
    let world = World::new(store);
    world.connected().await;
    world.advance(2 * DAY);
    world
}

/// Killed in its `calls`th call, which never comes to an end.
async fn kill_in_call(world: &World, fate: Fate, calls: Calls) {
    world.provider.script([fate]);
    let process = Process::start(world);
    process.ask();
    world.provider.wait_for_calls(calls).await;
    process.kill();
}

async fn obtained(world: &World) -> SecretString {
    let access = world.process().access(acme()).await.unwrap();
    assert!(world.provider.takes(&access));
    access
}

const REFRESHED: Calls = Calls { refresh: 1, reconnect: 0, exchange: 0 };
const RECONNECTED: Calls = Calls { refresh: 1, reconnect: 1, exchange: 0 };

async fn killed_before_the_intent_the_token_is_refreshed_as_if_nothing_was(store: &Store) {
    let world = expired(store).await;
    let process = Process::start(&world);
    assert!(process.tokens.status(acme()).await.unwrap().is_some());
    process.kill();
    obtained(&world).await;
    assert_eq!(world.provider.calls(), REFRESHED);
}

async fn killed_before_the_request_the_refresh_token_counts_as_used(store: &Store) {
    let world = expired(store).await;
    kill_in_call(&world, Fate::Hang { carried_out: false }, REFRESHED).await;
    recovers_by_reconnecting(&world).await;
}

async fn killed_after_the_request_the_refresh_token_is_not_sent_again(store: &Store) {
    let world = expired(store).await;
    kill_in_call(&world, Fate::Hang { carried_out: true }, REFRESHED).await;
    recovers_by_reconnecting(&world).await;
}

async fn recovers_by_reconnecting(world: &World) {
    let impatient = tandem_credentials::Timing { patience: Duration::ZERO, ..Default::default() };
    let error = world.process_with(impatient).access(acme()).await.unwrap_err();
    assert!(matches!(error, NoToken::Later(_)) && error.class().is_retryable(), "{error}");
    assert_eq!(world.provider.calls(), REFRESHED, "the intent's time is not over yet");
    world.advance(PAST_ANY_INTENT);
    obtained(world).await;
    assert_eq!(world.provider.calls(), RECONNECTED);
    world.advance(2 * DAY);
    obtained(world).await;
    assert_eq!(world.provider.calls(), Calls { refresh: 2, ..RECONNECTED }, "and life goes on");
}

async fn killed_after_the_pair_is_stored_it_is_used(store: &Store) {
    let world = expired(store).await;
    let process = Process::start(&world);
    process.ask();
    eventually("the new pair", LIMIT, async || {
        let status = process.tokens.status(acme()).await.unwrap().unwrap();
        (status.generation == 2).then_some(())
    })
    .await;
    process.kill();
    obtained(&world).await;
    assert_eq!(world.provider.calls(), REFRESHED);
}

async fn killed_while_reconnecting_it_is_asked_again(store: &Store) {
    let world = expired(store).await;
    for carried_out in [false, true] {
        let before = world.provider.calls();
        world.provider.script([Fate::Say(Answer::InvalidGrant)]);
        let calls = Calls { refresh: before.refresh + 1, reconnect: before.reconnect + 1, exchange: 0 };
        kill_in_call(&world, Fate::Hang { carried_out }, calls).await;
        world.advance(PAST_ANY_INTENT);
        obtained(&world).await;
        assert_eq!(world.provider.calls(), Calls { reconnect: calls.reconnect + 1, ..calls });
        world.advance(2 * DAY);
    }
}

async fn killed_and_not_let_back_it_is_paused(store: &Store) {
    let world = expired(store).await;
    kill_in_call(&world, Fate::Hang { carried_out: true }, REFRESHED).await;
    world.advance(PAST_ANY_INTENT);
    world.provider.script([Fate::Say(Answer::Refused)]);
    for _ in 0..3 {
        let error = world.process().access(acme()).await.unwrap_err();
        assert!(matches!(error, NoToken::Paused { paused: Paused::NeedsReconnect(_), .. }), "{error}");
        world.advance(DAY);
    }
    assert_eq!(world.provider.calls(), RECONNECTED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_comes_while_the_store_is_away_is_stored_when_it_is_back() {
    let nats = Nats::start();
    let world = World::new(&on(&nats).await);
    let tokens = world.connected().await;
    world.advance(2 * DAY);
    world.provider.script([Fate::Hold]);
    let caller = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.access(acme()).await.map(drop) }
    });
    world.provider.wait_for_calls(REFRESHED).await;
    nats.kill();
    world.provider.let_go();
    let mut caller = caller;
    let early = tokio::time::timeout(Duration::from_millis(500), &mut caller).await;
    assert!(early.is_err(), "a token was handed out before it was stored: {early:?}");
    // The caller may run out of patience; the renewal doesn't.
    nats.start_again();
    let _either = caller.await.unwrap();
    tokens.settled().await;
    let status = tokens.status(acme()).await.unwrap().unwrap();
    assert_eq!((status.stage, status.generation), (Stage::Active, 2));
    assert!(world.provider.takes(&tokens.access(acme()).await.unwrap()));
    assert_eq!(world.provider.calls(), REFRESHED);
}
