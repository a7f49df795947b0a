//! How a side writes down what a field holds: dates in a country's order, a table of words, a list in one text.
//!
//! Read and written again a value comes back the same, unless the codec says that it is lossy. What doesn't look as it should is
//! left as it is, in both directions: a person's own words are never thrown away.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::{Field, Observed, Value, phone};

/// The codecs of one side, by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codecs(BTreeMap<Field, Codec>);

/// How one field stands on one side; everything is optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codec {
    /// A canonical list is one text there, with this between its items.
    pub join: Option<String>,
    /// Words there by canonical words. No word stands twice on either side.
    pub words: Vec<(String, String)>,
    /// A canonical date (`2031-03-01`) is written like this there, in the conversion specifiers of `strftime`.
    pub date: Option<String>,
    /// A canonical number is written like this there.
    pub phone: Option<PhoneStyle>,
    /// Letters are written like this there; what they were is lost.
    pub case: Option<Case>,
    /// What stands there where there is nothing.
    pub default: Option<String>,
}

/// How a phone number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneStyle {
    /// `+14155550123`.
    E164,
    /// `+1 415-555-0123`.
    International,
    /// `(415) 555-0123`, for numbers of this country; others are international.
    National,
}

/// How letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// All small.
    Lower,
    /// All capitals.
    Upper,
    /// Each word begins with a capital.
    Title,
}

impl Codecs {
    /// Those that do anything.
    pub fn new(codecs: impl IntoIterator<Item = (Field, Codec)>) -> Self {
        Self(codecs.into_iter().filter(|(_, codec)| *codec != Codec::default()).collect())
    }

    /// What the side holds, in canonical values.
    pub fn read(&self, mut observed: Observed, country: &str) -> Observed {
        for (field, codec) in &self.0 {
            if let Some(value) = observed.get_mut(field) {
                *value = value.take().and_then(|value| codec.read(*field, &value, country));
            }
        }
        observed
    }

    /// Canonical values as the side writes them down.
    pub fn write(&self, mut wanted: Observed, country: &str) -> Observed {
        for (field, codec) in &self.0 {
            if let Some(value) = wanted.get_mut(field) {
                *value = codec.write(value.take().as_ref(), country);
            }
        }
        wanted
    }
}

impl Codec {
    fn read(&self, field: Field, there: &Value, country: &str) -> Option<Value> {
        match there {
            Value::List(items) => Value::list(items.iter().map(|item| self.read_word(item, country))),
            Value::Text(text) if self.default.as_deref() == Some(text) => None,
            Value::Text(text) => match &self.join {
                Some(between) if field.is_list() => {
                    let parts = split(text, between);
                    Value::list(parts.iter().map(|part| self.read_word(part, country)))
                }
                _ => Value::text(&self.read_word(text, country)),
            },
        }
    }

    fn write(&self, wanted: Option<&Value>, country: &str) -> Option<Value> {
        let Some(wanted) = wanted else { return self.default.as_deref().and_then(Value::text) };
        match (wanted, &self.join) {
            (Value::Text(text), _) => Value::text(&self.write_word(text, country)),
            (Value::List(items), None) => Value::list(items.iter().map(|item| self.write_word(item, country))),
            (Value::List(items), Some(between)) => {
                let words: BTreeSet<String> = items.iter().map(|item| self.write_word(item, country)).collect();
                Value::text(&join(&words, between))
            }
        }
    }

    fn read_word(&self, there: &str, country: &str) -> String {
        if let Some((word, _)) = self.words.iter().find(|(_, known)| known == there) {
            return word.clone();
        }
        if let Some(date) = self.date.as_ref().and_then(|pattern| Date::strptime(pattern, there).ok()) {
            return date.to_string();
        }
        if self.phone.is_some()
            && let Some(number) = phone::normal(there, country)
        {
            return number;
        }
        there.to_owned()
    }

