//! The contract suite: every claim is checked on every backend.

use std::time::Duration;

use tandem_limits::{BudgetKey, BudgetRate};
use tandem_proto::Lane;
use tandem_testkit::eventually;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backend::{Backend, GHL, HOUR, OPENPHONE, Open, Provider, backlog, backlog_at};

/// Runs claims over all backends: a new backend is one line here.
macro_rules! over_every_backend {
    ($($claim:ident),* $(,)?) => {
        over_every_backend!(@backend in_process InProcess true $($claim),*);
        over_every_backend!(@backend redis Redis false $($claim),*);
    };
    (@backend $name:ident $backend:ident $is_paused:literal $($claim:ident),*) => {
        mod $name {
            $(
                #[tokio::test(start_paused = $is_paused)]
                async fn $claim() {
                    super::$claim(super::Backend::$backend).await;
                }
            )*
        }
    };
}

over_every_backend! {
    a_backlog_uses_nine_tenths_of_the_rate,
    a_slow_answer_costs_less_than_its_time,
    no_window_is_overrun_wherever_in_their_time_requests_arrive,
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
    the_quota_starts_over_with_the_day,
    the_providers_own_count_is_believed,
    budgets_do_not_share,
    an_unknown_budget_is_served_cautiously,
    ids_are_seen_once_remembered,
    a_lock_is_held_by_one_and_ends_with_its_guard,
    a_lock_ends_with_its_time,
}

const NOW: Duration = Duration::ZERO;
const MS: Duration = Duration::from_millis(1);

async fn a_backlog_uses_nine_tenths_of_the_rate(backend: Backend) {
    for (rate, windows) in backend.rates() {
        let provider = backlog(backend, rate, &[(Lane::Live, [MS, MS]); 8], windows * rate.per).await;
        let published = (rate.requests * windows) as usize;
        let used = provider.arrivals().len();
        assert!(used * 10 >= published * 9, "{used} of {published}");
        assert!(provider.worst_window(rate.per) <= rate.requests as usize);
    }
}

async fn a_slow_answer_costs_less_than_its_time(backend: Backend) {
    // How long an answer takes at first has to be learned; then some rounds of ten slots.
    let (learning, rounds) = (30, backend.span(50 * MS, 4 * MS).as_millis());
    let last = learning + 10 * usize::try_from(rounds).unwrap();
    let time = backend.span(Duration::from_mins(1), Duration::from_secs(9));
    // At 200 ms a slot comes round every 1.1 s at best, which is 90.9 %, and where the way there is known to be short every
    // 1.08 s, which is 92.6 %; real timers take some of it.
    let loss = backend.span(NOW, 4 * MS).as_millis();
    let near = Provider::connected_in(60 * MS);
    let mut tasks = JoinSet::new();
    for (took, provider, least) in [(0, Provider::default(), 94), (200, Provider::default(), 90), (200, near, 92)] {
        tasks.spawn(async move {
            let callers = [(Lane::Live, [took / 4 * MS, took * 3 / 4 * MS]); 12];
            let provider = backlog_at(provider, (backend, OPENPHONE), &callers, time).await;
            let used = provider.use_of(OPENPHONE, learning..last);
            assert!(used >= f64::from(least - u32::try_from(loss).unwrap()), "{used} % at {took} ms");
            assert!(provider.worst_window(OPENPHONE.per) <= 10);
        });
    }
    tasks.join_all().await;
}

async fn no_window_is_overrun_wherever_in_their_time_requests_arrive(backend: Backend) {
    let time = backend.span(Duration::from_mins(2), Duration::from_secs(5));
    let mut tasks = JoinSet::new();
    for took in [30_u32, 200, 1_000] {
        // To the middle, as the way back is never shorter than the way there; or to what connecting takes.
        for (latest, is_known) in [(took / 2, false), (took / 8, true)] {
            let arrives = move |number: u32| latest * (number * 7 % 25) / 24;
            let call = move |number| (Lane::Live, [arrives(number) * MS, (took - arrives(number)) * MS]);
            let provider = if is_known { Provider::connected_in(latest * MS) } else { Provider::default() };
            tasks.spawn(async move {
                let callers: Vec<_> = (0..25).map(call).collect();
                let provider = backlog_at(provider, (backend, OPENPHONE), &callers, time).await;
                assert!(provider.arrivals().len() > 20);
                assert!(provider.worst_window(OPENPHONE.per) <= 10, "{took} ms, {latest} ms at most on the way there");
            });
        }
    }
    tasks.join_all().await;
}

