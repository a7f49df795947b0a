//! GHL in both versions. Each operation is tried twice: without its scopes, which must be refused, and with no others.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde_json::json;
use tandem_contact::{Field, Fields, Value};
use tandem_providers::ghl::conversation::{self, CallStatus, Delivery, Direction, Place};
use tandem_providers::ghl::membership::{self, business_set, followers};
use tandem_providers::ghl::oauth::{self, App, Installations, Proof, TokenSet, UserType};
use tandem_providers::ghl::search::{self, Filter, Search, Whom};
use tandem_providers::ghl::{
    ApiVersion, Contact, GhlView, Id, appointment, contact, custom_field, location, note, operations, request,
    response, tag, task, user, write,
};
use tandem_providers::{ContactId, CustomPlaces, Request};
use tandem_tests::http;
use tandem_twins::{GhlChoice, GhlConfig, GhlCustomField, GhlLocation, GhlMessageProvider, GhlTwin};
use url::Url;

use super::{Asker, ROOMY, Reader};

const LOCATION: &str = "SandboxLocation00001";
const OTHER: &str = "SandboxLocation00002";
const COMPANY: &str = "SandboxCompany000001";
const USER: &str = "SandboxUser000000001";
const BUSINESS: &str = "63771dcac1116f0e21de8e12";
const BACK: &str = "https://sync.example.com/oauth/ghl/callback";
const DUE: &str = "2026-12-01T09:00:00Z";

struct Ghl {
    twin: GhlTwin,
    asker: Asker,
    version: ApiVersion,
    app: App,
    /// Whose token is taken: the agency's for installations, else the location's.
    company: SecretString,
    location: SecretString,
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn scopes() -> BTreeSet<&'static str> {
    operations::ALL.iter().flat_map(|operation| operation.scopes).copied().collect()
}

fn view() -> GhlView {
    GhlView {
        custom_fields: CustomPlaces::new([(Field::Role, "FieldRole00000000001".to_owned())]).with_ids(|_| true),
        ..GhlView::plain(LOCATION, "US", "https://app.example.com")
    }
}

impl Ghl {
    async fn connected(version: &str) -> Self {
        let mut config = GhlConfig { rate: ROOMY, ..GhlConfig::default() };
        config.locations.push(GhlLocation::new(OTHER, "pit-other"));
        config.locations[0].custom_fields = vec![GhlCustomField::text("FieldRole00000000001", "role", "Role")];
        let app =
            App { client_id: config.app.client_id.clone(), client_secret: config.app.client_secret.clone().into() };
        let twin = GhlTwin::start(config).await.unwrap();
        let (asker, version) = (Asker::new(&twin.base_url()), ApiVersion::new(version).unwrap());
        let none = SecretString::default();
        let mut ghl = Self { twin, asker, version, app, company: none.clone(), location: none };
        ghl.company = ghl.install(GhlChoice::Company(vec![LOCATION.to_owned(), OTHER.to_owned()])).await.access;
        ghl.location = ghl.install(GhlChoice::Location(LOCATION.to_owned())).await.access;
        ghl
    }

    /// Installs the app as a browser would, and gets the tokens for the code that it comes back with.
    async fn install(&self, choice: GhlChoice) -> TokenSet {
        let user_type = match &choice {
            GhlChoice::Company(_) => UserType::Company,
            GhlChoice::Location(_) => UserType::Location,
        };
        self.twin.choose(choice);
        let scopes = scopes().into_iter().collect::<Vec<_>>().join(" ");
        let mut link: Url = format!("{}/v2/oauth/chooselocation", self.twin.base_url()).parse().unwrap();
        link.query_pairs_mut()
            .extend_pairs([("response_type", "code"), ("client_id", &self.app.client_id), ("redirect_uri", BACK)])
            .append_pair("scope", &scopes);
        let line = format!("GET {}?{}", link.path(), link.query().unwrap());
        let reply = http::send(self.twin.address(), &line, &[], b"").await.unwrap();
        let back: Url = reply.header("location").unwrap().parse().unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let proof = Proof::Code { code: code.into(), redirect_uri: Some(BACK.to_owned()) };
        self.ask(oauth::token(&self.app, &proof, user_type, &self.version), oauth::token_set).await
    }

