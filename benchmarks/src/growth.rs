//! What a change costs with more and more connections, and how long the start takes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tandem_tests::Shape;

use crate::quiet::quiet;
use crate::report::Report;
use crate::samples::millis;
use crate::system::{System, Wish, location, shape_name};

const CONNECTIONS: [usize; 3] = [1, 100, 1_000];
/// In all connections together; each is changed twice.
const PEOPLE: usize = 1_000;
const ROUNDS: usize = 2;
/// "Flat": what more connections may add to a change.
const FLAT: f64 = 1.25;
const REST: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_millis(200);

/// Processor time and requests so far.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    ours: Duration,
    servers: Duration,
    /// Messages that NATS was sent.
    messages: u64,
    at: Option<Instant>,
}

/// What it comes to.
#[derive(Debug, Clone, Copy)]
struct Cost {
    first_start: Duration,
    second_start: Duration,
    /// Of one core.
    idle: f64,
    idle_servers: f64,
    per_change: Duration,
    per_change_servers: Duration,
    messages: f64,
    resident: f64,
}

pub(crate) async fn measure(shape: Shape, is_quick: bool) -> anyhow::Result<Report> {
    let columns = [
        "connections",
        "first start",
        "later start",
        "largest process of ours",
        "idle: our processes",
        "idle: NATS and Redis",
        "our processor time per change",
        "against one connection",
        "NATS and Redis per change",
        "messages to NATS per change",
        "target",
    ];
    let mut report = Report::new(format!("Cost per change, {}", shape_name(shape)), &columns);
    let mut one = None;
    for connections in CONNECTIONS.into_iter().take(if is_quick { 2 } else { 3 }) {
        let cost = cost(shape, connections).await?;
        let ratio = cost.per_change.as_secs_f64() / one.get_or_insert(cost).per_change.as_secs_f64();
        let target = match connections {
            1 => String::new(),
            _ => report.target("<= 1.25 times one connection's", ratio <= FLAT),
        };
        let percent = |share: f64| format!("{:.1} % of a core", share * 100.0);
        report.row([
            connections.to_string(),
            format!("{:.1} s", cost.first_start.as_secs_f64()),
            format!("{:.1} s", cost.second_start.as_secs_f64()),
            format!("{:.1} MiB", cost.resident),
            percent(cost.idle),
            percent(cost.idle_servers),
            millis(cost.per_change),
            format!("{ratio:.2}"),
            millis(cost.per_change_servers),
            if shape == Shape::Embedded { "none".to_owned() } else { format!("{:.1}", cost.messages) },
            target,
        ]);
    }
    Ok(report)
}

async fn cost(shape: Shape, connections: usize) -> anyhow::Result<Cost> {
    let mut system = System::prepare(Wish { connections, ..Wish::of(shape) }).await?;
    let first_start = started(&mut system).await;
    system.stop()?;
    let second_start = started(&mut system).await;
    let (mut people, created) = (Vec::new(), Instant::now());
    for number in 0..PEOPLE {
        people.push(system.ghl().create_contact(&person(number, connections))?);
    }
    // An edit before that would be one with its creation.
    loop {
        let arrived = system.openphone().report().writes.created_by_api;
        if arrived >= PEOPLE as u64 {
            break;
        }
        anyhow::ensure!(created.elapsed() < LIMIT, "only {arrived} of {PEOPLE} people arrived");
        tokio::time::sleep(LOOK).await;
    }
    quiet(&system, REST).await?;

    let before = spent(&system)?;
    tokio::time::sleep(IDLE).await;
    let idle = spent(&system)?;
    for round in 0..ROUNDS {
        for id in &people {
            system.ghl().edit_contact(id, &json!({ "firstName": format!("Bea{round}") }))?;
        }
        quiet(&system, REST).await?;
    }
    let after = spent(&system)?;
    let arrived = system.openphone().report().writes.updated_by_api;
    anyhow::ensure!(arrived >= (ROUNDS * PEOPLE) as u64, "only {arrived} of {} edits arrived", ROUNDS * PEOPLE);
    let mut resident: f64 = 0.0;
    for process in system.processes().into_iter().filter(|process| process.is_ours) {
        resident = resident.max(process.memory()?.0);
    }
    Ok(Cost { first_start, second_start, resident, ..shares([before, idle, after]) })
}

async fn started(system: &mut System) -> Duration {
    let started = Instant::now();
    system.up().await;
    started.elapsed()
}

fn person(number: usize, connections: usize) -> Value {
    json!({ "locationId": location(number % connections), "firstName": format!("Ana{number}"), "lastName": "Example" })
}

fn spent(system: &System) -> anyhow::Result<Spent> {
    let mut spent = Spent { at: Some(Instant::now()), ..Spent::default() };
    for process in system.processes() {
        let time = if process.is_ours { &mut spent.ours } else { &mut spent.servers };
        *time += process.processor()?;
    }
    if let Some(servers) = system.servers() {
        let said: Value = serde_json::from_str(&servers.nats.monitor("/varz"))?;
        spent.messages = said["in_msgs"].as_u64().unwrap_or_default();
    }
    Ok(spent)
}

/// What the changes cost beyond what would have been spent anyway.
#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn shares([before, idle, after]: [Spent; 3]) -> Cost {
    let elapsed = |from: Spent, to: Spent| match (from.at, to.at) {
        (Some(from), Some(to)) => to.duration_since(from).as_secs_f64(),
        _ => 0.0,
    };
    let rest = elapsed(before, idle);
    let changes = (ROUNDS * PEOPLE) as f64;
    let time = |of: fn(Spent) -> f64| {
        let share = (of(idle) - of(before)) / rest;
        let per_change = (of(after) - of(idle) - share * elapsed(idle, after)) / changes;
        (share, per_change.max(0.0))
    };
    let (idle_ours, ours) = time(|spent| spent.ours.as_secs_f64());
    let (idle_servers, servers) = time(|spent| spent.servers.as_secs_f64());
    let (_, messages) = time(|spent| spent.messages as f64);
    Cost {
        first_start: Duration::ZERO,
        second_start: Duration::ZERO,
        resident: 0.0,
        idle: idle_ours,
        idle_servers,
        per_change: Duration::from_secs_f64(ours),
        per_change_servers: Duration::from_secs_f64(servers),
        messages,
    }
}
