//! Payloads: what they look like, that texts stand as they are, and that they fit.

use proptest::prelude::*;
use serde_json::Map;

use super::*;

fn slack_text(text: &str) -> String {
    let mut body = payload(Kind::Slack, &Message::new(text));
    let Value::String(text) = body["text"].take() else { panic!("{body}") };
    assert_eq!(body, json!({ "text": null }));
    text
}

fn teams_text(text: &str) -> String {
    let mut body = payload(Kind::Teams, &Message::new(text));
    let Value::String(text) = body["attachments"][0]["content"]["body"][0]["text"].take() else { panic!("{body}") };
    text
}

/// What Slack shows.
fn shown_by_slack(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What Teams shows: a backslash makes the next character plain.
fn shown_by_teams(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        shown.push(if character == '\\' { characters.next().unwrap() } else { character });
    }
    shown.replace("\n\n", "\n")
}

/// True when a character of `set` stands there without a backslash.
fn has_markup(text: &str, set: &[char]) -> bool {
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if set.contains(&character) {
            return true;
        }
    }
    false
}

#[test]
fn slack_gets_a_text_that_calls_nobody() {
    assert_eq!(slack_text("<!channel> & <@U1|bob> > you"), "&lt;!channel&gt; &amp; &lt;@U1|bob&gt; &gt; you");
    assert_eq!(slack_text("&lt;!here&gt;"), "&amp;lt;!here&amp;gt;");
    assert_eq!(slack_text("Ana \"Ñ\" *Pérez*\n+1"), "Ana \"Ñ\" *Pérez*\n+1");
}

#[test]
fn teams_gets_an_adaptive_card() {
    let card = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [{ "type": "TextBlock", "text": "Ana \\[x\\](https://evil.example)\n\n\\*(415)\\*", "wrap": true }],
            },
        }],
    });
    assert_eq!(payload(Kind::Teams, &Message::new("Ana [x](https://evil.example)\r\n*(415)*")), card);
}

#[test]
fn a_url_gets_the_text_and_what_goes_with_it() {
    let extra = json!({ "rule": "vip", "text": "another", "contact": { "id": 7 } }).as_object().unwrap().clone();
    let message = Message::new("<b> & *").with(extra).with(Map::from_iter([("rule".to_owned(), json!("late"))]));
    assert_eq!(payload(Kind::Url, &message), json!({ "text": "<b> & *", "rule": "late", "contact": { "id": 7 } }));
    let same_for_others = payload(Kind::Slack, &Message::new("<b> & *"));
    assert_eq!(payload(Kind::Slack, &message), same_for_others);
}

#[test]
fn a_text_is_cut_where_it_gets_too_long() {
    let full = "é".repeat(SLACK_CHARACTERS);
    assert_eq!(slack_text(&full), full);
    assert_eq!(slack_text(&format!("{full}é")), format!("{}…", "é".repeat(SLACK_CHARACTERS - 1)));
    // 600 escapes of 5 characters fill it; one more leaves no room for a whole one before the ellipsis.
    assert_eq!(slack_text(&"&".repeat(600)), "&amp;".repeat(600));
    assert_eq!(slack_text(&"&".repeat(601)), format!("{}…", "&amp;".repeat(599)));
    let full = "a".repeat(TEAMS_CHARACTERS);
    assert_eq!(teams_text(&full), full);
    assert_eq!(teams_text(&format!("{full}a")).chars().count(), TEAMS_CHARACTERS);
    assert_eq!(teams_text(&"😀".repeat(TEAMS_CHARACTERS)), format!("{}…", "😀".repeat((TEAMS_BYTES - 3) / 4)));
}

proptest! {
    #[test]
    fn slack_shows_what_was_written(text in "([&<>]|&amp;|<!channel>|.|\n){0,80}") {
        let sent = slack_text(&text);
        prop_assert!(!sent.contains(['<', '>']), "{sent}");
        prop_assert_eq!(shown_by_slack(&sent), text);
    }

    #[test]
    fn teams_shows_what_was_written(text in "([\\\\\\[\\]()*_`]|\\[a\\]\\(b\\)|[^\r]){0,80}") {
        let sent = teams_text(&text);
        prop_assert!(!has_markup(&sent, &['[', ']', '*', '_', '`']), "{sent}");
        let lines = text.split('\n').filter(|line| !line.is_empty()).count();
        let shown = shown_by_teams(&sent);
        prop_assert_eq!(shown.split('\n').filter(|line| !line.is_empty()).count(), lines);
        prop_assert_eq!(shown.replace('\n', ""), text.replace('\n', ""));
    }

    #[test]
    fn a_text_that_is_cut_is_the_beginning_and_fits(piece in "[&<>\\[_\"\u{1}a-cé😀\n]{1,12}", times in 1_usize..4000) {
        let text = piece.repeat(times);
        let (sent, card) = (slack_text(&text), teams_text(&text));
        let whole = payload(Kind::Teams, &Message::new(text.as_str())).to_string();
        prop_assert!(sent.chars().count() <= SLACK_CHARACTERS);
        if let Some(start) = sent.strip_suffix(ELLIPSIS) {
            prop_assert!(text.starts_with(&shown_by_slack(start)));
        } else {
            prop_assert_eq!(shown_by_slack(&sent), text);
        }
        prop_assert!(card.chars().count() <= TEAMS_CHARACTERS);
        prop_assert!(json!(card).to_string().len() <= TEAMS_BYTES + 2);
        prop_assert!(whole.len() < 28_000, "{}", whole.len());
        prop_assert!(!has_markup(&card, &['[', '_']));
    }
}
