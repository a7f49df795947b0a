//! What happens in `OpenPhone` shows on the GHL contact: calls, voicemails and texts are rules that nobody has to write.

use std::collections::BTreeMap;

use tandem_catalog::{actions, events};

use crate::{Argument, Expression, Names, Order, Rule, Template, When};

/// What the names of these rules begin with; a mapping's own rules are called otherwise.
pub const PREFIX: &str = "activity: ";
/// The last line of a note that tells of something begins like this: such a note is nobody's, and doesn't travel back.
const MARK: &str = "Logged by Tandem: OpenPhone ";

/// What is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A call, when it is over.
    Calls,
    /// A message on the voicemail.
    Voicemails,
    /// A text, in or out.
    Texts,
    /// The recording of a call.
    Recordings,
    /// What a call was about.
    Summaries,
    /// What was said.
    Transcripts,
}

/// How it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A note on the contact.
    Notes,
    /// Texts and calls in the contact's conversation, each by a conversation provider of the location; what a conversation has no
    /// place for is a note.
    Conversation {
        /// For texts; none leaves them notes.
        texts: Option<String>,
        /// For calls; none leaves them notes.
        calls: Option<String>,
    },
}

/// What becomes of somebody who is in neither book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unknown {
    /// Nothing.
    #[default]
    Ignore,
    /// They get a contact in GHL, with their number.
    Create,
    /// A person decides.
    Park,
}

/// What of `OpenPhone` is told of in GHL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// What; nothing where it is empty.
    pub kinds: Vec<Kind>,
    /// How.
    pub form: Form,
    /// About strangers.
    pub unknown: Unknown,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Calls, Self::Voicemails, Self::Texts, Self::Recordings, Self::Summaries, Self::Transcripts];

    /// Its name in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Voicemails => "voicemails",
            Self::Texts => "texts",
            Self::Recordings => "recordings",
            Self::Summaries => "summaries",
            Self::Transcripts => "transcripts",
        }
    }
}

/// What one event is told as.
struct Told {
    kind: Kind,
    event: &'static str,
    /// Whether there is anything to tell.
    when: &'static str,
    /// What a note says.
    note: &'static str,
    /// What the conversation is told; none where it has no place for that.
    message: Option<&'static [(&'static str, &'static str)]>,
    /// Names the thing.
    id: &'static str,
}

const TOLD: &[Told] = &[
    Told {
        kind: Kind::Calls,
        event: "openphone.call.completed",
        when: "true",
        note: "{{ event.direction == 'incoming' ? 'Call from' : 'Call to' }} {{ event.external_numbers }}: {{ event.status }}, {{ event.duration }} s, {{ event.completed_at }}",
        message: Some(&[
            ("type", "Call"),
            ("direction", "{{ event.direction == 'incoming' ? 'inbound' : 'outbound' }}"),
            ("date", "{{ event.completed_at }}"),
            ("altId", "{{ event.call_id }}"),
            (
                "call.status",
                "{{ event.status == 'answered' || event.status == 'completed' ? 'completed' : 'no-answer' }}",
            ),
        ]),
        id: "call {{ event.call_id }}",
    },
    Told {
        kind: Kind::Voicemails,
        event: "openphone.call.voicemail.completed",
        when: "true",
        note: "Voicemail from {{ event.from }}, {{ event.duration }} s: {{ event.transcript }}\n{{ event.recording_url }}",
        message: None,
        id: "call {{ event.call_id }}",
    },
    Told {
        kind: Kind::Texts,
        event: "openphone.message.received",
        when: "true",
        note: "Text from {{ event.from }}: {{ event.message }}\n{{ event.media_url }}",
        message: Some(&[
            ("type", "SMS"),
            ("direction", "inbound"),
            ("message", "{{ event.message == '' ? event.media_url : event.message }}"),
            ("date", "{{ event.happened_at }}"),
            ("altId", "{{ event.message_id }}"),
        ]),
        id: "text {{ event.message_id }}",
    },
    Told {
        kind: Kind::Texts,
        event: "openphone.message.delivered",
        when: "true",
        note: "Text to {{ event.recipients }}: {{ event.message }}\n{{ event.media_url }}",
        message: Some(&[
            ("type", "SMS"),
            ("direction", "outbound"),
            ("message", "{{ event.message == '' ? event.media_url : event.message }}"),
            ("date", "{{ event.happened_at }}"),
            ("altId", "{{ event.message_id }}"),
        ]),
        id: "text {{ event.message_id }}",
    },
    Told {
        kind: Kind::Recordings,
        event: "openphone.call.recording.completed",
        when: "event.recording_url != ''",
        note: "Recording of a call with {{ event.external_numbers }}: {{ event.recording_url }}",
        message: None,
        id: "call {{ event.call_id }}",
    },
    Told {
        kind: Kind::Summaries,
        event: "openphone.call.summary.completed",
        when: "event.summary != ''",
        note: "Summary of a call with {{ event.external_numbers }}:\n{{ event.summary }}\n{{ event.next_steps == '' ? '' : 'Next steps:' }}\n{{ event.next_steps }}",
        message: None,
        id: "call {{ event.call_id }}",
    },
    Told {
        kind: Kind::Transcripts,
        event: "openphone.call.transcript.completed",
        when: "event.dialogue != ''",
        note: "What was said in a call with {{ event.external_numbers }}:\n{{ event.dialogue }}",
        message: None,
        id: "call {{ event.call_id }}",
    },
];

