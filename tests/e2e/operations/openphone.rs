//! OpenPhone, both of its surfaces with one key.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tandem_contact::{Field, Fields, Observed, Value};
use tandem_providers::Request;
use tandem_providers::openphone::call::{self, artefact};
use tandem_providers::openphone::contact::{observe, observe_partial};
use tandem_providers::openphone::conversation::{self, Mark, Order};
use tandem_providers::openphone::hook::{self, Change, NewHook, Numbers, Status, delivery, legacy};
use tandem_providers::openphone::message::{self, Outgoing, Participants};
use tandem_providers::openphone::task::{self, Action, Anchor, NewTask};
use tandem_providers::openphone::{
    ContactId, ExternalId, Id, List, OpenPhoneView, Surface, TagTarget, UserId, Window, note, operations, patch,
    property, request, response, thin, workspace,
};
use tandem_twins::{OpenPhoneConfig, OpenPhoneTwin, User};

use super::{Asker, ROOMY, Reader};

const ANA: &str = "+14155550100";
const OURS: &str = "+14155550199";
const NUMBER: &str = "PNsandbox";
const BEN: &str = "USben";
const BOTH: [Surface; 2] = [Surface::V1, Surface::Dated];

struct OpenPhone {
    twin: OpenPhoneTwin,
    asker: Asker,
    key: SecretString,
    view: OpenPhoneView,
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn key(text: &str) -> ExternalId {
    ExternalId::new(text).unwrap()
}

fn fields() -> Fields {
    let text = |text: &str| Value::Text(text.to_owned());
    let list = |item: &str| Value::List([item.to_owned()].into());
    Fields::from([
        (Field::FirstName, text("Ana")),
        (Field::Company, text("Example Inc")),
        (Field::SourceLink, text("https://example.com/c/1")),
        (Field::Phones, list(ANA)),
        (Field::Emails, list("ana@example.com")),
        (Field::Tags, list("vip")),
    ])
}

impl OpenPhone {
    async fn open() -> Self {
        let mut config = OpenPhoneConfig { rate: ROOMY, ..OpenPhoneConfig::default() };
        config.workspaces[0].users.push(User::member(BEN, "ben@example.com"));
        let key = config.workspaces[0].api_key.clone().into();
        let twin = OpenPhoneTwin::start(config).await.unwrap();
        let asker = Asker::new(&twin.base_url());
        let mut openphone = Self { twin, asker, key, view: OpenPhoneView::plain("US", TagTarget::NotRepresentable) };
        let definitions = openphone.ask(request::custom_fields(), response::definitions).await;
        openphone.view.tags = TagTarget::resolve(&definitions, "Tags");
        assert!(matches!(openphone.view.tags, TagTarget::MultiSelect { .. }), "{definitions:?}");
        openphone
    }

    async fn ask<T>(&self, request: Request, reader: Reader<T>) -> T {
        self.asker.ask(request, &self.key, reader).await
    }

    async fn contacts(&self) -> ContactId {
        let made = self.ask(request::create(&key("t1"), &fields(), &self.view), response::contact).await;
        let read = self.ask(request::contact(&made.id), response::contact).await;
        let (observed, _) = observe(&read, &self.view);
        for (field, value) in fields() {
            assert_eq!(observed[&field], Some(value), "{field:?}");
        }
        let changes = Observed::from([
            (Field::Phones, Value::list([ANA.to_owned(), "+14155550101".to_owned()])),
            (Field::Emails, None),
            (Field::Tags, Value::list(["new".to_owned()])),
        ]);
        let document = patch::document(&read, &changes, &self.view).unwrap();
        let whole = self.ask(document, response::contact).await;
        let (observed, _) = observe(&whole, &self.view);
        assert_eq!((&observed[&Field::Phones], &observed[&Field::Emails]), (&changes[&Field::Phones], &None));
        assert_eq!(
            (&observed[&Field::Tags], &observed[&Field::FirstName]),
            (&changes[&Field::Tags], &Value::text("Ana"))
        );
        assert_eq!(whole.phones[0].id, read.phones[0].id, "the number that stayed is the same item");
        for list in [List::all(), List::by_external_ids(&[key("t1")]).remove(0)] {
            let page = self.ask(list.page(None), response::page).await;
            assert_eq!((page.contacts.len(), &page.contacts[0].id, page.unreadable), (1, &made.id, 0));
        }
        made.id
    }

