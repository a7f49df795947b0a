//! Tokens under many callers.

use std::time::Duration;

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use tandem_credentials::{Account, Answer, NoToken, Paused, Reason, Stage, Timing, Tokens, TroubleKind};
use tandem_proto::ConnectionId;
use tandem_store::Store;
use tandem_testkit::eventually;

use crate::backend::over_every_store;
use crate::provider::{Calls, DAY, Fate, LIMIT, Provider, World, acme, agency, location};

over_every_store! {
    fifty_tasks_with_one_refused_token_make_one_refresh,
    processes_without_a_common_lock_make_one_refresh,
    a_token_near_its_end_is_handed_out_and_renewed_behind,
    a_caller_that_goes_away_does_not_end_the_renewal,
    locations_of_an_agency_share_its_token,
    an_agency_token_that_is_refused_is_renewed_once,
    an_agency_tells_its_locations_and_takes_theirs_along,
    what_people_and_events_do_decides,
    past_the_deadline_nothing_is_sent,
}

const ONE_REFRESH: Calls = Calls { refresh: 1, reconnect: 0, exchange: 0 };

/// What a writer does: call, and after a 401 once more with another token.
async fn call(tokens: Tokens, provider: &Provider) -> bool {
    let access = tokens.access(acme()).await.unwrap();
    if provider.takes(&access) {
        return true;
    }
    let access = tokens.access_instead_of(&access, acme()).await.unwrap();
    provider.takes(&access)
}

async fn all_succeed(tasks: Vec<tokio::task::JoinHandle<bool>>) {
    for task in tasks {
        assert!(task.await.unwrap());
    }
}

async fn fifty_tasks_with_one_refused_token_make_one_refresh(store: &Store) {
    let world = World::new(store);
    let tokens = world.connected().await;
    world.advance(3600);
    world.provider.revoke();
    let task = |_| {
        let (tokens, world) = (tokens.clone(), world.clone());
        tokio::spawn(async move { call(tokens, &world.provider).await })
    };
    all_succeed((0..50).map(task).collect()).await;
    assert_eq!(world.provider.calls(), ONE_REFRESH);
    assert_eq!(tokens.status(acme()).await.unwrap().unwrap().generation, 2);
}

async fn processes_without_a_common_lock_make_one_refresh(store: &Store) {
    let world = World::new(store);
    world.connected().await;
    world.advance(2 * DAY);
    let task = |process: &Tokens| {
        let (tokens, world) = (process.clone(), world.clone());
        tokio::spawn(async move { call(tokens, &world.provider).await })
    };
    let processes: Vec<Tokens> = (0..4).map(|_| world.process()).collect();
    all_succeed((0..10).flat_map(|_| processes.iter()).map(task).collect()).await;
    assert_eq!(world.provider.calls(), ONE_REFRESH);
}

async fn a_token_near_its_end_is_handed_out_and_renewed_behind(store: &Store) {
    let world = World::new(store);
    let tokens = world.connected().await;
    let first = tokens.access(acme()).await.unwrap();
    assert_eq!(world.provider.calls(), Calls::default());
    world.advance(DAY - 200);
    world.provider.script([Fate::Hold]);
    for _ in 0..3 {
        let access = tokens.access(acme()).await.unwrap();
        assert_eq!(access.expose_secret(), first.expose_secret());
    }
    world.provider.wait_for_calls(ONE_REFRESH).await;
    assert_eq!(tokens.status(acme()).await.unwrap().unwrap().stage, Stage::Renewing);
    eventually("the new token", LIMIT, async || {
        world.provider.let_go();
        let access = tokens.access(acme()).await.unwrap();
        (access.expose_secret() != first.expose_secret()).then_some(())
    })
    .await;
    assert_eq!(world.provider.calls(), ONE_REFRESH);
}

async fn a_caller_that_goes_away_does_not_end_the_renewal(store: &Store) {
    let world = World::new(store);
    let tokens = world.connected().await;
    world.advance(2 * DAY);
    world.provider.script([Fate::Hold]);
    let caller = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.access(acme()).await }
    });
    world.provider.wait_for_calls(ONE_REFRESH).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    world.provider.let_go();
    tokens.settled().await;
    let status = tokens.status(acme()).await.unwrap().unwrap();
    assert_eq!((status.stage, status.generation), (Stage::Active, 2));
}

async fn locations_of_an_agency_share_its_token(store: &Store) {
    let world = World::new(store);
    let tokens = world.process();
    let company = Account::Company { id: agency() };
    tokens.connected(agency(), company, &world.provider.grant()).await.unwrap();
    let connections: Vec<ConnectionId> = (0..3).map(|n| ConnectionId::new(format!("c{n}")).unwrap()).collect();
    for connection in &connections {
        tokens.installed(connection, (format!("loc-{connection}"), agency()), world.now()).await.unwrap();
    }
    for _ in 0..2 {
        let mut seen: Vec<String> = Vec::new();
        for connection in &connections {
            let access = tokens.access(connection).await.unwrap();
            assert!(world.provider.takes(&access));
            seen.push(access.expose_secret().to_owned());
        }
        seen.dedup();
        assert_eq!(seen.len(), 3, "each has its own");
        world.advance(2 * DAY);
    }
    assert_eq!(world.provider.calls(), Calls { refresh: 1, reconnect: 0, exchange: 6 });
}

