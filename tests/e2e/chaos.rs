//! Two ingests, two mappers and four writers while people work on both sides, on contacts, tasks and notes, and everything fails at
//! once: processes are killed, paused and restarted, NATS and Redis go and come back, webhooks are doubled, reordered and dropped, answers get lost. Judged at the twins: nothing
//! lost, nobody twice, never more requests than published. `TANDEM_CHAOS_SECONDS` makes it longer, `TANDEM_CHAOS_SEED` repeats
//! everybody's dice.

mod field;
mod strike;
mod tally;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tandem::Part;
use tandem_ingest::ScanKind;
use tandem_proto::{ConnectionId, Stream};
use tandem_tests::{Cluster, ClusterOptions, Inside};
use tandem_twins::{Fault, Faults, On, Rate, WebhookFault};

use crate::kill::people::People;
use crate::kill::things::{self, Things};
use crate::kill::{judge, misbehaving, story, variable};
use field::Field;
use strike::Deck;
use tally::Tally;

const SECONDS: u64 = 45;
const MAPPING: &str = "tasks: { direction: both }\nnotes: { direction: both }\n";
/// From here on, pauses outlast the time after which the queue gives a message to somebody else.
const LONG: Duration = Duration::from_mins(5);
const MILLIS_BETWEEN_CHANGES: u64 = 40;
const MILLIS_BETWEEN_STRIKES: std::ops::RangeInclusive<u64> = 600..=2_800;
/// Of the changes, those to tasks and notes.
const OF_THINGS: f64 = 0.15;
/// Fewer than people and their echoes ask for while a backlog is worked off: everybody has to wait at times.
const RATE: Rate = Rate { requests: 20, per: Duration::from_secs(1), per_day: None, enforce: true };
const SLOWEST_WRITE_MS: u64 = 250;
/// Longer than a server is away twice.
const GRACE: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(150);
/// More stories than these nobody reads.
const MOST_STORIES: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_is_lost_nobody_is_doubled_and_budgets_hold() {
    let seed = variable("TANDEM_CHAOS_SEED").unwrap_or_else(rand::random);
    let length = Duration::from_secs(variable("TANDEM_CHAOS_SECONDS").unwrap_or(SECONDS));
    eprintln!("chaos: {length:?}, TANDEM_CHAOS_SEED={seed}");
    let mut cluster = Cluster::start(options(seed)).await.unwrap();
    let inside = cluster.inside().await.unwrap();

    let began = Instant::now();
    let (mut tally, people) = change_and_strike(&mut cluster, &inside, (length, seed)).await;
    let struck = began.elapsed();
    let found = settle(&mut cluster, &inside, (&mut tally, &people)).await;
    tally.note_twins(&cluster);
    tally.note_journal(&inside).await;
    eprintln!(
        "chaos: {struck:?} of faults, {:?} until quiet, TANDEM_CHAOS_SEED={seed}",
        began.elapsed().saturating_sub(struck)
    );
    eprintln!("{tally}");
    if !found.is_empty() {
        let logs = write_logs(&cluster, seed);
        panic!("{}\nlogs are in {logs}", told(&inside, &found).await);
    }
    let never: Vec<String> = tally.never(length >= LONG);
    assert!(never.is_empty(), "these faults never happened, or met nothing: {never:?}");
}