async fn no_window_is_overrun_however_long_requests_take(backend: Backend) {
    for (rate, windows) in backend.rates() {
        // Arrivals are in the first half of each request's time, which differs sixfold.
        let callers: Vec<_> =
            (0..40_u32).map(|number| (Lane::Live, [number % 7 * 40 * MS, (number % 5 + 1) * 300 * MS])).collect();
        let provider = backlog(backend, rate, &callers, windows * rate.per).await;
        assert!(provider.arrivals().len() > 12);
        assert!(provider.worst_window(rate.per) <= rate.requests as usize);
    }
}

async fn no_window_is_overrun_when_stalls_bunch_the_starts(backend: Backend) {
    let open = backend.with(OPENPHONE).await;
    let provider = Provider::default();
    let (requests, every) = (backend.span(60 * MS, 30 * MS).as_millis(), backend.span(3_000 * MS, 500 * MS));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..requests {
        let (limits, key, provider) = (open.limits.clone(), open.key.clone(), provider.clone());
        tasks.spawn(async move {
            let permit = limits.acquire(&key, Lane::Live, HOUR).await.unwrap();
            // The whole process stands still for a while: all of them send at the same moment.
            let stall = every * u32::try_from(start.elapsed().as_millis() / every.as_millis() + 1).unwrap();
            tokio::time::sleep_until(start + stall).await;
            provider.count(Lane::Live);
            drop(permit);
        });
    }
    tasks.join_all().await;
    assert_eq!(provider.arrivals().len() as u128, requests);
    assert!(provider.worst_window(OPENPHONE.per) <= 10);
}

async fn a_quiet_budget_serves_at_once(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(GHL).await;
    drop(limits.acquire(key, Lane::Bulk, NOW).await.unwrap());
    backend.pass(Duration::from_secs(1)).await;
    for _ in 0..5 {
        drop(limits.acquire(key, Lane::Live, NOW).await.unwrap());
    }
    assert!(limits.acquire(key, Lane::Live, NOW).await.is_err(), "more than the burst at once");
}

async fn callers_of_a_lane_are_served_in_order(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(OPENPHONE).await;
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
    let (rate, windows) = backend.rates()[0];
    let (time, published) = (windows * rate.per, (windows * rate.requests) as usize);
    let callers: Vec<_> = [Lane::Live, Lane::Bulk].into_iter().flat_map(|lane| [(lane, [MS, MS]); 6]).collect();
    let both = backlog(backend, rate, &callers, time).await;
    let (live, bulk) = (both.count_of(Lane::Live), both.count_of(Lane::Bulk));
    assert!(bulk.abs_diff(live / 9) <= 1, "{live} live and {bulk} bulk");
    assert!((live + bulk) * 100 >= published * 88, "{live} live and {bulk} bulk");
    // Without live callers bulk has it all.
    let alone = backlog(backend, rate, &callers[6..], time).await;
    assert!(alone.count_of(Lane::Bulk) * 10 >= published * 9);
}

async fn who_cannot_be_served_in_time_is_told_at_once(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(OPENPHONE).await;
    drop(limits.acquire(key, Lane::Live, NOW).await.unwrap());
    let start = Instant::now();
    let throttled = limits.acquire(key, Lane::Live, 20 * MS).await.unwrap_err();
    assert!(start.elapsed() <= backend.span(NOW, 20 * MS), "{:?}", start.elapsed());
    assert!(throttled.retry_after > 20 * MS && throttled.retry_after < 120 * MS, "{throttled:?}");
    backend.pass(throttled.retry_after + MS).await;
    drop(limits.acquire(key, Lane::Live, NOW).await.unwrap());
}

