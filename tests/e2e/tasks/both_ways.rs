//! What ordinary days bring.

use super::*;

in_both_shapes! {
    a_task_typed_in_ghl_appears_on_the_persons_conversation_once,
    a_task_about_somebody_without_a_conversation_hangs_on_the_number_and_names_them,
    a_task_typed_in_openphone_appears_in_ghl_once,
    each_edit_in_ghl_reaches_openphone_as_one_write_and_nothing_comes_back,
    each_edit_in_openphone_reaches_ghl_as_one_write_and_nothing_comes_back,
    whoever_has_no_account_over_there_is_left_out_and_reported_once,
    what_ghl_cannot_take_away_stays_there_and_is_reported,
    a_task_deleted_on_either_side_is_deleted_on_the_other,
}

async fn a_task_typed_in_ghl_appears_on_the_persons_conversation_once(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let mut task = typed("Call back");
    task["assignedTo"] = json!("SandboxUser000000001");
    stack.ghl.create_task(&person.ghl, &task).unwrap();
    let there = in_openphone(&stack, "the task", "Call back", |_| true).await;
    assert_eq!(there["conversationId"], json!(person.conversation));
    assert_eq!(there["description"], "Ask about the roof.");
    assert!(there["dueDate"].as_str().unwrap().starts_with("2031-03-01T09:00:00"), "{there}");
    assert_eq!((&there["assignedTo"], &there["status"]), (&json!("USsam"), &json!("open")));
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (0, 1));
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (1, 1));
}

async fn a_task_about_somebody_without_a_conversation_hangs_on_the_number_and_names_them(shape: Shape) {
    let (stack, person) = start(shape, false).await;
    let (ghl, openphone) = linked(&stack, &person, "Send offer").await;
    let find = || stack.openphone.tasks().into_iter().find(|task| task["taskId"] == openphone.as_str()).unwrap();
    assert_eq!((&find()["phoneNumberId"], &find()["conversationId"]), (&json!("PNsandbox"), &Value::Null));
    assert_eq!(find()["description"], format!("Ask about the roof.\n\n[Tandem] Ana Díaz, {PHONE}"));
    // The line that names the person stays, and is no part of the text.
    stack.ghl.edit_task(&person.ghl, &ghl, &json!({ "body": "Ask about the wall." })).unwrap();
    let line = format!("Ask about the wall.\n\n[Tandem] Ana Díaz, {PHONE}");
    in_openphone(&stack, "the new text", "Send offer", |task| task["description"] == line).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (0, 2));
    assert_eq!(stack.ghl.tasks()[0]["body"], "Ask about the wall.");
}

async fn a_task_typed_in_openphone_appears_in_ghl_once(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let seed = json!({ "title": "Measure", "description": "North side", "conversationId": person.conversation,
        "assignedTo": "USsam" });
    stack.openphone.create_task(&seed).unwrap();
    let there = in_ghl(&stack, "the task", "Measure", |_| true).await;
    assert_eq!((&there["contactId"], &there["body"]), (&json!(person.ghl), &json!("North side")));
    assert_eq!((&there["assignedTo"], &there["completed"]), (&json!("SandboxUser000000001"), &json!(false)));
    assert!(there["dueDate"].is_string(), "GHL knows no task without one");
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (1, 0), "the due date that GHL needs came back");
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (1, 1));
    assert_eq!(stack.openphone.tasks()[0]["dueDate"], Value::Null);
}

