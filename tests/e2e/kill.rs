//! The whole program, killed at random moments again and again while people work: nothing accepted is lost, nobody is
//! created twice. `TANDEM_KILL_CHANGES` makes it longer, `TANDEM_KILL_SEED` repeats the people's and the killer's dice.

mod aftermath;
pub(crate) mod judge;
pub(crate) mod people;
pub(crate) mod story;
pub(crate) mod things;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tandem_tests::{Process, ProcessOptions, eventually, quick_ghl, quick_openphone};
use tandem_twins::{Chance, Fault, Faults, GhlConfig, On, OpenPhoneConfig, Scripted, WebhookFault};

use crate::rules::receiver::Receiver;
use aftermath::Aftermath;
use people::People;
use things::Things;

const CHANGES: u32 = 2_000;
/// Of the run with people on both sides, tasks and notes.
const CHANGES_BOTH_WAYS: u32 = 900;
/// Things that are explained where something is different in the end.
const MOST_EXPLAINED: usize = 8;
/// Of its changes, those to tasks and notes.
const OF_THINGS: f64 = 0.15;
const LEAST_KILLS: usize = 12;
const MILLIS_BETWEEN_CHANGES: u64 = 14;
const MILLIS_BETWEEN_KILLS: std::ops::RangeInclusive<u64> = 300..=2_700;
const LIMIT: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_it_loses_nothing_and_creates_nobody_twice() {
    let seed = variable("TANDEM_KILL_SEED").unwrap_or_else(rand::random);
    let changes = variable("TANDEM_KILL_CHANGES").and_then(|text| text.try_into().ok()).unwrap_or(CHANGES);
    eprintln!("kill -9: {changes} changes, TANDEM_KILL_SEED={seed}");
    let mut process = Process::start(options(seed)).await.unwrap();
    let kills = change_and_kill(&mut process, changes, seed).await;
    let (busy, calls) = summary(&kills);

    in_step(&mut process).await;
    drained(&process).await;
    assert!(process.stop().success(), "it doesn't end well");
    let left = Aftermath::of(&process.data_dir()).await.unwrap();
    report(&process, &kills);
    assert_eq!((left.dead, left.parked, left.events, left.commands, left.intents), (0, 0, 0, 0, 0), "{left:?}");
    assert_eq!(judge::violations(&process.ghl, &process.openphone), Vec::<String>::new());
    assert!(kills.len() >= LEAST_KILLS, "only {} kills: the run was too short", kills.len());
    assert!(busy * 2 >= kills.len(), "only {busy} of {} kills met work in hand", kills.len());
    assert!(calls > 0, "no kill met a call under way");
}

