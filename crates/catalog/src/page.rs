//! The catalog as a page of the documentation.

use std::fmt::Write as _;

use tandem_contact::Side;

use crate::{Action, Again, Event, Parameter, Usual, Whom, actions, events};

/// What starts a rule besides an event of a provider: how it is written, and when it happens.
pub const CHANGES: [(&str, &str); 6] = [
    ("tag_added", "A contact gets this tag, on either side."),
    ("tag_removed", "A contact loses it."),
    ("field_changed", "This field of a contact becomes another one, on either side."),
    ("segment_entered", "A contact comes into this segment of the mapping."),
    ("segment_left", "A contact leaves it."),
    ("schedule", "It is this time of the day, on these days of the week; about nobody in particular."),
];

/// The whole page, in Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Catalog

What a rule of a mapping can be started by, and what it can do. [mapping.md](mapping.md#rules) says how rules are written; `tandem catalog` prints the same on the command line. This
page is made from the table that the code uses: `cargo xtask docs` writes it, and a test fails when it is out of date.

## What can start a rule

### Something about a contact becomes another one, or it is time

| `when` | |
|---|---|
",
    );
    for (name, what) in CHANGES {
        row(&mut page, &[&format!("`{{ {name}: … }}`"), what]);
    }
    for (side, title) in [(Side::Ghl, "An event of GoHighLevel"), (Side::OpenPhone, "An event of OpenPhone")] {
        let _written = write!(page, "\n### {title}\n\n| `when` | | about | `event.…` |\n|---|---|---|---|\n");
        for event in events().filter(|event| event.side == side) {
            row(&mut page, &[&format!("`{}`", event.name), event.what, about(event), &facts(event)]);
        }
    }
    page.push_str("\n## What a rule can do\n\n`notify` sends a message to a channel of the configuration. Everything else is an operation of a provider:\n");
    for (side, title) in [(Side::Ghl, "In GoHighLevel"), (Side::OpenPhone, "In OpenPhone")] {
        let _written = write!(
            page,
            "\n### {title}\n\n| `do` | | `with` | where nobody knows what became of it |\n|---|---|---|---|\n"
        );
        for action in actions().filter(|action| action.side == side) {
            row(&mut page, &[&format!("`{}`", action.operation.name), action.what, &told(action), again(action)]);
        }
    }
    page.push_str(
        "\nWhat is in italics is known to Tandem where a rule doesn't say it. What may be left out is in brackets. ",
    );
    page.push_str("What sends a text to a person is done only where the mapping says that it may, see [mapping.md](mapping.md#rules).\n");
    page
}

fn row(page: &mut String, cells: &[&str]) {
    let _written = writeln!(page, "| {} |", cells.join(" | "));
}

/// Whom an event is about, for people.
pub fn about(event: &Event) -> &'static str {
    match event.whom {
        Whom::Id(_) => "a contact",
        Whom::Phone(_) => "whoever has the number",
        Whom::Nobody => "nobody",
    }
}

fn facts(event: &Event) -> String {
    event.facts.iter().map(|fact| format!("`{}`", fact.name)).collect::<Vec<_>>().join(" ")
}

fn told(action: &Action) -> String {
    let word = |parameter: &Parameter| {
        let name = format!("`{}`", parameter.name);
        match (parameter.usual, parameter.is_required) {
            (Some(Usual::Contact | Usual::Location | Usual::Subject), _) => format!("*{name}*"),
            (None, true) => name,
            (None, false) => format!("[{name}]"),
        }
    };
    action.parameters.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn again(action: &Action) -> &'static str {
    match action.again {
        Again::Harmless => "it is done again",
        Again::Twice => "a person decides",
    }
}
