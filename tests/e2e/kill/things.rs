//! Tasks that people make in GHL and notes that they write in `OpenPhone`, and whether each is on the other side once.
//!
//! People change a task where they have made it: one that they change elsewhere before its maker knows of it is made again, as nothing
//! in a task names its record.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tandem_twins::{GhlTwin, OpenPhoneTwin};

/// Tasks that are being worked on.
const RECENT: usize = 8;

#[derive(Default)]
pub(crate) struct Things {
    /// Contact and id.
    tasks: Vec<(String, String)>,
    number: usize,
}

impl Things {
    /// A task or note is made or changed; false where there is nobody yet.
    pub(crate) fn change(&mut self, (ghl, openphone): (&GhlTwin, &OpenPhoneTwin), dice: &mut StdRng) -> bool {
        self.number += 1;
        let number = self.number;
        if dice.random_bool(0.3) {
            let contacts = openphone.contacts();
            let linked: Vec<&str> = contacts
                .iter()
                .filter(|contact| contact["sourceUrl"].is_string())
                .filter_map(|contact| contact["id"].as_str())
                .collect();
            if linked.is_empty() {
                return false;
            }
            let contact = linked[dice.random_range(0..linked.len())];
            openphone.create_note(contact, &format!("Note {number}")).unwrap();
            return true;
        }
        if self.tasks.is_empty() || dice.random_bool(0.4) {
            let contacts = ghl.contacts();
            if contacts.is_empty() {
                return false;
            }
            let contact = contacts[dice.random_range(0..contacts.len())]["id"].as_str().unwrap().to_owned();
            // Every other one is called like others of the same person.
            let title = if number.is_multiple_of(2) { "Call back".to_owned() } else { format!("Task {number}") };
            let task = json!({ "title": title, "body": format!("Made as {number}"), "dueDate": "2031-03-01T09:00:00.000Z",
                "completed": false });
            let id = ghl.create_task(&contact, &task).unwrap();
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
        ghl.edit_task(&contact, &id, &change).unwrap();
        true
    }
}

/// What a task says, wherever it is.
type Said = (String, String, String, bool);

/// Tasks and notes that are not exactly once on the other side, with what they say.
pub(crate) fn differences(ghl: &GhlTwin, openphone: &OpenPhoneTwin) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let minute = |value: &Value| text(value).chars().take(16).collect::<String>();
    let mut balance: BTreeMap<Said, i64> = BTreeMap::new();
    for task in ghl.tasks() {
        let said = (text(&task["title"]), text(&task["body"]), minute(&task["dueDate"]), task["completed"] == true);
        *balance.entry(said).or_default() += 1;
    }
    for task in openphone.tasks().into_iter().filter(|task| task["status"] != "deleted") {
        // The line behind it names the person.
        let body = text(&task["description"]).split("\n\n[Tandem]").next().unwrap_or_default().to_owned();
        let said = (text(&task["title"]), body, minute(&task["dueDate"]), task["status"] == "completed");
        *balance.entry(said).or_default() -= 1;
    }
    let mut found: Vec<String> = balance
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(said, count)| format!("task {said:?}: {count} more in GHL than in OpenPhone"))
        .collect();
    let mut notes: BTreeMap<String, i64> = BTreeMap::new();
    for note in ghl.notes() {
        *notes.entry(text(&note["body"])).or_default() += 1;
    }
    for note in notes_in(openphone) {
        *notes.entry(text(&note["text"])).or_default() -= 1;
    }
    let notes = notes.into_iter().filter(|(_, count)| *count != 0);
    found.extend(notes.map(|(text, count)| format!("note {text:?}: {count} more in GHL than in OpenPhone")));
    found
}

/// Ids of tasks in GHL and notes in `OpenPhone` that one of these differences names, and of their contacts, for whoever explains them.
pub(crate) fn named(ghl: &GhlTwin, openphone: &OpenPhoneTwin, differences: &[String]) -> Vec<String> {
    let tasks =
        ghl.tasks().into_iter().map(|task| (task["body"].clone(), [task["id"].clone(), task["contactId"].clone()]));
    let notes = notes_in(openphone).into_iter().map(|note| (note["text"].clone(), [note["id"].clone(), Value::Null]));
    let is_named = |said: &Value| differences.iter().any(|line| line.contains(&said.to_string()));
    let named = tasks.chain(notes).filter(|(said, _)| is_named(said));
    named.flat_map(|(_, ids)| ids).filter_map(|id| Some(id.as_str()?.to_owned())).collect()
}

fn notes_in(openphone: &OpenPhoneTwin) -> Vec<Value> {
    let contacts = openphone.contacts();
    let ids = contacts.iter().filter_map(|contact| contact["id"].as_str());
    ids.flat_map(|id| openphone.notes(id)).collect()
}

/// Tasks in GHL, and notes in `OpenPhone`.
pub(crate) fn counts(ghl: &GhlTwin, openphone: &OpenPhoneTwin) -> (usize, usize) {
    (ghl.tasks().len(), notes_in(openphone).len())
}
