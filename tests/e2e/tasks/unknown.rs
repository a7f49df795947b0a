//! Tasks about people whom nobody has told us of yet.

use tandem_ingest::ScanKind;

use super::*;

in_both_shapes! {
    tasks_of_people_who_become_known_with_a_sweep_travel_then,
    tasks_met_before_the_first_import_travel_with_it,
}

/// The numbers of two people, one of whom is talked with.
const TALKED_WITH: &str = "+14155550151";
const SILENT: &str = "+14155550152";

/// People in GHL of whom no webhook tells, with an open task and a done one each, and a task in `OpenPhone`.
fn unheard(stack: &Stack) {
    stack.deliver(false);
    for (name, phone) in [("Bea", TALKED_WITH), ("Cleo", SILENT)] {
        let contact =
            stack.ghl.create_contact(&json!({ "firstName": name, "lastName": "Example", "phone": phone })).unwrap();
        stack.ghl.create_task(&contact, &typed(&format!("Measure for {name}"))).unwrap();
        let done =
            json!({ "title": format!("Done for {name}"), "dueDate": "2031-03-01T09:00:00.000Z", "completed": true });
        stack.ghl.create_task(&contact, &done).unwrap();
    }
    stack.deliver(true);
    let talk = stack.openphone.create_conversation(&json!({ "participants": [TALKED_WITH] })).unwrap();
    stack.openphone.create_task(&json!({ "title": "Call Bea", "conversationId": talk })).unwrap();
}

/// Everything was read, and left alone: GHL's tasks at once, `OpenPhone`'s once its person had time to become known.
async fn left_alone(stack: &Stack) {
    let reasons = || async {
        let entries = stack.journal().await;
        entries.iter().filter(|entry| entry.reason.contains("nobody has told us of")).count()
    };
    tandem_testkit::eventually("OpenPhone's task to be left alone", LIMIT, async || {
        tokio::time::sleep(Duration::from_millis(50)).await;
        (reasons().await > 0).then_some(())
    })
    .await;
    let is_noted = || (stack.metric(r#"tandem_skips_total{reason="task_of_nobody"}"#) >= 2.0).then_some(());
    eventually("GHL's tasks to be left alone", LIMIT, is_noted).await;
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (4, 1));
}

/// Each open task is on both sides, once.
async fn all_travelled(stack: &Stack) {
    for title in ["Measure for Bea", "Measure for Cleo"] {
        in_openphone(stack, "a task from GHL", title, |_| true).await;
    }
    in_ghl(stack, "a task from OpenPhone", "Call Bea", |_| true).await;
    at_rest(stack).await;
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (5, 3));
}

async fn tasks_of_people_who_become_known_with_a_sweep_travel_then(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    unheard(&stack);
    left_alone(&stack).await;
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    all_travelled(&stack).await;
    let writes_before = writes(&stack);
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    at_rest(&stack).await;
    assert_eq!(writes(&stack), writes_before, "a clean sweep wrote");
}

async fn tasks_met_before_the_first_import_travel_with_it(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    unheard(&stack);
    left_alone(&stack).await;
    stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    all_travelled(&stack).await;
}