    async fn thin_contacts(&self, ana: &ContactId) {
        let changes = Observed::from([(Field::Role, Value::text("Buyer")), (Field::Company, None)]);
        let thin = self.ask(patch::scalars(ana, &changes, &self.view).unwrap(), response::partial).await;
        assert_eq!(observe_partial(&thin, &self.view).0[&Field::Role], Value::text("Buyer"));
        let whole = self.ask(request::contact(ana), response::contact).await;
        assert_eq!((whole.phones.len(), whole.company), (2, None), "a change of scalars leaves the lists alone");
        assert_eq!(self.ask(thin::get(ana), response::partial).await.id, *ana);
        self.thin_lists(ana).await;
        let shares = self.ask(thin::shares(ana, None), thin::shares_page).await;
        assert!(shares.items.iter().all(|share| share.contact == *ana) && shares.unreadable == 0);
    }

    async fn thin_lists(&self, ana: &ContactId) {
        let made = self.ask(thin::create(&key("t2"), &fields()), response::partial).await;
        let both: BTreeSet<ContactId> = [ana.clone(), made.id.clone()].into();
        let lists = thin::List::by_external_ids(&[key("t1"), key("t2")]);
        for list in [thin::List::all()].iter().chain(&lists) {
            let page = self.ask(list.page(None), thin::page).await;
            assert_eq!(page.items.into_iter().map(|contact| contact.id).collect::<BTreeSet<_>>(), both);
        }
        self.ask(thin::delete(&made.id), response::deleted).await;
    }

    async fn properties(&self, ana: &ContactId) {
        let made = property::create(ana, "email", Some("Work"), &json!("w@example.com"));
        let made = self.ask(made, property::property).await;
        assert_eq!((made.kind.as_str(), &made.value), ("email", &json!("w@example.com")));
        let change = property::Change { name: Some(Some("Home".to_owned())), value: None };
        let changed = self.ask(property::update(ana, &made.id, &change), property::property).await;
        assert_eq!((changed.name.as_deref(), &changed.value), (Some("Home"), &made.value));
        assert_eq!(self.ask(property::get(ana, &made.id), property::property).await, changed);
        let emails = self.ask(property::list(ana, Some("email"), None), property::page).await;
        assert_eq!(emails.items, [changed]);
        self.ask(property::delete(ana, &made.id), response::deleted).await;
    }

    async fn notes(&self, ana: &ContactId) {
        let text = |text: &str| note::Text::new(text).unwrap();
        let made = self.ask(note::create(ana, &text("Called")), note::note).await;
        let changed = self.ask(note::update(ana, &made.id, &text("Wrote")), note::note).await;
        assert_eq!((changed.id.clone(), changed.text.as_str()), (made.id.clone(), "Wrote"));
        assert_eq!(self.ask(note::get(ana, &made.id), note::note).await.text, "Wrote");
        assert_eq!(self.ask(note::list(ana, None), note::page).await.items.len(), 1);
        self.ask(note::delete(ana, &made.id), response::deleted).await;
    }

    /// A text and a call with all that it leaves behind; gives the conversation, the text and the call.
    fn talk(&self) -> (Id, Id, Id) {
        let talk = self.twin.create_conversation(&json!({ "participants": [ANA] })).unwrap();
        let text = self.twin.create_message(&json!({ "participants": [ANA], "text": "Hello" })).unwrap();
        let call = self.twin.create_call(&json!({
            "participants": [ANA], "duration": 55, "recordings": ["https://example.com/1.mp3"], "summary": ["Agreed"],
            "nextSteps": ["Send"], "transcript": [{ "content": "Hello", "identifier": ANA, "userId": BEN }],
            "voicemail": { "duration": 3, "transcript": "Hi", "recordingUrl": "https://example.com/2.mp3" },
        }));
        (id(&talk), id(&text), id(&call.unwrap()))
    }

    async fn conversations(&self, talk: &Id) {
        let filter = conversation::Filter { number: Some(id(NUMBER)), ..conversation::Filter::default() };
        let lists = [
            conversation::list_v1(&filter, None),
            conversation::list(&filter, Order::NewestFirst, None),
            conversation::list(&filter, Order::OldestFirst, None),
        ];
        for list in lists {
            let page = self.ask(list, conversation::page).await;
            assert_eq!((page.items.len(), &page.items[0].id), (1, talk));
            assert_eq!(page.items[0].participants, [ANA.to_owned()].into());
        }
        for surface in BOTH {
            for mark in [Mark::Read, Mark::Done, Mark::Open] {
                let marked = self.ask(conversation::mark(surface, talk, mark), conversation::conversation).await;
                assert_eq!(marked.id, *talk);
            }
        }
    }

