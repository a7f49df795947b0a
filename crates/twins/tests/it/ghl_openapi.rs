//! The twin's answers against GHL's published descriptions: each operation is asked for in both versions. What differs has
//! to be in the one table of deviations.

mod tour;

use serde_json::json;
use tandem_testkit::openapi::deviations::Subject;
use tandem_twins::{GhlChoice, GhlCustomField, GhlTwin};

use self::tour::{Guide, tour};
use crate::described::{Inspector, judge};
use crate::ghl_kit::{OTHER, text, tokens, two};
use crate::kit::{Caller, LOCATION, ghl};

const FAMILIES: [&str; 6] = ["contacts", "locations", "users", "custom-fields", "conversations", "oauth"];

fn inspector(v3: bool) -> Option<Inspector> {
    let file = |family| {
        if v3 { format!("ghl/openapi/v3/apps/{family}-v3.json") } else { format!("ghl/openapi/apps/{family}.json") }
    };
    let paths = FAMILIES.map(|family| format!("/{family}/"));
    let files: Vec<(&str, String)> = paths.iter().map(String::as_str).zip(FAMILIES.map(file)).collect();
    Inspector::new(if v3 { "v3" } else { "dated" }, &files)
}

async fn grants(twin: &GhlTwin, choice: GhlChoice) -> String {
    let scopes = "contacts.readonly contacts.write locations.readonly locations/tags.readonly locations/tags.write \
                  locations/customFields.readonly locations/customFields.write locations/tasks.readonly users.readonly \
                  conversations.readonly conversations.write conversations/message.readonly \
                  conversations/message.write oauth.readonly oauth.write";
    twin.choose(choice);
    text(&tokens(twin, scopes).await["access_token"]).to_owned()
}

async fn toured(v3: bool) -> Option<Inspector> {
    let inspector = inspector(v3)?;
    let mut config = two();
    config.locations[0].custom_fields = vec![GhlCustomField::text("FieldOpenPhoneId0001", "openphone_id", "Id")];
    let (twin, caller): (GhlTwin, Caller) = ghl(config).await;
    let company = grants(&twin, GhlChoice::Company(vec![LOCATION.to_owned(), OTHER.to_owned()])).await;
    let location = grants(&twin, GhlChoice::Location(LOCATION.to_owned())).await;
    let mut guide = Guide::new(inspector, caller, (location, company), v3);
    tour(&twin, &mut guide).await;
    assert_eq!(twin.report().calls("unknown"), 0, "the tour asks for what exists");
    guide.looks_for_more(&twin).await;
    Some(guide.inspector)
}

#[tokio::test]
async fn answers_are_as_described_but_for_known_deviations() {
    let (Some(dated), Some(v3)) = (toured(false).await, toured(true).await) else { return };
    judge(Subject::GhlAnswers, vec![dated, v3]);
}

#[tokio::test]
async fn what_is_described_nowhere_is_no_route() {
    let (twin, caller) = ghl(two()).await;
    let seen = caller.send("POST", "/contacts/everything", json!({})).await;
    assert_eq!((seen.status, twin.report().calls("unknown")), (404, 1));
}
