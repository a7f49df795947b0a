//! What goes wrong, and what is nobody's.

use tandem_ingest::ScanKind;

use super::*;

in_both_shapes! {
    a_create_of_unknown_outcome_in_openphone_leaves_one_note,
    a_create_of_unknown_outcome_in_ghl_leaves_one_note,
    an_edit_of_unknown_outcome_in_ghl_arrives_and_nothing_comes_back,
    a_contact_that_cannot_be_read_holds_nobody_up,
    a_note_on_somebody_who_is_not_kept_in_step_waits_until_they_are,
    a_note_on_somebody_whom_nobody_has_told_us_of_makes_them_known,
    a_note_on_somebody_whose_create_nobody_answered_travels,
    the_notes_of_a_deleted_person_stay_as_they_are,
    without_the_mapping_nobody_asks_for_notes,
    notes_that_travel_one_way_stay_where_they_come_from,
}

const FAULTS: [Fault; 4] =
    [Fault::ErrorAfter, Fault::TimeoutAfter, Fault::LateApply { after_ms: 1_300 }, Fault::ErrorBefore];

async fn a_create_of_unknown_outcome_in_openphone_leaves_one_note(shape: Shape) {
    for fault in FAULTS {
        let (stack, person) = start(shape).await;
        let route = format!("/contacts/{}/notes", person.openphone);
        stack.openphone.script(Scripted::next(On::call("POST", &route), fault.clone()));
        let (ghl, _) = person.linked(&stack, "Called back").await;
        assert_eq!(stack.openphone.report().faults.values().sum::<u64>(), 1, "the fault never struck");
        assert_eq!((person.in_ghl(&stack).len(), person.in_openphone(&stack).len()), (1, 1), "{fault:?}");
        stack.ghl.edit_note(&person.ghl, &ghl, &json!({ "body": "Later" })).unwrap();
        person.arrive_in_openphone(&stack, "an edit after that", &["Later"]).await;
    }
}

async fn a_create_of_unknown_outcome_in_ghl_leaves_one_note(shape: Shape) {
    for fault in FAULTS {
        let (stack, person) = start(shape).await;
        let route = format!("/contacts/{}/notes", person.ghl);
        stack.ghl.script(Scripted::next(On::call("POST", &route), fault.clone()));
        let note = stack.openphone.create_note(&person.openphone, "Prefers mornings").unwrap();
        person.arrive_in_ghl(&stack, "the note", &["Prefers mornings"]).await;
        at_rest(&stack).await;
        assert_eq!(stack.ghl.report().faults.values().sum::<u64>(), 1, "the fault never struck");
        assert_eq!((person.in_ghl(&stack).len(), person.in_openphone(&stack).len()), (1, 1), "{fault:?}");
        stack.openphone.edit_note(&person.openphone, &note, Some("Later")).unwrap();
        person.arrive_in_ghl(&stack, "an edit after that", &["Later"]).await;
    }
}

async fn a_note_on_somebody_whose_create_nobody_answered_travels(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    stack.openphone.script(Scripted::next(On::call("POST", "/v1/contacts"), Fault::ResetAfter));
    let contact = json!({ "firstName": "Ana", "lastName": "Díaz", "phone": PHONE });
    let ghl = stack.ghl.create_contact(&contact).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    stack.quiet(LIMIT).await;
    assert_eq!(stack.openphone.report().faults.values().sum::<u64>(), 1, "the fault never struck");
    let person = Person { ghl, openphone: there["id"].as_str().unwrap().to_owned() };
    // Nobody has talked with them, and no webhook tells of a note.
    stack.openphone.create_note(&person.openphone, "Prefers mornings").unwrap();
    person.arrive_in_ghl(&stack, "the note", &["Prefers mornings"]).await;
}

async fn an_edit_of_unknown_outcome_in_ghl_arrives_and_nothing_comes_back(shape: Shape) {
    for fault in FAULTS {
        let (stack, person) = start(shape).await;
        let (ghl, openphone) = person.linked(&stack, "First").await;
        let route = format!("/contacts/{}/notes/{ghl}", person.ghl);
        stack.ghl.script(Scripted::next(On::call("PUT", &route), fault.clone()));
        stack.openphone.edit_note(&person.openphone, &openphone, Some("Second")).unwrap();
        person.arrive_in_ghl(&stack, "the edit", &["Second"]).await;
        at_rest(&stack).await;
        assert_eq!(stack.ghl.report().faults.values().sum::<u64>(), 1, "the fault never struck");
        assert_eq!(
            (person.in_ghl(&stack), person.in_openphone(&stack)),
            (vec!["Second".into()], vec!["Second".into()])
        );
        assert_eq!(writes(&stack).1, 1, "{fault:?}: something came back");
        stack.openphone.edit_note(&person.openphone, &openphone, Some("Third")).unwrap();
        person.arrive_in_ghl(&stack, "an edit after that", &["Third"]).await;
    }
}

