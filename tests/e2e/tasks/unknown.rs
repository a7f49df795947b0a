//! Tasks about people whom nobody has told us of yet.

use tandem_ingest::ScanKind;

use super::*;

in_both_shapes! {
    tasks_of_people_who_become_known_with_a_sweep_travel_then,
    tasks_met_before_the_first_import_travel_with_it,
    a_task_finds_a_person_whom_a_crash_left_out_of_the_index,
}

/// The numbers of two people, one of whom is talked with.
const TALKED_WITH: &str = "+14155550151";
const SILENT: &str = "+14155550152";

/// People in GHL of whom no webhook tells, with an open task and a done one each.
fn unheard(stack: &Stack) {
    stack.deliver(false);
    for (name, phone) in [("Bea", TALKED_WITH), ("Cleo", SILENT)] {
        let contact = json!({ "firstName": name, "lastName": "Example", "phone": phone });
        let contact = stack.ghl.create_contact(&contact).unwrap();
        stack.ghl.create_task(&contact, &typed(&format!("Measure for {name}"))).unwrap();
        let done =
            json!({ "title": format!("Done for {name}"), "dueDate": "2031-03-01T09:00:00.000Z", "completed": true });
        stack.ghl.create_task(&contact, &done).unwrap();
    }
    stack.deliver(true);
}

/// GHL's were read and left alone at once.
async fn left_alone(stack: &Stack) {
    let is_noted = || (stack.metric(r#"tandem_skips_total{reason="task_of_nobody"}"#) >= 2.0).then_some(());
    eventually("GHL's tasks to be left alone", LIMIT, is_noted).await;
    assert_eq!((stack.ghl.tasks().len(), open_in_openphone(stack, "Measure for Bea").len()), (4, 0));
}

/// `OpenPhone`'s once its person had time to become known.
async fn left_alone_too(stack: &Stack) {
    let is_noted = async || {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let entries = stack.journal().await;
        entries.iter().any(|entry| entry.reason.contains("nobody has told us of")).then_some(())
    };
    tandem_testkit::eventually("OpenPhone's task to be left alone", LIMIT, is_noted).await;
}

/// Each open task is on both sides, once.
async fn travelled(stack: &Stack) {
    for title in ["Measure for Bea", "Measure for Cleo"] {
        in_openphone(stack, "a task from GHL", title, |_| true).await;
    }
    at_rest(stack).await;
}

async fn tasks_of_people_who_become_known_with_a_sweep_travel_then(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    unheard(&stack);
    let talk = stack.openphone.create_conversation(&json!({ "participants": [TALKED_WITH] })).unwrap();
    stack.openphone.create_task(&json!({ "title": "Call Bea", "conversationId": talk })).unwrap();
    left_alone(&stack).await;
    left_alone_too(&stack).await;
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    in_ghl(&stack, "a task from OpenPhone", "Call Bea", |_| true).await;
    travelled(&stack).await;
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (5, 3));
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
    travelled(&stack).await;
    assert_eq!((stack.ghl.tasks().len(), stack.openphone.tasks().len()), (4, 2));
}

async fn a_task_finds_a_person_whom_a_crash_left_out_of_the_index(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    let contact = json!({ "firstName": "Bea", "lastName": "Example", "phone": TALKED_WITH });
    let bea = stack.ghl.create_contact(&contact).unwrap();
    stack.arrives(&bea, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    // What is left by whoever is stopped between a record and its index.
    let key = format!("link/acme/ghl/{bea}");
    let held = stack.store().get(&key).await.unwrap().unwrap();
    stack.store().delete(&key, held.revision).await.unwrap();
    stack.ghl.edit_contact(&bea, &json!({ "firstName": "Beate" })).unwrap();
    stack.arrives(&bea, "an edit", |contact| contact["defaultFields"]["firstName"] == "Beate").await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.store().get(&key).await.unwrap().unwrap().value, held.value);
    stack.ghl.create_task(&bea, &typed("Measure for Bea")).unwrap();
    in_openphone(&stack, "a task from GHL", "Measure for Bea", |_| true).await;
    assert_eq!(stack.openphone.contacts().len(), 1);
}
