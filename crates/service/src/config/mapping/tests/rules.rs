//! Rules, and everything that may be wrong with them.

use tandem_mapping::{Order, When};

use super::*;

fn read(text: &str) -> Mapping {
    read_mapping(text, Path::new("m.yaml"), &Environment::new()).unwrap()
}

const WHOLE: &str = r#"
segments: { list: [{ name: Customers, when: "'customer' in contact.tags" }] }
rules:
  - name: Tell sales
    when: { tag_added: VIP }
    if: contact.company != ''
    then:
      - { notify: sales, text: "New VIP: {{ contact.first_name }} of {{ contact.company }}" }
      - { do: ghl.contact.workflow.add, with: { workflowId: w1 } }
  - name: Paid
    when: ghl.InvoicePaid
    then: [{ do: ghl.contact.tags.add, with: { tags: [paid, "invoice {{ event.status }}"] } }]
  - { name: In, when: { segment_entered: Customers }, then: [{ notify: sales, text: In }] }
  - { name: Company, when: { field_changed: company }, then: [{ notify: sales, text: "{{ contact.company }}" }] }
  - { name: Mornings, when: { schedule: { at: "09:00", on: [monday, friday], timezone: Europe/Oslo } }, then: [{ notify: sales, text: Up }] }
  - { name: Done, when: openphone.task.completed, then: [{ do: openphone.conversation.done }] }
"#;

#[test]
fn rules_are_read() {
    let rules = read(WHOLE).rules;
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["Tell sales", "Paid", "In", "Company", "Mornings", "Done"]);
    assert_eq!(rules[0].when, When::TagAdded("vip".to_owned()));
    assert_eq!(rules[0].condition.as_ref().unwrap().source(), "contact.company != ''");
    let [Order::Notify { channel, .. }, Order::Provider { action, .. }] = rules[0].then.as_slice() else {
        panic!("{:?}", rules[0].then);
    };
    assert_eq!((channel.as_str(), action.operation.name), ("sales", "ghl.contact.workflow.add"));
    assert_eq!(rules[1].when.event().unwrap().kind(), "InvoicePaid");
    assert_eq!(rules[4].when.spelled(), "schedule: monday, friday at 09:00, Europe/Oslo");
    assert_eq!(read("rules: []").rules, []);
}

#[test]
fn what_is_wrong_with_a_rule_is_told_with_its_place() {
    let rule = |when: &str, then: &str| format!("rules:\n  - name: R\n    when: {when}\n    then:\n      - {then}\n");
    let notify = "{ notify: sales, text: hello }";
    for (text, expected) in [
        (rule("ghl.InvoicePayed", notify), "3: rules[0].when: `ghl.InvoicePayed` is no event: `tandem catalog` lists them"),
        (rule("ghl.invoicepaid", notify), "3: rules[0].when: `ghl.invoicepaid` is no event; perhaps ghl.InvoicePaid: `tandem catalog` lists them"),
        (rule("{ segment_entered: VIP }", notify), "3: rules[0].when.segment_entered: `VIP` is no segment of this mapping (known: )"),
        (rule("{ tag_added: a, tag_removed: b }", notify), "3: rules[0].when: expected one of tag_added, tag_removed, field_changed, segment_entered, segment_left, schedule, or the name of an event: `tandem catalog` lists them"),
        (rule("{ tag_added: a }", "{ notify: sales }"), "5: rules[0].then[0].text: is missing"),
        (rule("{ tag_added: a }", "{ text: hello }"), "5: rules[0].then[0]: expected either `do` with the name of an action, or `notify` with the name of a channel"),
        (rule("{ tag_added: a }", "{ notify: sales, text: '{{ contact.nobody }}' }"), "`contact` has no field `nobody`"),
        (rule("{ tag_added: a }", "{ notify: sales, text: '{{ event.amount }}' }"), "there is no `event` here"),
        (rule("ghl.InvoicePaid", "{ notify: sales, text: '{{ event.nothing }}' }"), "the event tells no `nothing` (known: "),
        (rule("{ tag_added: a }", "{ notify: sales, text: 'Hello {{ contact.first_name' }"), "5: rules[0].then[0].text: character 7: `{{` opens an expression, and no `}}` closes it"),
        (rule("{ tag_added: a }", "{ do: ghl.contact.workflow.ad }"), "5: rules[0].then[0].do: `ghl.contact.workflow.ad` is no action; perhaps "),
        (rule("{ tag_added: a }", "{ do: ghl.contact.workflow.add }"), "5: rules[0].then[0]: `ghl.contact.workflow.add` needs `workflowId`: add it under `with`"),
        (rule("{ tag_added: a }", "{ do: ghl.contact.tags.add, with: { tag: x } }"), "5: rules[0].then[0].with.tag: unknown parameter (known here: id, tags)"),
        (rule("{ tag_added: a }", "{ do: ghl.contact.task.create, with: { title: t, dueDate: d, completed: perhaps } }"), "5: rules[0].then[0].with.completed: expected `true` or `false`"),
        (rule("{ tag_added: a }", "{ do: openphone.v1.message.send, with: { content: x, from: y, to: [z] } }"), "`openphone.v1.message.send` sends a text to a person: rules may do that only where the mapping says `texts: { allowed: true, quiet_hours: … }`"),
        (rule("ghl.ProductCreate", "{ do: ghl.contact.tags.add, with: { tags: [x] } }"), "5: rules[0].then[0]: `ghl.contact.tags.add` needs `id`: add it under `with`"),
        (rule("{ tag_added: a }", "{ do: ghl.contact.task.complete, with: { completed: true } }"), "needs `taskId`: add it under `with`"),
        (rule("{ schedule: { at: 9 } }", notify), "3: rules[0].when.schedule.at: expected a time of the day such as \"09:00\", found `9`"),
        (rule("{ schedule: { at: '09:00', on: [mo] } }", notify), "3: rules[0].when.schedule.on[0]: expected a day of the week such as monday, found `mo`"),
        (rule("{ schedule: { at: '09:00', timezone: Oslo } }", notify), "3: rules[0].when.schedule.timezone: `Oslo` is no time zone: expected a name such as Europe/Oslo"),
        (rule("{ schedule: { at: '09:00' } }", "{ do: ghl.contact.tags.add, with: { tags: [x] } }"), "needs `id`: add it under `with`"),
        ("texts: { allowed: true }".to_owned(), "1: texts: needs `quiet_hours`: { from: \"20:00\", to: \"08:00\", timezone: America/New_York }"),
        ("texts: { allowed: true, quiet_hours: { from: 20, to: '08:00', timezone: UTC } }".to_owned(), "1: texts.quiet_hours.from: expected a time of the day such as \"09:00\", found `20`"),
        ("rules: [{ name: R, when: ghl.InvoicePaid, then: [] }]".to_owned(), "1: rules[0].then: expected a list of 1 to 20 actions"),
        ("rules:\n  - { name: R, when: ghl.InvoicePaid, if: contact.first_name, then: [{ notify: a, text: b }] }\n  - { name: R, when: ghl.InvoicePaid, then: [{ notify: a, text: b }] }".to_owned(), "3: rules[1]: `R` stands here a second time: call one of the two something else"),
    ] {
        let told = told(&text);
        assert!(told.contains(expected), "{text}\n{told}\nexpected: {expected}");
    }
}
