//! Tasks that people make in GHL, and whether each is in `OpenPhone` once.
//!
//! People change a task where they have made it: one that they change elsewhere before its maker knows of it is made again, as nothing
//! in a task names its record.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tandem_tests::Cluster;

/// Tasks that are being worked on.
const RECENT: usize = 8;

#[derive(Default)]
pub(super) struct Things {
    /// Contact and id.
    tasks: Vec<(String, String)>,
    number: usize,
}

impl Things {
    /// A task is made or changed; false where there is nobody yet.
    pub(super) fn change(&mut self, cluster: &Cluster, dice: &mut StdRng) -> bool {
        self.number += 1;
        let number = self.number;
        if self.tasks.is_empty() || dice.random_bool(0.4) {
            // Those who are across: a task about somebody whom nobody has told us of yet is nobody's.
            let links = cluster.openphone.contacts();
            let across: Vec<&str> =
                links.iter().filter_map(|contact| contact["sourceUrl"].as_str()?.rsplit('/').next()).collect();
            if across.is_empty() {
                return false;
            }
            let contact = across[dice.random_range(0..across.len())].to_owned();
            // Every other one is called like others of the same person.
            let title = if number.is_multiple_of(2) { "Call back".to_owned() } else { format!("Task {number}") };
            let task = json!({ "title": title, "body": format!("Made as {number}"), "dueDate": "2031-03-01T09:00:00.000Z",
                "completed": false });
            let id = cluster.ghl.create_task(&contact, &task).unwrap();
            self.tasks.push((contact, id));
            return true;
        }
        let first = self.tasks.len().saturating_sub(RECENT);
        let (contact, id) = self.tasks[dice.random_range(first..self.tasks.len())].clone();
        let change = match dice.random_range(0..3) {
            0 => json!({ "dueDate": format!("2031-04-01T09:{:02}:00.000Z", number % 60) }),
            1 => json!({ "title": format!("Task {number}") }),
            _ => json!({ "body": format!("Said as {number}") }),
        };
        cluster.ghl.edit_task(&contact, &id, &change).unwrap();
        true
    }
}

/// What a task says, wherever it is.
type Said = (String, String, String, bool);

/// Tasks that are not exactly once on the other side, with what they say.
pub(super) fn differences(cluster: &Cluster) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let minute = |value: &Value| text(value).chars().take(16).collect::<String>();
    let mut balance: BTreeMap<Said, i64> = BTreeMap::new();
    for task in cluster.ghl.tasks() {
        let said = (text(&task["title"]), text(&task["body"]), minute(&task["dueDate"]), task["completed"] == true);
        *balance.entry(said).or_default() += 1;
    }
    for task in cluster.openphone.tasks().into_iter().filter(|task| task["status"] != "deleted") {
        // The line behind it names the person.
        let body = text(&task["description"]).split("\n\n[Tandem]").next().unwrap_or_default().to_owned();
        let said = (text(&task["title"]), body, minute(&task["dueDate"]), task["status"] == "completed");
        *balance.entry(said).or_default() -= 1;
    }
    balance
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(said, count)| format!("task {said:?}: {count} more in GHL than in OpenPhone"))
        .collect()
}
