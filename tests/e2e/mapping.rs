//! A mapping of one's own, from end to end: custom fields by their names, words and dates in other forms, values that are made,
//! segments, a filter, and the commands that try a mapping out.

use std::time::Duration;

use serde_json::{Value, json};
use tandem_ingest::ScanKind;
use tandem_proto::Stream;
use tandem_tests::{Program, Shape, Stack, StackOptions, eventually, quick_ghl, quick_openphone};
use tandem_twins::{CustomField, FieldType, GhlCustomField, UnknownOption};

use crate::review::{refused, said};
use crate::rules::receiver::Receiver;

const LIMIT: Duration = Duration::from_secs(45);
/// A mapping that was set holds after this.
const HOLDS_WITHIN: Duration = Duration::from_secs(5);
const PHONE: &str = "+14155550171";
const MAPPING: &str = r#"
custom_fields:
  - { field: plan, ghl: { custom_field: Plan, words: { gold: Gold plan, none: No plan } }, openphone: Plan }
  - { field: born, ghl: contact.born, openphone: { custom_field: Birthday }, direction: to_openphone }
  - { field: visits, ghl: Visits, openphone: Visits }
  - { field: who, value: "contact.first_name + ': ' + contact.tags.join(', ')", openphone: Who, when: contact.first_name != '' }
filter: "!('spam' in contact.tags)"
segments:
  list:
    - { name: VIP, when: "'vip' in contact.tags" }
    - { name: Gold, when: contact.plan == 'gold' }
"#;

in_both_shapes! {
    fields_of_ones_own_travel_both_ways_in_each_sides_form,
    values_that_are_made_and_segments_follow_what_they_are_made_from,
    whoever_the_filter_leaves_out_is_read_and_left_alone,
    a_first_import_knows_custom_fields_by_their_names,
    a_custom_field_that_nobody_has_made_is_reported_once,
    a_sweep_brings_a_changed_mapping_to_everybody,
    a_mapping_that_is_set_holds_within_five_seconds_and_loses_nothing,
    a_mapping_that_can_not_be_used_changes_nothing,
    an_edited_file_is_a_new_version_at_the_next_start,
    segments_are_counted_and_whoever_is_in_one_is_listed,
}

fn options(shape: Shape) -> StackOptions {
    let (mut ghl, mut openphone) = (quick_ghl(), quick_openphone());
    let field = |id: &str, key: &str, name: &str, kind: &str| GhlCustomField {
        data_type: kind.to_owned(),
        ..GhlCustomField::text(id, key, name)
    };
    ghl.locations[0].custom_fields = vec![
        field("FieldPlan00000000001", "plan", "Plan", "TEXT"),
        field("FieldBorn00000000001", "born", "Date of birth", "DATE"),
        field("FieldVisits000000001", "visits", "Visits", "NUMERICAL"),
    ];
    let segments = FieldType::MultiSelect { options: Vec::new(), unknown: UnknownOption::Add };
    openphone.workspaces[0].custom_fields.extend([
        CustomField::new("plan", "Plan", FieldType::Text),
        CustomField::new("born", "Birthday", FieldType::Date),
        CustomField::new("visits", "Visits", FieldType::Number),
        CustomField::new("who", "Who", FieldType::Text),
        CustomField::new("kinds", "Segments", segments),
    ]);
    let mapping = Some(MAPPING.to_owned());
    StackOptions { ghl: Some(ghl), openphone: Some(openphone), mapping, ..StackOptions::of(shape) }
}

async fn start(shape: Shape) -> Stack {
    Stack::start_with(options(shape)).await.unwrap()
}

/// The value of a custom field in OpenPhone.
fn custom(contact: &Value, key: &str) -> Value {
    let fields = contact["customFields"].as_array().map(Vec::as_slice).unwrap_or_default();
    fields.iter().find(|field| field["key"] == key).map_or(Value::Null, |field| field["value"].clone())
}

