//! GHL's token routes over HTTP, asked of its twin: what each answer means for the tokens.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use tandem_credentials::{Account, Answer, Call, CompanyId, GhlTokenRoutes, Grant, TokenEndpoint as _};
use tandem_outbound::{Client, ClientConfig};
use tandem_providers::ghl::ApiVersion;
use tandem_providers::ghl::oauth::App;
use tandem_twins::{Fault, GhlApp, GhlConfig, GhlLocation, GhlTwin, On, Rate, Scripted};

const VERSIONS: [&str; 2] = ["2021-07-28", "v3"];
/// More than a page of any size.
const LOCATIONS: usize = 230;
const COMPANY: &str = "SandboxCompany000001";

fn id(number: usize) -> String {
    format!("SandboxLocation{number:05}")
}

async fn twin() -> GhlTwin {
    let locations = (0..LOCATIONS).map(|number| GhlLocation::new(&id(number), &format!("pit-{number}"))).collect();
    let rate = Rate { requests: 1_000, per: Duration::from_secs(1), per_day: None, enforce: true };
    GhlTwin::start(GhlConfig { locations, rate, ..GhlConfig::default() }).await.unwrap()
}

fn routes_with(base_url: &str, version: &str, secret: &str) -> GhlTokenRoutes {
    let timeout = Duration::from_secs(2);
    let config = ClientConfig { base_url: base_url.parse().unwrap(), timeout, connect_timeout: timeout };
    let app = App { client_id: GhlApp::default().client_id, client_secret: secret.into() };
    GhlTokenRoutes::new(Client::new(config).unwrap(), app, ApiVersion::new(version).unwrap())
}

fn routes(twin: &GhlTwin, version: &str) -> GhlTokenRoutes {
    routes_with(&twin.base_url(), version, &GhlApp::default().client_secret)
}

fn location() -> Account {
    Account::Location { id: id(0), company: None }
}

fn company() -> CompanyId {
    CompanyId::new(COMPANY).unwrap()
}

async fn ask(routes: &GhlTokenRoutes, call: Call) -> Answer {
    routes.call(call, Instant::now() + Duration::from_secs(5)).await
}

async fn tokens(routes: &GhlTokenRoutes, call: Call) -> Grant {
    match ask(routes, call).await {
        Answer::Tokens(grant) => *grant,
        answer @ (Answer::InvalidGrant
        | Answer::LocationInactive
        | Answer::NotApplied { .. }
        | Answer::Unauthorized
        | Answer::Refused
        | Answer::Unknown) => panic!("{answer:?}"),
    }
}

fn refresh(grant: &Grant) -> Call {
    Call::Refresh { refresh: grant.refresh.clone().unwrap(), account: location() }
}

/// A company has to be there before it can be reconnected.
async fn agency(twin: &GhlTwin, routes: &GhlTokenRoutes) -> Grant {
    twin.choose(tandem_twins::GhlChoice::Company(vec![id(0), id(7)]));
    let code = code(twin).await;
    tokens(routes, Call::Code { code, redirect_uri: "https://sync.example.com/back".to_owned() }).await
}

