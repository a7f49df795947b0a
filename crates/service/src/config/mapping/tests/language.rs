//! Fields of a mapping's own, expressions, segments and examples.

use tandem_contact::codec::Codec;
use tandem_contact::{Codecs, CustomName, Field};
use tandem_mapping::{Example, Formula, segments_field};

use super::*;

fn own(name: &str) -> Field {
    Field::CustomText(CustomName::new(name).unwrap())
}

const WHOLE: &str = r#"
custom_fields:
  - field: plan
    ghl: { custom_field: contact.plan, words: { gold: Gold plan, none: No plan } }
    openphone: Plan
    conflict: ghl
    when: "'lead' in contact.tags"
  - { field: labels, type: list, ghl: Labels, openphone: { custom_field: Labels, join: ", " }, direction: to_openphone }
  - field: greeting
    value: '"Hello " + contact.first_name'
    openphone: Greeting
filter: contact.phones != []
segments:
  openphone_field: Kind of customer
  list:
    - { name: VIP, when: "'vip' in contact.tags" }
    - { name: Gold, when: 'contact.plan == "gold"' }
examples:
  - name: a customer with a plan
    given:
      ghl: { first_name: Ana, phones: ["(415) 555-0123"], tags: [VIP, Lead], plan: Gold plan, labels: [b, a] }
    expect:
      openphone: { first_name: Ana, plan: gold, labels: "a, b", greeting: Hello Ana, segments: [Gold, VIP], last_name: }
  - name: nobody who can't be called
    given: { ghl: { first_name: Bo } }
    expect: { openphone: nobody }
"#;

#[test]
fn a_whole_mapping_is_read_and_its_examples_hold() {
    let mapping = mapping(WHOLE);
    let (plan, greeting) = (own("plan"), own("greeting"));
    assert_eq!(
        mapping.fields[&plan],
        FieldRule { direction: Direction::Both, conflict: ConflictPolicy::Side(Side::Ghl) }
    );
    assert_eq!(mapping.fields[&greeting].direction, Direction::ToOpenPhone);
    assert_eq!(mapping.places.ghl[&plan], "contact.plan");
    assert_eq!(mapping.places.openphone[&segments_field().unwrap()], "Kind of customer");
    let words = vec![("gold".to_owned(), "Gold plan".to_owned()), ("none".to_owned(), "No plan".to_owned())];
    assert_eq!(mapping.codecs.ghl, Codecs::new([(plan, Codec { words, ..Codec::default() })]));
    assert!(mapping.conditions.contains_key(&plan) && matches!(mapping.formulas[&greeting], Formula::Expression(_)));
    let differences: Vec<String> =
        mapping.examples.iter().flat_map(|example: &Example| example.run(&mapping)).collect();
    assert_eq!(differences, [""; 0]);
}

#[test]
fn an_example_that_does_not_hold_says_what_differs() {
    let wrong =
        WHOLE.replace("greeting: Hello Ana", "greeting: Hello Bo").replace("phones: [\"(415) 555-0123\"], ", "");
    let mapping = mapping(&wrong);
    assert_eq!(mapping.examples[0].run(&mapping), ["a contact is expected in openphone, and none is made there"]);
    let wrong = WHOLE.replace("greeting: Hello Ana", "greeting: Hello Bo").replace("labels: \"a, b\"", "labels: a");
    let mapping = super::mapping(&wrong);
    let expected = [r#"labels: expected "a", found "a, b""#, r#"greeting: expected "Hello Bo", found "Hello Ana""#];
    let mut found = mapping.examples[0].run(&mapping);
    found.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn what_a_mapping_may_not_say_is_told_with_line_and_column() {
    let at = |text: &str| told_whole(text);
    assert_eq!(
        at("filter: contact.frist_name == ''"),
        "mappings/m.yaml:1:1: filter: character 8: `contact` has no field `frist_name` (known: first_name, last_name, company, role, \
         phones, emails, tags, source_link)"
    );
    for (text, expected) in [
        (
            "custom_fields:\n  - { field: plan, ghl: Plan }",
            "2:5: custom_fields[0]: a field of your own needs a place on both sides: add `openphone:`",
        ),
        (
            "custom_fields:\n  - { field: phones, ghl: A, openphone: B }",
            "2:7: custom_fields[0].field: `phones` is no name for a field",
        ),
        ("custom_fields:\n  - { field: segments, ghl: A, openphone: B }", "`segments` is what the segments are called"),
        ("custom_fields:\n  - { field: a, value: '1 +', openphone: B }", "character 4: it ends too early"),
        ("custom_fields:\n  - { field: a, value: '1', openphone: B, ghl: C }", "goes one way"),
        ("custom_fields:\n  - { field: a, value: '1', openphone: B, direction: both }", "goes one way"),
        (
            "custom_fields:\n  - { field: a, value: contact.b, openphone: B }\n  - { field: b, value: contact.a, openphone: A }",
            "`contact` has no field `b`",
        ),
        ("segments: { list: [{ name: A, when: 'true' }, { name: A, when: 'true' }] }", "`A` stands here a second time"),
        ("segments: { list: [{ name: A, when: contact.first_name }] }\nnonsense: 1", "nonsense: unknown key"),
        (
            "examples: [{ name: x, given: { ghl: { fax: 1 } }, expect: { openphone: nobody } }]",
            "no field of this mapping",
        ),
        ("examples: [{ name: x, given: { ghl: {} }, expect: { ghl: nobody } }]", "name that side"),
        ("a: &a [x]\nb: *a", "aliases (`*name`) are not supported"),
    ] {
        let told = at(text);
        assert!(told.contains(expected), "{text:?}\n{told}");
    }
    let huge = format!("# {}\n", "x".repeat(1024 * 1024));
    assert!(at(&huge).contains("mappings/m.yaml:1:1: a mapping has at most 256 KiB"));
}

#[test]
fn a_form_that_nobody_could_read_back_is_refused() {
    for (text, expected) in [
        (
            "custom_fields:\n  - { field: a, ghl: A, openphone: { custom_field: B, join: ',' } }",
            "only a list is joined",
        ),
        (
            r"custom_fields: [{ field: a, type: list, ghl: A, openphone: { custom_field: B, join: '\' } }]",
            "expected anything but a backslash",
        ),
        (
            "custom_fields: [{ field: a, ghl: A, openphone: { custom_field: B, date: '%m/%d/%y' } }]",
            "a `date` whose year has two digits loses the century, and `a` is read in openphone",
        ),
        (
            "custom_fields:\n  - { field: a, ghl: A, openphone: { custom_field: B, date: YYYY-MM-DD } }",
            "`YYYY-MM-DD` is no pattern for a whole date",
        ),
        (
            "custom_fields:\n  - { field: a, ghl: A, openphone: { custom_field: B, words: { x: Y, z: Y } } }",
            "`Y` stands for another word too",
        ),
        (
            "fields: [phones, { field: first_name, openphone: { case: title } }]",
            "`case` loses how the letters were, and `first_name` is read in openphone",
        ),
    ] {
        let told = told_whole(text);
        assert!(told.contains(expected), "{text:?}\n{told}");
    }
}

#[test]
fn one_way_fields_may_be_lossy_where_they_are_only_written() {
    let text = "fields: [phones, { field: first_name, direction: to_openphone, openphone: { case: title } }]";
    assert_ne!(mapping(text).codecs.openphone, Codecs::default());
}