fn in_ghl(stack: &Stack, id: &str, field: &str) -> Value {
    let contact = stack.ghl.contact(id).unwrap();
    let fields = contact["customFields"].as_array().cloned().unwrap_or_default();
    fields.iter().find(|one| one["id"] == field).map_or(Value::Null, |one| one["value"].clone())
}

fn ana() -> Value {
    json!({
        "firstName": "Ana", "phone": PHONE, "tags": ["vip"],
        "customFields": [
            { "id": "FieldPlan00000000001", "field_value": "Gold plan" },
            { "id": "FieldBorn00000000001", "field_value": "1990-05-17" },
            { "id": "FieldVisits000000001", "field_value": 3 },
        ],
    })
}

async fn at_rest(stack: &Stack) {
    stack.quiet(LIMIT).await;
    assert_eq!((stack.count(Stream::Dead).await, stack.count(Stream::Parked).await), (0, 0));
}

async fn fields_of_ones_own_travel_both_ways_in_each_sides_form(shape: Shape) {
    let stack = start(shape).await;
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    let held = ["plan", "born", "visits"].map(|key| custom(&there, key));
    assert_eq!(held, [json!("gold"), json!("1990-05-17T00:00:00.000Z"), json!(3)], "{there}");
    at_rest(&stack).await;
    let before = (stack.ghl.report().writes.updated_by_api, stack.openphone.report().writes.updated_by_api);
    // Somebody changes them on the phone.
    let openphone = there["id"].as_str().unwrap();
    let edit = json!({ "customFields": [{ "key": "plan", "value": "none" }, { "key": "visits", "value": 4 }] });
    stack.openphone.edit_contact(openphone, &edit).unwrap();
    let is_back = || (in_ghl(&stack, &ghl, "FieldPlan00000000001") == "No plan").then_some(());
    eventually("the plan in GHL", LIMIT, is_back).await;
    at_rest(&stack).await;
    assert_eq!(in_ghl(&stack, &ghl, "FieldVisits000000001"), json!(4));
    assert_eq!(in_ghl(&stack, &ghl, "FieldBorn00000000001"), json!("1990-05-17"), "what is not mapped that way stays");
    let after = (stack.ghl.report().writes.updated_by_api, stack.openphone.report().writes.updated_by_api);
    // Gold is no segment of theirs any more: that is a write of its own to OpenPhone.
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1), "nothing comes back");
    let there = stack.across(&ghl).unwrap();
    assert_eq!((custom(&there, "plan"), custom(&there, "kinds")), (json!("none"), json!(["VIP"])));
}

async fn values_that_are_made_and_segments_follow_what_they_are_made_from(shape: Shape) {
    let stack = start(shape).await;
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    let there = stack.arrives(&ghl, "the contact", |_| true).await;
    assert_eq!(
        (custom(&there, "who"), custom(&there, "kinds")),
        (json!("Ana: vip"), json!(["Gold", "VIP"])),
        "{there}"
    );
    stack.ghl.add_tags(&ghl, &["yearly"]).unwrap();
    stack.arrives(&ghl, "the tag in the text", |contact| custom(contact, "who") == "Ana: vip, yearly").await;
    stack.ghl.edit_contact(&ghl, &json!({ "firstName": "Anna" })).unwrap();
    stack.arrives(&ghl, "the name in the text", |contact| custom(contact, "who") == "Anna: vip, yearly").await;
    // People's own values among the segments stay.
    let openphone = there["id"].as_str().unwrap();
    let kinds = json!({ "customFields": [{ "key": "kinds", "value": ["Gold", "VIP", "Friend"] }] });
    stack.openphone.edit_contact(openphone, &kinds).unwrap();
    at_rest(&stack).await;
    let no_plan = json!({ "customFields": [{ "id": "FieldPlan00000000001", "field_value": "No plan" }] });
    stack.ghl.edit_contact(&ghl, &no_plan).unwrap();
    stack.arrives(&ghl, "one segment less", |contact| custom(contact, "kinds") == json!(["Friend", "VIP"])).await;
    at_rest(&stack).await;
}

