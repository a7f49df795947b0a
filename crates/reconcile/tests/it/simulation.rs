//! A seeded discrete-event simulation: two providers that misbehave, people who edit on both, workers that crash and
//! pause, and between them nothing but the pure functions of this crate and a compare-and-set store.
//!
//! Faults: webhooks dropped, doubled, delayed and so reordered; calls not applied, applied with the answer lost, applied
//! late; 422 that still creates; 409; crashes between any two steps; workers paused past their send deadline; index lag.

mod engine;
mod judge;
mod provider;
mod things;
mod world;

use engine::Engine;
use judge::{Scenario, Verdict};
use tandem_reconcile::{Kind, Weakened};
use world::{Faults, World};

/// Seeds of a run; more from the environment for the long one.
fn seeds(default: u64) -> u64 {
    std::env::var("TANDEM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn run(seed: u64, scenario: Scenario, change: impl Fn(&mut Engine)) -> Verdict {
    let mut world = World::new(seed, scenario);
    change(&mut world.engine);
    world.run();
    judge::verdict(&world)
}

/// Runs many seeds and prints what happened, so that a fault that never happened is seen.
fn totals(name: &str, count: u64, scenario: Scenario, change: impl Fn(&mut Engine)) -> Verdict {
    let mut total = Verdict::default();
    for seed in 0..count {
        let verdict = run(seed, scenario, &change);
        for complaint in verdict.complaints.iter().filter(|_| std::env::var_os("TANDEM_COMPLAIN").is_some()) {
            println!("{name}: seed {seed}: {complaint}");
        }
        if total.first_bad.is_none() {
            total.first_bad = verdict.complaints.first().map(|text| format!("seed {seed}: {text}"));
        }
        total.add(&verdict);
    }
    println!("{name}: {count} seeds, {total}");
    total
}

/// Edits that may be lost in the window that nobody can see into. A write that carries the whole contact has every
/// field in that window, not only the changed one. Whether a task is done has two values only: where it is not known whether a write of
/// ours got there, a person who does the same shortly after can't be told from it.
fn unseen(seeds: u64, scenario: Scenario) -> u64 {
    // A dozen edits a seed, or an hour.
    let dozens = seeds * scenario.hours.map_or(1, i64::unsigned_abs);
    1 + dozens / if scenario.whole_contact || scenario.kind == Kind::Task { 300 } else { 1000 }
}

fn must_hold(name: &str, count: u64, scenario: Scenario, change: impl Fn(&mut Engine)) -> Verdict {
    let total = totals(name, count, scenario, change);
    let first = total.first_bad.clone().unwrap_or_default();
    assert_eq!(total.duplicates, 0, "duplicates; {first}");
    assert_eq!(total.diverged, 0, "divergence; {first}");
    assert_eq!(total.missing, 0, "missing; {first}");
    assert_eq!(total.resurrected, 0, "resurrected; {first}");
    assert_eq!(total.unquiet, 0, "never came to rest; {first}");
    assert_eq!(total.wiped, 0, "wiped; {first}");
    // An edit inside the round trip between our read and our write can't be seen by anybody (no preconditions exist at
    // the providers); anything above that window is a bug.
    assert!(total.lost <= unseen(count, scenario), "{} edits lost in {count} seeds; {first}", total.lost);
    let most = 1 + count / 50;
    assert!(total.touched_unknown <= most, "{} edited or deleted before their maker knew", total.touched_unknown);
    assert!(total.to_be_reviewed <= most, "{} wait for a person", total.to_be_reviewed);
    for (fault, times) in total.faults() {
        assert!(times > 0, "{name}: the fault `{fault}` never happened in {count} seeds");
    }
    total
}

#[test]
fn one_way_from_ghl_holds_under_every_fault() {
    must_hold("one way", seeds(1500), Scenario::ONE_WAY, |_| {});
}

#[test]
fn a_provider_that_replaces_whole_contacts_gets_nothing_old_back() {
    must_hold("whole contacts", seeds(1500), Scenario { whole_contact: true, ..Scenario::ONE_WAY }, |_| {});
}

#[test]
fn both_ways_hold_under_every_fault() {
    must_hold("both ways", seeds(1500), Scenario::BOTH_WAYS, |_| {});
}

#[test]
fn deletes_leave_tombstones_and_nothing_comes_back() {
    must_hold("deletes ignored", seeds(600), Scenario { deletes: true, ..Scenario::ONE_WAY }, |_| {});
    must_hold(
        "deletes propagated",
        seeds(600),
        Scenario { deletes: true, propagate: true, ..Scenario::ONE_WAY },
        |_| {},
    );
}

#[test]
fn deletes_on_either_side_leave_tombstones_too() {
    let scenario = Scenario { deletes: true, ..Scenario::BOTH_WAYS };
    must_hold("both ways, deletes ignored", seeds(600), scenario, |_| {});
    must_hold("both ways, deletes propagated", seeds(600), Scenario { propagate: true, ..scenario }, |_| {});
}

#[test]
fn two_that_ghl_merges_into_one_are_one_and_nobody_comes_back() {
    let scenario = Scenario { merges: true, ..Scenario::BOTH_WAYS };
    for (name, scenario) in [
        ("merges, deletes ignored", scenario),
        ("merges, deletes propagated", Scenario { propagate: true, ..scenario }),
        ("merges, one way", Scenario { merges: true, ..Scenario::ONE_WAY }),
    ] {
        let count = seeds(600);
        let merged = must_hold(name, count, scenario, |_| {});
        let often = merged.counts.get("merge in GHL").copied().unwrap_or_default();
        assert!(often > count / 2, "{name}: only {often} merges");
    }
}

#[test]
fn tasks_hold_both_ways_under_every_fault_though_nothing_in_them_names_their_record() {
    let tasks = must_hold("tasks", seeds(800), Scenario::TASKS, |_| {});
    for often in ["waited for a turn", "left to its maker"] {
        assert!(tasks.counts.get(often).is_some_and(|times| *times > 0), "{often} never: {:?}", tasks.counts);
    }
    let deleted = Scenario { deletes: true, propagate: true, ..Scenario::TASKS };
    must_hold("tasks, deletes", seeds(500), deleted, |_| {});
}

#[test]
fn notes_hold_both_ways_under_every_fault_though_one_side_tells_of_none() {
    must_hold("notes", seeds(800), Scenario::NOTES, |_| {});
    let deleted = Scenario { deletes: true, propagate: true, ..Scenario::NOTES };
    must_hold("notes, deletes", seeds(500), deleted, |_| {});
}

#[test]
fn a_provider_that_refuses_known_keys_gets_no_second_create() {
    let scenario = Scenario { unique_keys: true, first_create_wait_s: 0, ..Scenario::ONE_WAY };
    must_hold("unique keys", seeds(800), scenario, |_| {});
}

#[test]
fn a_calm_world_costs_one_write_per_edit_and_none_back() {
    let one_way = totals("calm, one way", 300, Scenario { faults: Faults::NONE, ..Scenario::ONE_WAY }, |_| {});
    assert!(one_way.is_clean() && one_way.lost == 0, "{:?}", one_way.first_bad);
    let source = one_way.people + one_way.ghl_edits;
    assert!(one_way.writes <= source, "{} writes for {source} creates and edits in GHL", one_way.writes);

    let both = totals("calm, both ways", 300, Scenario { faults: Faults::NONE, ..Scenario::BOTH_WAYS }, |_| {});
    assert!(both.is_clean() && both.lost == 0, "{:?}", both.first_bad);
    // Two contacts of one person that differ when they are linked cost one write on each side.
    let changes = both.edits + 2 * both.people;
    assert!(both.writes <= changes, "{} writes for {changes} changes", both.writes);
}

/// Writes per edit in each quarter of the day, in thousandths.
fn quarters(day: &Verdict) -> [u64; 4] {
    let at = |hour: usize| if hour == 0 { (0, 0) } else { day.course[hour - 1] };
    [0, 6, 12, 18].map(|hour| {
        let (from, until) = (at(hour), at(hour + 6));
        1000 * (until.1 - from.1) / (until.0 - from.0)
    })
}

/// An echo that counted as an edit would come back for ever: after hours of editing there would be more and more of them.
#[test]
fn a_day_of_editing_on_both_sides_costs_no_more_per_edit_in_the_evening_than_in_the_morning() {
    let day = Scenario { hours: Some(24), ..Scenario::BOTH_WAYS };
    let calm = totals("calm day", 10, Scenario { faults: Faults::NONE, ..day }, |_| {});
    assert!(calm.is_clean() && calm.lost == 0, "{:?}", calm.first_bad);
    let writes = quarters(&calm);
    println!("calm day: writes per edit in each quarter, in thousandths: {writes:?}");
    // The first quarter has the creates and what linking costs.
    assert!(writes[1..].iter().all(|writes| *writes <= 1000), "more than a write per edit: {writes:?}");

    let hard = must_hold("hard day", seeds(1500).div_ceil(50), day, |_| {});
    let writes = quarters(&hard);
    println!("hard day: writes per edit in each quarter, in thousandths: {writes:?}");
    let most = writes[0].max(1000) * 6 / 5;
    assert!(writes[1..].iter().all(|writes| *writes <= most), "it grows: {writes:?}");
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for seed in [1, 7, 99] {
        let (a, b) = (run(seed, Scenario::BOTH_WAYS, |_| {}), run(seed, Scenario::BOTH_WAYS, |_| {}));
        assert_eq!(format!("{a:?}"), format!("{b:?}"), "seed {seed}");
    }
}

/// Each rule that the design rests on is switched off once; a simulation that doesn't notice is worth nothing.
#[test]
fn weakened_rules_are_caught() {
    let weaken = |weakened: Weakened| {
        move |engine: &mut Engine| {
            engine.rules.weakened = weakened;
            if weakened.whole_record {
                // All in one request, so nothing goes item by item.
                engine.rules.item_wise.ghl.clear();
            }
        }
    };
    let count = seeds(1200).min(1200);

    let blind = totals(
        "blind retry",
        count,
        Scenario::BOTH_WAYS,
        weaken(Weakened { blind_retry: true, ..Weakened::default() }),
    );
    assert!(blind.duplicates > 0, "creating again at once after a time-out went unnoticed");

    let swallow = totals(
        "swallow",
        count,
        Scenario::BOTH_WAYS,
        weaken(Weakened { swallow_response: true, ..Weakened::default() }),
    );
    assert!(swallow.diverged > 0, "taking the response over the shadow went unnoticed");

    let whole = totals(
        "whole record",
        count,
        Scenario::BOTH_WAYS,
        weaken(Weakened { whole_record: true, ..Weakened::default() }),
    );
    assert!(whole.lost > unseen(count, Scenario::BOTH_WAYS), "sending the whole record went unnoticed");

    let hasty =
        totals("no wait before create", count, Scenario { first_create_wait_s: 0, ..Scenario::BOTH_WAYS }, |_| {});
    assert!(hasty.duplicates > 0, "creating before the other side's contact was discovered went unnoticed");

    let unfenced = totals("no send deadline", count, Scenario::BOTH_WAYS, |engine| engine.ignores_deadline = true);
    assert!(unfenced.duplicates > 0, "sending after the deadline went unnoticed");

    let uncompared = totals("no compare-and-set", count, Scenario::BOTH_WAYS, |engine| engine.ignores_revision = true);
    assert!(uncompared.bad() > 0, "writing documents without compare-and-set went unnoticed");

    let turnless = totals("no turns", count, Scenario::TASKS, |engine| engine.things.have_no_turns = true);
    assert!(turnless.duplicates > 0, "making tasks of one name at once went unnoticed");

    let unread =
        totals("no read before write", count, Scenario::ONE_WAY, |engine| engine.rules.read_first.openphone.clear());
    assert!(unread.wiped > 0, "replacing lists without reading them went unnoticed");
}
