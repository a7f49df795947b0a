//! What goes wrong, and what is nobody's.

use super::*;

in_both_shapes! {
    a_create_of_unknown_outcome_in_openphone_leaves_one_task,
    a_create_of_unknown_outcome_in_ghl_leaves_one_task,
    an_edit_in_ghl_of_which_no_webhook_tells_is_found,
    what_happened_in_openphone_without_a_webhook_is_found,
    a_task_on_a_group_conversation_is_nobodys,
    tasks_of_one_title_are_made_once_each,
    the_cap_on_open_tasks_stops_the_task_and_nothing_else,
    without_the_mapping_no_task_travels,
    a_token_that_may_not_read_tasks_keeps_contacts_in_step,
}

async fn a_create_of_unknown_outcome_in_openphone_leaves_one_task(shape: Shape) {
    for fault in [Fault::ErrorAfter, Fault::TimeoutAfter, Fault::LateApply { after_ms: 1_300 }, Fault::ErrorBefore] {
        let (stack, person) = start(shape, true).await;
        stack.openphone.script(Scripted::next(On::call("POST", "/tasks"), fault.clone()));
        let (ghl, _) = linked(&stack, &person, "Call back").await;
        assert_eq!(stack.openphone.report().faults.values().sum::<u64>(), 1, "the fault never struck");
        assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (1, 1), "{fault:?}");
        stack.ghl.edit_task(&person.ghl, &ghl, &json!({ "title": "Later" })).unwrap();
        in_openphone(&stack, "an edit after that", "Later", |_| true).await;
    }
}

async fn a_create_of_unknown_outcome_in_ghl_leaves_one_task(shape: Shape) {
    for fault in [Fault::ErrorAfter, Fault::TimeoutAfter, Fault::LateApply { after_ms: 1_300 }, Fault::ErrorBefore] {
        let (stack, person) = start(shape, true).await;
        let route = format!("/contacts/{}/tasks", person.ghl);
        stack.ghl.script(Scripted::next(On::call("POST", &route), fault.clone()));
        let seed = json!({ "title": "Measure", "conversationId": person.conversation });
        let openphone = stack.openphone.create_task(&seed).unwrap();
        in_ghl(&stack, "the task", "Measure", |_| true).await;
        at_rest(&stack).await;
        assert_eq!(stack.ghl.report().faults.values().sum::<u64>(), 1, "the fault never struck");
        assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (1, 1), "{fault:?}");
        stack.openphone.edit_task(&openphone, &json!({ "title": "Later" })).unwrap();
        in_ghl(&stack, "an edit after that", "Later", |_| true).await;
    }
}

async fn an_edit_in_ghl_of_which_no_webhook_tells_is_found(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    stack.ghl.set_webhook_url(None);
    let task = stack.ghl.create_task(&person.ghl, &typed("Unheard")).unwrap();
    in_openphone(&stack, "the task", "Unheard", |_| true).await;
    stack.ghl.edit_task(&person.ghl, &task, &json!({ "completed": true })).unwrap();
    in_openphone(&stack, "that it is done", "Unheard", |task| task["status"] == "completed").await;
    stack.ghl.edit_task(&person.ghl, &task, &json!({ "completed": false })).unwrap();
    in_openphone(&stack, "that it is not", "Unheard", |task| task["status"] == "open").await;
    stack.ghl.delete_task(&person.ghl, &task).unwrap();
    eventually("the delete", LIMIT, || open_in_openphone(&stack, "Unheard").is_empty().then_some(())).await;
    at_rest(&stack).await;
}

async fn what_happened_in_openphone_without_a_webhook_is_found(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    let (_, edited) = linked(&stack, &person, "To edit").await;
    let (_, done) = linked(&stack, &person, "To do").await;
    let (deleted_in_ghl, deleted) = linked(&stack, &person, "To delete").await;
    stack.deliver(false);
    stack.openphone.edit_task(&edited, &json!({ "title": "Edited" })).unwrap();
    stack.openphone.edit_task(&done, &json!({ "status": "completed" })).unwrap();
    stack.openphone.edit_task(&deleted, &json!({ "status": "deleted" })).unwrap();
    stack.openphone.create_task(&json!({ "title": "New", "conversationId": person.conversation })).unwrap();
    in_ghl(&stack, "the edit", "Edited", |_| true).await;
    in_ghl(&stack, "the end", "To do", |task| task["completed"] == true).await;
    in_ghl(&stack, "the new one", "New", |_| true).await;
    let is_gone = || stack.ghl.tasks().iter().all(|task| task["id"] != deleted_in_ghl.as_str()).then_some(());
    eventually("the delete", LIMIT, is_gone).await;
    at_rest(&stack).await;
    assert_eq!(stack.ghl.tasks().len(), 3);
}

