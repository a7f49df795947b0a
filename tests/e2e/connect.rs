//! Connecting a location by OAuth, with the real program between the twins.

use std::time::Duration;

use serde_json::json;
use tandem_tests::{Browser, Process, ProcessOptions, Program, eventually};
use tandem_twins::{GhlApp, GhlChoice, GhlConfig, GhlLocation};
use url::Url;

const LIMIT: Duration = Duration::from_secs(30);
const LOCATION: &str = "SandboxLocation00001";
const OTHER: &str = "SandboxLocation00002";
/// Of an access token at the twin.
pub(crate) const LIFE: Duration = Duration::from_secs(8);
/// 32 bytes.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A process whose connection has no token yet.
pub(crate) async fn unconnected() -> Process {
    let mut ghl = tandem_tests::quick_ghl();
    let other = GhlLocation { id: OTHER.to_owned(), ..ghl.locations[0].clone() };
    ghl.locations.push(other);
    ghl.app.access_life = LIFE;
    let mut process = Process::prepare(ProcessOptions { ghl: Some(ghl), ..ProcessOptions::default() }).await.unwrap();
    let file = process.folder.path().join("tandem.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let bare = text.replace(", private_token: \"${GHL_TOKEN}\"", "");
    assert_ne!(bare, text);
    std::fs::write(&file, bare).unwrap();
    let GhlApp { client_id, client_secret, .. } = GhlConfig::default().app;
    let more = [
        ("TANDEM_ENCRYPTION_KEY", KEY.to_owned()),
        ("TANDEM_HTTP__PUBLIC_URL", format!("http://{}", process.address)),
        ("TANDEM_PROVIDERS__GHL__CLIENT_ID", client_id),
        ("TANDEM_PROVIDERS__GHL__CLIENT_SECRET", client_secret),
        ("TANDEM_PROVIDERS__GHL__AUTHORIZE_URL", format!("{}/v2/oauth/chooselocation", process.ghl.base_url())),
    ];
    process.environment.extend(more.map(|(name, value)| (name.to_owned(), value)));
    process.up();
    process
}

pub(crate) fn link(process: &Process) -> Url {
    format!("http://{}/oauth/ghl/start?connection=acme", process.address).parse().unwrap()
}

async fn arrives(process: &Process, first_name: &str) {
    eventually(first_name, LIMIT, || {
        let contacts = process.openphone.contacts();
        contacts.iter().any(|contact| contact["defaultFields"]["firstName"] == first_name).then_some(())
    })
    .await;
}