    async fn messages(&self, (talk, text): (&Id, &Id)) {
        let people = || Participants::new([ANA.to_owned()]).unwrap();
        let filter = message::Filter { from: Some(ANA.to_owned()), ..message::Filter::default() };
        for list in [message::list_v1(&id(NUMBER), &people(), &Window::default(), None), message::list(&filter, None)] {
            let page = self.ask(list, message::page).await;
            assert_eq!(
                (page.items.len(), &page.items[0].id, &page.items[0].conversation),
                (1, text, &Some(talk.clone()))
            );
        }
        for surface in BOTH {
            assert_eq!(self.ask(message::get(surface, text), message::message).await.text.as_deref(), Some("Hello"));
        }
        assert_eq!(self.twin.messages_sent(), 0, "reading sends nothing");
        let outgoing = Outgoing::new(id(NUMBER), people(), "Hello yourself", UserId::new(BEN).ok()).unwrap();
        let sent = self.ask(message::send(&outgoing), message::message).await;
        assert_eq!((sent.to, self.twin.messages_sent()), (vec![ANA.to_owned()], 1));
    }

    async fn calls(&self, call: &Id) {
        let filter = call::Filter { participant: Some(ANA.to_owned()), ..call::Filter::default() };
        for list in [call::list_v1(&id(NUMBER), ANA, &Window::default(), None), call::list(&filter, None)] {
            assert_eq!(self.ask(list, call::page).await.items[0].id, *call);
        }
        for surface in BOTH {
            assert_eq!(self.ask(call::get(surface, call), call::call).await.seconds, Some(55));
        }
        self.artefacts(call).await;
    }

    async fn artefacts(&self, call: &Id) {
        for list in [artefact::recordings_v1(call), artefact::recordings(call, None)] {
            let recordings = self.ask(list, artefact::recordings_page).await;
            assert_eq!(recordings.items[0].url.as_deref(), Some("https://example.com/1.mp3"));
        }
        let summary = self.ask(artefact::summary(call), artefact::read_summary).await;
        assert_eq!((summary.points, summary.next_steps), (vec!["Agreed".to_owned()], vec!["Send".to_owned()]));
        let v1 = self.ask(artefact::transcript_v1(call), artefact::read_transcript).await;
        let dated = self.ask(artefact::transcripts(call, None), artefact::transcripts_page).await;
        for transcript in [&v1, &dated.items[0]] {
            let line = &transcript.lines[0];
            assert_eq!((line.text.as_str(), line.speaker.as_deref()), ("Hello", Some(ANA)));
        }
        let voicemail = self.ask(artefact::voicemail(call), artefact::read_voicemail).await;
        assert_eq!((voicemail.seconds, voicemail.transcript.as_deref()), (Some(3), Some("Hi")));
    }

    async fn tasks(&self, talk: &Id) {
        let due_at = "2026-12-01T09:00:00Z".parse().ok();
        let new =
            NewTask { title: "Call".to_owned(), description: String::new(), due_at, assignee: UserId::new(BEN).ok() };
        let on_number = self.ask(task::create_v1(&new, &Anchor::Number(id(NUMBER))), task::changed).await;
        self.ask(task::delete(Surface::V1, &on_number.id), response::deleted).await;
        let made = self.ask(task::create(&new, talk), task::changed).await;
        let mut revision = made.revision;
        for surface in BOTH {
            let rewrite = Action::Rewrite { title: "Write".to_owned(), description: "Soon".to_owned() };
            for action in [
                rewrite,
                Action::Complete,
                Action::Reopen,
                Action::Unassign(UserId::new(BEN).unwrap()),
                Action::Assign(UserId::new(BEN).unwrap()),
                Action::RemoveDue,
                Action::SetDue(due_at.unwrap()),
                Action::Unlink(talk.clone()),
                Action::Link(talk.clone()),
            ] {
                let changed = self.ask(task::act(surface, &made.id, &action), task::changed).await;
                assert!(changed.id == made.id && changed.revision >= revision, "{action:?}: {changed:?}");
                revision = changed.revision;
            }
            let read = self.ask(task::get(surface, &made.id), task::task).await;
            assert_eq!((read.title.as_deref(), read.status), (Some("Write"), Some(task::Status::Open)));
            assert_eq!((read.due_at, read.assignee, read.conversation), (due_at, Some(id(BEN)), Some(talk.clone())));
            let page = self.ask(task::list(surface, None), task::page).await;
            assert!(page.items.iter().any(|task| task.id == made.id && task.revision == revision), "{page:?}");
        }
        self.ask(task::delete(Surface::Dated, &made.id), response::deleted).await;
    }

