//! Redis is flushed, killed, restarted and paused while processes call. Judged by when requests arrived.

use super::*;

const RATE: BudgetRate = BudgetRate { requests: 20, per: Duration::from_millis(500), per_day: None };

/// Short times, so that a switch and its holds fit into a test.
fn quick(server: &Redis) -> RedisOptions {
    RedisOptions {
        longest_request: Duration::from_millis(400),
        response_timeout: Duration::from_millis(150),
        connect_timeout: Duration::from_millis(150),
        probe_every: Duration::from_millis(50),
        away_after: Duration::from_millis(500),
        ..options(server)
    }
}

async fn busy(server: &Redis) -> Fleet {
    others_are_there(server);
    let mut fleet = Fleet::open(4, RATE, &quick(server)).await;
    fleet.call(Lane::Live, 5, 20 * MS);
    fleet.until_more_arrived(30).await;
    fleet
}

#[tokio::test]
async fn a_flush_at_any_moment_only_slows() {
    let server = Redis::start();
    let fleet = busy(&server).await;
    for _ in 0..3 {
        server.flush();
        fleet.until_more_arrived(30).await;
    }
    assert!(fleet.provider.worst_window(RATE.per) <= 20);
    assert!(fleet.processes.iter().all(|limits| !limits.in_fallback()));
}

#[tokio::test]
async fn forgotten_scripts_are_loaded_again() {
    let server = Redis::start();
    let fleet = busy(&server).await;
    server.command(&["SCRIPT", "FLUSH"]);
    let start = Instant::now();
    fleet.until_more_arrived(30).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(fleet.provider.worst_window(RATE.per) <= 20);
}

#[tokio::test]
async fn work_goes_on_while_redis_is_dead_and_it_comes_back_empty() {
    let server = Redis::start();
    let fleet = busy(&server).await;
    server.kill();
    fleet.until_in_fallback(true).await;
    fleet.until_more_arrived(40).await;
    server.start_again();
    fleet.until_in_fallback(false).await;
    fleet.until_more_arrived(60).await;
    assert!(fleet.provider.worst_window(RATE.per) <= 20);
}

#[tokio::test]
async fn work_goes_on_while_redis_stands_still_and_it_remembers() {
    let server = Redis::start();
    let fleet = busy(&server).await;
    server.pause();
    let start = Instant::now();
    fleet.until_in_fallback(true).await;
    fleet.until_more_arrived(10).await;
    tokio::time::sleep_until(start + Duration::from_secs(3)).await;
    server.resume();
    fleet.until_in_fallback(false).await;
    fleet.until_more_arrived(60).await;
    assert!(fleet.provider.worst_window(RATE.per) <= 20);
}

#[tokio::test]
async fn a_short_silence_is_waited_for() {
    let server = Redis::start();
    others_are_there(&server);
    let options = RedisOptions { away_after: Duration::from_secs(5), ..options(&server) };
    let mut fleet = Fleet::open(4, RATE, &options).await;
    fleet.call(Lane::Live, 5, 20 * MS);
    fleet.until_more_arrived(30).await;
    server.pause();
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.resume();
    fleet.until_more_arrived(60).await;
    assert!(fleet.processes.iter().all(|limits| !limits.in_fallback()));
    assert!(fleet.provider.worst_window(RATE.per) <= 20);
}

#[tokio::test]
async fn intake_is_not_held_up_by_a_redis_that_stands_still() {
    let server = Redis::start();
    others_are_there(&server);
    let limits = Limits::redis(options(&server), alone).await.unwrap();
    limits.remember("ghl:1");
    server.pause();
    for _ in 0..3 {
        let start = Instant::now();
        assert!(limits.seen("ghl:1").await, "remembered here too");
        assert!(!limits.seen("ghl:2").await);
        assert!(start.elapsed() < 400 * MS, "{:?}", start.elapsed());
    }
    eventually("fallback", LONG, async || limits.in_fallback().then_some(())).await;
    assert!(limits.try_lock("refresh:acme", HOUR).await.is_some());
}

#[tokio::test]
async fn the_days_use_survives_a_flush() {
    let server = Redis::start();
    others_are_there(&server);
    let rate = BudgetRate { per_day: Some(100), ..RATE };
    let fleet = Fleet::open(2, rate, &quick(&server)).await;
    for _ in 0..5 {
        drop(fleet.processes[0].acquire(&fleet.key, Lane::Live, HOUR).await.unwrap());
    }
    server.flush();
    let other = &fleet.processes[1];
    eventually("the count to be known again", LONG, async || {
        (other.remaining_today(&fleet.key).await == Some(95)).then_some(())
    })
    .await;
}
