//! Over a queue and a store in memory.

use std::time::Duration;

use tandem_contact::PerSide;
use tandem_mapping::Mapping;
use tandem_proto::{ConnectionId, Consumer, RecordId};
use tandem_providers::ghl::GhlView;
use tandem_providers::openphone::{OpenPhoneView, TagTarget};
use tandem_queue::{Queue, Settings};
use tandem_records::{Records, record_id};
use tandem_store::Store;
use tandem_telemetry::Metrics;

use super::*;
use crate::observation::Maker;

struct World {
    deps: Deps,
    connection: Connection,
    header: Header,
}

fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}

fn snapshot(first: &str, phone: &str) -> Snapshot {
    let observed = Observed::from([
        (Field::FirstName, Value::text(first)),
        (Field::LastName, None),
        (Field::Phones, Value::list([phone.to_owned()].into_iter().filter(|phone| !phone.is_empty()))),
    ]);
    Snapshot { observed, at: None, is_lower_cased: false, maker: Maker::Others }
}

impl World {
    fn new() -> Self {
        let (queue, records) = (Queue::memory(Settings::default()), Records::new(Store::memory()));
        let mapping = Mapping::default();
        let ghl = GhlView::plain("l1", "US", "https://app.example.com");
        let openphone = OpenPhoneView::plain("US", TagTarget::NotRepresentable);
        let rules = mapping.rules(PerSide::default());
        let connection = Connection { rules, task_rules: None, note_rules: None, mapping, ghl, openphone };
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
        let header = Header { id: "e1".to_owned(), connection: acme(), traceparent, ..Header::default() };
        Self { deps: Deps { queue, records, metrics: Metrics::new() }, connection, header }
    }

    async fn shown(&self, side: Side, contact: &str, snapshot: Snapshot) -> Settlement {
        let contact = ContactId::new(contact).unwrap();
        let shown = Shown { header: &self.header, connection: &self.connection, side, contact, snapshot };
        Box::pin(shown.attempt(&self.deps, Lane::Bulk)).await.unwrap()
    }

    async fn document(&self, record: &RecordId) -> (Document, u64) {
        let Loaded { document, revision } = self.deps.records.load(&acme(), record).await.unwrap().unwrap();
        (document, revision)
    }

    /// Commands that wait; they are taken.
    async fn commands(&self) -> usize {
        let taken = self.deps.queue.pull(Consumer::WriterBulk, 10, Duration::ZERO).await.unwrap();
        let count = taken.len();
        for delivery in taken {
            delivery.ack().await.unwrap();
        }
        count
    }

    /// The record of GHL's contact `c1`, at rest and linked to `o1`.
    async fn at_rest(&self) -> RecordId {
        self.shown(Side::Ghl, "c1", snapshot("Ana", "+14155550123")).await;
        assert_eq!(self.commands().await, 1);
        let record = record_id(&acme(), Side::Ghl, "c1");
        let (mut document, revision) = self.document(&record).await;
        let (rules, now) = (&self.connection.rules, Timestamp::now());
        adopt(&mut document, rules, Side::OpenPhone, "o1", now);
        let observed = snapshot("Ana", "+14155550123").observed;
        read(&mut document, rules, Side::OpenPhone, &Found { id: "o1".to_owned(), observed, at: None }, now);
        tandem_reconcile::at_rest(&mut document);
        self.deps.records.save(&document, Expected::Revision(revision)).await.unwrap();
        self.deps.records.link(&document, Side::OpenPhone, "o1").await.unwrap();
        record
    }
}