async fn whoever_the_filter_leaves_out_is_read_and_left_alone(shape: Shape) {
    let stack = start(shape).await;
    let spam = json!({ "firstName": "Win", "phone": "+14155550172", "tags": ["Spam"] });
    let spam = stack.ghl.create_contact(&spam).unwrap();
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.arrives(&ghl, "the other", |_| true).await;
    at_rest(&stack).await;
    assert_eq!(stack.openphone.contacts().len(), 1);
    let shown = said(&stack, &["records", "show", "acme", &spam])["record"].clone();
    assert!(shown["stands"][0].as_str().unwrap().contains("`filter` leaves it out"), "{shown}");
    // Who was in and is left out now stays as they are; who comes in is made.
    stack.ghl.add_tags(&ghl, &["spam"]).unwrap();
    stack.ghl.edit_contact(&ghl, &json!({ "firstName": "Changed" })).unwrap();
    stack.ghl.remove_tags(&spam, &["spam"]).unwrap();
    stack.arrives(&spam, "who is no spam any more", |_| true).await;
    at_rest(&stack).await;
    assert_eq!(stack.across(&ghl).unwrap()["defaultFields"]["firstName"], "Ana");
    stack.ghl.delete_contact(&ghl).unwrap();
    at_rest(&stack).await;
    assert_eq!(stack.openphone.contacts().len(), 2);
}

async fn a_first_import_knows_custom_fields_by_their_names(shape: Shape) {
    let stack = start(shape).await;
    stack.deliver(false);
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.deliver(true);
    stack.scan(ScanKind::Backfill, LIMIT).await.unwrap();
    let there = stack.across(&ghl).unwrap();
    let held = ["plan", "born", "who", "kinds"].map(|key| custom(&there, key));
    assert_eq!(held, [json!("gold"), json!("1990-05-17T00:00:00.000Z"), json!("Ana: vip"), json!(["Gold", "VIP"])]);
    assert_eq!(stack.openphone.report().writes.updated_by_api, 0, "made at once with everything");
    let writes = (stack.ghl.report().writes, stack.openphone.report().writes);
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!((stack.ghl.report().writes, stack.openphone.report().writes), writes, "a clean sweep wrote");
}

async fn a_custom_field_that_nobody_has_made_is_reported_once(shape: Shape) {
    let mut options = options(shape);
    if let Some(openphone) = &mut options.openphone {
        openphone.workspaces[0].custom_fields.retain(|field| field.key != "plan");
    }
    let stack = Stack::start_with(options).await.unwrap();
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.arrives(&ghl, "the rest", |contact| custom(contact, "who") == "Ana: vip").await;
    stack.ghl.edit_contact(&ghl, &json!({ "lastName": "Later" })).unwrap();
    stack.arrives(&ghl, "an edit", |contact| contact["defaultFields"]["lastName"] == "Later").await;
    at_rest(&stack).await;
    let refused: Vec<_> = stack.journal().await.into_iter().filter(|line| line.outcome == "refused").collect();
    let [line] = refused.as_slice() else { panic!("{refused:?}") };
    assert!(line.reason.contains("there is no custom field `Plan`"), "{}", line.reason);
}

async fn a_sweep_brings_a_changed_mapping_to_everybody(shape: Shape) {
    let mut stack = start(shape).await;
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.arrives(&ghl, "the contact", |_| true).await;
    at_rest(&stack).await;
    stack.stop_pipeline().await.unwrap();
    let changed = MAPPING.replace("name: VIP", "name: Very important");
    std::fs::write(stack.folder.path().join("mapping.yaml"), changed).unwrap();
    stack.start_pipeline().await.unwrap();
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!(custom(&stack.across(&ghl).unwrap(), "kinds"), json!(["Gold", "Very important"]));
}

