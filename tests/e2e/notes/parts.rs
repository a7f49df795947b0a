//! Notes that are too long for OpenPhone.

use super::*;

in_both_shapes! {
    a_long_note_is_several_in_openphone_and_follows_what_becomes_of_it,
    a_part_edited_in_openphone_comes_back_in_the_whole_text,
    parts_edited_at_once_all_come_back,
    a_part_deleted_in_openphone_is_cut_from_the_text,
    a_long_note_that_is_deleted_takes_all_its_parts_along,
}

/// So many characters, every tenth of them one that UTF-16 has two places for.
fn long(name: &str, characters: usize) -> String {
    let words = (0..).map(|number| format!("{name}{number:04} 😀 "));
    let mut text = words.scan(0, |length, word| {
        *length += word.chars().count();
        (*length < characters).then_some(word)
    });
    let text: String = text.by_ref().collect();
    text.trim().to_owned()
}

fn own(part: &str) -> &str {
    let part = part.strip_prefix("[Tandem: goes on from the note before]\n").unwrap_or(part);
    part.strip_suffix("\n[Tandem: goes on in the next note]").unwrap_or(part)
}

/// What the person's notes say together.
fn together(person: &Person, stack: &Stack) -> String {
    let parts = person.in_openphone(stack);
    parts.iter().map(|part| own(part)).collect::<Vec<_>>().join(" ")
}

/// Waits until the notes together are the text, in so many parts, each of which fits.
async fn whole(stack: &Stack, person: &Person, what: &str, (text, parts): (&str, usize)) {
    let is_whole = || together(person, stack) == text && person.in_openphone(stack).len() == parts;
    eventually(what, LIMIT, || (person.in_ghl(stack) == [text] && is_whole()).then_some(())).await;
    at_rest(stack).await;
    assert_eq!(together(person, stack), text, "something came back");
    assert_eq!((person.in_openphone(stack).len(), person.in_ghl(stack)), (parts, vec![text.to_owned()]));
    let fits = |part: &String| part.encode_utf16().count() <= 2_000;
    assert!(person.in_openphone(stack).iter().all(fits));
}

async fn a_long_note_is_several_in_openphone_and_follows_what_becomes_of_it(shape: Shape) {
    let (stack, person) = start(shape).await;
    let text = long("word", 5_000);
    let note = person.writes_in_ghl(&stack, &text);
    whole(&stack, &person, "all parts", (&text, 3)).await;
    assert_eq!(writes(&stack), (0, 3), "one create for each part");
    let ends = person.in_openphone(&stack).iter().filter(|part| part.ends_with("goes on in the next note]")).count();
    assert_eq!(ends, 2);
    let short = long("short", 1_000);
    stack.ghl.edit_note(&person.ghl, &note, &json!({ "body": short })).unwrap();
    whole(&stack, &person, "the shorter text", (&short, 1)).await;
    assert_eq!(person.in_openphone(&stack), [short]);
    assert_eq!(writes(&stack), (0, 6), "one edit, and two parts less");
    let again = long("again", 4_000);
    stack.ghl.edit_note(&person.ghl, &note, &json!({ "body": again })).unwrap();
    whole(&stack, &person, "the longer text", (&again, 3)).await;
    assert_eq!(writes(&stack), (0, 9), "one edit, and two parts more");
}

async fn a_part_edited_in_openphone_comes_back_in_the_whole_text(shape: Shape) {
    let (stack, person) = start(shape).await;
    let text = long("word", 5_000);
    person.writes_in_ghl(&stack, &text);
    whole(&stack, &person, "all parts", (&text, 3)).await;
    let (ids, parts) = (person.ids(&stack), person.in_openphone(&stack));
    // The last one: the others stay as they are.
    let edited = parts[2].replace("word", "Wort");
    stack.openphone.edit_note(&person.openphone, &ids[2], Some(&edited)).unwrap();
    let expected = text.replace(own(&parts[2]), own(&edited));
    whole(&stack, &person, "the edit of the last part", (&expected, 3)).await;
    assert_eq!(writes(&stack), (1, 3));
    // The first one loses half of its words, and gets others from the next one.
    let edited = own(&parts[0])[..1_000].trim();
    stack.openphone.edit_note(&person.openphone, &ids[0], Some(edited)).unwrap();
    let expected = expected.replace(own(&parts[0]), edited);
    whole(&stack, &person, "the edit of the first part", (&expected, 3)).await;
    assert_eq!(writes(&stack).0, 2, "the text was written once more");
}

async fn parts_edited_at_once_all_come_back(shape: Shape) {
    let (stack, person) = start(shape).await;
    let text = long("word", 5_000);
    person.writes_in_ghl(&stack, &text);
    whole(&stack, &person, "all parts", (&text, 3)).await;
    let mut expected = text.clone();
    // Each makes its part shorter, so that the text of the parts behind it moves.
    for ((id, part), word) in person.ids(&stack).iter().zip(person.in_openphone(&stack)).zip(["x", "wo", "WOR"]) {
        let edited = part.replace("word", word);
        expected = expected.replace(own(&part), own(&edited));
        stack.openphone.edit_note(&person.openphone, id, Some(&edited)).unwrap();
    }
    whole(&stack, &person, "all three edits", (&expected, 3)).await;
    assert_eq!(writes(&stack).0, 3, "the text was written once for each");
    assert_eq!(stack.count(Stream::Conflicts).await, 0);
}

async fn a_part_deleted_in_openphone_is_cut_from_the_text(shape: Shape) {
    let (stack, person) = start(shape).await;
    let text = long("word", 5_000);
    person.writes_in_ghl(&stack, &text);
    whole(&stack, &person, "all parts", (&text, 3)).await;
    let parts = person.in_openphone(&stack);
    stack.openphone.edit_note(&person.openphone, &person.ids(&stack)[0], None).unwrap();
    let rest = format!("{} {}", own(&parts[1]), own(&parts[2]));
    eventually("the text without it", LIMIT, || (person.in_ghl(&stack) == [rest.as_str()]).then_some(())).await;
    at_rest(&stack).await;
    let mut notes = person.in_openphone(&stack);
    notes.sort_by_key(|part| part.starts_with("[Tandem"));
    let there = notes.iter().map(|part| own(part)).collect::<Vec<_>>().join(" ");
    assert_eq!((there, notes.len()), (rest, 2));
}

async fn a_long_note_that_is_deleted_takes_all_its_parts_along(shape: Shape) {
    let (stack, person) = start(shape).await;
    let text = long("word", 5_000);
    let note = person.writes_in_ghl(&stack, &text);
    whole(&stack, &person, "all parts", (&text, 3)).await;
    stack.ghl.delete_note(&person.ghl, &note).unwrap();
    person.arrive_in_openphone(&stack, "that all are gone", &[]).await;
    at_rest(&stack).await;
    assert_eq!(writes(&stack), (0, 6));
}
