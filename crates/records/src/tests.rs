//! Claims and links under contention.

use jiff::Timestamp;

use super::*;

fn records() -> Records {
    Records::new(Store::memory())
}

fn document(id: &str) -> Document {
    Document::new(ConnectionId::new("acme").unwrap(), RecordId::new(id).unwrap(), Timestamp::UNIX_EPOCH)
}

#[tokio::test]
async fn a_document_comes_back_as_it_was_saved() {
    let (records, document) = (records(), document("r1"));
    records.save(&document, Expected::Absent).await.unwrap();
    let loaded = records.load(&document.connection, &document.id).await.unwrap().unwrap();
    assert_eq!(loaded.document, document);
    let error = records.save(&document, Expected::Absent).await.unwrap_err();
    assert!(error.is_conflict());
    records.save(&document, Expected::Revision(loaded.revision)).await.unwrap();
}

#[tokio::test]
async fn an_identity_key_has_one_holder_until_it_is_given_back() {
    let records = records();
    let (one, two) = (document("r1"), document("r2"));
    assert_eq!(records.claim(&one, "phone:+14155550123").await.unwrap(), None);
    assert_eq!(records.claim(&one, "phone:+14155550123").await.unwrap(), None, "its own");
    assert_eq!(records.claim(&two, "phone:+14155550123").await.unwrap(), Some(one.id.clone()));
    records.release(&two.connection, &two.id, "phone:+14155550123").await.unwrap();
    assert_eq!(records.claim(&two, "phone:+14155550123").await.unwrap(), Some(one.id.clone()), "only the holder can");
    records.release(&one.connection, &one.id, "phone:+14155550123").await.unwrap();
    assert_eq!(records.claim(&two, "phone:+14155550123").await.unwrap(), None);
}

#[tokio::test]
async fn whoever_made_a_thing_is_noted_for_it_whoever_meets_it() {
    let records = records();
    let task = |id: &str| document(id).of_kind(Kind::Task);
    let (maker, finder) = (task("r1"), task("r2"));
    let noted = async || records.linked_thing(&maker.connection, (Kind::Task, Side::Ghl), "t1").await.unwrap();
    records.link_if_new(&finder, Side::Ghl, "t1").await.unwrap();
    assert_eq!(noted().await, Some(finder.id.clone()));
    records.link(&maker, Side::Ghl, "t1").await.unwrap();
    records.link_if_new(&finder, Side::Ghl, "t1").await.unwrap();
    assert_eq!(noted().await, Some(maker.id.clone()));
}

#[tokio::test]
async fn contacts_of_equal_id_in_two_connections_are_two_records() {
    let (a, b) = (ConnectionId::new("a").unwrap(), ConnectionId::new("b").unwrap());
    assert_ne!(record_id(&a, Side::Ghl, "x"), record_id(&b, Side::Ghl, "x"));
    assert_ne!(record_id(&a, Side::Ghl, "x"), record_id(&a, Side::OpenPhone, "x"));
}

#[tokio::test]
async fn every_document_of_a_connection_is_shown_and_no_other() {
    let records = records();
    for id in ["r1", "r2", "r3"] {
        records.save(&document(id), Expected::Absent).await.unwrap();
    }
    let other = Document { connection: ConnectionId::new("acme2").unwrap(), ..document("r4") };
    records.save(&other, Expected::Absent).await.unwrap();
    records.store.put("record/acme/broken", "no document", Expected::Absent).await.unwrap();
    let mut shown = Vec::new();
    records.each(&other.connection, |document| shown.push(document.id.to_string())).await.unwrap();
    records.each(&ConnectionId::new("acme").unwrap(), |document| shown.push(document.id.to_string())).await.unwrap();
    shown.sort();
    assert_eq!(shown, ["r1", "r2", "r3", "r4"]);
}