/// What the browser brings back.
async fn code(twin: &GhlTwin) -> SecretString {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let client = GhlApp::default().client_id;
    let scope = "contacts.readonly%20oauth.readonly%20oauth.write";
    let back = "https%3A%2F%2Fsync.example.com%2Fback";
    let path =
        format!("/v2/oauth/chooselocation?response_type=code&client_id={client}&redirect_uri={back}&scope={scope}");
    let mut stream = tokio::net::TcpStream::connect(twin.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let code = answer.split_once("?code=").unwrap_or_else(|| panic!("{answer}")).1;
    code.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().into()
}

#[tokio::test]
async fn a_pair_comes_of_a_reconnect_and_its_refresh_token_works_once() {
    let twin = twin().await;
    for version in VERSIONS {
        let routes = routes(&twin, version);
        let first = tokens(&routes, Call::Reconnect { account: location() }).await;
        let second = tokens(&routes, refresh(&first)).await;
        assert_ne!(first.access.expose_secret(), second.access.expose_secret());
        assert_eq!((second.location, second.company, second.is_exchanged), (Some(id(0)), Some(company()), false));
        assert!(
            second.expires_in > Duration::from_hours(23) && second.scopes.contains(&"contacts.readonly".to_owned())
        );
        let again = ask(&routes, refresh(&first)).await;
        assert!(matches!(again, Answer::InvalidGrant), "{version}: {again:?}");
    }
    assert_eq!(twin.oauth().refresh_reuses, 2, "those of this test");
}

#[tokio::test]
async fn an_agency_gives_tokens_of_its_locations_and_tells_all_of_them() {
    let twin = twin().await;
    for version in VERSIONS {
        let routes = routes(&twin, version);
        let agency = agency(&twin, &routes).await;
        assert_eq!((agency.location.clone(), agency.company.clone()), (None, Some(company())));
        assert_eq!(agency.approved, [id(0), id(7)]);
        let exchange = |location| Call::Exchange { access: agency.access.clone(), company: company(), location };
        let below = tokens(&routes, exchange(id(7))).await;
        assert_eq!((below.location, below.is_exchanged), (Some(id(7)), true));
        assert_eq!(below.refresh.is_some(), version == "v3", "the dated exchange gives none");
        let elsewhere = ask(&routes, exchange("SomebodyElsesPlace01".to_owned())).await;
        assert!(matches!(elsewhere, Answer::Refused), "{elsewhere:?}");

        let there = routes.installed(&agency.access, &company()).await.unwrap();
        assert_eq!(there, (0..LOCATIONS).map(id).collect(), "{version}");
        let wrong = routes.installed(&"nonsense".into(), &company()).await.unwrap_err();
        assert!(matches!(wrong, Answer::Unauthorized), "{wrong:?}");
        let again = Account::Company { id: company() };
        assert!(tokens(&routes, Call::Reconnect { account: again }).await.location.is_none());
    }
}

#[tokio::test]
async fn a_refusal_is_told_from_what_may_have_been_carried_out() {
    let twin = twin().await;
    let routes = routes(&twin, VERSIONS[0]);
    let grant = tokens(&routes, Call::Reconnect { account: location() }).await;
    let token = || On::call("POST", "/oauth/token");
    let busy = Fault::TooMany { retry_after_secs: Some(7) };
    for (fault, expected) in [
        (busy, "NotApplied { retry_after: Some(7s) }"),
        (Fault::ErrorBefore, "Unknown"),
        (Fault::ResetBefore, "Unknown"),
    ] {
        twin.script(Scripted::next(token(), fault));
        assert_eq!(format!("{:?}", ask(&routes, refresh(&grant)).await), expected);
    }
    twin.set_active(&id(0), false).unwrap();
    assert!(matches!(ask(&routes, refresh(&grant)).await, Answer::LocationInactive));
    twin.set_active(&id(0), true).unwrap();
    let stranger = routes_with(&twin.base_url(), VERSIONS[0], "another secret");
    assert!(matches!(ask(&stranger, refresh(&grant)).await, Answer::Unauthorized));
    assert!(matches!(ask(&stranger, Call::Reconnect { account: location() }).await, Answer::Unauthorized));
    let passed = Instant::now().checked_sub(Duration::from_millis(1)).unwrap();
    let late = routes.call(refresh(&grant), passed).await;
    assert!(matches!(late, Answer::NotApplied { .. }), "{late:?}");
    // Nobody listens there.
    let nowhere = routes_with("http://127.0.0.1:9", VERSIONS[0], "secret");
    assert!(matches!(ask(&nowhere, refresh(&grant)).await, Answer::NotApplied { .. }));
    tokens(&routes, refresh(&grant)).await;
    assert_eq!(twin.oauth().refreshes, 1, "after all of that the token works still");

    twin.uninstall(Some(&id(0))).unwrap();
    assert!(matches!(ask(&routes, Call::Reconnect { account: location() }).await, Answer::Refused));
}
