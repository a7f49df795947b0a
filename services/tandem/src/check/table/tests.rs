use std::time::Duration;

use super::*;

fn check(group: Group, name: &str, status: Status) -> Check {
    Check {
        group,
        connection: (group != Group::Servers).then(|| "acme".to_owned()),
        name: name.to_owned(),
        operation: None,
        status,
        message: "found".to_owned(),
        provider_words: None,
        provider_status: None,
        provider_trace: None,
        hint: None,
    }
}

#[test]
fn a_table_has_words_and_fixes_under_what_is_wrong() {
    let failed = Check {
        provider_words: Some("Invalid token".to_owned()),
        provider_status: Some(401),
        provider_trace: Some("t-1".to_owned()),
        hint: Some("make a new one".to_owned()),
        ..check(Group::Ghl, "token", Status::Fail)
    };
    let checks = vec![
        check(Group::Servers, "NATS", Status::Pass),
        failed,
        check(Group::Ghl, "read a contact", Status::Skipped),
        check(Group::OpenPhone, "API key", Status::Warn),
    ];
    let table = of(&Report::new(checks, Duration::from_millis(1234)), None);
    let wanted = "\
servers
  pass  NATS            found

acme: GoHighLevel
  FAIL  token           found
        GHL says: \"Invalid token\" (401, trace t-1)
        fix: make a new one
  skip  read a contact  skipped: found

acme: OpenPhone
  WARN  API key         found

1 passed, 1 to look at, 1 failed, 1 skipped in 1.2 s
";
    assert_eq!(table, wanted);
}

#[test]
fn long_lines_end_at_the_terminals_edge_and_lose_nothing() {
    let words = "one two three four five six seven eight nine ten";
    for columns in [1, 12, 20, 30, 500] {
        let text = wrapped("  lead  ", words, (4, Some(columns)));
        assert_eq!(text.split_whitespace().skip(1).collect::<Vec<_>>().join(" "), words);
        let longest = text.lines().skip(1).map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(longest <= columns.max(9), "{columns}: {text}");
    }
    assert_eq!(wrapped("> ", "a b c d", (2, Some(5))), "> a b\n  c d\n");
}

#[test]
fn a_provider_that_said_nothing_is_quoted_as_saying_nothing() {
    let silent = Check { provider_status: Some(500), ..check(Group::OpenPhone, "API key", Status::Fail) };
    assert_eq!(said(&silent).as_deref(), Some("OpenPhone says: nothing (500)"));
}
