use tandem_service::Environment;

use super::super::report::Status;
use super::*;

fn config(more: &str, webhook_secrets: &str) -> Config {
    let text = format!(
        "{more}
connections:
  - id: acme
    ghl: {{ location_id: L1, private_token: '${{SECRET}}' }}
    openphone: {{ api_key: '${{SECRET}}', webhook_secrets: [{webhook_secrets}] }}
"
    );
    let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned();
    let environment: Environment = [("SECRET".to_owned(), "invented".to_owned()), ("KEY".to_owned(), key)].into();
    Config::parse(&text, Path::new("tandem.yaml"), &environment).unwrap()
}

fn of(config: &Config, name: &str) -> (Status, String, String) {
    let found = checks(config, Path::new("tandem.yaml")).into_iter().find(|check| check.name == name);
    let Check { status, message, hint, .. } = found.unwrap();
    (status, message, hint.unwrap_or_default())
}

#[test]
fn an_address_of_the_internet_passes_and_others_are_told() {
    let at = |url: &str| of(&config(&format!("http: {{ public_url: '{url}' }}"), ""), "public address");
    let (status, message, _) = at("https://sync.example.com/tandem/");
    assert_eq!(
        (status, message.as_str()),
        (Status::Pass, "GHL delivers to https://sync.example.com/tandem/webhooks/ghl")
    );
    let (status, message, _) = at("http://sync.example.com");
    assert!(status == Status::Warn && message.contains("not encrypted"), "{message}");
    for local in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"] {
        let (status, message, hint) = at(local);
        assert!(status == Status::Fail && message.contains("no provider reaches it"), "{message}");
        assert!(hint.contains("http.public_url"), "{hint}");
    }
}

#[test]
fn between_twins_this_machines_own_address_is_right() {
    let more = "
http: { public_url: 'http://127.0.0.1:8080' }
providers: { ghl: { base_url: 'http://127.0.0.1:4010' }, openphone: { base_url: 'http://127.0.0.1:4020' } }";
    assert_eq!(of(&config(more, ""), "public address").0, Status::Pass);
}

#[test]
fn what_is_missing_matters_only_where_something_needs_it() {
    assert_eq!(of(&config("", ""), "public address").0, Status::Warn);
    assert_eq!(of(&config("", "'${SECRET}'"), "public address").0, Status::Pass);
    let reachable = "http: { public_url: 'https://sync.example.com' }";
    let (status, message, hint) = of(&config(reachable, ""), "encryption key");
    assert!(status == Status::Warn && message.contains("can't make the OpenPhone webhook"), "{message}");
    assert!(hint.contains("openssl rand -base64 32"), "{hint}");
    assert_eq!(of(&config(reachable, "'${SECRET}'"), "encryption key").1, "not set, and nothing needs it");
    let with_keys = config(&format!("{reachable}\nencryption_key: ['${{KEY}}', '${{KEY}}']"), "");
    assert_eq!(of(&with_keys, "encryption key").1, "set, with 1 older one");
}

#[test]
fn a_mapping_tells_what_travels() {
    let (status, message, _) = of(&config("", ""), "mapping");
    assert_eq!(status, Status::Pass);
    let wanted = "both ways: first_name, last_name, company, phones, emails, tags; from GHL to OpenPhone: source_link";
    assert_eq!(message, wanted, "the role has no place in GHL");
}
