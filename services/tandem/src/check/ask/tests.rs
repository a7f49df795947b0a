use std::path::Path;

use tandem_service::Environment;

use super::*;

fn config(more: &str, (token, key, secret): (&str, &str, &str)) -> Config {
    let text = format!(
        "{more}
connections:
  - id: acme
    ghl: {{ location_id: L1, private_token: '${{TOKEN}}' }}
    openphone: {{ api_key: '${{KEY}}', webhook_secrets: ['${{SECRET}}'] }}
"
    );
    let environment: Environment = [("TOKEN", token), ("KEY", key), ("SECRET", secret)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Config::parse(&text, Path::new("tandem.yaml"), &environment).unwrap()
}

#[test]
fn the_password_changes_with_every_secret_and_every_setting_that_matters() {
    let own = password(&config("", ("t", "k", "s")));
    assert_eq!(own, password(&config("", ("t", "k", "s"))));
    assert_eq!(own, password(&config("data_dir: ./elsewhere", ("t", "k", "s"))), "it is not about this folder");
    let others = [
        config("", ("t2", "k", "s")),
        config("", ("t", "k2", "s")),
        config("", ("t", "k", "s2")),
        config("", ("tk", "s", "s")),
        config("http: { public_url: 'https://sync.example.com' }", ("t", "k", "s")),
        config("providers: { ghl: { base_url: 'http://127.0.0.1:1' } }", ("t", "k", "s")),
        config("queue: { backend: nats, url: 'nats://127.0.0.1:4222' }", ("t", "k", "s")),
    ];
    for other in others {
        assert_ne!(own, password(&other));
    }
}

#[test]
fn answers_are_told_apart() {
    let answer = |status, body: &str| read(&neighbour::Answer { status, body: body.to_owned() });
    assert!(matches!(answer(200, "[]"), Answer::Checks(checks) if checks.is_empty()));
    assert!(matches!(answer(401, ""), Answer::OtherConfiguration));
    assert!(matches!(answer(409, ""), Answer::Busy) && matches!(answer(503, ""), Answer::Busy));
    for (status, body) in [(200, "<html>"), (404, "[]"), (500, "")] {
        assert!(matches!(answer(status, body), Answer::Stranger(_)), "{status} {body}");
    }
}

#[test]
fn what_belongs_to_one_process_is_asked_of_it() {
    let nats = "queue: { backend: nats, url: 'nats://127.0.0.1:4222' }";
    let redis = "limits: { backend: redis, url: 'redis://127.0.0.1:6379' }";
    let secrets = ("t", "k", "s");
    assert!(is_of_one_process(&config("", secrets)));
    assert!(is_of_one_process(&config(nats, secrets)) && is_of_one_process(&config(redis, secrets)));
    assert!(!is_of_one_process(&config(&format!("{nats}\n{redis}"), secrets)));
}
