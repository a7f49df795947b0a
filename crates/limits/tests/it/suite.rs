//! The contract suite: every claim is checked on every backend.

use std::time::Duration;

use tandem_limits::{BudgetKey, BudgetRate};
use tandem_proto::Lane;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backend::{Backend, GHL, HOUR, OPENPHONE, Provider, call_for_ever};

/// Runs claims over all backends: a new backend is one line here.
macro_rules! over_every_backend {
    ($($claim:ident),* $(,)?) => {
        over_every_backend!(@backend in_process InProcess $($claim),*);
    };
    (@backend $name:ident $backend:ident $($claim:ident),*) => {
        mod $name {
            $(
                #[tokio::test(start_paused = true)]
                async fn $claim() {
                    super::$claim(super::Backend::$backend).await;
                }
            )*
        }
    };
}

over_every_backend! {
    a_backlog_uses_nine_tenths_of_the_rate,
    no_window_is_overrun_however_long_requests_take,
    no_window_is_overrun_when_stalls_bunch_the_starts,
    a_quiet_budget_serves_at_once,
    callers_of_a_lane_are_served_in_order,
    live_goes_first_and_bulk_has_its_tenth,
    who_cannot_be_served_in_time_is_told_at_once,
    a_wait_ends_when_it_was_said_to,
    a_caller_that_gives_up_leaves_no_gap,
    a_cool_down_holds_everybody_and_the_burst_does_not_start_over,
    a_stalled_permit_is_late_and_a_cancelled_one_does_not_count,
    unfinished_requests_fill_the_window,
    the_daily_quota_keeps_a_reserve_for_live,
    the_providers_own_count_is_believed,
    budgets_do_not_share,
    an_unknown_budget_is_served_cautiously,
    ids_are_seen_once_remembered,
}

const NOW: Duration = Duration::ZERO;
const MS: Duration = Duration::from_millis(1);

/// Keeps callers busy for a while; returns what the provider saw.
async fn backlog(backend: Backend, rate: BudgetRate, callers: &[(Lane, [Duration; 2])], time: Duration) -> Provider {
    let (limits, key) = backend.with(rate);
    let provider = Provider::default();
    let mut tasks = JoinSet::new();
    for (lane, times) in callers {
        tasks.spawn(call_for_ever(limits.clone(), key.clone(), *lane, provider.clone(), *times));
    }
    tokio::time::sleep(time).await;
    provider
}

async fn a_backlog_uses_nine_tenths_of_the_rate(backend: Backend) {
    for (rate, windows) in [(OPENPHONE, 60), (GHL, 6)] {
        let provider = backlog(backend, rate, &[(Lane::Live, [MS, MS]); 8], windows * rate.per).await;
        let published = (rate.requests * windows) as usize;
        let used = provider.arrivals().len();
        assert!(used * 10 >= published * 9, "{used} of {published}");
        assert!(provider.worst_window(rate.per) <= rate.requests as usize);
    }
}

async fn no_window_is_overrun_however_long_requests_take(backend: Backend) {
    for (rate, windows) in [(OPENPHONE, 60), (GHL, 6)] {
        let callers: Vec<_> =
            (0..40_u32).map(|number| (Lane::Live, [number % 7 * 90 * MS, number % 5 * 300 * MS])).collect();
        let provider = backlog(backend, rate, &callers, windows * rate.per).await;
        assert!(provider.arrivals().len() > 100);
        assert!(provider.worst_window(rate.per) <= rate.requests as usize);
    }
}

async fn no_window_is_overrun_when_stalls_bunch_the_starts(backend: Backend) {
    let (limits, key) = backend.with(OPENPHONE);
    let provider = Provider::default();
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..60 {
        let (limits, key, provider) = (limits.clone(), key.clone(), provider.clone());
        tasks.spawn(async move {
            let permit = limits.acquire(&key, Lane::Live, HOUR).await.unwrap();
            // The whole process stands still until the next full 3 seconds: all of them send at the same moment.
            let stall = Duration::from_secs((start.elapsed().as_secs() / 3 + 1) * 3);
            tokio::time::sleep_until(start + stall).await;
            provider.count(Lane::Live);
            drop(permit);
        });
    }
    tasks.join_all().await;
    assert_eq!(provider.arrivals().len(), 60);
    assert!(provider.worst_window(OPENPHONE.per) <= 10);
}