    /// Refused without the scopes that the table names, done with no others.
    async fn ask<T>(&self, request: Request, reader: Reader<T>) -> T {
        let operation = request.operation;
        let needed: BTreeSet<&str> = operation.scopes.iter().copied().collect();
        let token = if operation.name.starts_with("ghl.oauth.") { &self.company } else { &self.location };
        for scope in &needed {
            self.twin.remove_scope(scope);
            let answer = self.asker.send(request.clone(), token).await;
            let refused = reader(&answer).err().is_some_and(|error| error.is_missing_scope());
            assert!(refused, "{} is done without {scope}: {answer:?}", operation.name);
            self.twin.restore_scope(scope);
        }
        let others: Vec<&str> = scopes().difference(&needed).copied().collect();
        for scope in &others {
            self.twin.remove_scope(scope);
        }
        let done = self.asker.ask(request, token, reader).await;
        for scope in &others {
            self.twin.restore_scope(scope);
        }
        done
    }

    async fn tokens(&self) {
        let tokens = self.install(GhlChoice::Location(LOCATION.to_owned())).await;
        assert_eq!(tokens.location_id.as_deref(), Some(LOCATION));
        let refresh = Proof::Refresh(tokens.refresh.unwrap());
        let new =
            self.ask(oauth::token(&self.app, &refresh, UserType::Location, &self.version), oauth::token_set).await;
        assert!(new.refresh.is_some());
        let request = oauth::location_token(COMPANY, OTHER, &self.version);
        assert_eq!(self.ask(request, oauth::token_set).await.location_id.as_deref(), Some(OTHER));
        let request = oauth::reconnect(&self.app, UserType::Location, LOCATION, &self.version);
        let code = Proof::Code { code: self.ask(request, oauth::reconnected).await, redirect_uri: None };
        let again = oauth::token(&self.app, &code, UserType::Location, &self.version);
        assert_eq!(self.ask(again, oauth::token_set).await.location_id.as_deref(), Some(LOCATION));
        let app = id("6878cec452e7c8d29d4dd3d9");
        let mut wanted = Installations { company: COMPANY, app: &app, limit: 1, after: None };
        let first = self.ask(oauth::installed_locations(&wanted, &self.version), oauth::installed).await;
        // The dated version counts, v3 says where to go on.
        let next = first.next.clone().unwrap_or_else(|| "1".to_owned());
        wanted.after = Some(&next);
        let second = self.ask(oauth::installed_locations(&wanted, &self.version), oauth::installed).await;
        let both: BTreeSet<&str> = first.locations.iter().chain(&second.locations).map(String::as_str).collect();
        assert_eq!(both, BTreeSet::from([LOCATION, OTHER]));
    }

    async fn contacts(&self) -> ContactId {
        let text = |text: &str| Value::Text(text.to_owned());
        let list = |item: &str| Value::List([item.to_owned()].into());
        let fields = Fields::from([
            (Field::FirstName, text("Ana")),
            (Field::LastName, text("Garcia")),
            (Field::Company, text("Example Inc")),
            (Field::Role, text("Buyer")),
            (Field::Phones, list("+14155550101")),
            (Field::Emails, list("ana@example.com")),
            (Field::Tags, list("vip")),
        ]);
        let made = self.ask(write::create(&fields, &view(), &self.version), write::created).await;
        let read = self.ask(request::contact(&made.id, &self.version), response::contact).await;
        let (observed, _) = contact::observe(&read, &view());
        for (field, value) in &fields {
            assert_eq!(observed[field].as_ref(), Some(value), "{field:?}");
        }
        self.changes(&read).await;
        made.id
    }