#[tokio::test]
async fn somebody_new_is_taken_over_without_a_read_and_gets_a_command() {
    let world = World::new();
    assert_eq!(world.shown(Side::Ghl, "c1", snapshot("Ana", "+14155550123")).await, Settlement::Done);
    let (document, _) = world.document(&record_id(&acme(), Side::Ghl, "c1")).await;
    assert!(!document.hint[Side::Ghl] && document.dirty_since.is_some());
    assert_eq!(document.canon_value(Field::FirstName), Value::text("Ana").as_ref());
    assert_eq!(world.commands().await, 1);

    // Stopped after the save: the event comes again, and the record gets the command that it hasn't.
    let (document, revision) = world.document(&document.id).await;
    world.deps.records.save(&document, Expected::Revision(revision)).await.unwrap();
    assert_eq!(world.shown(Side::Ghl, "c1", snapshot("Ana", "+14155550123")).await, Settlement::Skipped);
    assert_eq!(world.commands().await, 1);

    let nobody = world.shown(Side::Ghl, "c2", snapshot("", "")).await;
    assert_eq!((nobody, world.commands().await), (Settlement::Skipped, 0));
    let (document, _) = world.document(&record_id(&acme(), Side::Ghl, "c2")).await;
    assert_eq!(document.dirty_since, None);
}

#[tokio::test]
async fn names_in_lower_case_are_compared_and_never_taken_over() {
    let world = World::new();
    let lower = |first: &str| Snapshot { is_lower_cased: true, ..snapshot(first, "+14155550123") };
    world.shown(Side::Ghl, "c9", lower("bo")).await;
    let (document, _) = world.document(&record_id(&acme(), Side::Ghl, "c9")).await;
    assert!(document.hint[Side::Ghl] && document.canon.is_empty(), "{document:?}");
    assert_eq!(world.shown(Side::Ghl, "c9", lower("bo")).await, Settlement::Skipped, "it is going to be read");
    assert_eq!(world.commands().await, 1);

    world.at_rest().await;
    assert_eq!(world.shown(Side::Ghl, "c1", lower("ana")).await, Settlement::Skipped);
    assert_eq!(world.commands().await, 0);
    assert_eq!(world.shown(Side::Ghl, "c1", lower("anna")).await, Settlement::Done);
}

#[tokio::test]
async fn what_is_known_costs_nothing_and_what_differs_is_read_again() {
    let world = World::new();
    let record = world.at_rest().await;
    for (side, contact) in [(Side::Ghl, "c1"), (Side::OpenPhone, "o1")] {
        assert_eq!(world.shown(side, contact, snapshot("Ana", "+14155550123")).await, Settlement::Skipped);
    }
    assert_eq!(world.commands().await, 0);
    let tags = Snapshot {
        observed: Observed::from([(Field::Tags, Value::list(["vip".to_owned()]))]),
        ..snapshot("Ana", "+14155550123")
    };
    assert_eq!(world.shown(Side::OpenPhone, "o1", tags).await, Settlement::Skipped, "tags have no place there");

    assert_eq!(world.shown(Side::OpenPhone, "o1", snapshot("Anna", "+14155550123")).await, Settlement::Done);
    assert_eq!(world.shown(Side::Ghl, "c1", snapshot("Ana", "")).await, Settlement::Done);
    let (document, _) = world.document(&record).await;
    assert!(document.hint[Side::Ghl] && document.hint[Side::OpenPhone]);
    assert_eq!(document.canon_value(Field::FirstName), Value::text("Ana").as_ref(), "a page decides nothing");
    assert_eq!(world.commands().await, 1, "one command per record");
}

#[tokio::test]
async fn a_contact_that_was_not_met_is_read_unless_it_was_linked_since() {
    let world = World::new();
    let record = world.at_rest().await;
    let look_at = |before_ms: i64| Look { record: record.clone(), unmet: vec![Side::OpenPhone], before_ms };
    let (document, _) = world.document(&record).await;
    let since = document.link[Side::OpenPhone].as_ref().unwrap().since.as_millisecond();
    let young = look(&world.deps, &world.header, &look_at(since), Lane::Bulk).await.unwrap();
    assert_eq!((young, world.commands().await), (Settlement::Skipped, 0));
    let old = look(&world.deps, &world.header, &look_at(since + 1), Lane::Bulk).await.unwrap();
    assert_eq!((old, world.commands().await), (Settlement::Done, 1));
    let (document, _) = world.document(&record).await;
    assert!(document.hint[Side::OpenPhone] && !document.hint[Side::Ghl]);
    // It waits, so that it gets a command although nothing was missed.
    let waits = Look { unmet: Vec::new(), ..look_at(0) };
    let waiting = look(&world.deps, &world.header, &waits, Lane::Bulk).await.unwrap();
    assert_eq!((waiting, world.commands().await), (Settlement::Done, 1));
}

