//! Over queue and store in memory.

use std::time::Duration;

use tandem_proto::{Consumer, MessageId};
use tandem_queue::{Cause, Settings};
use tandem_reconcile::Document;
use tandem_store::Store;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

struct Place {
    records: Records,
    queue: tandem_queue::Queue,
}

impl Place {
    fn new() -> Self {
        Self { records: Records::new(Store::memory()), queue: tandem_queue::Queue::memory(Settings::default()) }
    }

    async fn carry_out(&self, wish: DeadWish) -> Result<DeadReply, Refusal> {
        let connections = vec![acme()];
        Morgue { records: &self.records, queue: &self.queue, connections, now: NOW }.carry_out(&wish).await
    }

    async fn disposed(&self, wish: DeadWish) -> Disposed {
        let DeadReply::Disposed(disposed) = self.carry_out(wish).await.unwrap() else {
            panic!("nothing was disposed of")
        };
        disposed
    }

    async fn listed(&self, which: DeadFilter) -> Vec<DeadItem> {
        let DeadReply::List(items) = self.carry_out(DeadWish::List(which)).await.unwrap() else { panic!("no list") };
        items
    }

    /// A message that is taken and set aside.
    async fn set_aside(&self, message: NewMessage, (stage, code): (&'static str, &'static str)) {
        let (stream, consumer) = (
            message.stream,
            if message.stream == Stream::Events { Consumer::MapperLive } else { Consumer::WriterLive },
        );
        self.queue.publish(message).await.unwrap();
        let delivery = self.queue.pull(consumer, 1, Duration::ZERO).await.unwrap().pop().unwrap();
        self.queue.set_aside(&delivery, Cause { stream, stage, code, reason: "a reason", now_ms: 7 }).await.unwrap();
        delivery.term("set aside").await.unwrap();
    }

    async fn taken(&self, consumer: Consumer) -> Vec<Envelope> {
        let pulled = self.queue.pull(consumer, 10, Duration::ZERO).await.unwrap();
        pulled.iter().map(|delivery| Envelope::decode(&delivery.message.body).unwrap()).collect()
    }
}

fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}

fn event(connection: &str, body: &str) -> NewMessage {
    let header = Header {
        id: body.to_owned(),
        source: "ghl".to_owned(),
        r#type: "contact.updated".to_owned(),
        subject: "c1".to_owned(),
        connection: ConnectionId::new(connection).unwrap(),
        ..Header::default()
    };
    let event = v1::Event { side: v1::Side::Ghl.into(), body: body.as_bytes().to_vec(), ..v1::Event::default() };
    NewMessage {
        stream: Stream::Events,
        lane: Lane::Live,
        subject: event_subject(Lane::Live, &header.connection, "ghl"),
        id: header.message_id(),
        body: Envelope { header, payload: Payload::Event(event) }.encode().into(),
    }
}

fn all() -> DeadFilter {
    DeadFilter::default()
}

fn redrive(which: DeadFilter, is_dry: bool) -> DeadWish {
    DeadWish::Redrive { which, is_dry }
}

#[tokio::test]
async fn an_event_goes_round_again_in_the_bulk_lane_once() {
    let place = Place::new();
    place.set_aside(event("acme", "{}"), ("mapper", "undecodable")).await;
    let dry = place.disposed(redrive(all(), true)).await;
    assert_eq!((dry.is_dry, dry.done.len()), (true, 1));
    assert!(place.taken(Consumer::MapperBulk).await.is_empty(), "a dry run sent something");
    let number = place.listed(all()).await[0].number;
    let done = place.disposed(redrive(DeadFilter { numbers: vec![number], ..all() }, false)).await;
    assert_eq!(done.done.len(), 1);
    let again = place.taken(Consumer::MapperBulk).await;
    let Payload::Event(event) = &again[0].payload else { panic!("no event") };
    assert_eq!((again.len(), event.lane(), event.body.as_slice()), (1, v1::Lane::Bulk, b"{}".as_slice()));
    assert!(place.listed(all()).await.is_empty());
    assert!(matches!(place.carry_out(DeadWish::Show(number)).await, Err(Refusal::NoLetter(_))));
}