/// People work on both sides, on contacts, tasks and notes. What nobody was told of is found by a sweep.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_it_keeps_both_sides_tasks_and_notes_in_step() {
    let seed = variable("TANDEM_KILL_SEED").unwrap_or_else(rand::random);
    let changes = variable("TANDEM_KILL_CHANGES").and_then(|text| text.try_into().ok()).unwrap_or(CHANGES_BOTH_WAYS);
    eprintln!("kill -9, both ways: {changes} changes, TANDEM_KILL_SEED={seed}");
    let polls = [("TANDEM_WRITER__TASK_POLL_SECONDS", "3"), ("TANDEM_WRITER__NOTE_POLL_SECONDS", "5")];
    let options = ProcessOptions {
        mapping: Some("tasks: { direction: both }\nnotes: { direction: both }\n"),
        environment: polls.map(|(name, value)| (name, value.to_owned())).to_vec(),
        ..options(seed)
    };
    let mut process = Process::start(options).await.unwrap();
    let (mut people, mut things) = (People::on_both_sides(seed), Things::default());
    let kills = kill_meanwhile(&mut process, changes, seed, |process, dice| {
        let twins = (&process.ghl, &process.openphone);
        if !dice.random_bool(OF_THINGS) || !things.change(twins, dice) {
            people.change_either(&process.ghl, &process.openphone);
        }
    })
    .await;
    assert!(process.ghl.webhooks_idle(LIMIT).await && process.openphone.webhooks_idle(LIMIT).await);
    let mut sweep = process.command(&["sweep", "acme", "--json"]);
    let status = tokio::task::block_in_place(|| sweep.wait());
    assert!(status.success(), "{:?}", sweep.output());
    let found = || {
        let mut found = judge::violations_both_ways(&process.ghl, &process.openphone, people.typed);
        found.extend(things::differences(&process.ghl, &process.openphone));
        found
    };
    let until = Instant::now() + LIMIT;
    while !found().is_empty() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    report(&process, &kills);
    eprintln!("tasks in GHL, notes in OpenPhone: {:?}", things::counts(&process.ghl, &process.openphone));
    for id in things::named(&process.ghl, &process.openphone, &found()).iter().take(MOST_EXPLAINED) {
        let mut command = process.command(&["records", "show", "acme", id]);
        tokio::task::block_in_place(|| command.wait());
        eprintln!("{}", command.output().join("\n"));
    }
    assert_eq!(found(), Vec::<String>::new());
    let (lost, edited) = (people.lost_in_openphone(&process.openphone), people.renamed.len());
    assert!(lost <= 2 + edited / 50, "{lost} of {edited} edits in OpenPhone were lost");
    assert!(kills.len() >= LEAST_KILLS / 3, "only {} kills: the run was too short", kills.len());
}

const RULES: &str = "
rules:
  - name: Somebody new
    when: ghl.ContactCreate
    then: [{ notify: sales, text: 'new {{ event.first_name }}' }]
  - name: Hot
    when: { tag_added: hot }
    then:
      - { do: ghl.contact.tags.add, with: { tags: [called] } }
      - { notify: sales, text: 'hot {{ contact.first_name }}' }
";
/// Of the run with rules.
const CHANGES_WITH_RULES: u32 = 600;

/// Every rule is carried out once, or what nobody can know of it waits for a person.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_it_carries_out_each_rule_once() {
    let seed = variable("TANDEM_KILL_SEED").unwrap_or_else(rand::random);
    let changes = variable("TANDEM_KILL_CHANGES").and_then(|text| text.try_into().ok()).unwrap_or(CHANGES_WITH_RULES);
    eprintln!("kill -9, rules: {changes} changes, TANDEM_KILL_SEED={seed}");
    let channel = Receiver::start().await;
    let options = ProcessOptions { mapping: Some(RULES), environment: channel.environment(), ..options(seed) };
    let mut process = Process::start(options).await.unwrap();
    let (mut made, mut hot) = (Vec::<String>::new(), 0);
    let kills = kill_meanwhile(&mut process, changes, seed, |process, dice| {
        if hot < made.len() && dice.random_bool(0.5) {
            process.ghl.add_tags(&made[hot], &["hot"]).unwrap();
            hot += 1;
        } else {
            let number = made.len();
            let person = json!({ "firstName": format!("P{number}"), "lastName": "Example", "phone": format!("+1415555{number:04}") });
            made.push(process.ghl.create_contact(&person).unwrap());
        }
    })
    .await;
    drained(&process).await;
    assert!(process.stop().success(), "it doesn't end well");
    let left = Aftermath::of(&process.data_dir()).await.unwrap();
    report(&process, &kills);
    let (count, names) = messages(&channel.texts());
    let known: BTreeSet<&String> = names.iter().collect();
    let expected = made.len() + hot;
    eprintln!(
        "{} people, {hot} hot, {count} of {expected} messages, {} rules wait for a person",
        made.len(),
        left.dead
    );
    assert_eq!(known.len(), names.len(), "a message came twice");
    assert!(count <= expected, "a message came twice");
    let missing = expected - count;
    assert!(missing <= left.unsure, "{missing} messages are missing, and {} wait for a person", left.unsure);
    let unsure = left.unsure;
    assert!(unsure * 10 <= expected, "{unsure} of {expected} messages wait for a person after {} kills", kills.len());
    let is_called =
        |id: &String| process.ghl.contact(id).unwrap()["tags"].as_array().unwrap().contains(&json!("called"));
    let called = made.iter().filter(|id| is_called(id)).count();
    assert_eq!(called, hot, "what is harmless is done for everybody");
    assert_eq!((left.parked, left.events, left.commands), (0, 0, 0), "{left:?}");
    assert!(kills.len() >= LEAST_KILLS / 3, "only {} kills: the run was too short", kills.len());
}