#[tokio::test]
async fn somebody_in_openphone_waits_until_ghl_is_read_and_is_then_one_person() {
    let world = World::new();
    let zoe = || snapshot("Zoe", "+14155550199");
    assert_eq!(world.shown(Side::OpenPhone, "o2", zoe()).await, Settlement::Done);
    assert_eq!(world.commands().await, 0, "GHL may have her");
    assert_eq!(world.shown(Side::OpenPhone, "o2", zoe()).await, Settlement::Skipped);
    assert_eq!(world.commands().await, 0);

    assert_eq!(world.shown(Side::Ghl, "c2", zoe()).await, Settlement::Done);
    assert_eq!(world.commands().await, 1);
    let record = record_id(&acme(), Side::OpenPhone, "o2");
    let (document, _) = world.document(&record).await;
    assert_eq!((document.provider_id(Side::Ghl), document.provider_id(Side::OpenPhone)), (Some("c2"), Some("o2")));
    assert!(
        !document.hint[Side::Ghl] && !document.hint[Side::OpenPhone],
        "nothing is read: both are as they were shown"
    );
    let ghl_record = record_id(&acme(), Side::Ghl, "c2");
    assert!(world.deps.records.load(&acme(), &ghl_record).await.unwrap().is_none(), "she is one record");
    assert_eq!(world.deps.records.linked(&acme(), Side::Ghl, "c2").await.unwrap(), Some(record.clone()));
    // Whoever comes again finds the one record.
    assert_eq!(world.shown(Side::Ghl, "c2", zoe()).await, Settlement::Skipped);

    // Somebody else with that number is somebody else: the writer decides what that means.
    assert_eq!(world.shown(Side::Ghl, "c3", snapshot("Max", "+14155550199")).await, Settlement::Done);
    let (max, _) = world.document(&record_id(&acme(), Side::Ghl, "c3")).await;
    assert!(max.claims.is_empty() && max.provider_id(Side::OpenPhone).is_none());
}

#[tokio::test]
async fn what_both_sides_hold_differently_is_read_so_that_the_loss_is_noted() {
    let world = World::new();
    let with = |last: &str| {
        let mut shown = snapshot("Zoe", "+14155550199");
        shown.observed.insert(Field::Company, Value::text(last));
        shown
    };
    world.shown(Side::OpenPhone, "o2", with("Old Co")).await;
    world.shown(Side::Ghl, "c2", with("New Co")).await;
    let (document, _) = world.document(&record_id(&acme(), Side::OpenPhone, "o2")).await;
    assert_eq!(document.provider_id(Side::Ghl), Some("c2"));
    assert!(document.hint[Side::Ghl] && document.shadow[Side::Ghl].is_empty());
    assert_eq!(world.commands().await, 1);
}

#[tokio::test]
async fn a_contact_that_another_one_has_replaced_is_left_alone() {
    let world = World::new();
    let record = world.at_rest().await;
    let (document, _) = world.document(&record).await;
    world.deps.records.link(&document, Side::OpenPhone, "o-ghost").await.unwrap();
    let ghost = world.shown(Side::OpenPhone, "o-ghost", snapshot("Ana", "+14155550123")).await;
    assert_eq!((ghost, world.commands().await), (Settlement::Skipped, 0));
    // Ours by the key that it was made with, and not linked yet: somebody lost the answer.
    let mut own = snapshot("Bo", "+14155550177");
    world.shown(Side::Ghl, "c7", own.clone()).await;
    assert_eq!(world.commands().await, 1);
    let bo = record_id(&acme(), Side::Ghl, "c7");
    own.maker = Maker::Record(bo.clone());
    assert_eq!(world.shown(Side::OpenPhone, "o7", own).await, Settlement::Done);
    assert_eq!(world.document(&bo).await.0.provider_id(Side::OpenPhone), Some("o7"));
    assert_eq!(world.deps.records.linked(&acme(), Side::OpenPhone, "o7").await.unwrap(), Some(bo));
}
