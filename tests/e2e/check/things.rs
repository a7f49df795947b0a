//! Tasks and notes, where the mapping has them travel: every request that they take is tried, and what is made for it goes.

use serde_json::{Value, json};
use tandem_twins::{Fault, GhlUser, On, Scripted};

use super::*;

const MAPPING: &str = "tasks: { direction: both }\nnotes: { direction: both }\n";
/// What is asked about something made up.
const MADE_UP: [&str; 3] = ["create a task on a conversation", "assign a task", "unassign a task"];

async fn with(mapping: &str, ghl: GhlConfig) -> Process {
    let process = prepared(ghl, quick_openphone()).await;
    let folder = process.folder.path();
    std::fs::write(folder.join("mapping.yaml"), mapping).unwrap();
    rewrite(folder, "connections:\n  - id: acme", "connections:\n  - id: acme\n    mapping: mapping.yaml");
    process
}

/// The names of the checks of a group that ended like this.
fn ended<'a>(report: &'a Value, group: &str, status: &str) -> Vec<&'a str> {
    let of_group = checks(report).iter().filter(|check| check["group"] == group && check["status"] == status);
    of_group.map(|check| check["name"].as_str().unwrap()).collect()
}

fn open_tasks(process: &Process) -> Vec<Value> {
    let is_open = |task: &Value| task["status"] != "deleted";
    process.openphone.tasks().into_iter().filter(is_open).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_tasks_and_notes_take_is_tried_beside_a_running_tandem_and_nothing_is_left() {
    let users = vec![GhlUser::new("SandboxUser000000001", "Sam", "Sandbox", "sam@example.com")];
    let mut process = with(MAPPING, GhlConfig { users, ..quick_ghl() }).await;
    without_secrets(&process);
    process.up();
    let (code, report) = report(&process, &["--write"]).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!((&report["failed"], &report["warned"]), (&json!(0), &json!(0)), "{report:#}");
    let (ghl, openphone) = (ended(&report, "ghl", "pass"), ended(&report, "openphone", "pass"));
    let both = ["list tasks", "read a task", "list users", "create a task", "change a task", "remove a task"];
    let notes = ["list notes", "read a note", "create a note", "change a note", "remove a note"];
    for name in both.iter().chain(&notes) {
        assert!(ghl.contains(name) && openphone.contains(name), "{name}: {report:#}");
    }
    assert!(ghl.contains(&"search open tasks"), "{report:#}");
    let rest = ["list conversations", "list phone numbers", "complete a task", "set a due date", "remove a due date"];
    for name in rest.iter().chain(&MADE_UP) {
        assert!(openphone.contains(name), "{name}: {report:#}");
    }
    for name in MADE_UP {
        assert_check(&report, ("openphone", name), "pass", "answered: it knows no made-up", &[]);
    }

    assert!(process.ghl.webhooks_idle(LIMIT).await && process.openphone.webhooks_idle(LIMIT).await);
    assert!(process.ghl.contacts().is_empty() && process.openphone.contacts().is_empty());
    assert!(process.ghl.tasks().is_empty() && process.ghl.notes().is_empty());
    assert_eq!(open_tasks(&process), Vec::<Value>::new());
    let (ghl, openphone) = (process.ghl.report(), process.openphone.report());
    assert_eq!(ghl.calls("POST /contacts/{contactId}/tasks"), 1, "the pipeline made a copy");
    assert_eq!((openphone.calls("POST /v1/tasks"), openphone.calls("POST /tasks")), (1, 1), "the pipeline made a copy");
    assert_eq!(openphone.calls("POST /v1/messages"), 0);
    assert_within_limits(&process);
}

#[tokio::test(flavor = "multi_thread")]
async fn v3_is_asked_for_its_users_in_its_own_way() {
    let mut process = with(MAPPING, quick_ghl()).await;
    process.environment.insert("TANDEM_PROVIDERS__GHL__API_VERSION".to_owned(), "v3".to_owned());
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(find(&report, "ghl", "list users")["operation"], "ghl.users.search", "{report:#}");
    assert_check(&report, ("ghl", "list users"), "pass", "answered", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_where_they_only_come_from_and_scopes_are_named() {
    let mut ghl = quick_ghl();
    let scopes = ["contacts.readonly", "contacts.write", "locations.readonly"];
    ghl.locations[0].token_scopes = Some(scopes.map(str::to_owned).to_vec());
    let process = with("tasks: { direction: to_openphone, openphone_number: \"+12125550188\" }\n", ghl).await;
    let (code, report) = report(&process, &["--write"]).await;
    let failed = [("ghl", "search open tasks"), ("ghl", "list users"), ("openphone", "list phone numbers")];
    assert_eq!((code, failures(&report)), (Some(1), failed.to_vec()), "{report:#}");
    let hint = ["add the scope locations/tasks.readonly"];
    assert_check(&report, failed[0], "fail", "the token lacks the scope locations/tasks.readonly", &hint);
    assert_check(
        &report,
        failed[1],
        "fail",
        "the token lacks the scope users.readonly",
        &["add the scope users.readonly"],
    );
    let hint = ["tasks.openphone_number", "those that there are: +1"];
    assert_check(&report, failed[2], "fail", "+12125550188 is no number of the workspace", &hint);
    let names: Vec<&str> = checks(&report).iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert!(!names.contains(&"list notes") && !names.contains(&"create a note"), "{names:?}");
    assert!(checks(&report).iter().all(|check| check["group"] != "ghl" || check["name"] != "create a task"));
    let why = "there is no number that a test task could hang on";
    assert_check(&report, ("openphone", "create a task"), "skipped", why, &[]);
    assert_eq!(process.ghl.report().calls("POST /contacts/{contactId}/tasks"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_creation_was_not_answered_is_found_and_removed() {
    let process = with(MAPPING, quick_ghl()).await;
    process.openphone.script(Scripted::next(On::call("POST", "/v1/tasks"), Fault::ResetAfter));
    let (code, report) = report(&process, &["--write"]).await;
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!(failures(&report), [("openphone", "create a task")], "{report:#}");
    let message = "had been created, though the answer was lost";
    assert_check(&report, ("openphone", "remove a task"), "pass", message, &[]);
    assert_check(&report, ("openphone", "complete a task"), "skipped", "the test task was not created", &[]);
    assert_eq!(open_tasks(&process), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_can_not_be_removed_is_named() {
    let process = with(MAPPING, quick_ghl()).await;
    let stays = Scripted { times: 10, ..Scripted::next(On::call("DELETE", "/tasks"), Fault::ErrorBefore) };
    process.openphone.script(stays);
    let (code, report) = report(&process, &["--write"]).await;
    assert_eq!(code, Some(1), "{report:#}");
    let left = open_tasks(&process);
    assert_eq!(left.len(), 1, "{left:?}");
    let id = left[0]["taskId"].as_str().unwrap();
    let hint = ["Tandem Check (safe to delete)", id, "delete it by hand"];
    let message = format!("the test task {id} could not be removed");
    assert_check(&report, ("openphone", "remove a task"), "fail", &message, &hint);
}