    fn write_word(&self, word: &str, country: &str) -> String {
        let known = self.words.iter().find(|(known, _)| known == word).map(|(_, there)| there.clone());
        let date = || {
            // A time of day that a date has come with is left out.
            let date: Date = word.get(..10).and_then(|date| date.parse().ok())?;
            Some(date.strftime(self.date.as_ref()?).to_string())
        };
        let number = || phone::written(word, self.phone?, country);
        let there = known.or_else(date).or_else(number).unwrap_or_else(|| word.to_owned());
        match self.case {
            None => there,
            Some(Case::Lower) => there.to_lowercase(),
            Some(Case::Upper) => there.to_uppercase(),
            Some(Case::Title) => titled(&there),
        }
    }

    /// Why values don't come back as they were; none where they do.
    pub fn lossy(&self) -> Option<&'static str> {
        if self.case.is_some() {
            return Some("`case` loses how the letters were");
        }
        let has_century = |pattern: &String| [1899, 1931, 2131].into_iter().all(|year| comes_back(pattern, year));
        let is_whole = self.date.as_ref().is_none_or(has_century);
        (!is_whole).then_some("a `date` whose year has two digits loses the century")
    }

    /// Whether a date written with this pattern is read as the same date.
    pub fn is_date_pattern(pattern: &str) -> bool {
        comes_back(pattern, 2031)
    }
}

/// Whether a day of that year is read as it was written.
fn comes_back(pattern: &str, year: i16) -> bool {
    let Ok(date) = Date::new(year, 11, 27) else { return false };
    let written = jiff::fmt::strtime::format(pattern, date);
    written.is_ok_and(|written| Date::strptime(pattern, written).is_ok_and(|read| read == date))
}

/// All items in one text, in their order. A backslash, and what the separator begins with, get a backslash before them within an item.
pub fn join<'a>(items: impl IntoIterator<Item = &'a String>, between: &str) -> String {
    let mark = between.trim().chars().next();
    let escaped = |item: &'a String| {
        item.chars().fold(String::with_capacity(item.len()), |mut escaped, letter| {
            if letter == '\\' || Some(letter) == mark {
                escaped.push('\\');
            }
            escaped.push(letter);
            escaped
        })
    };
    items.into_iter().map(escaped).collect::<Vec<_>>().join(between)
}