async fn a_wait_ends_when_it_was_said_to(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(BudgetRate { requests: 1, ..OPENPHONE }).await;
    let held = limits.acquire(key, Lane::Live, NOW).await.unwrap();
    backend.pass(Duration::from_secs(2)).await;
    // The pace would allow one, but the first is still out: only its end could help.
    let start = Instant::now();
    let throttled = limits.acquire(key, Lane::Live, 300 * MS).await.unwrap_err();
    assert!(start.elapsed() < 300 * MS + backend.slack());
    assert!(throttled.retry_after > NOW);
    drop(held);
}

async fn a_caller_that_gives_up_leaves_no_gap(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(OPENPHONE).await;
    drop(limits.acquire(key, Lane::Live, NOW).await.unwrap());
    let waiting = || {
        let (limits, key) = (limits.clone(), key.clone());
        tokio::spawn(async move { limits.acquire(&key, Lane::Live, HOUR).await.map(drop) })
    };
    let impatient = waiting();
    tokio::task::yield_now().await;
    let patient = waiting();
    tokio::task::yield_now().await;
    let start = Instant::now();
    impatient.abort();
    patient.await.unwrap().unwrap();
    assert!(start.elapsed() < 110 * MS + backend.slack(), "{:?}", start.elapsed());
}

async fn a_cool_down_holds_everybody_and_the_burst_does_not_start_over(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(GHL).await;
    drop(limits.acquire(key, Lane::Live, NOW).await.unwrap());
    backend.pass(Duration::from_secs(1)).await;
    let until = Instant::now() + Duration::from_secs(2);
    limits.cool_down(key, until).await;
    let refused = limits.acquire(key, Lane::Live, Duration::from_secs(1)).await.unwrap_err();
    let off_by = Duration::from_secs(2).checked_sub(refused.retry_after).unwrap();
    assert!(off_by <= backend.span(NOW, 250 * MS), "{refused:?}");
    let mut starts = Vec::new();
    for _ in 0..4 {
        drop(limits.acquire(key, Lane::Live, HOUR).await.unwrap());
        starts.push(Instant::now());
    }
    assert!(starts[0] >= until);
    // One that was late only shortens the next one's distance; three intervals stay three.
    assert!(starts[3].duration_since(until) >= 312 * MS, "{starts:?}");
}

async fn a_stalled_permit_is_late_and_a_cancelled_one_does_not_count(backend: Backend) {
    let open = backend.with(BudgetRate { per_day: Some(100), ..OPENPHONE }).await;
    let Open { limits, key, .. } = &open;
    for _ in 0..4 {
        let permit = limits.acquire(key, Lane::Live, HOUR).await.unwrap();
        // Time to store what is about to be sent, on a slow disk too: several of this budget's slots.
        backend.pass(600 * MS).await;
        assert!(!permit.is_late());
        backend.pass(900 * MS).await;
        assert!(permit.is_late());
        permit.cancel();
    }
    eventually("all to be given back", Duration::from_secs(5), async || {
        (limits.remaining_today(key).await == Some(100)).then_some(())
    })
    .await;
}