async fn a_quiet_budget_serves_at_once(backend: Backend) {
    let (limits, key) = backend.with(GHL);
    drop(limits.acquire(&key, Lane::Bulk, NOW).await.unwrap());
    tokio::time::advance(Duration::from_secs(20)).await;
    for _ in 0..5 {
        drop(limits.acquire(&key, Lane::Live, NOW).await.unwrap());
    }
    assert!(limits.acquire(&key, Lane::Live, NOW).await.is_err(), "more than the burst at once");
}

async fn callers_of_a_lane_are_served_in_order(backend: Backend) {
    let (limits, key) = backend.with(OPENPHONE);
    let (sender, mut served) = tokio::sync::mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (limits, key, sender) = (limits.clone(), key.clone(), sender.clone());
        tasks.spawn(async move {
            let permit = limits.acquire(&key, Lane::Live, HOUR).await.unwrap();
            sender.send(number).unwrap();
            drop(permit);
        });
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    let mut order = Vec::new();
    served.recv_many(&mut order, 100).await;
    assert_eq!(order, (0..20).collect::<Vec<_>>());
}

async fn live_goes_first_and_bulk_has_its_tenth(backend: Backend) {
    let callers: Vec<_> = [Lane::Live, Lane::Bulk].into_iter().flat_map(|lane| [(lane, [MS, MS]); 6]).collect();
    let both = backlog(backend, OPENPHONE, &callers, Duration::from_mins(2)).await;
    let count = |provider: &Provider, lane| provider.arrivals().iter().filter(|(_, one)| *one == lane).count();
    let (live, bulk) = (count(&both, Lane::Live), count(&both, Lane::Bulk));
    assert!((8..=10).contains(&(live / bulk)), "{live} live and {bulk} bulk");
    // Without live callers bulk has it all.
    let alone = backlog(backend, OPENPHONE, &callers[6..], Duration::from_mins(2)).await;
    assert!(count(&alone, Lane::Bulk) * 10 >= 1_200 * 9);
}

async fn who_cannot_be_served_in_time_is_told_at_once(backend: Backend) {
    let (limits, key) = backend.with(OPENPHONE);
    drop(limits.acquire(&key, Lane::Live, NOW).await.unwrap());
    let start = Instant::now();
    let throttled = limits.acquire(&key, Lane::Live, 50 * MS).await.unwrap_err();
    assert_eq!(start.elapsed(), NOW);
    assert!(throttled.retry_after > 50 * MS && throttled.retry_after < 120 * MS, "{throttled:?}");
    tokio::time::advance(throttled.retry_after).await;
    drop(limits.acquire(&key, Lane::Live, NOW).await.unwrap());
}

async fn a_wait_ends_when_it_was_said_to(backend: Backend) {
    let (limits, key) = backend.with(BudgetRate { requests: 1, ..OPENPHONE });
    let held = limits.acquire(&key, Lane::Live, NOW).await.unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    // The pace would allow one, but the first is still out: only its end could help.
    let start = Instant::now();
    let throttled = limits.acquire(&key, Lane::Live, 300 * MS).await.unwrap_err();
    assert!(start.elapsed() >= 300 * MS && start.elapsed() < 310 * MS);
    assert!(throttled.retry_after > NOW);
    drop(held);
}

