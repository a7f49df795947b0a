//! One request per OpenPhone operation, at least, each with the reader of its answer.

use serde_json::json;
use tandem_contact::{Field, Fields, Value};
use tandem_providers::openphone::call::{self, artefact};
use tandem_providers::openphone::conversation::{self, Mark, Order};
use tandem_providers::openphone::hook::{self, NewHook, Numbers, delivery, legacy};
use tandem_providers::openphone::message::{self, Outgoing, Participants};
use tandem_providers::openphone::task::{self, Action, Anchor, NewTask};
use tandem_providers::openphone::{
    ContactId, ExternalId, Id, List, OpenPhoneView, Surface, TagTarget, UserId, Window, note, patch, property, request,
    response, thin, workspace,
};
use tandem_providers::{ApiError, Request, Response};

use crate::answer;

/// Reads an answer; what is in it is told by how many items of it can't be read.
pub(crate) type Reader = fn(&Response) -> Result<usize, ApiError>;

type Exchange = (Request, Reader);

const BOTH: [Surface; 2] = [Surface::V1, Surface::Dated];
const ANA: &str = "+14155550123";

/// At least one request per operation.
pub(crate) fn samples() -> Vec<Request> {
    exchanges().into_iter().map(|(request, _)| request).collect()
}

/// The samples with the readers of their answers.
pub(crate) fn exchanges() -> Vec<Exchange> {
    [contacts(), thin_contacts(), parts(), conversations(), tasks(), messages(), calls(), workspaces(), hooks()]
        .concat()
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn user() -> UserId {
    UserId::new("US123abc").unwrap()
}

fn contact() -> ContactId {
    ContactId::new("66d0d87e8dc1211467372303").unwrap()
}

fn key() -> ExternalId {
    ExternalId::new("t1").unwrap()
}

fn window() -> Window {
    let at = |text: &str| text.parse().ok();
    Window { from: at("2026-01-01T00:00:00Z"), to: at("2026-02-01T00:00:00Z") }
}

fn fields() -> Fields {
    Fields::from([
        (Field::FirstName, Value::Text("Ana".to_owned())),
        (Field::SourceLink, Value::Text("https://example.com/c/1".to_owned())),
        (Field::Phones, Value::List([ANA.to_owned()].into())),
        (Field::Tags, Value::List(["vip".to_owned()].into())),
    ])
}

fn contacts() -> Vec<Exchange> {
    let view = OpenPhoneView {
        default_country: "US".to_owned(),
        tags: TagTarget::MultiSelect { key: "tags".to_owned(), name: "Tags".to_owned() },
    };
    let stored = json!({"data": {"id": contact().as_str(), "externalId": "t1", "source": "tandem", "sourceUrl": null,
        "defaultFields": {"firstName": "Ana", "phoneNumbers": [{"id": "p1", "name": "Phone", "value": ANA}]},
        "customFields": [{"key": "tags", "id": "f1", "name": "Tags", "type": "multi-select", "value": ["vip"]}]}});
    let current = response::contact(&answer(200, &stored)).unwrap();
    let changes: patch::Changes = fields().into_iter().map(|(field, value)| (field, Some(value))).collect();
    let one: Reader = |answer| response::contact(answer).map(|_| 0);
    let page: Reader = |answer| response::page(answer).map(|page| page.unreadable);
    vec![
        (List::all().page(None), page),
        (List::by_external_ids(&[key()]).remove(0).page(Some("next")), page),
        (request::contact(&contact()), one),
        (request::create(&key(), &fields(), &view), one),
        (patch::document(&current, &changes, &view).unwrap(), one),
        (request::delete(&contact()), |answer| response::deleted(answer).map(|()| 0)),
        (request::custom_fields(), |answer| response::definitions(answer).map(|_| 0)),
    ]
}

fn thin_contacts() -> Vec<Exchange> {
    let one: Reader = |answer| response::partial(answer).map(|_| 0);
    let page: Reader = |answer| thin::page(answer).map(|page| page.unreadable);
    let changes = patch::Changes::from([(Field::Company, Value::text("Example Inc")), (Field::Role, None)]);
    vec![
        (thin::List::all().page(None), page),
        (thin::List::by_external_ids(&[key(), ExternalId::new("t2").unwrap()]).remove(0).page(Some("next")), page),
        (thin::List::by_external_ids(&[ExternalId::new("a,b").unwrap()]).remove(0).page(None), page),
        (thin::get(&contact()), one),
        (thin::create(&key(), &fields()), one),
        (patch::scalars(&contact(), &changes).unwrap(), one),
        (thin::delete(&contact()), |answer| response::deleted(answer).map(|()| 0)),
        (thin::shares(&contact(), None), |answer| thin::shares_page(answer).map(|page| page.unreadable)),
    ]
}

fn parts() -> Vec<Exchange> {
    let (contact, part) = (contact(), id("p1"));
    let text = note::Text::new("Called back").unwrap();
    let change = property::Change { name: Some(Some("Work".to_owned())), value: Some(json!(ANA)) };
    let one: Reader = |answer| property::property(answer).map(|_| 0);
    let a_note: Reader = |answer| note::note(answer).map(|_| 0);
    let deleted: Reader = |answer| response::deleted(answer).map(|()| 0);
    vec![
        (property::list(&contact, Some("email"), None), |answer| property::page(answer).map(|page| page.unreadable)),
        (property::create(&contact, "phone-number", Some("Work"), &json!(ANA)), one),
        (property::get(&contact, &part), one),
        (property::update(&contact, &part, &change), one),
        (property::delete(&contact, &part), deleted),
        (note::list(&contact, Some("next")), |answer| note::page(answer).map(|page| page.unreadable)),
        (note::create(&contact, &text), a_note),
        (note::get(&contact, &part), a_note),
        (note::update(&contact, &part, &text), a_note),
        (note::delete(&contact, &part), deleted),
    ]
}

fn conversations() -> Vec<Exchange> {
    let filter = conversation::Filter { number: Some(id("PN123abc")), created: window(), updated: window() };
    let page: Reader = |answer| conversation::page(answer).map(|page| page.unreadable);
    let one: Reader = |answer| conversation::conversation(answer).map(|_| 0);
    let mut exchanges = vec![
        (conversation::list_v1(&filter, Some("next")), page),
        (conversation::list(&filter, Order::NewestFirst, Some("next")), page),
        (conversation::list(&filter, Order::OldestFirst, None), page),
    ];
    for surface in BOTH {
        let marks = [Mark::Read, Mark::Done, Mark::Open];
        exchanges.extend(marks.map(|mark| (conversation::mark(surface, &id("CN123abc"), mark), one)));
    }
    exchanges
}

fn tasks() -> Vec<Exchange> {
    let (task, talk) = (id("TK123abc"), id("CN123abc"));
    let bare = NewTask { title: "Call".to_owned(), description: String::new(), due_at: None, assignee: None };
    let full = NewTask { due_at: window().to, assignee: Some(user()), ..bare.clone() };
    let changed: Reader = |answer| task::changed(answer).map(|_| 0);
    let mut exchanges = vec![
        (task::create(&bare, &talk), changed),
        (task::create(&full, &talk), changed),
        (task::create_v1(&full, &Anchor::Number(id("PN123abc"))), changed),
        (task::create_v1(&bare, &Anchor::Conversation(talk.clone())), changed),
        (task::create_v1(&bare, &Anchor::Activity(id("AC123abc"))), changed),
    ];
    let actions = [
        Action::Rewrite { title: "Call".to_owned(), description: String::new() },
        Action::Complete,
        Action::Reopen,
        Action::Assign(user()),
        Action::Unassign(user()),
        Action::SetDue(window().to.unwrap()),
        Action::RemoveDue,
        Action::Link(talk.clone()),
        Action::Unlink(talk),
    ];
    for surface in BOTH {
        exchanges.push((task::list(surface, Some("next")), |answer| task::page(answer).map(|page| page.unreadable)));
        exchanges.push((task::get(surface, &task), |answer| task::task(answer).map(|_| 0)));
        exchanges.push((task::delete(surface, &task), |answer| response::deleted(answer).map(|()| 0)));
        exchanges.extend(actions.iter().map(|action| (task::act(surface, &task, action), changed)));
    }
    exchanges
}

fn messages() -> Vec<Exchange> {
    let people = Participants::new([ANA.to_owned(), "+14155550124".to_owned()]).unwrap();
    let filter = message::Filter {
        number: Some(id("PN123abc")),
        from: Some(ANA.to_owned()),
        to: Some(ANA.to_owned()),
        created: window(),
    };
    let page: Reader = |answer| message::page(answer).map(|page| page.unreadable);
    let one: Reader = |answer| message::message(answer).map(|_| 0);
    let text = Outgoing::new(id("PN123abc"), people.clone(), "Hello", Some(user())).unwrap();
    vec![
        (message::list_v1(&id("PN123abc"), &people, &window(), Some("next")), page),
        (message::list(&filter, Some("next")), page),
        (message::get(Surface::V1, &id("AC123abc")), one),
        (message::get(Surface::Dated, &id("AC123abc")), one),
        (message::send(&text), one),
    ]
}

fn calls() -> Vec<Exchange> {
    let call = id("AC123abc");
    let filter = call::Filter { number: Some(id("PN123abc")), participant: Some(ANA.to_owned()), created: window() };
    let page: Reader = |answer| call::page(answer).map(|page| page.unreadable);
    let one: Reader = |answer| call::call(answer).map(|_| 0);
    let recordings: Reader = |answer| artefact::recordings_page(answer).map(|page| page.unreadable);
    vec![
        (call::list_v1(&id("PN123abc"), ANA, &window(), Some("next")), page),
        (call::list(&filter, Some("next")), page),
        (call::get(Surface::V1, &call), one),
        (call::get(Surface::Dated, &call), one),
        (artefact::recordings_v1(&call), recordings),
        (artefact::recordings(&call, Some("next")), recordings),
        (artefact::summary(&call), |answer| artefact::read_summary(answer).map(|_| 0)),
        (artefact::transcript_v1(&call), |answer| artefact::read_transcript(answer).map(|_| 0)),
        (artefact::transcripts(&call, None), |answer| artefact::transcripts_page(answer).map(|page| page.unreadable)),
        (artefact::voicemail(&call), |answer| artefact::read_voicemail(answer).map(|_| 0)),
    ]
}

fn workspaces() -> Vec<Exchange> {
    let number = id("PN123abc");
    let users: Reader = |answer| workspace::users_page(answer).map(|page| page.unreadable);
    let numbers: Reader = |answer| workspace::numbers_page(answer).map(|page| page.unreadable);
    let mut exchanges = vec![
        (workspace::numbers_v1(None), numbers),
        (workspace::numbers_v1(Some(&user())), numbers),
        (workspace::numbers(Some("+14155550100"), Some("next")), numbers),
        (workspace::numbers_of(&user(), None), numbers),
        (workspace::users_of(&number, None), users),
        (workspace::organization(), |answer| workspace::read_organization(answer).map(|_| 0)),
    ];
    for surface in BOTH {
        exchanges.push((workspace::users(surface, Some("next")), users));
        exchanges.push((workspace::user(surface, &user()), |answer| workspace::read_user(answer).map(|_| 0)));
        exchanges.push((workspace::number(surface, &number), |answer| workspace::read_number(answer).map(|_| 0)));
    }
    exchanges
}

fn hooks() -> Vec<Exchange> {
    let (hook, delivery) = (id("17"), id("msg_1"));
    let new = NewHook {
        url: "https://example.com/hook",
        events: hook::CONTACT_EVENTS,
        numbers: Numbers::All,
        status: hook::Status::Disabled,
        label: Some("Tandem"),
    };
    let change = hook::Change {
        url: Some("https://example.com/hook"),
        events: Some(hook::CONTACT_EVENTS),
        numbers: Some(Numbers::Only(vec![id("PN123abc")])),
        status: Some(hook::Status::Enabled),
    };
    let filter = delivery::Filter {
        status: Some(delivery::Status::Failed),
        kind: Some("contact.updated".to_owned()),
        resource: Some(id("66d0d87e8dc1211467372303")),
        created: window(),
    };
    let one: Reader = |answer| hook::hook(answer).map(|_| 0);
    let page: Reader = |answer| hook::page(answer).map(|page| page.unreadable);
    let deleted: Reader = |answer| response::deleted(answer).map(|()| 0);
    let created: Reader = |answer| hook::created(answer).map(|_| 0);
    let mut exchanges = vec![
        (hook::list(), page),
        (hook::create(&new), created),
        (hook::get(&hook), one),
        (hook::update(&hook, &change).unwrap(), one),
        (hook::delete(&hook), deleted),
        (hook::rotate(&hook), |answer| hook::rotated(answer).map(|_| 0)),
        (delivery::list(&hook, &filter, Some("next")), |answer| delivery::page(answer).map(|page| page.unreadable)),
        (delivery::get(&hook, &delivery), |answer| delivery::detail(answer).map(|_| 0)),
        (delivery::retry(&hook, &delivery), |answer| response::accepted(answer).map(|()| 0)),
        (delivery::test(&hook, "contact.updated"), |answer| delivery::tested(answer).map(|_| 0)),
        (legacy::list(None), page),
        (legacy::list(Some(&user())), page),
        (legacy::get(&id("WH123abc")), one),
        (legacy::delete(&id("WH123abc")), deleted),
    ];
    let kinds = [
        (legacy::Subject::Messages, "message.received"),
        (legacy::Subject::Calls, "call.completed"),
        (legacy::Subject::Summaries, "call.summary.completed"),
        (legacy::Subject::Transcripts, "call.transcript.completed"),
    ];
    exchanges.extend(kinds.map(|(subject, event)| {
        let hook = NewHook { events: &[event], numbers: Numbers::Only(vec![id("PN123abc")]), ..new.clone() };
        (legacy::create(subject, &hook), created)
    }));
    exchanges
}