async fn a_contact_that_cannot_be_read_holds_nobody_up(shape: Shape) {
    let (stack, first) = start(shape).await;
    let second = person(&stack, "+14155550141").await;
    // Whichever of the two comes first.
    let (unreadable, other) = if first.openphone < second.openphone { (&first, &second) } else { (&second, &first) };
    let route = format!("/contacts/{}/notes", unreadable.openphone);
    let refused = Scripted { times: 1_000, ..Scripted::next(On::call("GET", &route), Fault::ErrorBefore) };
    stack.openphone.script(refused);
    stack.openphone.create_note(&other.openphone, "Prefers mornings").unwrap();
    other.arrive_in_ghl(&stack, "the note", &["Prefers mornings"]).await;
    let failed = || stack.openphone.report().faults.values().sum::<u64>() > 2;
    eventually("that the one was tried again", LIMIT, || failed().then_some(())).await;
    assert!(unreadable.in_ghl(&stack).is_empty());
}

async fn a_note_on_somebody_who_is_not_kept_in_step_waits_until_they_are(shape: Shape) {
    let mapping = format!("creates: {{ openphone: false }}\n{MAPPING}");
    let stack = Stack::start_with(StackOptions { mapping: Some(mapping), ..options(shape) }).await.unwrap();
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Ana", "phone": PHONE })).unwrap();
    stack.quiet(LIMIT).await;
    stack.ghl.create_note(&ghl, &json!({ "body": "Here only" })).unwrap();
    at_rest(&stack).await;
    let skipped: Vec<_> = stack.journal().await.into_iter().filter(|entry| entry.outcome == "skipped").collect();
    assert!(skipped.iter().any(|entry| entry.reason.contains("no counterpart on the other side")), "{skipped:?}");
    assert_eq!(writes(&stack), (0, 0));
    // Somebody types the same person into OpenPhone.
    let phones = json!([{ "name": "Mobile", "value": PHONE }]);
    let openphone = json!({ "firstName": "Ana", "phoneNumbers": phones });
    let openphone = stack.openphone.create_contact(&openphone).unwrap();
    at_rest(&stack).await;
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    Person { ghl, openphone }.arrive_in_openphone(&stack, "the note", &["Here only"]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (0, 1));
}

async fn a_note_on_somebody_whom_nobody_has_told_us_of_makes_them_known(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    stack.deliver(false);
    let ghl = stack.ghl.create_contact(&json!({ "firstName": "Ana", "phone": PHONE })).unwrap();
    stack.deliver(true);
    stack.ghl.create_note(&ghl, &json!({ "body": "Rings twice" })).unwrap();
    let there = eventually("the contact", LIMIT, || stack.across(&ghl)).await;
    let person = Person { ghl, openphone: there["id"].as_str().unwrap().to_owned() };
    person.arrive_in_openphone(&stack, "the note", &["Rings twice"]).await;
    at_rest(&stack).await;
    assert_eq!((writes(&stack), stack.openphone.contacts().len()), ((0, 1), 1));
}

async fn the_notes_of_a_deleted_person_stay_as_they_are(shape: Shape) {
    let (stack, person) = start(shape).await;
    let (_, openphone) = person.linked(&stack, "Stays").await;
    stack.ghl.delete_contact(&person.ghl).unwrap();
    at_rest(&stack).await;
    stack.openphone.edit_note(&person.openphone, &openphone, Some("Stays here")).unwrap();
    at_rest(&stack).await;
    assert_eq!(person.in_openphone(&stack), ["Stays here"]);
    assert_eq!(writes(&stack), (0, 1));
}

async fn without_the_mapping_nobody_asks_for_notes(shape: Shape) {
    let stack = Stack::start_with(StackOptions { mapping: None, ..options(shape) }).await.unwrap();
    let person = person(&stack, PHONE).await;
    person.writes_in_ghl(&stack, "Here");
    stack.openphone.create_note(&person.openphone, "There").unwrap();
    // As long as several readings would take.
    stack.openphone.edit_contact(&person.openphone, &json!({ "defaultFields": { "lastName": "Later" } })).unwrap();
    let arrived = || stack.ghl.contact(&person.ghl).filter(|contact| contact["lastName"] == "Later");
    eventually("the contact's edit", LIMIT, arrived).await;
    stack.quiet(LIMIT).await;
    assert_eq!((person.in_ghl(&stack), person.in_openphone(&stack)), (vec!["Here".into()], vec!["There".into()]));
    assert!(about_notes(stack.ghl.requests()).is_empty() && about_notes(stack.openphone.requests()).is_empty());
    assert_eq!(readings(&stack), 0);
}

async fn notes_that_travel_one_way_stay_where_they_come_from(shape: Shape) {
    let mapping = Some("notes: { direction: to_ghl }".to_owned());
    let stack = Stack::start_with(StackOptions { mapping, ..options(shape) }).await.unwrap();
    let person = person(&stack, PHONE).await;
    let here = person.writes_in_ghl(&stack, "Here only");
    stack.openphone.create_note(&person.openphone, "For both").unwrap();
    let arrived = || person.in_ghl(&stack).contains(&"For both".to_owned()).then_some(());
    eventually("the note from OpenPhone", LIMIT, arrived).await;
    stack.ghl.delete_note(&person.ghl, &here).unwrap();
    at_rest(&stack).await;
    assert_eq!(
        (person.in_ghl(&stack), person.in_openphone(&stack)),
        (vec!["For both".into()], vec!["For both".into()])
    );
    assert_eq!(writes(&stack), (1, 0));
}