    async fn changes(&self, read: &Contact) {
        let changes = write::Changes::from([
            (Field::LastName, Value::text("Lopez")),
            (Field::Role, None),
            (Field::Emails, Value::list(["new@example.com".to_owned()])),
        ]);
        let change = write::update(read, &changes, &view(), &self.version).unwrap();
        let changed: Contact = self.ask(change, write::updated).await.unwrap();
        let (observed, _) = contact::observe(&changed, &view());
        assert_eq!((&observed[&Field::LastName], &observed[&Field::Role]), (&Value::text("Lopez"), &None));
        assert_eq!(observed[&Field::Emails], Value::list(["new@example.com".to_owned()]));
        let again = Fields::from([(Field::Emails, Value::List(["new@example.com".to_owned()].into()))]);
        let (same, is_new) = self.ask(write::upsert(&again, &view(), &self.version), write::upserted).await;
        assert_eq!((&same.id, is_new), (&read.id, false));
    }

    async fn searches(&self, ana: &ContactId) {
        let filters = vec![Filter::equals("email", "new@example.com").unwrap()];
        let search = Search::new(&id(LOCATION), filters);
        let found = self.ask(search.page(None, &self.version), search::searched).await;
        assert_eq!((found.hits.len(), &found.hits[0].id, found.unreadable), (1, ana, 0));
        let since = Search::new(&id(LOCATION), vec![Filter::updated_since("2020-01-01T00:00:00Z".parse().unwrap())]);
        assert_eq!(self.ask(since.page(None, &self.version), search::searched).await.total, Some(1));
        let duplicate = search::duplicate(&id(LOCATION), Some("+14155550101"), None, &self.version).unwrap();
        assert_eq!(self.ask(duplicate, search::duplicated).await.unwrap().id, *ana);
        let nobody = search::duplicate(&id(LOCATION), None, Some("no@example.com"), &self.version).unwrap();
        assert_eq!(self.ask(nobody, search::duplicated).await, None);
        self.lists(ana).await;
    }

    async fn lists(&self, ana: &ContactId) {
        if let Ok(list) = search::list(&id(LOCATION), None, &self.version) {
            assert_eq!(self.ask(list, search::listed).await.hits[0].id, *ana);
        }
        let whom = Whom::Phone("+14155550101".to_owned());
        if let Ok(lookup) = search::lookup(&id(LOCATION), &whom, None, &self.version) {
            assert_eq!(self.ask(lookup, search::looked_up).await.contacts[0].id, *ana);
        }
        let set =
            membership::set_business(&id(LOCATION), std::slice::from_ref(ana), Some(&id(BUSINESS)), &self.version);
        for request in set {
            assert_eq!(self.ask(request, business_set).await, [id(ana.as_str())]);
        }
        let theirs = search::of_business(&id(LOCATION), &id(BUSINESS), 0, &self.version);
        assert_eq!(self.ask(theirs, search::found_of_business).await.hits[0].id, *ana);
    }

    async fn groups(&self, ana: &ContactId) {
        let version = &self.version;
        let tags = self.ask(tag::add(ana, &["Lead"], version), tag::tags).await;
        assert!(tags.iter().any(|tag| tag == "lead"), "{tags:?}");
        let tags = self.ask(tag::remove(ana, &["lead"], version), tag::tags).await;
        assert!(!tags.iter().any(|tag| tag == "lead"), "{tags:?}");
        for what in [tag::Bulk::Add, tag::Bulk::Remove] {
            let request = tag::update_many(&id(LOCATION), what, std::slice::from_ref(ana), &["bulk"], version);
            let outcomes = self.ask(request, tag::updated_many).await;
            assert_eq!((&outcomes[0].contact, &outcomes[0].refused), (ana, &None));
        }
        self.memberships(ana).await;
    }

    async fn memberships(&self, ana: &ContactId) {
        let version = &self.version;
        let who = self.ask(membership::add_followers(ana, &[id(USER)], version), followers).await;
        assert_eq!(who, [id(USER)]);
        assert!(self.ask(membership::remove_followers(ana, &[id(USER)], version), followers).await.is_empty());
        self.ask(membership::add_to_campaign(ana, &id("k1"), version), response::done).await;
        self.ask(membership::remove_from_campaign(ana, &id("k1"), version), response::done).await;
        self.ask(membership::remove_from_campaigns(ana, version), response::done).await;
        let start = DUE.parse().ok();
        self.ask(membership::add_to_workflow(ana, &id("w1"), start, version), response::done).await;
        self.ask(membership::remove_from_workflow(ana, &id("w1"), start, version), response::done).await;
    }