async fn an_agency_token_that_is_refused_is_renewed_once(store: &Store) {
    let world = World::new(store);
    let tokens = world.process();
    let company = Account::Company { id: agency() };
    tokens.connected(agency(), company, &world.provider.grant()).await.unwrap();
    world.advance(3600);
    world.provider.revoke();
    tokens.installed(acme(), ("loc1".to_owned(), agency()), world.now()).await.unwrap();
    assert!(world.provider.takes(&tokens.access(acme()).await.unwrap()));
    assert_eq!(world.provider.calls(), Calls { refresh: 1, reconnect: 0, exchange: 2 });
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in its order")]
async fn an_agency_tells_its_locations_and_takes_theirs_along(store: &Store) {
    let world = World::new(store);
    let tokens = world.process();
    assert_eq!(tokens.agencies().await.unwrap(), []);
    let company = Account::Company { id: agency() };
    tokens.connected(agency(), company, &world.provider.grant()).await.unwrap();
    tokens.connected(acme(), location(), &world.provider.grant()).await.unwrap();
    assert_eq!(tokens.agencies().await.unwrap(), [agency()], "and no connection");
    world.provider.install(&["loc1", "loc2"]);
    world.advance(3600);
    world.provider.revoke();
    let there = tokens.locations_of(&agency()).await.unwrap().unwrap();
    assert_eq!(there.into_iter().collect::<Vec<_>>(), ["loc1", "loc2"]);
    assert_eq!(world.provider.calls(), ONE_REFRESH, "a token that was refused is renewed");

    let below = ConnectionId::new("below").unwrap();
    let Answer::Tokens(grant) = tokens.exchange(&agency(), "loc2").await.unwrap() else { panic!("no tokens") };
    let account = Account::Location { id: "loc2".to_owned(), company: Some(agency()) };
    tokens.connected(&below, account, &grant).await.unwrap();
    world.advance(1);
    tokens.uninstalled(agency(), world.now()).await.unwrap();
    for connection in [&below, &acme()] {
        tokens.uninstalled_with(&agency(), connection, world.now()).await.unwrap();
    }
    let stage = async |connection| tokens.status(connection).await.unwrap().unwrap().stage;
    assert_eq!((stage(&below).await, stage(&acme()).await), (Stage::Uninstalled, Stage::Active));
    assert_eq!(tokens.agencies().await.unwrap(), []);
    assert!(tokens.exchange(&agency(), "loc2").await.is_err());
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in its order")]
async fn what_people_and_events_do_decides(store: &Store) {
    let world = World::new(store);
    let tokens = world.process();
    assert!(matches!(tokens.access(acme()).await, Err(NoToken::NotConnected { .. })));
    assert!(tokens.status(acme()).await.unwrap().is_none());
    tokens.uninstalled(acme(), world.now()).await.unwrap();
    tokens.connected(acme(), location(), &world.provider.grant()).await.unwrap();
    let status = tokens.status(acme()).await.unwrap().unwrap();
    assert_eq!((status.stage, status.account), (Stage::Active, location()));
    assert_eq!(status.scopes, ["contacts.readonly"]);

    tokens.uninstalled(acme(), world.now() - SignedDuration::from_mins(10)).await.unwrap();
    assert!(tokens.access(acme()).await.is_ok(), "an event from before the connecting");
    tokens.uninstalled(acme(), world.now()).await.unwrap();
    let error = tokens.access(acme()).await.unwrap_err();
    assert!(matches!(&error, NoToken::Paused { paused: Paused::Uninstalled, .. }), "{error}");
    assert!(!error.class().is_retryable() && error.to_string().contains("tandem connect"), "{error}");

    tokens.connected(acme(), location(), &world.provider.grant()).await.unwrap();
    assert!(world.provider.takes(&tokens.access(acme()).await.unwrap()));
    world.advance(2 * DAY);
    world.provider.script([Fate::Say(Answer::InvalidGrant), Fate::Say(Answer::Refused)]);
    let error = tokens.access(acme()).await.unwrap_err();
    assert!(matches!(error, NoToken::Paused { paused: Paused::NeedsReconnect(Reason::Refused), .. }), "{error}");
    assert_eq!(world.provider.calls(), Calls { refresh: 1, reconnect: 1, exchange: 0 });
}

async fn past_the_deadline_nothing_is_sent(store: &Store) {
    let world = World::new(store);
    world.connected().await;
    world.advance(2 * DAY);
    // As if the worker had stood still between the intent and the request.
    let late =
        world.process_with(Timing { send_window: Duration::ZERO, patience: Duration::ZERO, ..Timing::default() });
    let error = late.access(acme()).await.unwrap_err();
    assert!(matches!(error, NoToken::Later(_)), "{error}");
    late.settled().await;
    assert_eq!(world.provider.calls(), Calls::default());
    let status = late.status(acme()).await.unwrap().unwrap();
    assert_eq!(status.trouble.map(|(kind, _)| kind), Some(TroubleKind::Unreachable));
    world.advance(60);
    let access: SecretString = world.process().access(acme()).await.unwrap();
    assert!(world.provider.takes(&access));
    assert_eq!(world.provider.calls(), ONE_REFRESH);
}