/// How many messages came, and those that are told by name: a digest names the first forty.
fn messages(texts: &[String]) -> (usize, Vec<String>) {
    let (mut count, mut names) = (0, Vec::new());
    for text in texts {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        if let Some(number) = first.strip_suffix(" messages:").and_then(|number| number.parse::<usize>().ok()) {
            count += number;
            names.extend(rest.lines().filter_map(|line| line.strip_prefix("• ")).map(str::to_owned));
        } else {
            count += 1;
            names.push(text.clone());
        }
    }
    (count, names)
}

fn options(seed: u64) -> ProcessOptions {
    let (ghl, openphone) = misbehaving(seed, 0.005);
    ProcessOptions { ghl: Some(ghl), openphone: Some(openphone), is_unthrottled: true, ..ProcessOptions::default() }
}

/// Answers get lost and come late on the way, so that many outcomes are unknown even without a kill. `seldom` is the chance
/// of what takes longest.
pub(crate) fn misbehaving(seed: u64, seldom: f64) -> (GhlConfig, OpenPhoneConfig) {
    let rare = |fault, chance, method: &str| Chance { fault, chance, on: On::call(method, "/") };
    let mut reads = Faults { seed, ..Faults::none() };
    reads.chances = vec![rare(Fault::ErrorBefore, 0.01, "GET"), rare(Fault::ResetBefore, 0.01, "GET")];
    let reads = reads
        .webhook(0.05, WebhookFault::Double)
        .webhook(0.05, WebhookFault::Delay { min_ms: 50, max_ms: 800 })
        .chance(1.0, Fault::Latency { min_ms: 1, max_ms: 20 });
    let mut writes = Faults { seed, ..Faults::none() }.chance(1.0, Fault::Latency { min_ms: 5, max_ms: 60 });
    for method in ["POST", "PATCH"] {
        writes.chances.extend([
            rare(Fault::ErrorAfter, 0.01, method),
            rare(Fault::ResetAfter, 0.02, method),
            rare(Fault::ResetBefore, 0.01, method),
            rare(Fault::TimeoutAfter, seldom, method),
            // Within what the configuration says about late requests: time-out and half a second.
            rare(Fault::LateApply { after_ms: 1_300 }, seldom, method),
        ]);
    }
    let openphone = OpenPhoneConfig { faults: writes, index_lag: Duration::from_millis(150), ..quick_openphone() };
    (GhlConfig { faults: reads, ..quick_ghl() }, openphone)
}

async fn change_and_kill(process: &mut Process, changes: u32, seed: u64) -> Vec<Aftermath> {
    let mut people = People::new(seed);
    kill_meanwhile(process, changes, seed, |process, _| people.change(&process.ghl)).await
}

/// People go on while the process is down or coming up; kills may well hit it then.
async fn kill_meanwhile(
    process: &mut Process,
    changes: u32,
    seed: u64,
    mut change: impl FnMut(&Process, &mut StdRng),
) -> Vec<Aftermath> {
    let mut dice = StdRng::seed_from_u64(seed.wrapping_add(1));
    let mut kills = Vec::new();
    let mut next_kill = Instant::now() + Duration::from_millis(dice.random_range(MILLIS_BETWEEN_KILLS));
    for _ in 0..changes {
        change(process, &mut dice);
        if Instant::now() >= next_kill {
            process.kill();
            kills.extend(Aftermath::of(&process.data_dir()).await);
            process.spawn();
            next_kill = Instant::now() + Duration::from_millis(dice.random_range(MILLIS_BETWEEN_KILLS));
        }
        // The people's pace; nothing is waited for.
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..=2 * MILLIS_BETWEEN_CHANGES))).await;
    }
    kills
}

