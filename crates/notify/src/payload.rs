//! What is posted, by kind. A text is data: names in it must neither call people nor become links.

use serde_json::{Value, json};

use crate::{Kind, Message};

/// The longest text for Slack, after escaping: the most that one block of a message takes.
pub const SLACK_CHARACTERS: usize = 3000;
/// The longest text for Teams, after escaping.
pub const TEAMS_CHARACTERS: usize = 10_000;
/// The most bytes of text for Teams, as JSON: it refuses messages above 28 KB.
pub const TEAMS_BYTES: usize = 24_000;

const ELLIPSIS: char = '…';

/// The JSON that a channel of this kind gets.
pub fn payload(kind: Kind, message: &Message) -> Value {
    match kind {
        Kind::Slack => slack(&message.text),
        Kind::Teams => teams(&message.text),
        Kind::Url => url(message),
    }
}

fn slack(text: &str) -> Value {
    let limit = Size { characters: SLACK_CHARACTERS, bytes: usize::MAX };
    json!({ "text": fitted(text, limit, for_slack) })
}

fn teams(text: &str) -> Value {
    let limit = Size { characters: TEAMS_CHARACTERS, bytes: TEAMS_BYTES };
    let block = json!({ "type": "TextBlock", "text": fitted(text, limit, for_teams), "wrap": true });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": { "type": "AdaptiveCard", "version": "1.4", "body": [block] },
        }],
    })
}

fn url(message: &Message) -> Value {
    let mut body = message.extra.clone();
    body.insert("text".to_owned(), Value::from(message.text.as_str()));
    Value::Object(body)
}

/// The three characters that Slack wants escaped, and only these
/// (<https://docs.slack.dev/messaging/formatting-message-text#escaping>): `<!channel>` would wake up everybody.
fn for_slack(character: char, text: &mut String) {
    match character {
        '&' => text.push_str("&amp;"),
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        other => text.push(other),
    }
}

/// What makes links and emphasis in the Markdown of Adaptive Cards. Parentheses make a link only after brackets, and
/// Teams on phones shows the backslash before one, which would be in every "(415) 555-0100". A line ends with two line
/// breaks, one is read as a space.
fn for_teams(character: char, text: &mut String) {
    match character {
        '\n' => text.push_str("\n\n"),
        '\r' => {}
        '\\' | '[' | ']' | '*' | '_' | '`' => text.extend(['\\', character]),
        other => text.push(other),
    }
}

/// How much a text is.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    characters: usize,
    bytes: usize,
}

impl Size {
    /// The size with `text` behind it; bytes are those of JSON.
    fn and(self, text: &str) -> Self {
        let in_json = |character: char| match character {
            '"' | '\\' | '\n' | '\r' | '\t' => 2,
            '\u{0}'..='\u{1f}' => 6,
            other => other.len_utf8(),
        };
        Self {
            characters: self.characters + text.chars().count(),
            bytes: self.bytes + text.chars().map(in_json).sum::<usize>(),
        }
    }

    fn fits(self, limit: Self) -> bool {
        self.characters <= limit.characters && self.bytes <= limit.bytes
    }

    fn without_ellipsis(self) -> Self {
        Self { characters: self.characters - 1, bytes: self.bytes - ELLIPSIS.len_utf8() }
    }
}

/// The text with every character written by `write`, cut between two of them when it gets longer than `limit`: never
/// within an escape.
fn fitted(text: &str, limit: Size, write: impl Fn(char, &mut String)) -> String {
    let room = limit.without_ellipsis();
    let (mut fitted, mut size, mut cut) = (String::new(), Size::default(), 0);
    for character in text.chars() {
        let start = fitted.len();
        write(character, &mut fitted);
        size = size.and(&fitted[start..]);
        if size.fits(room) {
            cut = fitted.len();
        } else if !size.fits(limit) {
            fitted.truncate(cut);
            fitted.push(ELLIPSIS);
            break;
        }
    }
    fitted
}

#[cfg(test)]
mod tests;
