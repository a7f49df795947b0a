//! The main job without faults.

use std::time::Duration;

use serde_json::json;
use tandem_proto::Stream;
use tandem_tests::Stack;

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_new_contact_arrives_with_everything_the_mapping_names() {
    let stack = Stack::start().await.unwrap();
    let id = stack
        .ghl
        .create_contact(&json!({
            "firstName": "Ana", "lastName": "Díaz 🌵", "companyName": "Example Plumbing", "phone": "(415) 555-0123",
            "email": "Ana.Diaz@Example.com", "tags": ["VIP", "lead"],
        }))
        .unwrap();
    let contact = stack.arrives(&id, "the new contact in OpenPhone", |_| true).await;
    assert_eq!(contact["defaultFields"]["firstName"], "Ana");
    assert_eq!(contact["defaultFields"]["lastName"], "Díaz 🌵");
    assert_eq!(contact["defaultFields"]["company"], "Example Plumbing");
    assert_eq!(contact["defaultFields"]["phoneNumbers"][0]["value"], "+14155550123");
    assert_eq!(contact["defaultFields"]["emails"][0]["value"], "ana.diaz@example.com");
    assert_eq!(contact["source"], "tandem");
    assert!(contact["externalId"].as_str().unwrap().starts_with("tandem_"));
    let tags = contact["customFields"].as_array().unwrap().iter().find(|field| field["name"] == "Tags").unwrap();
    assert_eq!(tags["value"], json!(["lead", "vip"]));

    stack.quiet(LIMIT).await;
    let report = stack.openphone.report();
    assert_eq!(report.writes.created_by_api, 1);
    assert_eq!(report.writes.updated_by_api, 0, "the echo of our own create caused a write");
    assert_eq!(stack.count(Stream::Dead).await, 0);
}
