//! Finds a canary in whatever form it may have been put out.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

/// What must not be found anywhere.
#[derive(Debug, Default)]
pub(super) struct Canaries {
    /// What it is, and the forms it may have, in lower case.
    known: Vec<(String, Vec<String>)>,
}

impl Canaries {
    pub(super) fn add(&mut self, what: &str, value: &str) {
        assert!(value.len() >= 6, "{what} is too short to be told from chance");
        self.known.push((what.to_owned(), forms(value)));
    }

    pub(super) fn with(mut self, values: &[(&str, &str)]) -> Self {
        for (what, value) in values {
            self.add(what, value);
        }
        self
    }

    /// What was found first, the form it has, and where in the text in lower case.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<(&str, &str, usize)> {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        let all = self.known.iter().flat_map(|(what, forms)| forms.iter().map(move |form| (what, form)));
        let mut found = all.filter_map(|(what, form)| Some((what.as_str(), form.as_str(), text.find(form.as_str())?)));
        found.next()
    }

    /// Panics with the place where one is found, and what stands around it.
    pub(super) fn not_in(&self, place: &str, bytes: &[u8]) {
        let Some((what, form, at)) = self.find(bytes) else { return };
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        let around: String = text[..at].chars().rev().take(600).collect::<Vec<_>>().into_iter().rev().collect();
        panic!("{what} as {form} in {place}: {around} >>> {}", text[at..].chars().take(300).collect::<String>());
    }
}

/// Plain, JSON, hexadecimal, percent-encoded in three ways, and base64 wherever in a longer text it begins.
fn forms(value: &str) -> Vec<String> {
    let json = serde_json::Value::from(value).to_string();
    let ascii: String =
        json.trim_matches('"').chars().map(|one| if one.is_ascii() { one.into() } else { escaped(one) }).collect();
    let mut forms = vec![
        value.to_owned(),
        json.trim_matches('"').to_owned(),
        ascii,
        format!("{value:?}").trim_matches('"').to_owned(),
        value.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
        percent(value, "-_.~"),
        percent(value, "-_.~@:/+"),
        percent(value, "-_.~").replace("%20", "+"),
        percent(value, "-_.*").replace("%20", "+"),
    ];
    for before in 0..3 {
        let text = BASE64_STANDARD_NO_PAD.encode([&vec![0; before], value.as_bytes()].concat());
        // Characters at the edges depend on their neighbours too.
        let first = [0, 2, 3][before];
        let last = text.len() - usize::from(!(before + value.len()).is_multiple_of(3));
        let sure = &text[first..last];
        forms.extend([sure.to_owned(), sure.replace('+', "-").replace('/', "_"), percent(sure, "")]);
    }
    let mut forms: Vec<String> = forms.iter().map(|form| form.to_lowercase()).collect();
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn escaped(one: char) -> String {
    let mut units = [0; 2];
    one.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat()
}

fn percent(value: &str, plain: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || plain.contains(char::from(byte));
    value.bytes().map(|byte| if is_plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }).collect()
}

#[test]
fn a_canary_is_found_in_every_form() {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

    let value = "Zoë \"Canary\" & Søns/+?~x@example.com";
    let canaries = Canaries::default().with(&[("the name", value)]);
    let hex = value.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat();
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mut carriers = vec![
        format!("before {value} after"),
        value.to_uppercase(),
        serde_json::json!({ "name": value }).to_string(),
        format!("{:?}", Some(value)),
        format!("0x{hex}"),
        format!("name={form}&more=1"),
        percent(value, "-_.~"),
        url::Url::parse_with_params("https://example.com", [("name", value)]).unwrap().to_string(),
        r#"{"name":"Zo\u00eb \"Canary\" & S\u00f8ns/+?~x@example.com"}"#.to_owned(),
    ];
    for before in ["", "a", "ab", "abc", "Basic id:"] {
        for after in ["", "z", "zy"] {
            let whole = format!("{before}{value}{after}");
            carriers.extend([BASE64_STANDARD.encode(&whole), BASE64_URL_SAFE.encode(&whole)]);
        }
    }
    for carrier in carriers {
        assert!(canaries.find(carrier.as_bytes()).is_some(), "not found in {carrier}");
        let bytes = [&[0xff, 0xfe], carrier.as_bytes(), &[0x80]].concat();
        assert!(canaries.find(&bytes).is_some(), "not found between bytes in {carrier}");
    }
    for other in ["", "Zoe Canary", "canary", "example.com", &BASE64_STANDARD.encode("somebody else altogether")] {
        assert_eq!(canaries.find(other.as_bytes()), None, "{other}");
    }
}
