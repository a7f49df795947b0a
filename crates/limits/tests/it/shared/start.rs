//! The first moments: refusals, a Redis that isn't there yet, one that is empty, and one that others use.

use super::*;

async fn refused(url: String) -> Error {
    let options = RedisOptions::new(SecretString::from(url));
    let error = Limits::redis(options, alone).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    error
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let server = Redis::start_with_password("right");
    let port = server.port();
    for wrong in [format!("redis://:hush@127.0.0.1:{port}"), format!("redis://127.0.0.1:{port}")] {
        assert!(matches!(refused(wrong).await, Error::Denied { .. }));
    }
    let right = Limits::redis(options(&server), alone).await.unwrap();
    assert!(!right.in_fallback());
    assert!(!format!("{right:?}").contains("right@"));
}

#[tokio::test]
async fn an_address_that_is_none_is_an_error_that_does_not_show_it() {
    for url in ["http://:hush@127.0.0.1", "redis://:hush@127.0.0.1:port", "hush"] {
        assert!(matches!(refused(url.to_owned()).await, Error::Url), "{url}");
    }
}

#[tokio::test]
async fn a_look_at_redis_tells_its_version_or_what_is_wrong() {
    let server = Redis::start_with_password("right");
    let version = redis_version(&options(&server)).await.unwrap();
    assert!(server.info("server").contains(&format!("redis_version:{version}")), "{version}");
    let wrong = RedisOptions::new(SecretString::from(server.url().replace("right", "hush")));
    let denied = redis_version(&wrong).await.unwrap_err();
    assert!(matches!(denied, RedisTrouble::Settings(Error::Denied { .. })), "{denied:?}");
    assert!(!format!("{denied} {denied:?}").contains("hush"), "{denied:?}");
    server.kill();
    let away = redis_version(&options(&server)).await.unwrap_err();
    assert!(matches!(away, RedisTrouble::Away { .. }), "{away:?}");
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_waited_for() {
    let server = Redis::start();
    server.kill();
    let mut fleet = Fleet::open(2, OPENPHONE, &options(&server)).await;
    assert!(fleet.processes.iter().all(Limits::in_fallback));
    // Others may still be using it: what can be had is a share, and not at once.
    let throttled = fleet.processes[0].acquire(&fleet.key, Lane::Live, MS).await.unwrap_err();
    assert!(throttled.retry_after > Duration::from_secs(5), "{throttled:?}");
    fleet.call(Lane::Live, 2, MS);
    server.start_again();
    fleet.until_in_fallback(false).await;
    fleet.until_more_arrived(10).await;
    assert!(fleet.provider.worst_window(OPENPHONE.per) <= 10);
}

#[tokio::test]
async fn a_redis_that_speaks_no_tls_is_one_that_is_not_there() {
    let server = Redis::start();
    let url = SecretString::from(server.url().replace("redis://", "rediss://"));
    let limits = Limits::redis(RedisOptions { url, ..options(&server) }, alone).await.unwrap();
    assert!(limits.in_fallback());
}

#[tokio::test]
async fn the_first_on_an_empty_redis_waits_once_until_nobody_can_have_used_anything() {
    let server = Redis::start();
    let options = options(&server);
    let fleet = Fleet::open(1, OPENPHONE, &options).await;
    let limits = &fleet.processes[0];
    let start = Instant::now();
    drop(limits.acquire(&fleet.key, Lane::Live, LONG).await.unwrap());
    // Until everybody has noticed (1.1 seconds with these times), and a window.
    assert!(start.elapsed() > 2 * Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    // From then on nothing needs to be waited for: no other budget, and no other process.
    let other = BudgetKey("provider:other".to_owned());
    limits.register(other.clone(), OPENPHONE);
    drop(limits.acquire(&other, Lane::Live, 500 * MS).await.unwrap());
    eventually("a beat that others can trust", LONG, async || {
        let next = Limits::redis(options.clone(), alone).await.unwrap();
        next.register(fleet.key.clone(), OPENPHONE);
        next.acquire(&fleet.key, Lane::Live, 500 * MS).await.ok().map(drop)
    })
    .await;
}

#[tokio::test]
async fn many_that_open_a_budget_at_once_are_all_served_at_once() {
    let server = Redis::start();
    others_are_there(&server);
    // A hold of such a budget is longer than anybody here waits.
    let fleet = Fleet::open(3, GHL, &options(&server)).await;
    let mut asking = JoinSet::new();
    for number in 0..24 {
        let (limits, key) = (fleet.processes[number % 3].clone(), fleet.key.clone());
        asking.spawn(async move { limits.acquire(&key, Lane::Live, Duration::from_secs(5)).await.map(drop) });
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_survived() {
    let server = Redis::start();
    others_are_there(&server);
    let options = RedisOptions { longest_request: Duration::from_secs(1), ..options(&server) };
    let fleet = Fleet::open(1, OPENPHONE, &options).await;
    let limits = &fleet.processes[0];
    drop(limits.acquire(&fleet.key, Lane::Live, LONG).await.unwrap());
    // What is stored looks as if it came from the future.
    let future = SystemTime::now() + HOUR;
    let micros = future.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros().to_string();
    let state = format!("tandem:{{{}}}:state", fleet.key);
    server.command(&["HSET", &state, "at", &micros, "tat", &micros]);
    drop(limits.acquire(&fleet.key, Lane::Live, LONG).await.unwrap());
}