/// The steps of docs/mapping.md, as somebody takes them who has never seen the project: the page's own text is used.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_about_mappings_leads_to_a_field_and_a_segment_on_the_phone() {
    let page =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mapping.md")).unwrap();
    let block = |start: &str| {
        let from = page.find(start).unwrap();
        let text = page.get(from..).unwrap();
        let text = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let indent = text.len() - text.trim_start_matches(' ').len();
        text.lines().map(|line| line.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
    };
    let first = block("2. Write `mapping.yaml`");
    let (code, words) = tried(&first);
    assert_eq!((code, words.contains("ok    the plan is on the phone")), (Some(0), true), "{words}");
    let (segment, rules) = (block("And a segment"), block("Then, in the mapping:"));
    let (channel, mut options, folder) = (Receiver::start().await, options(Shape::Embedded), tandem_testkit::tempdir());
    // In place of Slack, and of an environment variable.
    options.config = channel.configured(folder.path(), &block("In `tandem.yaml`, once:"));
    options.mapping = None;
    let stack = Stack::start_with(options).await.unwrap();
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.arrives(&ghl, "the contact", |_| true).await;
    at_rest(&stack).await;
    assert_eq!(custom(&stack.across(&ghl).unwrap(), "plan"), Value::Null);
    let file = write_mapping(&stack, &format!("{first}\n{segment}\n{rules}"));
    let drafted = said(&stack, &["preview", "acme", "--contact", &ghl, "--mapping", &file])["previewed"].clone();
    let message = "a message to sales: New VIP: Ana (+14155550171)";
    assert_eq!(drafted["rules"][0]["does"], json!([message]), "{drafted}");
    assert!(said_of(&stack, &ghl).is_empty(), "a draft holds");
    said(&stack, &["mapping", "set", "acme", &file]);
    let is_previewed = || (said_of(&stack, &ghl) == ["plan", "segments"]).then_some(());
    eventually("what the preview would write", HOLDS_WITHIN, is_previewed).await;
    assert_eq!(custom(&stack.across(&ghl).unwrap(), "plan"), Value::Null, "a preview wrote");
    assert!(channel.texts().is_empty(), "a preview sent {:?}", channel.texts());
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    let there = stack.across(&ghl).unwrap();
    assert_eq!((custom(&there, "plan"), custom(&there, "kinds")), (json!("Gold plan"), json!(["VIP"])));
    // Whoever is a VIP already starts nothing; the next one does.
    let next = json!({ "firstName": "Bea", "lastName": "Example", "phone": "+14155550172", "tags": ["vip"] });
    stack.ghl.create_contact(&next).unwrap();
    channel.told(&["New VIP: Bea (+14155550172)"]).await;
}

/// The fields that a preview would write.
fn said_of(stack: &Stack, contact: &str) -> Vec<String> {
    let shown = said(stack, &["preview", "acme", "--contact", contact])["previewed"].clone();
    let fields = shown["written"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap().to_owned());
    fields.map(|field| field.trim_end_matches("[]").to_owned()).collect()
}

