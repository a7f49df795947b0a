use super::*;
use crate::password::tests::config;

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