    async fn tasks(&self, ana: &ContactId) {
        let version = &self.version;
        let new = task::NewTask {
            title: "Call".to_owned(),
            body: Some("About the offer".to_owned()),
            assignee: Some(id(USER)),
            due_at: DUE.parse().unwrap(),
            is_completed: false,
        };
        let made = self.ask(task::create(ana, &new, version), task::task).await;
        assert_eq!((made.title.as_deref(), made.due_at), (Some("Call"), DUE.parse().ok()));
        assert_eq!(self.ask(task::get(ana, &made.id, version), task::task).await, made);
        self.task_changes(ana, &made).await;
        self.ask(task::delete(ana, &made.id, version), response::done).await;
        assert!(self.ask(task::list(ana, version), task::tasks).await.items.is_empty());
    }

    async fn task_changes(&self, ana: &ContactId, made: &task::Task) {
        let version = &self.version;
        let change = task::Change { title: Some("Write".to_owned()), ..task::Change::default() };
        let changed = self.ask(task::update(ana, &made.id, &change, version), task::task).await;
        assert_eq!((changed.title.as_deref(), &changed.body), (Some("Write"), &made.body));
        assert!(self.ask(task::complete(ana, &made.id, true, version), task::task).await.is_completed);
        let search = task::Search { contacts: vec![ana.clone()], is_completed: Some(true), ..task::Search::default() };
        let found = self.ask(search.page(&id(LOCATION), 0, version), task::tasks).await;
        assert_eq!((&found.items[0].id, &found.items[0].contact), (&made.id, &Some(ana.clone())));
        assert_eq!(self.ask(task::list(ana, version), task::tasks).await.items.len(), 1);
    }

    async fn notes_and_visits(&self, ana: &ContactId) {
        let version = &self.version;
        let new = note::NewNote { body: "Called".to_owned(), title: Some("Call".to_owned()), author: Some(id(USER)) };
        let made = self.ask(note::create(ana, &new, version), note::note).await;
        assert_eq!((made.body.as_str(), made.title.as_deref()), ("Called", Some("Call")));
        assert_eq!(self.ask(note::update(ana, &made.id, "Wrote", version), note::note).await.body, "Wrote");
        assert_eq!(self.ask(note::get(ana, &made.id, version), note::note).await.title.as_deref(), Some("Call"));
        assert_eq!(self.ask(note::list(ana, version), note::notes).await.items[0].id, made.id);
        self.ask(note::delete(ana, &made.id, version), response::done).await;
        let visit = json!({ "title": "Visit", "startTime": "2026-12-01 11:00:00" });
        self.twin.create_appointment(ana.as_str(), &visit).unwrap();
        let visits = self.ask(appointment::list(ana, version), appointment::appointments).await;
        assert_eq!(visits.items[0].title.as_deref(), Some("Visit"));
    }

    async fn tags(&self) {
        let (version, here) = (&self.version, id(LOCATION));
        let place = self.ask(location::get(&here, version), location::location).await;
        assert_eq!((place.company, place.allows_duplicates), (Some(id(COMPANY)), Some(false)));
        let made = self.ask(location::create_tag(&here, "lead", version), location::found_tag).await;
        let all = self.ask(location::tags(&here, version), location::found_tags).await;
        assert!(all.items.contains(&made));
        assert_eq!(self.ask(location::tag(&here, &made.id, version), location::found_tag).await, made);
        let renamed = location::rename_tag(&here, &made.id, "customer", version);
        let renamed = self.ask(renamed, location::found_tag).await;
        assert_eq!(renamed.name, "customer");
        self.ask(location::delete_tag(&here, &renamed.id, version), response::done).await;
    }

    async fn custom_fields(&self) {
        let (version, here) = (&self.version, id(LOCATION));
        let made = self.ask(custom_field::create(&here, "Firm", "TEXT", version), custom_field::definition).await;
        assert_eq!((made.name.as_str(), made.data_type.as_deref()), ("Firm", Some("TEXT")));
        let all = self.ask(custom_field::list(&here, version), custom_field::definitions).await;
        assert!(all.items.contains(&made) && all.items.len() == 2, "{all:?}");
        assert_eq!(self.ask(custom_field::get(&here, &made.id, version), custom_field::definition).await, made);
        let renamed = custom_field::rename(&here, &made.id, "Company", version);
        assert_eq!(self.ask(renamed, custom_field::definition).await.name, "Company");
        self.ask(custom_field::delete(&here, &made.id, version), response::done).await;
    }