/// An edit that a person makes, what is waited for, and how it shows on the other side.
type Edit = (Value, &'static str, fn(&Value) -> bool);

fn is_due_later(task: &Value) -> bool {
    task["dueDate"].as_str().is_some_and(|due| due.starts_with("2032-01-01"))
}

/// The fields that were refused, each time.
async fn refused(stack: &Stack) -> Vec<String> {
    let lines = stack.journal().await.into_iter().filter(|entry| entry.outcome == "refused");
    let mut fields: Vec<String> = lines.flat_map(|entry| entry.fields).collect();
    fields.sort();
    fields
}

async fn each_edit_in_ghl_reaches_openphone_as_one_write_and_nothing_comes_back(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let (ghl, _) = linked(&stack, &person, "First").await;
    let before = writes(&stack);
    let edits: [Edit; 5] = [
        (json!({ "title": "Second" }), "the title", |_| true),
        (json!({ "dueDate": "2032-01-01T00:00:00.000Z" }), "the due date", is_due_later),
        (json!({ "assignedTo": "SandboxUser000000001" }), "the assignee", |task| task["assignedTo"] == "USsam"),
        (json!({ "completed": true }), "that it is done", |task| task["status"] == "completed"),
        (json!({ "completed": false }), "that it is not", |task| task["status"] == "open"),
    ];
    for (change, what, check) in edits {
        stack.ghl.edit_task(&person.ghl, &ghl, &change).unwrap();
        in_openphone(&stack, what, "Second", check).await;
        at_rest(&stack).await;
    }
    let after = writes(&stack);
    assert_eq!((after.0 - before.0, after.1 - before.1), (0, 5), "writes back, and writes for five edits");
}

async fn each_edit_in_openphone_reaches_ghl_as_one_write_and_nothing_comes_back(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let (_, openphone) = linked(&stack, &person, "First").await;
    let before = writes(&stack);
    let sam = |task: &Value| task["assignedTo"] == "SandboxUser000000001";
    let edits: [Edit; 5] = [
        (json!({ "title": "Second", "description": "" }), "title and text", |task| task["body"] == ""),
        (json!({ "dueDate": "2032-01-01T00:00:00.000Z" }), "the due date", is_due_later),
        (json!({ "assignedTo": "USsam" }), "the assignee", sam),
        (json!({ "status": "completed" }), "that it is done", |task| task["completed"] == true),
        (json!({ "status": "open" }), "that it is not", |task| task["completed"] == false),
    ];
    for (change, what, check) in edits {
        stack.openphone.edit_task(&openphone, &change).unwrap();
        in_ghl(&stack, what, "Second", check).await;
        at_rest(&stack).await;
    }
    let after = writes(&stack);
    assert_eq!((after.0 - before.0, after.1 - before.1), (5, 0), "writes for five edits, and writes back");
}

async fn whoever_has_no_account_over_there_is_left_out_and_reported_once(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let (ghl, _) = linked(&stack, &person, "First").await;
    let change = json!({ "assignedTo": "SandboxUser000000002", "title": "Second" });
    stack.ghl.edit_task(&person.ghl, &ghl, &change).unwrap();
    let there = in_openphone(&stack, "what can be written", "Second", |_| true).await;
    at_rest(&stack).await;
    assert_eq!(there["assignedTo"], Value::Null);
    assert_eq!(refused(&stack).await, ["task_assignee"]);
}

async fn what_ghl_cannot_take_away_stays_there_and_is_reported(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let (_, openphone) = linked(&stack, &person, "First").await;
    stack.openphone.edit_task(&openphone, &json!({ "assignedTo": "USsam" })).unwrap();
    in_ghl(&stack, "the assignee", "First", |task| task["assignedTo"].is_string()).await;
    at_rest(&stack).await;
    let before = writes(&stack);
    let change = json!({ "dueDate": null, "assignedTo": null, "title": "Second" });
    stack.openphone.edit_task(&openphone, &change).unwrap();
    let there = in_ghl(&stack, "what can be written", "Second", |_| true).await;
    at_rest(&stack).await;
    assert_eq!((&there["assignedTo"], there["dueDate"].is_string()), (&json!("SandboxUser000000001"), true));
    assert_eq!(refused(&stack).await, ["task_assignee", "task_due"]);
    assert_eq!(writes(&stack).1, before.1, "something came back");
}

async fn a_task_deleted_on_either_side_is_deleted_on_the_other(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let (in_ghl, _) = linked(&stack, &person, "One").await;
    let (_, in_openphone) = linked(&stack, &person, "Two").await;
    stack.ghl.delete_task(&person.ghl, &in_ghl).unwrap();
    let is_gone = || open_in_openphone(&stack, "One").is_empty().then_some(());
    eventually("the delete in OpenPhone", LIMIT, is_gone).await;
    stack.openphone.edit_task(&in_openphone, &json!({ "status": "deleted" })).unwrap();
    eventually("the delete in GHL", LIMIT, || stack.ghl.tasks().is_empty().then_some(())).await;
    at_rest(&stack).await;
    assert!(open_in_openphone(&stack, "Two").is_empty(), "it came back");
    assert_eq!(writes(&stack), (1, 3), "two creates and a delete in OpenPhone, one delete in GHL");
}