#[tokio::test]
async fn a_filter_means_what_fits_all_of_it() {
    let place = Place::new();
    place.set_aside(event("acme", "1"), ("mapper", "undecodable")).await;
    place.set_aside(event("other", "2"), ("mapper", "undecodable")).await;
    place.set_aside(event("acme", "3"), ("mapper", "refused")).await;
    let of = |connection: &str, code: &str| DeadFilter {
        connection: Some(connection.into()),
        code: Some(code.into()),
        ..all()
    };
    assert_eq!(place.listed(of("acme", "undecodable")).await.len(), 1);
    assert_eq!(place.listed(DeadFilter { stage: Some("writer".to_owned()), ..all() }).await, []);
    // A connection that the configuration doesn't name has nobody to work for it.
    let redriven = place.disposed(redrive(all(), false)).await;
    let [(left, why)] = redriven.left.as_slice() else { panic!("{redriven:?}") };
    assert_eq!((redriven.done.len(), left.connection.as_str()), (2, "other"));
    assert!(why.contains("not in the configuration"));
    let dropped = place.disposed(DeadWish::Drop { which: of("other", "undecodable"), is_dry: false }).await;
    assert_eq!((dropped.done.len(), place.listed(all()).await.len()), (1, 0));
}

#[tokio::test]
async fn a_command_is_made_anew_with_its_failures_forgotten() {
    let place = Place::new();
    let record = RecordId::new("r1").unwrap();
    let mut document = Document::new(acme(), record.clone(), NOW);
    (document.attempts, document.not_before) = (13, Some(NOW + Duration::from_hours(1)));
    let revision = place.records.save(&document, Expected::Absent).await.unwrap();
    let work = |record: &RecordId, revision| {
        let connection = acme();
        let work = Work {
            source: "mapper",
            connection: &connection,
            record,
            is_firing: false,
            revision,
            lane: Lane::Live,
            causation_id: "",
            now_ms: 1,
        };
        work.message(|_| String::new())
    };
    place.set_aside(work(&record, revision), ("writer", "attempts_exhausted")).await;
    place.set_aside(work(&RecordId::new("r2").unwrap(), 1), ("writer", "attempts_exhausted")).await;
    let redriven = place.disposed(redrive(all(), false)).await;
    assert_eq!((redriven.done.len(), redriven.left.len()), (1, 1), "{redriven:?}");
    assert!(redriven.left[0].1.contains("no record r2"));
    let commands = place.taken(Consumer::WriterBulk).await;
    assert_eq!((commands.len(), commands[0].header.subject.as_str()), (1, "r1"));
    let Loaded { document, .. } = place.records.load(&acme(), &record).await.unwrap().unwrap();
    assert_eq!((document.attempts, document.not_before, document.dirty_since), (0, None, Some(NOW)));
}

#[tokio::test]
async fn an_edited_event_is_another_message() {
    let place = Place::new();
    place.set_aside(event("acme", "no json"), ("mapper", "undecodable")).await;
    let number = place.listed(all()).await[0].number;
    let DeadReply::Shown(shown) = place.carry_out(DeadWish::Show(number)).await.unwrap() else { panic!("not shown") };
    assert_eq!((shown.body.as_ref(), shown.raw.as_deref()), (None, Some("no json")));
    let body = serde_json::json!({ "type": "ContactUpdate", "id": "c1" });
    let edited = place.carry_out(DeadWish::Edit { number, body: body.clone() }).await.unwrap();
    let DeadReply::Edited(Edited { before, now }) = edited else { panic!("not edited") };
    assert_eq!((before, place.listed(all()).await.len()), (number, 1));
    let DeadReply::Shown(shown) = place.carry_out(DeadWish::Show(now)).await.unwrap() else { panic!("not shown") };
    assert_eq!(shown.body, Some(body));
}

#[tokio::test]
async fn what_nobody_can_read_is_shown_and_can_only_be_dropped() {
    let place = Place::new();
    let subject = event_subject(Lane::Live, &acme(), "ghl");
    let garbage = NewMessage {
        stream: Stream::Events,
        lane: Lane::Live,
        subject,
        id: MessageId("m1".to_owned()),
        body: "?\u{0}".into(),
    };
    place.set_aside(garbage, ("mapper", "undecodable")).await;
    let item = place.listed(all()).await.remove(0);
    assert_eq!((item.what.as_str(), item.connection.as_str()), ("unreadable", "acme"));
    let left = place.disposed(redrive(all(), false)).await.left;
    assert!(left[0].1.contains("nothing but dropping it is left"), "{left:?}");
    let edit = DeadWish::Edit { number: item.number, body: serde_json::json!({}) };
    assert!(matches!(place.carry_out(edit).await, Err(Refusal::NoBody(..))));
}
