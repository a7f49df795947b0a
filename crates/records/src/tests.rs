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
async fn contacts_of_equal_id_in_two_connections_are_two_records() {
    let (a, b) = (ConnectionId::new("a").unwrap(), ConnectionId::new("b").unwrap());
    assert_ne!(record_id(&a, Side::Ghl, "x"), record_id(&b, Side::Ghl, "x"));
    assert_ne!(record_id(&a, Side::Ghl, "x"), record_id(&a, Side::OpenPhone, "x"));
}
