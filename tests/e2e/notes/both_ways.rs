//! What ordinary days bring.

use super::*;

in_both_shapes! {
    a_note_typed_in_ghl_appears_on_the_openphone_contact_once,
    a_note_typed_in_openphone_appears_in_ghl_once,
    each_edit_is_one_write_and_nothing_comes_back,
    a_note_deleted_on_either_side_is_deleted_on_the_other,
    mentions_notify_nobody_and_come_back_as_they_were,
    notes_of_one_text_are_made_once_each,
    whoever_was_edited_in_openphone_is_looked_at_without_a_conversation,
    a_reading_without_news_costs_one_request_per_active_contact,
}

async fn a_note_typed_in_ghl_appears_on_the_openphone_contact_once(shape: Shape) {
    let (stack, person) = start(shape).await;
    person.writes_in_ghl(&stack, "Called back.\nWants an offer.");
    person.arrive_in_openphone(&stack, "the note", &["Called back.\nWants an offer."]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (0, 1));
    assert_eq!((person.in_ghl(&stack).len(), person.in_openphone(&stack).len()), (1, 1));
    let own = format!("/contacts/{}/notes/", person.openphone);
    let reads = about_notes(stack.openphone.requests()).iter().filter(|seen| seen.path.starts_with(&own)).count();
    assert!(
        reads <= 1,
        "what Tandem wrote itself was read {reads} times, which only a reading just then can bring about"
    );
}

async fn a_note_typed_in_openphone_appears_in_ghl_once(shape: Shape) {
    let (stack, person) = start(shape).await;
    stack.openphone.create_note(&person.openphone, "Prefers mornings").unwrap();
    person.arrive_in_ghl(&stack, "the note", &["Prefers mornings"]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (1, 0));
    assert_eq!((person.in_ghl(&stack).len(), person.in_openphone(&stack).len()), (1, 1));
}

async fn each_edit_is_one_write_and_nothing_comes_back(shape: Shape) {
    let (stack, person) = start(shape).await;
    let (ghl, openphone) = person.linked(&stack, "First").await;
    assert_eq!(writes(&stack), (0, 1));
    stack.ghl.edit_note(&person.ghl, &ghl, &json!({ "body": "Second" })).unwrap();
    person.arrive_in_openphone(&stack, "the edit in GHL", &["Second"]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (0, 2));
    stack.openphone.edit_note(&person.openphone, &openphone, Some("Third")).unwrap();
    person.arrive_in_ghl(&stack, "the edit in OpenPhone", &["Third"]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (1, 2));
    assert_eq!(person.in_openphone(&stack), ["Third"]);
}

async fn a_note_deleted_on_either_side_is_deleted_on_the_other(shape: Shape) {
    let (stack, person) = start(shape).await;
    let (in_ghl, _) = person.linked(&stack, "One").await;
    let (_, in_openphone) = person.linked(&stack, "Two").await;
    stack.ghl.delete_note(&person.ghl, &in_ghl).unwrap();
    person.arrive_in_openphone(&stack, "the delete in GHL", &["Two"]).await;
    at_rest(&stack).await;
    stack.openphone.edit_note(&person.openphone, &in_openphone, None).unwrap();
    person.arrive_in_ghl(&stack, "the delete in OpenPhone", &[]).await;
    at_rest(&stack).await;
    assert_eq!((person.in_ghl(&stack).len(), person.in_openphone(&stack).len()), (0, 0), "one came back");
    assert_eq!(writes(&stack), (1, 3), "two creates and a delete in OpenPhone, one delete in GHL");
}

async fn mentions_notify_nobody_and_come_back_as_they_were(shape: Shape) {
    let (stack, person) = start(shape).await;
    person.writes_in_ghl(&stack, "Ask @USabc123 and @GRsales");
    person.arrive_in_openphone(&stack, "the note", &["Ask @\u{2060}USabc123 and @\u{2060}GRsales"]).await;
    at_rest(&stack).await;
    let note = person.ids(&stack).remove(0);
    let edited = "Ask @\u{2060}USabc123 today";
    stack.openphone.edit_note(&person.openphone, &note, Some(edited)).unwrap();
    person.arrive_in_ghl(&stack, "the edit", &["Ask @USabc123 today"]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (1, 1));
}

async fn notes_of_one_text_are_made_once_each(shape: Shape) {
    let (stack, person) = start(shape).await;
    for _ in 0..3 {
        person.writes_in_ghl(&stack, "Called");
    }
    person.arrive_in_openphone(&stack, "all of them", &["Called", "Called", "Called"]).await;
    at_rest(&stack).await;
    assert_eq!((person.in_ghl(&stack).len(), person.in_openphone(&stack).len()), (3, 3));
    assert_eq!(writes(&stack), (0, 3));
}

async fn whoever_was_edited_in_openphone_is_looked_at_without_a_conversation(shape: Shape) {
    let stack = Stack::start_with(options(shape)).await.unwrap();
    let contact = json!({ "firstName": "Ana", "email": "ana@example.com" });
    let ghl = stack.ghl.create_contact(&contact).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    let person = Person { ghl, openphone: there["id"].as_str().unwrap().to_owned() };
    stack.quiet(LIMIT).await;
    stack.openphone.create_note(&person.openphone, "Prefers mornings").unwrap();
    stack.openphone.edit_contact(&person.openphone, &json!({ "defaultFields": { "lastName": "Later" } })).unwrap();
    person.arrive_in_ghl(&stack, "the note", &["Prefers mornings"]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (1, 0));
}

async fn a_reading_without_news_costs_one_request_per_active_contact(shape: Shape) {
    let (stack, first) = start(shape).await;
    let second = person(&stack, "+14155550141").await;
    for person in [&first, &second] {
        person.linked(&stack, "Something").await;
    }
    let seen = |stack: &Stack| {
        let is_read = |request: &&RequestSeen| request.path.starts_with("/contacts/") && request.method == "GET";
        let notes = about_notes(stack.openphone.requests());
        (notes.iter().filter(is_read).count(), stack.openphone.requests().len(), readings(stack))
    };
    let (before, ghl_before, writes_before) = (seen(&stack), stack.ghl.requests().len(), writes(&stack));
    eventually("four more readings", LIMIT, || (readings(&stack) >= before.2 + 4).then_some(())).await;
    // A reading may be under way at either end of the count.
    let now = seen(&stack);
    let (reads, all, rounds) = (now.0 - before.0, now.1 - before.1, now.2 - before.2);
    assert!(reads.abs_diff(rounds * 2) <= 2, "{reads} reads of two contacts' notes in {rounds} readings");
    assert_eq!(all, reads + rounds, "requests that are neither notes nor conversations");
    assert_eq!((stack.ghl.requests().len(), writes(&stack)), (ghl_before, writes_before));
}