fn options(seed: u64) -> ClusterOptions {
    let (mut ghl, mut openphone) = misbehaving(seed, 0.015);
    (ghl.rate, openphone.rate) = (RATE, RATE);
    // Long enough that a writer that is killed mostly has a call under way.
    for chance in &mut openphone.faults.chances {
        if let Fault::Latency { max_ms, .. } = &mut chance.fault {
            *max_ms = SLOWEST_WRITE_MS;
        }
    }
    // By chance alone a short run might miss one of them.
    for fault in [Fault::ErrorAfter, Fault::ResetAfter, Fault::TimeoutAfter, Fault::LateApply { after_ms: 1_300 }] {
        openphone.faults = openphone.faults.then(On::call("POST", "/"), fault);
    }
    for fault in [Fault::ErrorBefore, Fault::ResetBefore] {
        ghl.faults = ghl.faults.then(On::call("GET", "/"), fault);
    }
    // Before the others: of the faults that hit a webhook the first counts.
    ghl.faults = ghl.faults.webhook(0.03, WebhookFault::Drop);
    for retries in [&mut ghl.retries, &mut openphone.retries] {
        // A sender that isn't held up by one receiver that hangs.
        (retries.at_once, retries.answer_within) = (64, Duration::from_secs(3));
    }
    ClusterOptions {
        ghl: Some(ghl),
        openphone: Some(openphone),
        environment: vec![
            ("TANDEM_SHUTDOWN__GRACE_SECONDS", GRACE.as_secs().to_string()),
            ("TANDEM_WRITER__TASK_POLL_SECONDS", "3".to_owned()),
            ("TANDEM_WRITER__NOTE_POLL_SECONDS", "15".to_owned()),
        ],
        mapping: Some(MAPPING),
        password: None,
        services: [(Part::Ingest, 2), (Part::Mapper, 2), (Part::Writer, 4)],
    }
}

/// People go on whatever is down.
async fn change_and_strike(cluster: &mut Cluster, inside: &Inside, (length, seed): (Duration, u64)) -> (Tally, People) {
    let (mut people, mut dice) = (People::on_both_sides(seed), StdRng::seed_from_u64(seed.wrapping_add(1)));
    let (mut deck, mut things) = (Deck::new(length >= LONG), Things::default());
    let mut field = Field::new(cluster, inside, Tally::new(deck.kinds()));
    let began = Instant::now();
    let mut next_strike = began + Duration::from_secs(1);
    while began.elapsed() < length || (field.tally.has_missing_strikes() && began.elapsed() < 3 * length) {
        if !dice.random_bool(OF_THINGS) || !things.change((&field.cluster.ghl, &field.cluster.openphone), &mut dice) {
            people.change_either(&field.cluster.ghl, &field.cluster.openphone);
        }
        field.tally.changes += 1;
        field.heal_what_is_due();
        if Instant::now() >= next_strike {
            if let Some(strike) = deck.deal(&mut dice, |strike| field.can(strike)) {
                field.strike(strike, &mut dice).await;
            }
            next_strike = Instant::now() + Duration::from_millis(dice.random_range(MILLIS_BETWEEN_STRIKES));
        }
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..=2 * MILLIS_BETWEEN_CHANGES))).await;
    }
    field.heal_everything().await;
    (field.tally, people)
}

/// No more faults: everything has to come right by itself, but for what nobody was told of.
async fn settle(cluster: &mut Cluster, inside: &Inside, (tally, people): (&mut Tally, &People)) -> Vec<String> {
    cluster.ghl.faults(Faults::none());
    cluster.openphone.faults(Faults::none());
    cluster.ready().await;
    let mut found = std::mem::take(&mut tally.violations);
    if !cluster.ghl.webhooks_idle(LIMIT).await || !cluster.openphone.webhooks_idle(LIMIT).await {
        found.push(format!("webhooks are on their way after {LIMIT:?}"));
    }
    found.extend(sweep(inside).await);
    wait_in_step(cluster, inside).await;
    found.extend(judge::violations_both_ways(&cluster.ghl, &cluster.openphone, people.typed));
    tally.things = things::counts(&cluster.ghl, &cluster.openphone);
    found.extend(things::differences(&cluster.ghl, &cluster.openphone));
    tally.lost_in_openphone = (people.lost_in_openphone(&cluster.openphone), people.renamed.len());
    if tally.lost_in_openphone.0 > unseen(people.renamed.len()) {
        found.push(format!(
            "edits in OpenPhone that were lost, and contacts edited there: {:?}",
            tally.lost_in_openphone
        ));
    }
    for stream in [Stream::Events, Stream::Commands, Stream::Dead, Stream::Parked] {
        let left = inside.queue.browse(stream, 0, 100).await.unwrap();
        found.extend(left.iter().map(|message| format!("left in {}: {}", stream.name(), message.subject)));
    }
    for service in &mut cluster.services {
        let status = service.program.stop();
        if !status.success() {
            found.push(format!("{} ended with {status}", service.name));
        }
    }
    found
}

