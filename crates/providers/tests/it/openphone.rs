//! OpenPhone's documented bodies and our signature vectors; one file per subject has its operations.

pub(crate) mod call;
pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod hook;
pub(crate) mod message;
pub(crate) mod note;
pub(crate) mod property;
pub(crate) mod task;
pub(crate) mod thin;
pub(crate) mod workspace;

use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use tandem_contact::{Field, Value};
use tandem_providers::openphone::webhook::{Kind, parse, verify};
use tandem_providers::openphone::{
    ContactId, Id, OpenPhoneView, Surface, TagTarget, UserId, WebhookSecret, Window, contact as read_contact,
};

use crate::exchange::{Api, Asked};
use crate::{json, json_files, text, vendor};

const BOTH: [Surface; 2] = [Surface::V1, Surface::Dated];
/// A customer.
const ANA: &str = "+14155550123";

/// A request to either surface, and its method and address to the letter.
fn asks(request: tandem_providers::Request, line: &str) -> Asked {
    Api::OpenPhone.asks(request, line)
}

/// The one of two that belongs to the surface.
fn pick<T>(surface: Surface, v1: T, dated: T) -> T {
    match surface {
        Surface::V1 => v1,
        Surface::Dated => dated,
    }
}

/// An id of whatever OpenPhone has.
fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn user() -> UserId {
    UserId::new("US1").unwrap()
}

fn ana() -> ContactId {
    ContactId::new("66d0d87e8dc1211467372303").unwrap()
}

/// When things happened here.
const AT: &str = "2026-01-02T03:04:05.000Z";

fn at() -> Option<Timestamp> {
    AT.parse().ok()
}

/// January.
fn window() -> Window {
    let at = |text: &str| text.parse().ok();
    Window { from: at("2026-01-01T00:00:00Z"), to: at("2026-02-01T00:00:00Z") }
}

fn view() -> OpenPhoneView {
    let tags = TagTarget::MultiSelect { key: "tags".to_owned(), name: "Tags".to_owned() };
    OpenPhoneView::plain("US", tags)
}

#[test]
fn every_documented_body_is_read() {
    let Some(folder) = vendor().map(|vendor| vendor.join("openphone/webhooks")) else { return };
    let (mut contacts, mut tasks) = (0, 0);
    for path in json_files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "signature-vectors.json" {
            continue;
        }
        let webhook = parse(text(&path).as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(webhook.event_id.is_some() && webhook.created_at.is_some(), "{name}: {webhook:?}");
        let kind = match name.split('.').take(2).collect::<Vec<_>>()[..] {
            ["contact", "updated"] => Kind::ContactUpdated,
            ["contact", "deleted"] => Kind::ContactDeleted,
            ["task", "overdue"] => Kind::Other,
            ["task", "deleted"] => Kind::TaskDeleted,
            ["task", _] => Kind::TaskChanged,
            _ => Kind::Other,
        };
        assert_eq!(webhook.kind, kind, "{name}");
        let is_task = matches!(kind, Kind::TaskChanged | Kind::TaskDeleted);
        assert_eq!(webhook.task_id.is_some(), is_task, "{name}: {webhook:?}");
        tasks += usize::from(is_task);
        if matches!(kind, Kind::ContactUpdated | Kind::ContactDeleted) {
            let id = webhook.contact_id.unwrap();
            assert_eq!(id.as_str().len(), 24, "{name}: {id}");
            contacts += 1;
        }
    }
    assert!(contacts >= 8, "only {contacts} contact events");
    assert!(tasks >= 10, "only {tasks} task events");
}

#[test]
fn a_dated_body_is_an_observation() {
    let Some(folder) = vendor().map(|vendor| vendor.join("openphone/webhooks")) else { return };
    let webhook = parse(text(&folder.join("contact.updated.json")).as_bytes()).unwrap();
    let (seen, updated_at) = read_contact::observe_partial(&webhook.contact.unwrap(), &view());
    assert_eq!(seen[&Field::FirstName], Value::text("John"));
    assert_eq!(seen[&Field::Emails], Value::list(["john@example.com".to_owned()]));
    assert_eq!(seen[&Field::Tags], Value::list(["newsletter".to_owned(), "vip".to_owned()]));
    assert!(!seen.contains_key(&Field::SourceLink), "webhooks don't carry the link");
    assert!(updated_at.is_some());
    let legacy = parse(text(&folder.join("legacy-v3/contact.updated.json")).as_bytes()).unwrap();
    assert_eq!(legacy.contact, None, "a legacy body is a hint only");
}

#[test]
fn the_signature_vectors_hold() {
    let Some(folder) = vendor().map(|vendor| vendor.join("openphone/webhooks")) else { return };
    let vectors = json(&folder.join("signature-vectors.json"));
    let vectors = vectors["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 9);
    for vector in vectors {
        let secret = WebhookSecret::parse(vector["secret"].as_str().unwrap()).unwrap();
        let headers: HeaderMap = ["webhook-id", "webhook-timestamp", "webhook-signature", "openphone-signature"]
            .into_iter()
            .filter_map(|name| Some((HeaderName::from_static(name), vector[name].as_str()?.parse().unwrap())))
            .collect();
        let sent = vector["webhook-timestamp"].as_str().map_or(0, |seconds| seconds.parse().unwrap());
        let now = Timestamp::from_second(sent).unwrap();
        let result = verify(vector["body"].as_str().unwrap().as_bytes(), &headers, &[secret], now);
        assert_eq!(result.is_ok(), vector["valid"] == true, "{}: {result:?}", vector["note"]);
    }
}