    async fn workspace(&self) {
        for surface in BOTH {
            let users = self.ask(workspace::users(surface, None), workspace::users_page).await;
            let ben = users.items.iter().find(|user| user.id.as_str() == BEN).unwrap();
            assert_eq!(self.ask(workspace::user(surface, &ben.id), workspace::read_user).await, *ben);
            let number = self.ask(workspace::number(surface, &id(NUMBER)), workspace::read_number).await;
            assert_eq!(number.number.as_deref(), Some(OURS));
        }
        let ben = UserId::new(BEN).unwrap();
        for list in
            [workspace::numbers_v1(None), workspace::numbers(Some(OURS), None), workspace::numbers_of(&ben, None)]
        {
            assert_eq!(self.ask(list, workspace::numbers_page).await.items[0].id, id(NUMBER));
        }
        let users = self.ask(workspace::users_of(&id(NUMBER), None), workspace::users_page).await;
        assert!(users.items.iter().any(|user| user.id == ben));
        let organization = self.ask(workspace::organization(), workspace::read_organization).await;
        assert_eq!(organization.is_active, Some(true));
    }

    async fn hooks(&self) {
        // Nobody listens there: what is delivered stays in the log.
        let new = NewHook {
            url: "http://127.0.0.1:9/hook",
            events: hook::CONTACT_EVENTS,
            numbers: Numbers::All,
            status: Status::Disabled,
            label: Some("Tandem"),
        };
        let (made, key) = self.ask(hook::create(&new), hook::created).await;
        assert_eq!(made.status, Some(Status::Disabled));
        let change = Change { status: Some(Status::Enabled), ..Change::default() };
        let enabled = self.ask(hook::update(&made.id, &change).unwrap(), hook::hook).await;
        assert_eq!((&enabled.id, enabled.status), (&made.id, Some(Status::Enabled)));
        assert_eq!(self.ask(hook::get(&made.id), hook::hook).await.events, hook::CONTACT_EVENTS);
        assert_eq!(self.ask(hook::list(), hook::page).await.items.len(), 1);
        self.deliveries(&made.id, &key).await;
        self.ask(hook::delete(&made.id), response::deleted).await;
        self.older_hooks(&new).await;
    }

    async fn deliveries(&self, hook: &Id, key: &SecretString) {
        let rotated = self.ask(hook::rotate(hook), hook::rotated).await;
        assert_ne!(rotated.expose_secret(), key.expose_secret());
        let event = self.ask(delivery::test(hook, "contact.updated"), delivery::tested).await;
        let filter = delivery::Filter { kind: Some("contact.updated".to_owned()), ..delivery::Filter::default() };
        let log = self.ask(delivery::list(hook, &filter, None), delivery::page).await;
        assert_eq!((log.items.len(), &log.items[0].event), (1, &Some(event.clone())));
        let detail = self.ask(delivery::get(hook, &log.items[0].id), delivery::detail).await;
        assert_eq!(detail.body["id"], event.as_str());
        self.ask(delivery::retry(hook, &log.items[0].id), response::accepted).await;
    }

    async fn older_hooks(&self, new: &NewHook<'_>) {
        for (subject, event) in [
            (legacy::Subject::Messages, "message.received"),
            (legacy::Subject::Calls, "call.completed"),
            (legacy::Subject::Summaries, "call.summary.completed"),
            (legacy::Subject::Transcripts, "call.transcript.completed"),
        ] {
            let new = NewHook { events: &[event], ..new.clone() };
            let (made, _key) = self.ask(legacy::create(subject, &new), hook::created).await;
            assert_eq!(self.ask(legacy::list(None), hook::page).await.items[0].id, made.id);
            assert_eq!(self.ask(legacy::get(&made.id), hook::hook).await.events, [event]);
            self.ask(legacy::delete(&made.id), response::deleted).await;
        }
    }
}

#[tokio::test]
async fn openphone_does_what_the_client_asks_for_on_both_surfaces() {
    let openphone = OpenPhone::open().await;
    let ana = openphone.contacts().await;
    openphone.thin_contacts(&ana).await;
    openphone.properties(&ana).await;
    openphone.notes(&ana).await;
    let (talk, text, call) = openphone.talk();
    openphone.conversations(&talk).await;
    openphone.messages((&talk, &text)).await;
    openphone.calls(&call).await;
    openphone.tasks(&talk).await;
    openphone.workspace().await;
    openphone.hooks().await;
    openphone.ask(request::delete(&ana), response::deleted).await;
    assert!(openphone.twin.contacts().is_empty());
    let known: BTreeSet<&str> = operations::ALL.iter().map(|operation| operation.name).collect();
    assert_eq!(*openphone.asker.asked.borrow(), known);
}