/// Edits that may be lost: a request that is carried out long after it was sent takes an edit made meanwhile back, and no provider
/// offers a precondition.
fn unseen(edited: usize) -> usize {
    2 + edited / 50
}

/// What nobody was told of is found by a sweep. It begins when everything else is done, as one that comes by itself mostly does.
async fn sweep(inside: &Inside) -> Option<String> {
    let acme = ConnectionId::new("acme").unwrap();
    let asked = tandem_ingest::ask(&inside.store, &acme, ScanKind::Sweep, Timestamp::now()).await.unwrap();
    let until = Instant::now() + LIMIT;
    loop {
        let status = tandem_ingest::scan_status(&inside.store, &inside.queue, &acme).await.unwrap();
        let job = status.job.filter(|job| job.id == asked.job.id);
        match job.as_ref().and_then(|job| job.ended.as_ref()) {
            Some(ended) => return ended.failure.clone().map(|why| format!("the sweep failed: {why}")),
            None if Instant::now() > until => return Some(format!("the sweep was not over after {LIMIT:?}: {job:?}")),
            None => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

/// Both sides equal and nothing left to do, or the limit.
async fn wait_in_step(cluster: &Cluster, inside: &Inside) {
    let until = Instant::now() + LIMIT;
    let mut quiet = 0;
    // Twice: between two looks an echo may have come.
    while quiet < 2 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (events, commands) = (inside.depth(Stream::Events).await, inside.depth(Stream::Commands).await);
        let is_idle = cluster.ghl.webhooks_idle(Duration::ZERO).await
            && cluster.openphone.webhooks_idle(Duration::ZERO).await
            && (events, commands) == (Some(0), Some(0));
        let is_equal = is_idle
            && judge::differences(&cluster.ghl, &cluster.openphone).is_empty()
            && things::differences(&cluster.ghl, &cluster.openphone).is_empty();
        quiet = if is_equal { quiet + 1 } else { 0 };
    }
}

/// What was found, and the stories of the first records that are named in it.
async fn told(inside: &Inside, found: &[String]) -> String {
    let mut text = format!("{} violations:\n{}", found.len(), found.join("\n"));
    let mut told = BTreeSet::new();
    for contact in found.iter().flat_map(|line| contacts(line)) {
        if told.len() < MOST_STORIES && told.insert(contact.to_owned()) {
            let story = story::of(&inside.queue, &inside.store, contact).await;
            let _written = write!(text, "\n\nthe story of {contact}:\n{story}");
        }
    }
    text
}

/// Ids of contacts in a line: 20 letters and digits in GHL, 24 in OpenPhone.
fn contacts(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| [20, 24].contains(&word.len()))
}

fn write_logs(cluster: &Cluster, seed: u64) -> String {
    let folder = tandem_testkit::workspace_root().join(format!("target/chaos/{seed}"));
    std::fs::create_dir_all(&folder).unwrap();
    for service in &cluster.services {
        std::fs::write(folder.join(&service.name), service.program.output().join("\n")).unwrap();
    }
    let nats = &cluster.servers.nats;
    std::fs::write(folder.join("nats"), nats.log().join("\n")).unwrap();
    std::fs::write(folder.join("streams"), nats.monitor("/jsz?streams=1&consumers=1&config=1")).unwrap();
    folder.display().to_string()
}