    async fn people(&self) {
        let (version, here) = (&self.version, id(LOCATION));
        let people = self.ask(user::search(&id(COMPANY), Some(&here), 0, version), user::users).await;
        assert_eq!(people.items[0].email.as_deref(), Some("sam@example.com"));
        assert_eq!(self.ask(user::get(&id(USER), version), user::user).await, people.items[0]);
        if let Ok(list) = user::list(&here, version) {
            assert_eq!(self.ask(list, user::users).await.items, people.items);
        }
    }

    async fn talks(&self, ana: &ContactId) {
        let (version, here) = (&self.version, id(LOCATION));
        let talk = self.ask(conversation::create(&here, ana, version), conversation::created).await;
        let found = self.ask(conversation::search(&here, ana, version), conversation::conversations).await;
        assert_eq!((&found.items[0].id, &found.items[0].contact), (&talk, &Some(ana.clone())));
        let place = |provider: &GhlMessageProvider, external: &str| Place {
            conversation: talk.clone(),
            contact: ana.clone(),
            provider: id(&provider.id),
            external_id: external.to_owned(),
            at: "2026-11-01T10:00:00Z".parse().unwrap(),
        };
        let text =
            conversation::log_text(&place(&GhlMessageProvider::sms(), "AC1"), Direction::Inbound, "Hello", version);
        let text = self.ask(text, conversation::logged).await;
        let call = |direction, from: &str, to: &str| {
            let call = conversation::Call {
                direction,
                from: from.to_owned(),
                to: to.to_owned(),
                status: CallStatus::Completed,
            };
            conversation::log_call(&place(&GhlMessageProvider::call(), "AC2"), &call, version)
        };
        let (hers, ours) = ("+14155550101", "+14155550199");
        let came = self.ask(call(Direction::Inbound, hers, ours), conversation::logged).await;
        let went = self.ask(call(Direction::Outbound, ours, hers), conversation::logged).await;
        let all = self.ask(conversation::export(&here, Some(ana), None, version), conversation::exported).await;
        let ids: BTreeSet<&Id> = all.messages.iter().map(|message| &message.id).collect();
        assert_eq!(ids, BTreeSet::from([&text, &came, &went]));
        let externals: Vec<_> = self.twin.messages().iter().map(|message| message["altId"].clone()).collect();
        assert_eq!(externals, ["AC1", "AC2", "AC2"]);
        let read = conversation::set_status(&text, Delivery::Read, version);
        assert_eq!(self.ask(read, conversation::status_set).await, text);
        let recording = conversation::set_attachments(&went, &["https://example.com/1.mp3"], version).unwrap();
        self.ask(recording, conversation::attachments_set).await;
    }
}

async fn everything(version: &str) {
    let ghl = Ghl::connected(version).await;
    ghl.tokens().await;
    let ana = ghl.contacts().await;
    ghl.searches(&ana).await;
    ghl.groups(&ana).await;
    ghl.tasks(&ana).await;
    ghl.notes_and_visits(&ana).await;
    ghl.tags().await;
    ghl.custom_fields().await;
    ghl.people().await;
    ghl.talks(&ana).await;
    ghl.ask(write::delete(&ana, &ghl.version), response::done).await;
    assert!(ghl.twin.contacts().is_empty());
    let offered = operations::ALL.iter().filter(|operation| ghl.version.offers(operation).is_ok());
    let offered: BTreeSet<&str> = offered.map(|operation| operation.name).collect();
    assert_eq!(*ghl.asker.asked.borrow(), offered);
}

#[tokio::test]
async fn ghl_does_what_the_client_asks_for_with_the_least_scopes() {
    everything("2021-07-28").await;
}

#[tokio::test]
async fn ghl_does_what_the_client_asks_for_in_v3() {
    everything("v3").await;
}