impl Activity {
    /// The rules that it amounts to.
    pub fn rules(&self) -> Vec<Rule> {
        let told = TOLD.iter().filter(|told| self.kinds.contains(&told.kind));
        told.filter_map(|told| self.rule(told)).collect()
    }

    fn rule(&self, told: &Told) -> Option<Rule> {
        let event = events().find(|event| event.name == told.event)?;
        let names = Names { contact: &[], event: event.facts };
        let order = match (&self.form, told.kind, told.message) {
            (Form::Conversation { texts: Some(texts), .. }, Kind::Texts, Some(message)) => {
                logged(message, texts, names)?
            }
            // Without a provider GHL says yes to a call, and does nothing (contract sheet, section 6).
            (Form::Conversation { calls: Some(calls), .. }, Kind::Calls, Some(message)) => {
                logged(message, calls, names)?
            }
            (Form::Conversation { .. } | Form::Notes, ..) => noted(told, names)?,
        };
        Some(Rule {
            name: format!("{PREFIX}{}", told.event),
            when: When::Event(event),
            condition: Some(Expression::naming(told.when, names).ok()?),
            then: vec![order],
        })
    }
}

fn noted(told: &Told, names: Names<'_>) -> Option<Order> {
    let text = format!("{}\n{{{{ event.link }}}}\n{MARK}{}", told.note, told.id);
    order("ghl.contact.note.create", [("body", text.as_str())], names)
}

fn logged(message: &[(&'static str, &str)], provider: &str, names: Names<'_>) -> Option<Order> {
    let provider = ("conversationProviderId", provider);
    order("ghl.message.log", message.iter().copied().chain([provider]), names)
}

fn order<'a>(
    name: &str,
    arguments: impl IntoIterator<Item = (&'static str, &'a str)>,
    names: Names<'_>,
) -> Option<Order> {
    let action = actions().find(|action| action.operation.name == name)?;
    let read = |(name, text): (&str, &str)| {
        let value = Argument::Text(Template::new(text, names).ok()?);
        Some(match name.split_once('.') {
            Some((group, key)) => (group.to_owned(), Argument::Group(vec![(key.to_owned(), value)])),
            None => (name.to_owned(), value),
        })
    };
    let arguments: Option<BTreeMap<String, Argument>> = arguments.into_iter().map(read).collect();
    Some(Order::Provider { action, arguments: arguments? })
}

/// Whether a GHL note only tells of something that happened in `OpenPhone`.
pub fn is_logged(note: &str) -> bool {
    note.trim_end().lines().next_back().is_some_and(|line| line.starts_with(MARK))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tandem_contact::Value;

    use super::*;
    use crate::{Known, Seen};

    fn all(form: Form) -> Vec<Rule> {
        Activity { kinds: Kind::ALL.to_vec(), form, unknown: Unknown::Ignore }.rules()
    }

    #[test]
    fn everything_that_can_be_told_of_is_a_rule() {
        let calls = || Some("p1".to_owned());
        for form in [
            Form::Notes,
            Form::Conversation { texts: None, calls: calls() },
            Form::Conversation { texts: calls(), calls: None },
        ] {
            let rules = all(form);
            let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
            assert_eq!(names.len(), TOLD.len(), "{names:?}");
            assert!(names.iter().all(|name| name.starts_with(PREFIX)));
        }
        assert!(Activity { kinds: Vec::new(), form: Form::Notes, unknown: Unknown::Create }.rules().is_empty());
    }

    #[test]
    fn a_call_is_a_note_with_a_mark_or_an_entry_of_the_conversation() {
        let facts = |rule: &Rule| {
            let names = rule.when.names(&[]);
            Seen::new(&[], |_| None).with_event(names.event, |fact| match fact.name {
                "external_numbers" => Value::list(["+14155550171".to_owned()]),
                "direction" => Value::text("incoming"),
                name => Value::text(name),
            })
        };
        let known = |_: &tandem_catalog::Action| Known { contact: Some("c1".to_owned()), ..Known::default() };
        let note = &all(Form::Notes)[0];
        let planned = note.plan(&facts(note), known).unwrap().unwrap();
        let body = planned[0].what["body"]["body"].as_str().unwrap();
        assert_eq!(
            body,
            "Call from +14155550171: status, duration s, completed_at\nlink\nLogged by Tandem: OpenPhone call call_id"
        );
        assert!(is_logged(body) && is_logged(&format!("{body}\n")) && !is_logged("Logged by somebody"));
        let call = &all(Form::Conversation { texts: None, calls: Some("p1".to_owned()) })[0];
        let planned = call.plan(&facts(call), known).unwrap().unwrap();
        let expected = json!({ "type": "Call", "contactId": "c1", "direction": "inbound", "date": "completed_at",
            "altId": "call_id", "call": { "status": "no-answer" }, "conversationProviderId": "p1" });
        assert_eq!(planned[0].what["body"], expected);
    }
}
