//! What the callback takes, and where it sends the browser.

use jiff::SignedDuration;
use proptest::prelude::*;
use tandem_credentials::Stage;
use tandem_twins::{Fault, GhlChoice, On, Scripted};
use url::Url;

use super::world::{Browser, VERSIONS, World, location, state_keys, target};
use crate::client::{Reply, send};

const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);

fn choose(world: &World, name: &str) {
    world.twin.choose(GhlChoice::Location(location(name).to_owned()));
}

fn is_page(reply: &Reply, status: u16, headline: &str) {
    let found = reply.status == status && reply.body.contains(&format!("<h1>{headline}</h1>"));
    assert!(found, "not {status} {headline}: {reply:?}");
    for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
        assert_eq!(reply.header(name), Some(value));
    }
}

fn with_state(back: &Url, state: &str) -> Url {
    let mut url = back.clone();
    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let other = |name: &str, value: String| if name == "state" { state.to_owned() } else { value };
    url.query_pairs_mut()
        .clear()
        .extend_pairs(pairs.into_iter().map(|(name, value)| (name.clone(), other(&name, value))));
    url
}

fn state(back: &Url) -> String {
    back.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

#[tokio::test]
async fn a_location_is_connected_in_either_version_of_the_api() {
    for version in VERSIONS {
        let world = World::start_in(version, "").await;
        choose(&world, "acme");
        let mut browser = Browser::default();
        let back = browser.consent(&world, "acme").await;
        let done = target(&browser.open(&back).await);
        is_page(&browser.open(&done).await, 200, "Connected");
        world.works("acme").await.unwrap();
        assert_eq!(world.stage("beta").await, None);
        let report = world.twin.oauth();
        assert_eq!((report.codes_exchanged, report.refused), (1, 0), "{version}");
    }
}

#[tokio::test]
async fn a_state_that_was_not_made_here_for_this_browser_is_not_taken() {
    let world = World::start().await;
    choose(&world, "acme");
    let mut browser = Browser::default();
    let other = browser.consent(&world, "beta").await;
    let back = browser.consent(&world, "acme").await;
    let (ours, theirs) = (state(&back), state(&other));
    let (named, seal) = ours.rsplit_once('.').unwrap();
    let wrong = [
        String::new(),
        "nonsense".to_owned(),
        ours.to_uppercase(),
        ours.replacen("acme", "beta", 1),
        ours.replacen("acme", "nobody", 1),
        format!("{named}.{}", theirs.rsplit_once('.').unwrap().1),
        format!("{}.{seal}", theirs.rsplit_once('.').unwrap().0),
        format!("{ours}."),
        format!("x{ours}"),
        theirs.clone(),
    ];
    for state in wrong {
        is_page(&browser.open(&with_state(&back, &state)).await, 400, "This link is not ours");
    }
    let mut without = back.clone();
    without.set_query(Some("code=x"));
    is_page(&browser.open(&without).await, 400, "This link is not ours");
    is_page(&Browser::default().open(&back).await, 400, "This link is not ours");
    let mut stranger = Browser { cookie: Some("tandem-oauth=AAAAAAAAAAAAAAAAAAAAAA".to_owned()) };
    is_page(&stranger.open(&back).await, 400, "This link is not ours");
    assert_eq!(world.twin.oauth().codes_exchanged, 0);
    assert_eq!(browser.open(&back).await.status, 303, "the right one is good still");
}

#[tokio::test]
async fn a_state_holds_for_ten_minutes() {
    let world = World::start().await;
    choose(&world, "acme");
    let mut browser = Browser::default();
    let back = browser.consent(&world, "acme").await;
    world.advance(TEN_MINUTES);
    is_page(&browser.open(&back).await, 400, "This took too long");
    assert_eq!(world.twin.oauth().codes_exchanged, 0);
    let back = browser.consent(&world, "acme").await;
    world.advance(TEN_MINUTES - SignedDuration::from_mins(1));
    assert_eq!(browser.open(&back).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_used_once_whatever_comes_of_it() {
    let world = World::start().await;
    choose(&world, "acme");
    let mut browser = Browser::default();
    let back = browser.consent(&world, "acme").await;
    let many = (0..8).map(|_| {
        let (cookie, back) = (browser.cookie.clone(), back.clone());
        tokio::spawn(async move { Browser { cookie }.open(&back).await.status })
    });
    let many: Vec<_> = many.collect();
    let mut statuses = Vec::new();
    for one in many {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400, 400, 400, 400, 400, 400, 400]);
    is_page(&browser.open(&back).await, 400, "Already used");

    let back = browser.consent(&world, "acme").await;
    world.twin.script(Scripted::next(On::call("POST", "/oauth/token"), Fault::ErrorBefore));
    is_page(&browser.open(&back).await, 502, "GHL gave no tokens");
    is_page(&browser.open(&back).await, 400, "Already used");
    let report = world.twin.oauth();
    assert_eq!((report.codes_exchanged, report.code_reuses), (1, 0));
}

#[tokio::test]
async fn tokens_of_another_location_are_not_stored() {
    let world = World::start().await;
    choose(&world, "beta");
    let mut browser = Browser::default();
    let back = browser.consent(&world, "acme").await;
    is_page(&browser.open(&back).await, 409, "Another location");
    assert_eq!((world.stage("acme").await, world.stage("beta").await), (None, None));
}

#[tokio::test]
async fn a_refusal_is_told_in_our_words() {
    let world = World::start().await;
    choose(&world, "acme");
    let mut browser = Browser::default();
    let mut back = browser.consent(&world, "acme").await;
    let state = state(&back);
    back.query_pairs_mut().clear().append_pair("error", "<b>access_denied</b>").append_pair("state", &state);
    let reply = browser.open(&back).await;
    is_page(&reply, 400, "Not connected");
    assert!(!reply.body.contains("<b>") && !reply.body.contains("access_denied"), "{reply:?}");
    back.query_pairs_mut().clear().append_pair("state", &state);
    is_page(&browser.open(&back).await, 400, "This link is not ours");
    assert_eq!(world.stage("acme").await, None::<Stage>);
}

#[tokio::test]
async fn before_the_store_is_reached_nothing_is_used_up() {
    let (world, deps) = World::start_without_store(VERSIONS[0], "").await;
    choose(&world, "acme");
    let password = format!("Bearer {}", state_keys().password().unwrap());
    let status = async |name: &str, word: &str| {
        let line = format!("GET /oauth/ghl/status?connection={name}");
        send(world.address, &line, &[("authorization", word)], b"").await
    };
    let statuses =
        [status("acme", &password).await, status("nobody", &password).await, status("acme", "Bearer x").await];
    assert_eq!(statuses.map(|reply| reply.status), [503, 404, 401]);
    let mut browser = Browser::default();
    let back = browser.consent(&world, "acme").await;
    is_page(&browser.open(&back).await, 503, "Not ready yet");
    world.reached.set(deps).unwrap();
    assert!(status("acme", &password).await.body.contains("\"connected\":false"));
    assert_eq!(browser.open(&back).await.status, 303);
    assert!(status("acme", &password).await.body.contains("\"connected\":true"));
}

/// Where somebody would like the browser to end up.
const ELSEWHERE: [&str; 6] = [
    "https://evil.example.com/",
    "//evil.example.com",
    "/\\evil.example.com",
    "javascript:alert(1)",
    "acme\r\nlocation: https://evil.example.com",
    "acme@evil.example.com",
];
const NAMES: [&str; 9] =
    ["connection", "redirect_uri", "redirect", "return_to", "next", "url", "code", "error", "error_uri"];

const HEADERS: [&str; 6] = ["host", "x-forwarded-host", "forwarded", "x-original-url", "origin", "referer"];

/// Every redirect leads to the provider's page or to ours, and nothing of what was asked goes along.
fn leads_nowhere_else(world: &World, reply: &Reply) {
    let Some(to) = reply.header("location") else { return };
    let to: Url = to.parse().unwrap();
    let is_ours = to.origin() == world.public_url.origin() && to.path() == "/sync/oauth/ghl/done";
    let is_theirs = to.as_str().starts_with(&format!("{}/v2/oauth/chooselocation?", world.twin.base_url()));
    assert!((is_ours || is_theirs) && !to.as_str().contains("evil"), "{to}");
}

/// The page is asked for with everything that is right, and that value in every place there is.
async fn asked(world: &World, page: &str, value: &str) {
    let mut browser = Browser::default();
    let mut back = browser.consent(world, "acme").await;
    assert!(back.path().starts_with("/sync/oauth/ghl/callback"), "{back}");
    back.set_path(&format!("/oauth/ghl/{page}"));
    back.query_pairs_mut().append_pair("connection", "acme");
    for name in NAMES {
        back.query_pairs_mut().append_pair(name, value);
        leads_nowhere_else(world, &browser.open(&back).await);
    }
    // A line end would be another header.
    let headers = HEADERS.iter().filter(|_| !value.contains('\r'));
    for header in headers {
        let line = format!("GET /oauth/ghl/{page}?connection=acme");
        leads_nowhere_else(world, &send(world.address, &line, &[(header, value)], b"").await);
    }
}

#[tokio::test]
async fn redirects_go_to_our_own_pages_whatever_is_asked() {
    let world = World::start_in(VERSIONS[0], "/sync").await;
    choose(&world, "acme");
    for page in ["start", "callback", "done"] {
        for value in ELSEWHERE {
            asked(&world, page, value).await;
        }
    }
    // And where everything is right, to the page that says so.
    let mut browser = Browser::default();
    let mut back = browser.consent(&world, "acme").await;
    back.set_path("/oauth/ghl/callback");
    back.query_pairs_mut().append_pair("redirect_uri", ELSEWHERE[0]).append_pair("next", ELSEWHERE[1]);
    let done = target(&browser.open(&back).await);
    assert_eq!(done.as_str(), format!("{}/oauth/ghl/done?connection=acme", world.public_url));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_question_is_answered_with_its_own_words(query in "[ -~]{0,80}") {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::start_in(VERSIONS[0], "/sync").await;
            for page in ["start", "callback", "done", "status"] {
                for name in ["connection", "state", "code", "error"] {
                    let line = format!("GET /oauth/ghl/{page}?{name}={query}canary");
                    let reply = send(world.address, &line, &[], b"").await;
                    leads_nowhere_else(&world, &reply);
                    assert!(!reply.body.contains("canary") && !reply.head.contains("canary"), "{reply:?}");
                }
            }
        });
    }
}