async fn in_step(process: &mut Process) {
    let until = Instant::now() + LIMIT;
    loop {
        let differences = judge::differences(&process.ghl, &process.openphone);
        if differences.is_empty() {
            return;
        }
        if Instant::now() > until {
            process.kill();
            let id = differences[0].split(':').next().unwrap_or_default();
            let story = aftermath::story(&process.data_dir(), id).await;
            panic!("{} differences after {LIMIT:?}, such as {}\n{story}", differences.len(), differences[0]);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Echoes and repeated webhooks too are worked off.
async fn drained(process: &Process) {
    assert!(process.ghl.webhooks_idle(LIMIT).await && process.openphone.webhooks_idle(LIMIT).await);
    let until = Instant::now() + LIMIT;
    let mut quiet = 0;
    // The gauges are seconds old: seen twice, the second is younger than the last webhook.
    while quiet < 2 {
        assert!(Instant::now() < until, "the queue is not worked off after {LIMIT:?}");
        let events = process.metric("tandem_queue_depth{stream=\"EVENTS\"}").await;
        let commands = process.metric("tandem_queue_depth{stream=\"COMMANDS\"}").await;
        quiet = if events == Some(0.0) && commands == Some(0.0) { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

/// Kills that met work in hand, and calls whose outcome they left unknown.
fn summary(kills: &[Aftermath]) -> (usize, usize) {
    let busy = kills.iter().filter(|kill| kill.events + kill.commands > 0).count();
    (busy, kills.iter().map(|kill| kill.intents).sum())
}

#[expect(clippy::print_stderr, reason = "what a failure is judged by")]
fn report(process: &Process, kills: &[Aftermath]) {
    let (busy, calls) = summary(kills);
    let (ghl, openphone) = (process.ghl.report(), process.openphone.report());
    let commands: u64 = kills.iter().map(|kill| kill.commands).sum();
    eprintln!("{} kills, {busy} with work in hand: {commands} commands, {calls} calls under way", kills.len());
    eprintln!("{} contacts; writes {:?}", ghl.contacts, openphone.writes);
    eprintln!("faults {:?} {:?}", ghl.faults, openphone.faults);
    eprintln!("webhooks {:?}; requests {:?} {:?}", ghl.webhooks, ghl.by_template, openphone.by_template);
}

pub(crate) fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What this file's long runs found once: OpenPhone's older PATCH carries the whole contact, so one that is carried out
/// late brings back every value of the moment it was made, and nobody there meant that.
#[tokio::test(flavor = "multi_thread")]
async fn whole_contact_carried_out_late_does_not_bring_back_older_values() {
    let mut process =
        Process::start(ProcessOptions { is_unthrottled: true, ..ProcessOptions::default() }).await.unwrap();
    let contact = json!({ "firstName": "Ana", "lastName": "Example", "email": "ana@example.com", "tags": ["lead"] });
    let id = process.ghl.create_contact(&contact).unwrap();
    in_step(&mut process).await;
    process.openphone.script(Scripted::next(On::call("PATCH", "/v1/contacts"), Fault::LateApply { after_ms: 1_300 }));
    process.ghl.add_tags(&id, &["vip"]).unwrap();
    let struck = || process.openphone.report().faults.contains_key("late_apply").then_some(());
    eventually("the write that is carried out late", LIMIT, struck).await;
    process.ghl.edit_contact(&id, &json!({ "firstName": "Bea", "email": "bea@example.com" })).unwrap();
    let writes = || (process.openphone.report().writes.updated_by_api >= 2).then_some(());
    eventually("the late write", LIMIT, writes).await;
    in_step(&mut process).await;
}