/// One contact more in GHL.
fn create(process: &Process, first_name: &str, number: u32) {
    let phone = format!("+1415555{number:04}");
    process.ghl.create_contact(&json!({ "firstName": first_name, "lastName": "Example", "phone": phone })).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_is_connected_by_its_link_and_its_tokens_are_renewed_once() {
    let process = unconnected().await;
    process.ghl.choose(GhlChoice::Location(LOCATION.to_owned()));
    create(&process, "Ana", 100);
    let mut connecting = Program::new("tandem", &["connect", "acme"], process.folder.path().to_owned());
    connecting.spawn(&process.environment);
    let link = link(&process);
    connecting.child().wait_for_line("the link", LIMIT, |line| line.trim() == link.as_str());
    // The contact waits for it, and the log says where to connect the location.
    process.child().wait_for_line("the link in the log", LIMIT, |line| line.contains(link.as_str()));

    let mut browser = Browser::default();
    let back = browser.consent(&link).await.unwrap();
    let done = browser.open(&back).await.unwrap();
    assert_eq!(done.status, 303, "{done:?}");
    let done = browser.open(&done.target().unwrap()).await.unwrap();
    assert_eq!((done.status, done.body.contains("<h1>Connected</h1>")), (200, true), "{done:?}");
    assert_eq!(connecting.wait().code(), Some(0), "{:?}", connecting.output());

    // It waited while nobody had connected the location, and is tried again by itself.
    arrives(&process, "Ana").await;
    tokio::time::sleep(LIFE).await;
    for number in 0..20 {
        create(&process, &format!("Bea{number}"), 200 + number);
    }
    for number in 0..20 {
        arrives(&process, &format!("Bea{number}")).await;
    }
    let report = process.ghl.oauth();
    assert_eq!((report.codes_exchanged, report.refresh_reuses, report.refused), (1, 0, 0), "{report:?}");
    assert!((1..=4).contains(&report.refreshes), "{report:?}");
    let printed = process.output().join("\n");
    assert!(printed.contains("/oauth/ghl/start?connection=acme"), "where to connect it was not said: {printed}");
    assert!(!printed.contains("sandbox-client-secret"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_is_taken_once_from_its_own_browser_and_for_its_own_location() {
    let process = unconnected().await;
    process.ghl.choose(GhlChoice::Location(OTHER.to_owned()));
    let mut browser = Browser::default();

    let back = browser.consent(&link(&process)).await.unwrap();
    let reply = browser.open(&back).await.unwrap();
    assert_eq!((reply.status, reply.body.contains("Another location")), (409, true), "{reply:?}");

    process.ghl.choose(GhlChoice::Location(LOCATION.to_owned()));
    let back = browser.consent(&link(&process)).await.unwrap();
    let stranger = Browser::default().open(&back).await.unwrap();
    assert_eq!((stranger.status, stranger.body.contains("not ours")), (400, true), "{stranger:?}");
    let mut forged = back.clone();
    forged.set_query(Some(&back.query().unwrap().replace("state=acme", "state=other")));
    assert_ne!(forged, back);
    assert_eq!(browser.open(&forged).await.unwrap().status, 400, "a state of another connection");
    assert_eq!(process.ghl.oauth().codes_exchanged, 1, "only the one for the other location");

    assert_eq!(browser.open(&back).await.unwrap().status, 303);
    let again = browser.open(&back).await.unwrap();
    assert_eq!((again.status, again.body.contains("Already used")), (400, true), "{again:?}");
    assert_eq!(process.ghl.oauth().code_reuses, 0);
    let unknown = format!("http://{}/oauth/ghl/start?connection=nobody", process.address);
    assert_eq!(browser.open(&unknown.parse().unwrap()).await.unwrap().status, 404);
    let status = format!("http://{}/oauth/ghl/status?connection=acme", process.address);
    assert_eq!(browser.open(&status.parse().unwrap()).await.unwrap().status, 401, "not without the password");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_that_removes_the_app_is_paused_and_goes_on_once_it_is_connected_again() {
    let process = unconnected().await;
    process.ghl.choose(GhlChoice::Location(LOCATION.to_owned()));
    let mut browser = Browser::default();
    let back = browser.consent(&link(&process)).await.unwrap();
    assert_eq!(browser.open(&back).await.unwrap().status, 303);
    create(&process, "Ana", 100);
    arrives(&process, "Ana").await;

    let gone = process.ghl.create_contact(&json!({ "firstName": "Bea", "phone": "+14155550101" })).unwrap();
    arrives(&process, "Bea").await;
    process.ghl.uninstall(Some(LOCATION)).unwrap();
    let done = format!("http://{}/oauth/ghl/done?connection=acme", process.address).parse().unwrap();
    eventually("the tokens to go", LIMIT, || {
        let log = process.output().join("\n");
        log.contains("the app was removed from the GHL account of connection acme").then_some(())
    })
    .await;
    let page = browser.open(&done).await.unwrap();
    assert!(page.body.contains("<h1>Not connected</h1>"), "{page:?}");

    let back = browser.consent(&link(&process)).await.unwrap();
    assert_eq!(browser.open(&back).await.unwrap().status, 303);
    process.ghl.edit_contact(&gone, &json!({ "firstName": "Cleo" })).unwrap();
    arrives(&process, "Cleo").await;
    let report = process.ghl.oauth();
    assert_eq!((report.codes_exchanged, report.refresh_reuses), (2, 0), "{report:?}");
}