/// The items of a joined text, also of one that a person typed: without blanks around them, and without empty ones.
pub fn split(text: &str, between: &str) -> Vec<String> {
    let between = between.trim();
    let (mut items, mut current, mut rest) = (Vec::new(), String::new(), text);
    loop {
        if let Some(after) = rest.strip_prefix(between).filter(|_| !between.is_empty()) {
            items.push(std::mem::take(&mut current));
            rest = after;
            continue;
        }
        let mut letters = rest.chars();
        match letters.next() {
            Some('\\') => current.push(letters.next().unwrap_or('\\')),
            Some(letter) => current.push(letter),
            None => break,
        }
        rest = letters.as_str();
    }
    items.push(current);
    let trimmed = items.iter().map(|item| item.trim());
    trimmed.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// `ana díaz` is `Ana Díaz`; what is in capitals stays so within a word.
fn titled(text: &str) -> String {
    let mut is_first = true;
    let mut titled = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_first {
            titled.extend(letter.to_uppercase());
        } else {
            titled.push(letter);
        }
        is_first = letter.is_whitespace() || letter == '-';
    }
    titled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::CustomName;

    fn text(name: &str) -> Field {
        Field::CustomText(CustomName::new(name).unwrap())
    }

    fn list(name: &str) -> Field {
        Field::CustomList(CustomName::new(name).unwrap())
    }

    fn there(codec: &Codec, field: Field, value: Option<Value>) -> Option<Value> {
        let codecs = Codecs::new([(field, codec.clone())]);
        codecs.write(Observed::from([(field, value)]), "US").remove(&field).unwrap()
    }

    fn back(codec: &Codec, field: Field, value: Option<Value>) -> Option<Value> {
        let codecs = Codecs::new([(field, codec.clone())]);
        codecs.read(Observed::from([(field, value)]), "US").remove(&field).unwrap()
    }

    fn words(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(here, there)| ((*here).to_owned(), (*there).to_owned())).collect()
    }

    #[test]
    fn values_stand_there_as_the_codec_says() {
        let plan = Codec { words: words(&[("gold", "Gold plan"), ("none", "No plan")]), ..Codec::default() };
        assert_eq!(there(&plan, text("plan"), Value::text("gold")), Value::text("Gold plan"));
        assert_eq!(back(&plan, text("plan"), Value::text("No plan")), Value::text("none"));
        assert_eq!(back(&plan, text("plan"), Value::text("Something else")), Value::text("Something else"));
        let date = Codec { date: Some("%m/%d/%Y".to_owned()), ..Codec::default() };
        assert_eq!(there(&date, text("born"), Value::text("2031-03-01")), Value::text("03/01/2031"));
        assert_eq!(there(&date, text("born"), Value::text("2031-03-01T10:00:00Z")), Value::text("03/01/2031"));
        assert_eq!(back(&date, text("born"), Value::text("03/01/2031")), Value::text("2031-03-01"));
        assert_eq!(back(&date, text("born"), Value::text("in spring")), Value::text("in spring"));
        let joined = Codec { join: Some(" / ".to_owned()), ..Codec::default() };
        let both = Value::list(["a".to_owned(), "b".to_owned()]);
        assert_eq!(there(&joined, list("plans"), both.clone()), Value::text("a / b"));
        assert_eq!(back(&joined, list("plans"), Value::text("b/a / ")), both);
        let phone = Codec { phone: Some(PhoneStyle::National), ..Codec::default() };
        assert_eq!(there(&phone, text("fax"), Value::text("+14155550123")), Value::text("(415) 555-0123"));
        assert_eq!(back(&phone, text("fax"), Value::text("(415) 555-0123")), Value::text("+14155550123"));
        let title = Codec { case: Some(Case::Title), ..Codec::default() };
        assert_eq!(there(&title, Field::FirstName, Value::text("ana-maría d")), Value::text("Ana-María D"));
        let default = Codec { default: Some("unknown".to_owned()), ..Codec::default() };
        assert_eq!(there(&default, text("plan"), None), Value::text("unknown"));
        assert_eq!(back(&default, text("plan"), Value::text("unknown")), None);
    }

    #[test]
    fn a_pattern_that_does_not_come_back_is_none() {
        for pattern in ["%Y-%m-%d", "%d.%m.%Y", "%B %d, %Y", "%m/%d/%y"] {
            assert!(Codec::is_date_pattern(pattern), "{pattern}");
        }
        for pattern in ["", "%Y", "%m/%d", "%q", "YYYY-MM-DD"] {
            assert!(!Codec::is_date_pattern(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_year_without_its_century_and_letters_in_another_case_are_lost() {
        let date = |pattern: &str| Codec { date: Some(pattern.to_owned()), ..Codec::default() };
        assert_eq!((date("%m/%d/%Y").lossy(), Codec::default().lossy()), (None, None));
        assert!(date("%m/%d/%y").lossy().unwrap().contains("century"));
        assert!(Codec { case: Some(Case::Upper), ..Codec::default() }.lossy().unwrap().contains("`case`"));
    }

    proptest! {
        #[test]
        fn what_is_not_lossy_comes_back(
            items in proptest::collection::btree_set("[a-z,|\\\\]{1,5}", 1..5), between in "( ?[,;|] ?| - |, and )", year in 1900_i16..2100, day in 1_i8..29, month in 1_i8..13,
        ) {
            let joined = Codec { join: Some(between), ..Codec::default() };
            let value = Value::list(items);
            prop_assert_eq!(back(&joined, list("x"), there(&joined, list("x"), value.clone())), value);
            let date = Codec { date: Some("%d.%m.%Y".to_owned()), ..Codec::default() };
            let value = Value::text(&Date::new(year, month, day).unwrap().to_string());
            prop_assert_eq!(back(&date, text("x"), there(&date, text("x"), value.clone())), value);
        }

        #[test]
        fn no_text_is_a_panic(here in ".{0,40}", pattern in ".{0,10}") {
            let codec = Codec {
                date: Some(pattern.clone()).filter(|pattern| Codec::is_date_pattern(pattern)),
                phone: Some(PhoneStyle::International),
                join: Some(pattern),
                case: Some(Case::Title),
                ..Codec::default()
            };
            let field = list("x");
            let written = there(&codec, field, Value::text(&here));
            drop(back(&codec, field, written));
        }
    }
}