fn write_mapping(stack: &Stack, text: &str) -> String {
    let path = stack.folder.path().join("new.yaml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The number of the version that holds, and all that there are.
fn versions(stack: &Stack) -> (u64, usize) {
    let history = said(stack, &["mapping", "history", "acme"])["mapping"]["history"].clone();
    (history["holds"].as_u64().unwrap(), history["versions"].as_array().unwrap().len())
}

async fn a_mapping_that_is_set_holds_within_five_seconds_and_loses_nothing(shape: Shape) {
    let stack = start(shape).await;
    let mut people = Vec::new();
    let mut make = |stack: &Stack, number: usize| {
        let person = json!({ "firstName": format!("Ana{number}"), "phone": format!("+1415555{:04}", 1_000 + number), "tags": ["vip"] });
        people.push(stack.ghl.create_contact(&person).unwrap());
    };
    (0..10).for_each(|number| make(&stack, number));
    assert_eq!(versions(&stack), (1, 1), "the file is the first version");
    // While people are made, the mapping changes.
    let file = write_mapping(&stack, &MAPPING.replace("name: VIP", "name: Very important"));
    let set = said(&stack, &["mapping", "set", "acme", &file]);
    let holds_from = std::time::Instant::now();
    assert_eq!(set["mapping"]["holds"], 2, "{set}");
    (10..20).for_each(|number| make(&stack, number));
    tokio::time::sleep(HOLDS_WITHIN.saturating_sub(holds_from.elapsed())).await;
    make(&stack, 20);
    let last = people.last().unwrap();
    let there = stack.arrives(last, "who was made five seconds later", |_| true).await;
    assert_eq!(custom(&there, "kinds"), json!(["Very important"]));
    at_rest(&stack).await;
    assert_eq!(stack.openphone.contacts().len(), 21, "nobody got lost, nobody was made twice");
    // Back with one command, and what is different.
    let diff = said(&stack, &["mapping", "diff", "acme", "1", "2"])["diff"].as_str().unwrap().to_owned();
    assert!(diff.contains("-    - { name: VIP") && diff.contains("+    - { name: Very important"), "{diff}");
    said(&stack, &["mapping", "use", "acme", "1"]);
    assert_eq!(versions(&stack), (1, 2));
    let shown = said(&stack, &["mapping", "show", "acme"])["mapping"]["shown"].clone();
    assert_eq!((&shown["version"]["number"], shown["text"].as_str()), (&json!(1), Some(MAPPING)));
    tokio::time::sleep(HOLDS_WITHIN).await;
    stack.ghl.edit_contact(last, &json!({ "firstName": "Anna" })).unwrap();
    stack.arrives(last, "the old segment", |contact| custom(contact, "kinds") == json!(["VIP"])).await;
}

async fn a_mapping_that_can_not_be_used_changes_nothing(shape: Shape) {
    let stack = start(shape).await;
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.arrives(&ghl, "the contact", |_| true).await;
    let wrong = write_mapping(&stack, "filter: contact.nobody\nfields: [fax]\n");
    let said_no = refused(&stack, &["mapping", "set", "acme", &wrong]);
    assert!(said_no.contains("new.yaml:1:1: filter:") && said_no.contains("new.yaml:2:10: fields[0]:"), "{said_no}");
    let fails = format!(
        "{MAPPING}examples: [{{ name: wrong, given: {{ ghl: {{ first_name: Bo }} }}, expect: {{ openphone: nobody }} }}]"
    );
    let fails = refused(&stack, &["mapping", "set", "acme", &write_mapping(&stack, &fails)]);
    assert!(fails.contains("wrong: nobody is expected in openphone"), "{fails}");
    assert!(refused(&stack, &["mapping", "use", "acme", "7"]).contains("no version 7"));
    assert_eq!(versions(&stack), (1, 1));
    stack.ghl.edit_contact(&ghl, &json!({ "lastName": "Later" })).unwrap();
    stack.arrives(&ghl, "an edit", |contact| contact["defaultFields"]["lastName"] == "Later").await;
}

async fn an_edited_file_is_a_new_version_at_the_next_start(shape: Shape) {
    let mut stack = start(shape).await;
    let live = write_mapping(&stack, &MAPPING.replace("name: VIP", "name: Live"));
    said(&stack, &["mapping", "set", "acme", &live]);
    stack.stop_pipeline().await.unwrap();
    stack.start_pipeline().await.unwrap();
    eventually("what was set to hold still", LIMIT, || (versions(&stack) == (2, 2)).then_some(())).await;
    stack.stop_pipeline().await.unwrap();
    let edited = MAPPING.replace("name: VIP", "name: Edited");
    std::fs::write(stack.folder.path().join("mapping.yaml"), edited).unwrap();
    stack.start_pipeline().await.unwrap();
    eventually("the edited file to hold", LIMIT, || (versions(&stack) == (3, 3)).then_some(())).await;
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    stack.arrives(&ghl, "the new segment", |contact| custom(contact, "kinds") == json!(["Edited", "Gold"])).await;
}

/// `tandem mapping test`, with its words.
fn tried(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.yaml"), text).unwrap();
    let mut command = Program::new("tandem", &["mapping", "test", "m.yaml"], folder.path().to_owned());
    command.spawn(&std::collections::BTreeMap::new());
    let code = command.wait().code();
    (code, command.output().join("\n"))
}

#[test]
fn every_mapping_that_is_shipped_holds_its_own_examples() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/mappings");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (code, said) = tried(&text);
        assert_eq!(code, Some(0), "{}: {said}", path.display());
        let carries = text.contains("\n  - name:") || path.ends_with("default.yaml");
        assert!(carries, "{} carries no example", path.display());
        count += 1;
    }
    assert!(count >= 6, "{count}");
}