async fn unfinished_requests_fill_the_window(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(OPENPHONE).await;
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(limits.acquire(key, Lane::Live, HOUR).await.unwrap());
    }
    backend.pass(Duration::from_secs(2)).await;
    assert!(limits.acquire(key, Lane::Live, Duration::from_secs(1)).await.is_err());
    let waiting = tokio::spawn({
        let (limits, key) = (limits.clone(), key.clone());
        async move { limits.acquire(&key, Lane::Live, HOUR).await.map(drop) }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    held.pop();
    waiting.await.unwrap().unwrap();
    // The one that just ended may have arrived just now.
    assert!(start.elapsed() >= OPENPHONE.per && start.elapsed() < OPENPHONE.per + backend.slack());
}

async fn the_daily_quota_keeps_a_reserve_for_live(backend: Backend) {
    let open = backend.with(BudgetRate { per_day: Some(20), ..OPENPHONE }).await;
    let Open { limits, key, .. } = &open;
    for _ in 0..14 {
        drop(limits.acquire(key, Lane::Bulk, HOUR).await.unwrap());
    }
    let bulk = limits.acquire(key, Lane::Bulk, HOUR).await.unwrap_err();
    let midnight = backend.until_midnight();
    assert!(bulk.retry_after.abs_diff(midnight) < Duration::from_secs(10), "{bulk:?} of {midnight:?}");
    for _ in 0..6 {
        drop(limits.acquire(key, Lane::Live, HOUR).await.unwrap());
    }
    assert_eq!(limits.remaining_today(key).await, Some(0));
    assert!(limits.acquire(key, Lane::Live, HOUR).await.is_err());
}

async fn the_quota_starts_over_with_the_day(backend: Backend) {
    let open = backend.with(BudgetRate { per_day: Some(3), ..OPENPHONE }).await;
    let Open { limits, key, .. } = &open;
    for _ in 0..3 {
        drop(limits.acquire(key, Lane::Live, HOUR).await.unwrap());
    }
    assert!(limits.acquire(key, Lane::Live, HOUR).await.is_err());
    open.let_the_day_pass().await;
    assert_eq!(limits.remaining_today(key).await, Some(3));
    drop(limits.acquire(key, Lane::Bulk, HOUR).await.unwrap());
    assert_eq!(limits.remaining_today(key).await, Some(2));
}

async fn the_providers_own_count_is_believed(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(BudgetRate { per_day: Some(1_000), ..GHL }).await;
    limits.correct_today(key, 400).await;
    assert_eq!(limits.remaining_today(key).await, Some(400));
    // An answer that was under way longer than ours must not give anything back.
    limits.correct_today(key, 500).await;
    assert_eq!(limits.remaining_today(key).await, Some(400));
    let other = BudgetKey("without:quota".to_owned());
    limits.register(other.clone(), GHL);
    limits.correct_today(&other, 5).await;
    assert_eq!(limits.remaining_today(&other).await, None);
}

async fn budgets_do_not_share(backend: Backend) {
    let Open { limits, key, .. } = &backend.with(OPENPHONE).await;
    let other = BudgetKey("provider:other".to_owned());
    limits.register(other.clone(), OPENPHONE);
    limits.cool_down(key, Instant::now() + HOUR).await;
    assert!(limits.acquire(key, Lane::Live, NOW).await.is_err());
    drop(limits.acquire(&other, Lane::Live, NOW).await.unwrap());
}

async fn an_unknown_budget_is_served_cautiously(backend: Backend) {
    let Open { limits, key, .. } = &backend.open().await;
    drop(limits.acquire(key, Lane::Live, NOW).await.unwrap());
    let throttled = limits.acquire(key, Lane::Live, NOW).await.unwrap_err();
    assert!(throttled.retry_after > Duration::from_secs(1));
}

async fn ids_are_seen_once_remembered(backend: Backend) {
    let Open { limits, .. } = &backend.open().await;
    assert!(!limits.seen("ghl:1").await);
    assert!(!limits.seen("ghl:1").await, "asking is not remembering");
    limits.remember("ghl:1");
    assert!(limits.seen("ghl:1").await);
    assert!(!limits.seen("ghl:2").await);
}

async fn a_lock_is_held_by_one_and_ends_with_its_guard(backend: Backend) {
    let Open { limits, .. } = &backend.open().await;
    let held = limits.try_lock("refresh:acme", HOUR).await.unwrap();
    assert!(limits.try_lock("refresh:acme", HOUR).await.is_none());
    let other = limits.try_lock("refresh:other", HOUR).await;
    assert!(other.is_some());
    drop(held);
    let again =
        eventually("the lock to be free", Duration::from_secs(5), async || limits.try_lock("refresh:acme", HOUR).await);
    drop(again.await);
}

async fn a_lock_ends_with_its_time(backend: Backend) {
    let Open { limits, .. } = &backend.open().await;
    let slow = limits.try_lock("refresh:acme", 100 * MS).await.unwrap();
    backend.pass(150 * MS).await;
    let next = limits.try_lock("refresh:acme", HOUR).await.unwrap();
    // Whose time is over must not release the lock of the next.
    drop(slow);
    backend.pass(100 * MS).await;
    assert!(limits.try_lock("refresh:acme", HOUR).await.is_none());
    drop(next);
}
