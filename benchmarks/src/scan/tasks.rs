//! Tasks of some of the people.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::system::System;

/// One in so many people has a task.
pub(super) const TASKS_OF: usize = 20;
/// After a sweep; those who read tasks look four times a minute whether somebody wants them read.
pub(super) const TASKS_COME_WITHIN: Duration = Duration::from_secs(90);

/// Tasks travel, and are read when a sweep wants it: not before.
pub(super) fn keep_tasks(system: &System) -> anyhow::Result<()> {
    let folder = system.folder().path();
    std::fs::write(folder.join("mapping.yaml"), "tasks: { direction: both }\n")?;
    let file = folder.join("tandem.yaml");
    let text = std::fs::read_to_string(&file)?;
    let id = "  - id: acme\n";
    anyhow::ensure!(text.contains(id), "no connection acme in the configuration");
    let text = text.replacen(id, &format!("{id}    mapping: mapping.yaml\n"), 1);
    std::fs::write(&file, text + "\nwriter: { task_poll_seconds: 86400 }\n").context("writing the configuration")
}

/// One for each of these people, made in GHL: contact and id.
pub(super) fn add_tasks(system: &System, people: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let add = |(number, person): (usize, &String)| {
        let task = json!({ "title": format!("Task {number}"), "body": "Ask about the roof.",
            "dueDate": "2031-03-01T09:00:00.000Z", "completed": false });
        Ok((person.clone(), system.ghl().create_task(person, &task)?))
    };
    people.iter().enumerate().map(add).collect()
}

/// Every other one gets another title in GHL, the others in `OpenPhone`.
pub(super) fn edit_tasks(system: &System, tasks: &[(String, String)]) -> anyhow::Result<()> {
    let across: BTreeMap<String, String> =
        system.openphone().tasks().iter().map(|task| (text(&task["title"]), text(&task["taskId"]))).collect();
    for (number, (person, task)) in tasks.iter().enumerate() {
        let change = json!({ "title": format!("Edited {number}") });
        if number.is_multiple_of(2) {
            system.ghl().edit_task(person, task, &change)?;
        } else {
            let there = across.get(&format!("Task {number}")).context("a task is not there")?;
            system.openphone().edit_task(there, &change)?;
        }
    }
    Ok(())
}

/// Tasks that are not on both sides exactly once.
pub(super) fn tasks_that_differ(system: &System) -> usize {
    let mut titles: BTreeMap<String, i64> = BTreeMap::new();
    for task in system.ghl().tasks() {
        *titles.entry(text(&task["title"])).or_default() += 1;
    }
    for task in system.openphone().tasks() {
        *titles.entry(text(&task["title"])).or_default() -= 1;
    }
    titles.values().filter(|balance| **balance > 0).count()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