async fn a_caller_that_gives_up_leaves_no_gap(backend: Backend) {
    let (limits, key) = backend.with(OPENPHONE);
    drop(limits.acquire(&key, Lane::Live, NOW).await.unwrap());
    let impatient = tokio::spawn({
        let (limits, key) = (limits.clone(), key.clone());
        async move { limits.acquire(&key, Lane::Live, HOUR).await.map(drop) }
    });
    tokio::task::yield_now().await;
    let patient = tokio::spawn({
        let (limits, key) = (limits.clone(), key.clone());
        async move { limits.acquire(&key, Lane::Live, HOUR).await.map(drop) }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    impatient.abort();
    patient.await.unwrap().unwrap();
    assert!(start.elapsed() < 120 * MS, "{:?}", start.elapsed());
}

async fn a_cool_down_holds_everybody_and_the_burst_does_not_start_over(backend: Backend) {
    let (limits, key) = backend.with(GHL);
    tokio::time::advance(Duration::from_secs(20)).await;
    let until = Instant::now() + Duration::from_secs(7);
    limits.cool_down(&key, until).await;
    let refused = limits.acquire(&key, Lane::Live, Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_secs(7));
    let mut starts = Vec::new();
    for _ in 0..4 {
        drop(limits.acquire(&key, Lane::Live, HOUR).await.unwrap());
        starts.push(Instant::now());
    }
    assert!(starts[0] >= until);
    assert!(starts.windows(2).all(|pair| pair[1].duration_since(pair[0]) > 100 * MS), "{starts:?}");
}

async fn a_stalled_permit_is_late_and_a_cancelled_one_does_not_count(backend: Backend) {
    let rate = BudgetRate { per_day: Some(100), ..OPENPHONE };
    let (limits, key) = backend.with(rate);
    for _ in 0..30 {
        let permit = limits.acquire(&key, Lane::Live, HOUR).await.unwrap();
        assert!(!permit.is_late());
        tokio::time::advance(200 * MS).await;
        assert!(permit.is_late());
        permit.cancel();
    }
    assert_eq!(limits.remaining_today(&key).await, Some(100));
}

async fn unfinished_requests_fill_the_window(backend: Backend) {
    let (limits, key) = backend.with(OPENPHONE);
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(limits.acquire(&key, Lane::Live, HOUR).await.unwrap());
    }
    tokio::time::advance(Duration::from_mins(1)).await;
    assert!(limits.acquire(&key, Lane::Live, Duration::from_secs(5)).await.is_err());
    let waiting = tokio::spawn({
        let (limits, key) = (limits.clone(), key.clone());
        async move { limits.acquire(&key, Lane::Live, HOUR).await.map(drop) }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    held.pop();
    waiting.await.unwrap().unwrap();
    // The one that just ended may have arrived just now.
    assert!(start.elapsed() >= OPENPHONE.per && start.elapsed() < OPENPHONE.per + 10 * MS);
}

async fn the_daily_quota_keeps_a_reserve_for_live(backend: Backend) {
    let rate = BudgetRate { per_day: Some(20), ..OPENPHONE };
    let (limits, key) = backend.with(rate);
    for _ in 0..14 {
        drop(limits.acquire(&key, Lane::Bulk, HOUR).await.unwrap());
    }
    let bulk = limits.acquire(&key, Lane::Bulk, HOUR).await.unwrap_err();
    assert!(bulk.retry_after > 22 * HOUR && bulk.retry_after <= 23 * HOUR, "{bulk:?}");
    for _ in 0..6 {
        drop(limits.acquire(&key, Lane::Live, HOUR).await.unwrap());
    }
    assert_eq!(limits.remaining_today(&key).await, Some(0));
    assert!(limits.acquire(&key, Lane::Live, HOUR).await.is_err());
    tokio::time::advance(bulk.retry_after).await;
    assert_eq!(limits.remaining_today(&key).await, Some(20));
    drop(limits.acquire(&key, Lane::Bulk, NOW).await.unwrap());
}

async fn the_providers_own_count_is_believed(backend: Backend) {
    let rate = BudgetRate { per_day: Some(1_000), ..GHL };
    let (limits, key) = backend.with(rate);
    limits.correct_today(&key, 400).await;
    assert_eq!(limits.remaining_today(&key).await, Some(400));
    // An answer that was under way longer than ours must not give anything back.
    limits.correct_today(&key, 500).await;
    assert_eq!(limits.remaining_today(&key).await, Some(400));
    let (limits, key) = backend.with(GHL);
    limits.correct_today(&key, 5).await;
    assert_eq!(limits.remaining_today(&key).await, None);
}

async fn budgets_do_not_share(backend: Backend) {
    let (limits, key) = backend.with(OPENPHONE);
    let other = BudgetKey("provider:other".to_owned());
    limits.register(other.clone(), OPENPHONE);
    limits.cool_down(&key, Instant::now() + HOUR).await;
    assert!(limits.acquire(&key, Lane::Live, NOW).await.is_err());
    drop(limits.acquire(&other, Lane::Live, NOW).await.unwrap());
}

async fn an_unknown_budget_is_served_cautiously(backend: Backend) {
    let limits = backend.open();
    let key = BudgetKey("nobody:knows".to_owned());
    drop(limits.acquire(&key, Lane::Live, NOW).await.unwrap());
    let throttled = limits.acquire(&key, Lane::Live, NOW).await.unwrap_err();
    assert!(throttled.retry_after > Duration::from_secs(1));
}

async fn ids_are_seen_once_remembered(backend: Backend) {
    let limits = backend.open();
    assert!(!limits.seen("ghl:1").await);
    assert!(!limits.seen("ghl:1").await, "asking is not remembering");
    limits.remember("ghl:1").await;
    assert!(limits.seen("ghl:1").await);
    assert!(!limits.seen("ghl:2").await);
}