async fn a_task_on_a_group_conversation_is_nobodys(shape: Shape) {
    let (stack, _) = start(shape, true).await;
    let group = stack.openphone.create_conversation(&json!({ "participants": [PHONE, "+14155550131"] })).unwrap();
    stack.openphone.create_task(&json!({ "title": "Ours", "conversationId": group })).unwrap();
    at_rest(&stack).await;
    assert!(stack.ghl.tasks().is_empty());
    let skipped: Vec<_> = stack.journal().await.into_iter().filter(|entry| entry.outcome == "skipped").collect();
    assert!(skipped.iter().any(|entry| entry.reason.contains("group conversation")), "{skipped:?}");
}

async fn tasks_of_one_title_are_made_once_each(shape: Shape) {
    let (stack, person) = start(shape, true).await;
    for _ in 0..4 {
        stack.ghl.create_task(&person.ghl, &typed("Same")).unwrap();
    }
    eventually("all of them", LIMIT, || (open_in_openphone(&stack, "Same").len() >= 4).then_some(())).await;
    at_rest(&stack).await;
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (4, 4));
    assert_eq!(writes(&stack), (0, 4));
}

async fn the_cap_on_open_tasks_stops_the_task_and_nothing_else(shape: Shape) {
    let mut options = options(shape);
    if let Some(openphone) = &mut options.openphone {
        openphone.workspaces[0].most_open_tasks = Some(1);
    }
    let stack = Stack::start_with(options).await.unwrap();
    let person = person(&stack, true).await;
    linked(&stack, &person, "Fits").await;
    let second = stack.ghl.create_task(&person.ghl, &typed("Too many")).unwrap();
    stack.quiet(LIMIT).await;
    assert_eq!((stack.count(Stream::Parked).await, writes(&stack).1), (1, 2), "parked, and tried once");
    stack.ghl.edit_contact(&person.ghl, &json!({ "lastName": "Later" })).unwrap();
    stack.arrives(&person.ghl, "the contact", |back| back["defaultFields"]["lastName"] == "Later").await;
    // Somebody makes room, and changes the task.
    let fits = id(&open_in_openphone(&stack, "Fits")[0]);
    stack.openphone.edit_task(&fits, &json!({ "status": "completed" })).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.edit_task(&person.ghl, &second, &json!({ "title": "Fits now" })).unwrap();
    in_openphone(&stack, "the second task", "Fits now", |_| true).await;
}

async fn without_the_mapping_no_task_travels(shape: Shape) {
    let stack = Stack::start_with(StackOptions { mapping: None, ..options(shape) }).await.unwrap();
    let person = person(&stack, true).await;
    stack.ghl.create_task(&person.ghl, &typed("Here")).unwrap();
    stack.openphone.create_task(&json!({ "title": "There", "conversationId": person.conversation })).unwrap();
    at_rest(&stack).await;
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (1, 1));
    assert_eq!(writes(&stack), (0, 0));
    let searches = stack.ghl.requests().into_iter().filter(|request| request.path.ends_with("/tasks/search"));
    assert_eq!(searches.count(), 0);
}

async fn a_token_that_may_not_read_tasks_keeps_contacts_in_step(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    for scope in ["locations/tasks.readonly", "users.readonly"] {
        stack.ghl.remove_scope(scope);
    }
    let tried = || {
        let searches = stack.ghl.requests().into_iter().filter(|request| request.path.ends_with("/tasks/search"));
        searches.filter(|request| request.status == Some(401)).count()
    };
    eventually("two readings that are refused", LIMIT, || (tried() >= 2).then_some(())).await;
    let person = person(&stack, true).await;
    stack.ghl.edit_contact(&person.ghl, &json!({ "lastName": "Later" })).unwrap();
    stack.arrives(&person.ghl, "the edit", |back| back["defaultFields"]["lastName"] == "Later").await;
    for scope in ["locations/tasks.readonly", "users.readonly"] {
        stack.ghl.restore_scope(scope);
    }
    linked(&stack, &person, "Allowed").await;
}
