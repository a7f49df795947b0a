use std::path::Path;

use tandem_service::Environment;

use super::*;

pub(crate) fn config(more: &str, (token, key, secret): (&str, &str, &str)) -> Config {
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
    let password = |config: &Config| of(config).expose_secret().to_owned();
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