#[test]
fn a_mapping_that_is_wrong_is_refused_and_one_that_does_otherwise_fails() {
    let (code, said) = tried("filter: contact.nobody\nfields: [fax]\n");
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("m.yaml:1:1: filter:") && said.contains("m.yaml:2:10: fields[0]:"), "{said}");
    let wrong =
        "examples: [{ name: wrong, given: { ghl: { first_name: Ana } }, expect: { openphone: { first_name: Bo } } }]";
    let (code, said) = tried(wrong);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAIL  wrong") && said.contains(r#"first_name: expected "Bo", found "Ana""#), "{said}");
}

async fn segments_are_counted_and_whoever_is_in_one_is_listed(shape: Shape) {
    let stack = start(shape).await;
    let ghl = stack.ghl.create_contact(&ana()).unwrap();
    let bo = json!({ "firstName": "Bo", "phone": "+14155550172", "tags": ["vip"] });
    let bo = stack.ghl.create_contact(&bo).unwrap();
    let spam = json!({ "firstName": "Win", "phone": "+14155550173", "tags": ["vip", "spam"] });
    stack.ghl.create_contact(&spam).unwrap();
    stack.arrives(&ghl, "one", |_| true).await;
    stack.arrives(&bo, "the other", |_| true).await;
    at_rest(&stack).await;
    let counts = || {
        let found = said(&stack, &["segments", "list", "acme"])["segments"].clone();
        assert_eq!(found["undecided"], 0, "{found}");
        let one = |item: &Value| {
            let name = item["name"].as_str().unwrap().to_owned();
            (name, item["members"].as_u64().unwrap(), item["unseen"].as_u64().unwrap())
        };
        found["segments"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(counts(), [("VIP".to_owned(), 2, 0), ("Gold".to_owned(), 1, 0)], "the filter leaves the third out");
    let found = said(&stack, &["segments", "members", "acme", "VIP"])["members"].clone();
    let names: Vec<&Value> = found["members"].as_array().unwrap().iter().map(|one| &one["person"]["name"]).collect();
    assert_eq!(names, [&json!("Ana"), &json!("Bo")], "{found}");
    assert!(refused(&stack, &["segments", "members", "acme", "Vip"]).contains("it has: `VIP`, `Gold`"));
    // Another name holds: nobody shows it before a sweep.
    let file = write_mapping(&stack, &MAPPING.replace("name: VIP", "name: Very important"));
    said(&stack, &["mapping", "set", "acme", &file]);
    let renamed = |unseen| [("Very important".to_owned(), 2, unseen), ("Gold".to_owned(), 1, 0)];
    eventually("the new name", HOLDS_WITHIN, || (counts() == renamed(2)).then_some(())).await;
    stack.scan(ScanKind::Sweep, LIMIT).await.unwrap();
    assert_eq!(counts(), renamed(0));
}
