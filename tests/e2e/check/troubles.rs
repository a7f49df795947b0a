//! Credentials, scopes, locations, subscriptions, the clock: each trouble by its name, with what to do about it.

use jiff::SignedDuration;
use serde_json::json;
use tandem_twins::{Access, CustomField, FieldType, GhlCustomField, GhlLocation, Young};

use super::*;

const TOKEN: (&str, &str) = ("ghl", "token");
const API_KEY: (&str, &str) = ("openphone", "API key");

async fn default() -> Process {
    prepared(quick_ghl(), quick_openphone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_named_with_page_and_key() {
    let mut process = default().await;
    process.environment.insert("GHL_TOKEN".to_owned(), "pit-canary".to_owned());
    process.environment.insert("QUO_KEY".to_owned(), "key-canary".to_owned());
    let (code, report) = report(&process, &["--write"]).await;
    assert_eq!((code, failures(&report)), (Some(1), vec![TOKEN, API_KEY]), "{report:#}");
    let message = "GHL refuses the private integration token: it is wrong or was revoked";
    assert_check(
        &report,
        TOKEN,
        "fail",
        message,
        &["Settings > Private Integrations", "connections[0].ghl.private_token"],
    );
    assert_said(&report, TOKEN, 401, "Invalid token: access token is invalid");
    let message = "OpenPhone refuses the API key: it is wrong or was revoked";
    assert_check(&report, API_KEY, "fail", message, &["Workspace Settings > API", "connections[0].openphone.api_key"]);
    assert_said(&report, API_KEY, 401, "Missing or invalid API key");
    for (group, name, why) in [
        ("ghl", "read a contact", "the token was refused"),
        ("ghl", "create a contact", "the token was refused"),
        ("openphone", "list contacts", "the key was refused"),
        ("webhooks", "webhook of OpenPhone", "the key was refused"),
    ] {
        assert_check(&report, (group, name), "skipped", why, &[]);
    }
    assert!(!report.to_string().contains("canary"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_credentials_are_named_while_the_pipeline_runs() {
    let process = running().await;
    assert_eq!(report(&process, &[]).await.0, Some(0));
    process.ghl.revoke_token(LOCATION).unwrap();
    assert!(process.openphone.set_access(None, Access { revoked: true, ..Access::default() }));
    let (code, report) = report(&process, &[]).await;
    assert_eq!((code, failures(&report)), (Some(1), vec![TOKEN, API_KEY]), "{report:#}");
    assert_check(&report, TOKEN, "fail", "it is wrong or was revoked", &["make a new one", "restart Tandem"]);
    assert_check(&report, API_KEY, "fail", "it is wrong or was revoked", &["make a new one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_is_named_and_what_has_others_is_tried() {
    let mut ghl = quick_ghl();
    ghl.locations[0].token_scopes = Some(vec!["locations.readonly".to_owned()]);
    let process = prepared(ghl, quick_openphone()).await;
    let (code, report) = report(&process, &[]).await;
    let search = ("ghl", "search contacts");
    assert_eq!((code, failures(&report)), (Some(1), vec![search]), "{report:#}");
    let hint = ["Settings > Private Integrations", "add the scope contacts.readonly (View Contacts)"];
    assert_check(&report, search, "fail", "the token lacks the scope contacts.readonly (View Contacts)", &hint);
    assert_said(&report, search, 401, "The token is not authorized for this scope.");
    assert_check(&report, TOKEN, "pass", "is taken", &[]);
    assert_check(&report, ("ghl", "location"), "pass", LOCATION, &[]);
    assert_check(&report, ("ghl", "read a contact"), "skipped", "the token lacks the scope contacts.readonly", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_for_writes_is_missed_where_the_mapping_writes() {
    let mut ghl = quick_ghl();
    ghl.locations[0].token_scopes = Some(vec!["contacts.readonly".to_owned()]);
    let process = prepared(ghl, quick_openphone()).await;
    let (code, unseen) = report(&process, &[]).await;
    assert_eq!(code, Some(0), "a write is not tried unasked: {unseen:#}");
    let settings = ("ghl", "location");
    let message = "the token lacks the scope locations.readonly (View Locations); whether it refuses two contacts";
    assert_check(&unseen, settings, "warn", message, &["add the scope locations.readonly (View Locations)"]);

    let create = ("ghl", "create a contact");
    let (code, needed) = report(&process, &["--write"]).await;
    assert_eq!((code, failures(&needed)), (Some(1), vec![create]), "{needed:#}");
    let message = "the token lacks the scope contacts.write (Edit Contacts)";
    assert_check(&needed, create, "fail", message, &["add the scope contacts.write (Edit Contacts)"]);
    assert_said(&needed, create, 401, "The token is not authorized for this scope.");
    assert_check(&needed, ("ghl", "change a contact"), "skipped", "the test contact was not created", &[]);
    assert!(process.openphone.contacts().is_empty());

    let folder = process.folder.path();
    std::fs::write(folder.join("mapping.yaml"), "direction: to_openphone\n").unwrap();
    rewrite(folder, "connections:\n  - id: acme", "connections:\n  - id: acme\n    mapping: mapping.yaml");
    let (code, unneeded) = report(&process, &["--write"]).await;
    assert_eq!(code, Some(0), "{unneeded:#}");
    let message = "(Edit Contacts); nothing that this mapping keeps in step depends on it";
    assert_check(&unneeded, create, "warn", message, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_location_is_told_from_a_wrong_one() {
    let mut ghl = quick_ghl();
    ghl.locations.push(GhlLocation::new("SandboxLocation00002", "pit-other"));
    let mut process = prepared(ghl, quick_openphone()).await;
    process.environment.insert("GHL_TOKEN".to_owned(), "pit-other".to_owned());
    let (code, report) = report(&process, &[]).await;
    let location = ("ghl", "location");
    assert_eq!((code, failures(&report)), (Some(1), vec![location]), "{report:#}");
    let hint = ["connections[0].ghl.location_id", "Settings > Business Profile"];
    assert_check(&report, location, "fail", "the token has no access to the location SandboxLocation00001", &hint);
    assert_said(&report, location, 403, "The token does not have access to this location.");
    assert_check(&report, TOKEN, "pass", "is taken", &[]);
    assert_check(&report, ("ghl", "search contacts"), "skipped", "the token is not for this location", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inactive_location_is_named() {
    let process = default().await;
    process.ghl.set_active(LOCATION, false).unwrap();
    let (code, report) = report(&process, &[]).await;
    let location = ("ghl", "location");
    assert_eq!((code, failures(&report)), (Some(1), vec![location]), "{report:#}");
    let message = "the location SandboxLocation00001 is not active at GHL: paused, or not paid for";
    assert_check(&report, location, "fail", message, &["the agency ends the pause", "Tandem then goes on by itself"]);
    assert_eq!(find(&report, "ghl", "location")["provider_words"], "Location is not active");
    assert_check(&report, ("ghl", "read a contact"), "skipped", "the location is not active", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_ten_minutes_off_is_named_and_blamed_for_refused_signatures() {
    for (ahead, which) in [(10, "10 minutes behind"), (-10, "10 minutes ahead")] {
        let clock_ahead = SignedDuration::from_mins(ahead);
        let ghl = GhlConfig { clock_ahead, ..quick_ghl() };
        let openphone = OpenPhoneConfig { clock_ahead, ..quick_openphone() };
        let mut process = prepared(ghl, openphone).await;
        without_secrets(&process);
        process.up();
        let (code, report) = report(&process, &[]).await;
        let clock = ("clock", "clock of this machine");
        let delivery = ("webhooks", "delivery by OpenPhone");
        assert_eq!((code, failures(&report)), (Some(1), vec![clock, delivery]), "{report:#}");
        let message = format!("{which}, by the clock of GHL and OpenPhone");
        assert_check(&report, clock, "fail", &message, &["timedatectl set-ntp true", "webhooks are refused"]);
        assert_check(&report, delivery, "fail", "because this machine's clock is wrong", &["set the clock first"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_odd_clock_is_not_ours() {
    let openphone = OpenPhoneConfig { clock_ahead: SignedDuration::from_mins(10), ..quick_openphone() };
    let process = prepared(quick_ghl(), openphone).await;
    let (_, report) = report(&process, &[]).await;
    let message = "OpenPhone's answers carry a time that is 10 minutes off ours, and GHL's don't";
    assert_check(&report, ("clock", "clock of this machine"), "warn", message, &["a proxy on the way to OpenPhone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lapsed_subscription_stops_the_rest() {
    let process = default().await;
    assert!(process.openphone.set_access(None, Access { lapsed: true, ..Access::default() }));
    let (code, report) = report(&process, &[]).await;
    let subscription = ("openphone", "subscription");
    assert_eq!((code, failures(&report)), (Some(1), vec![subscription]), "{report:#}");
    assert_check(&report, subscription, "fail", "the workspace's subscription is not active", &["renews its plan"]);
    assert_check(&report, ("openphone", "list contacts"), "skipped", "the subscription is not active", &[]);
    assert_check(&report, ("webhooks", "webhook of OpenPhone"), "skipped", "the subscription is not active", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_too_young_is_told_to_be_valid_in_a_moment() {
    let process = default().await;
    let young = Young { lasts: std::time::Duration::from_hours(1), forbidden: true };
    assert!(process.openphone.set_access(None, Access { young: Some(young), ..Access::default() }));
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(1), "{report:#}");
    let message = "the key is valid, and may not do this: GET /v1/contacts";
    assert_check(&report, ("openphone", "list contacts"), "fail", message, &["works after half a minute"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_numbers_that_the_configuration_names_and_nobody_has_are_named() {
    let mut ghl = quick_ghl();
    ghl.locations[0].custom_fields = vec![GhlCustomField::text("BcdmQEsNgz6AVpgLVUJ0", "job", "Job")];
    let mut openphone = quick_openphone();
    openphone.workspaces[0].custom_fields = vec![CustomField::new("gate", "Gate code", FieldType::Text)];
    let process = prepared(ghl, openphone).await;
    let folder = process.folder.path();
    std::fs::write(folder.join("mapping.yaml"), "role: { ghl_custom_field: NobodyHasThisField00 }\n").unwrap();
    rewrite(folder, "webhook_secrets", "phone_number_id: PNnobody, webhook_secrets");
    rewrite(folder, "connections:\n  - id: acme", "connections:\n  - id: acme\n    mapping: mapping.yaml");
    let (code, report) = report(&process, &[]).await;
    assert_eq!(code, Some(1), "{report:#}");
    let field = ("ghl", "custom fields");
    let message = "there is no custom field of contacts `NobodyHasThisField00`";
    assert_check(&report, field, "fail", message, &["role.ghl_custom_field", "BcdmQEsNgz6AVpgLVUJ0 (`Job`)"]);
    let hint = ["multi-select custom field `Tags`", "tags.openphone_field", "`Gate code` (string)"];
    assert_check(&report, ("openphone", "custom field of the tags"), "fail", "there is no custom field `Tags`", &hint);
    let hint = ["connections[0].openphone.phone_number_id", "PNsandbox"];
    assert_check(&report, ("openphone", "phone number"), "fail", "PNnobody is no number of the workspace", &hint);
    assert_eq!(failures(&report).len(), 3, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_nobody_answers_is_named() {
    let mut process = default().await;
    let nowhere = format!("http://127.0.0.1:{}", tandem_testkit::free_port());
    process.environment.insert("TANDEM_PROVIDERS__GHL__BASE_URL".to_owned(), nowhere.clone());
    let (code, report) = report(&process, &[]).await;
    assert_eq!((code, failures(&report)), (Some(1), vec![TOKEN]), "{report:#}");
    assert_check(
        &report,
        TOKEN,
        "fail",
        "no connection from GHL at http://127.0.0.1:",
        &[&format!("curl -sS {nowhere}")],
    );
    assert_check(&report, ("clock", "clock of this machine"), "pass", "by the clock of OpenPhone", &[]);
    let other = process.openphone.base_url();
    process.environment.insert("TANDEM_PROVIDERS__GHL__BASE_URL".to_owned(), other);
    let (_, report) = super::report(&process, &[]).await;
    assert_check(&report, TOKEN, "fail", "something else than GHL's API answers at", &["providers.ghl.base_url"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_nobody_is_shown_whatever_is_refused() {
    let mut ghl = quick_ghl();
    ghl.locations[0] = GhlLocation::new(LOCATION, "pit-canary-41c9");
    let mut openphone = quick_openphone();
    "canary-key-88d0".clone_into(&mut openphone.workspaces[0].api_key);
    let mut process = prepared(ghl, openphone).await;
    let person = json!({ "firstName": "Canaryna", "phone": "(415) 555-0177", "email": "canary@example.com" });
    process.ghl.create_contact(&person).unwrap();
    let person = json!({ "firstName": "Canaryna", "phoneNumbers": [{ "name": "Phone", "value": "+14155550177" }] });
    process.openphone.create_contact(&person).unwrap();
    let credentials = [
        [("GHL_TOKEN", "pit-canary-41c9"), ("QUO_KEY", "canary-key-88d0")],
        [("GHL_TOKEN", "pit-canary-wrong"), ("QUO_KEY", "canary-wrong")],
    ];
    for pair in credentials {
        process.environment.extend(pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for arguments in [&["--json", "--write", "--log", "debug"][..], &["--write", "--log", "debug"]] {
            shows_no_canary(&run(process.folder.path(), &process.environment, arguments).await);
        }
    }
}

fn shows_no_canary(checked: &Checked) {
    assert!(checked.stderr.contains("DEBUG"), "not the debug log: {checked:?}");
    let shown = format!("{}{}", checked.stdout, checked.stderr).to_lowercase();
    for secret in ["canary", "5550177", "555-0177", KEY] {
        assert!(!shown.contains(&secret.to_lowercase()), "{secret} in {shown}");
    }
}
