use serde_json::json;

use super::*;
use crate::openphone::TagTarget;

fn view(tags: TagTarget) -> OpenPhoneView {
    OpenPhoneView::plain("US", tags)
}

fn body(request: &Request) -> Json {
    serde_json::from_slice(request.http.body()).unwrap()
}

#[test]
fn long_id_lists_are_cut_before_the_server_chokes() {
    let ids: Vec<ExternalId> = (0..45).map(|number| ExternalId::new(&format!("t+{number}")).unwrap()).collect();
    let lists = List::by_external_ids(&ids);
    assert_eq!(lists.len(), 3);
    let uri = lists[2].page(Some("next page")).http.uri().to_string();
    assert_eq!(
        uri,
        "/v1/contacts?maxResults=50&pageToken=next+page&externalIds=t%2B40&externalIds=t%2B41&externalIds=t%2B42\
         &externalIds=t%2B43&externalIds=t%2B44"
    );
    assert_eq!(List::all().page(None).http.uri(), "/v1/contacts?maxResults=50");
}

#[test]
fn external_ids_stay_in_bounds() {
    assert!(ExternalId::new(&"x".repeat(75)).is_ok());
    for bad in ["", "a b", &"x".repeat(76)] {
        assert_eq!(ExternalId::new(bad), Err(InvalidExternalId), "{bad:?}");
    }
}

#[test]
fn a_create_carries_everything_in_one_request() {
    let fields = Fields::from([
        (Field::LastName, Value::Text("Sample".to_owned())),
        (Field::SourceLink, Value::Text("https://example.com/c/1".to_owned())),
        (Field::Phones, Value::List(["+14155550123".to_owned()].into())),
        (Field::Emails, Value::List(["ana@example.com".to_owned()].into())),
        (Field::Tags, Value::List(["b,c".to_owned(), "a".to_owned()].into())),
    ]);
    let target = TagTarget::JoinedText { key: "tags".to_owned(), name: "Tags".to_owned() };
    let request = create(&ExternalId::new("t1").unwrap(), &fields, &view(target));
    assert_eq!(request.http.method(), "POST");
    assert_eq!(request.http.headers()["content-type"], "application/json");
    assert_eq!(
        body(&request),
        json!({
            "source": "tandem", "externalId": "t1", "sourceUrl": "https://example.com/c/1",
            "defaultFields": {
                "firstName": null, "lastName": "Sample",
                "phoneNumbers": [{"name": "Phone", "value": "+14155550123"}],
                "emails": [{"name": "Email", "value": "ana@example.com"}],
            },
            "customFields": [{"key": "tags", "value": "a, b\\,c"}],
        })
    );
}

#[test]
fn a_create_leaves_out_what_openphone_cannot_hold() {
    let long_link = format!("https://example.com/{}", "x".repeat(200));
    let fields = Fields::from([
        (Field::SourceLink, Value::Text(long_link)),
        (Field::Tags, Value::List(["a".to_owned()].into())),
    ]);
    let request = create(&ExternalId::new("t1").unwrap(), &fields, &view(TagTarget::NotRepresentable));
    assert_eq!(body(&request), json!({"source": "tandem", "externalId": "t1", "defaultFields": {"firstName": null}}));
}

#[test]
fn templates_never_hold_an_id() {
    let id = ContactId::new("66d0d87e8dc1211467372303").unwrap();
    for request in [contact(&id), delete(&id), custom_fields(), List::all().page(None)] {
        assert!(!request.operation.template.contains("66d0"), "{}", request.operation.template);
        let method = request.operation.template.split(' ').next().unwrap();
        assert_eq!(request.http.method(), method);
        assert_eq!(request.operation.auth, crate::AuthScheme::Bare);
    }
    assert_eq!(contact(&id).http.uri(), "/v1/contacts/66d0d87e8dc1211467372303");
    assert!(!SOURCE.starts_with("openphone") && !SOURCE.starts_with("csv") && SOURCE.len() <= 72);
}
