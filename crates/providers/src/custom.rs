//! Custom fields, whichever provider has them: which one a mapping means, and what values look like in them.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json, json};
use tandem_contact::{Field, Observed, Value};

/// What a custom field holds, as far as its values are written differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CustomKind {
    /// A text; what we don't know is taken for one.
    #[default]
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A day, written as the moment at which it begins in UTC.
    Midnight,
    /// Several texts.
    Many,
}

/// A custom field that somebody has made at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomDefinition {
    /// What values are bound by: GHL's id, `OpenPhone`'s key.
    pub id: String,
    /// What else it is called: the name that people see, GHL's key.
    pub names: Vec<String>,
    /// What it holds.
    pub kind: CustomKind,
}

/// One value of a contact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomValue {
    /// What it is bound by, where that is told.
    pub id: Option<String>,
    /// What else its field is called, where that is told.
    pub names: Vec<String>,
    /// What its field holds, where that is told.
    pub kind: Option<CustomKind>,
    /// The value, untouched.
    pub value: Json,
}

/// The custom fields of one side that hold canonical fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomPlaces(BTreeMap<Field, Place>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// Id, key or name, as the mapping says it.
    wanted: String,
    /// The one that is meant, once that is known.
    definition: Option<CustomDefinition>,
}

/// A value that the custom field can't hold, or a field that nobody has made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not there.
    #[error("there is no custom field `{0}`")]
    NoField(String),
    /// It holds something else.
    #[error("the custom field `{0}` holds {1}, and the value is none")]
    Kind(String, &'static str),
}

impl CustomPlaces {
    /// Each field in the custom field of that id, key or name.
    pub fn new(wanted: impl IntoIterator<Item = (Field, String)>) -> Self {
        Self(wanted.into_iter().map(|(field, wanted)| (field, Place { wanted, definition: None })).collect())
    }

    /// True where no field has a place.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where the field has a place among them.
    pub fn has(&self, field: Field) -> bool {
        self.0.contains_key(&field)
    }

    /// The fields, and what the mapping calls their places.
    pub fn wanted(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, place)| (*field, place.wanted.as_str()))
    }

    /// Takes what looks like an id for one, so that nobody has to ask what there is.
    #[must_use]
    pub fn with_ids(mut self, is_id: impl Fn(&str) -> bool) -> Self {
        for place in self.0.values_mut().filter(|place| is_id(place.wanted.trim())) {
            let id = place.wanted.trim().to_owned();
            place.definition = Some(CustomDefinition { id, names: Vec::new(), kind: CustomKind::default() });
        }
        self
    }

    /// True where all that are meant are known.
    pub fn is_resolved(&self) -> bool {
        self.0.values().all(|place| place.definition.is_some())
    }

    /// Finds out which ones are meant.
    pub fn resolve(&mut self, definitions: &[CustomDefinition]) {
        for place in self.0.values_mut() {
            let is_it = |definition: &&CustomDefinition| place.means(Some(&definition.id), &definition.names);
            place.definition = definitions.iter().find(is_it).cloned();
        }
    }

    /// What a contact's values say: everything of these fields, as what is missing is empty.
    pub fn read(&self, values: &[CustomValue]) -> Observed {
        let read = |(field, place): (&Field, &Place)| {
            let value = values.iter().find(|value| place.is_held_by(value));
            let read = value.and_then(|value| read(place.kind(value), &value.value, field.is_list()));
            (*field, read)
        };
        self.0.iter().map(read).collect()
    }

    /// Whether a value is in the place of this field.
    pub fn is_held_by(&self, field: Field, value: &CustomValue) -> bool {
        self.0.get(&field).is_some_and(|place| place.is_held_by(value))
    }

    /// What the value is bound by, and how it is written; null clears it.
    pub fn write(&self, field: Field, value: Option<&Value>) -> Result<(&str, Json), Unfit> {
        let place = self.0.get(&field).ok_or_else(|| Unfit::NoField(field.name().to_owned()))?;
        let Some(definition) = &place.definition else { return Err(Unfit::NoField(place.wanted.clone())) };
        let Some(value) = value else { return Ok((&definition.id, Json::Null)) };
        let written = written(definition.kind, value);
        Ok((&definition.id, written.ok_or_else(|| Unfit::Kind(place.wanted.clone(), definition.kind.words()))?))
    }
}

impl Place {
    fn means(&self, id: Option<&String>, names: &[String]) -> bool {
        let wanted = self.wanted.trim();
        id.is_some_and(|id| id == wanted)
            || names.iter().any(|name| name.trim().to_lowercase() == wanted.to_lowercase())
    }

    fn is_held_by(&self, value: &CustomValue) -> bool {
        match (&self.definition, &value.id) {
            (Some(definition), Some(id)) => definition.id == *id,
            (Some(definition), None) => value.names.iter().any(|name| definition.names.contains(name)),
            (None, id) => self.means(id.as_ref(), &value.names),
        }
    }

    fn kind(&self, value: &CustomValue) -> CustomKind {
        let told = self.definition.as_ref().map(|definition| definition.kind);
        value.kind.or(told).unwrap_or_default()
    }
}

impl CustomKind {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Boolean => "yes or no",
            Self::Date | Self::Midnight => "a date",
            Self::Many => "several texts",
        }
    }
}

fn read(kind: CustomKind, value: &Json, is_list: bool) -> Option<Value> {
    let words: Vec<String> = match value {
        Json::Array(items) => items.iter().filter_map(|item| word(kind, item)).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
            word(kind, value).into_iter().collect()
        }
    };
    if is_list { Value::list(words) } else { Value::text(&words.join(", ")) }
}

fn word(kind: CustomKind, value: &Json) -> Option<String> {
    let word = match value {
        Json::Bool(flag) => flag.to_string(),
        Json::Number(number) => plain(number),
        Json::String(text) if matches!(kind, CustomKind::Date | CustomKind::Midnight) => day(text),
        Json::String(text) => text.trim().to_owned(),
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    };
    (!word.is_empty()).then_some(word)
}

/// 3 and 3.0 are one number.
fn plain(number: &Number) -> String {
    match number.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole, and small enough")]
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => (float as i64).to_string(),
        _ => number.to_string(),
    }
}

/// The day of a date-time; what is none stays.
fn day(text: &str) -> String {
    let day = text.trim().get(..10).filter(|day| is_day(day));
    day.unwrap_or_else(|| text.trim()).to_owned()
}

fn is_day(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok()
}

fn written(kind: CustomKind, value: &Value) -> Option<Json> {
    let items = match value {
        Value::Text(text) => vec![text.clone()],
        Value::List(items) => items.iter().cloned().collect(),
    };
    let one = items.join(", ");
    match kind {
        CustomKind::Many => Some(json!(items)),
        CustomKind::Text => Some(one.into()),
        CustomKind::Number => serde_json::from_str::<Number>(&one).ok().map(Json::Number),
        CustomKind::Boolean => one.parse::<bool>().ok().map(Json::Bool),
        CustomKind::Date => is_day(&one).then(|| one.into()),
        CustomKind::Midnight => is_day(&one).then(|| format!("{one}T00:00:00.000Z").into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tandem_contact::CustomName;

    use super::*;

    fn text() -> Field {
        Field::CustomText(CustomName::new("plan").unwrap())
    }

    fn list() -> Field {
        Field::CustomList(CustomName::new("plans").unwrap())
    }

    fn definition(id: &str, names: &[&str], kind: CustomKind) -> CustomDefinition {
        CustomDefinition { id: id.to_owned(), names: names.iter().map(|name| (*name).to_owned()).collect(), kind }
    }

    fn places(field: Field, kind: CustomKind) -> CustomPlaces {
        let mut places = CustomPlaces::new([(field, "Plan".to_owned())]);
        places.resolve(&[definition("f1", &["plan", "contact.plan"], kind)]);
        places
    }

    fn value(id: &str, value: Json) -> CustomValue {
        CustomValue { id: Some(id.to_owned()), value, ..CustomValue::default() }
    }

    #[test]
    fn a_field_is_found_by_id_key_or_name() {
        let definitions = [
            definition("f1", &["Plan", "contact.plan", "plan"], CustomKind::Text),
            definition("f2", &["Other"], CustomKind::Text),
        ];
        for wanted in ["f1", " plan ", "PLAN", "contact.plan"] {
            let mut places = CustomPlaces::new([(text(), wanted.to_owned())]);
            assert_eq!(places.write(text(), None), Err(Unfit::NoField(wanted.to_owned())));
            places.resolve(&definitions);
            assert_eq!(places.write(text(), None), Ok(("f1", Json::Null)), "{wanted}");
            let read = places.read(&[value("f2", json!("no")), value("f1", json!("gold"))]);
            assert_eq!(read, Observed::from([(text(), Value::text("gold"))]));
        }
        // A value that tells its field's name itself needs no definition.
        let places = CustomPlaces::new([(text(), "plan".to_owned())]);
        let told = CustomValue { names: vec!["Plan".to_owned()], value: json!("gold"), ..CustomValue::default() };
        assert_eq!(places.read(&[told])[&text()], Value::text("gold"));
        assert_eq!(places.read(&[])[&text()], None, "what is missing is empty");
    }

    #[test]
    fn each_kind_has_its_own_form() {
        for (kind, canonical, there) in [
            (CustomKind::Text, "gold", json!("gold")),
            (CustomKind::Number, "42", json!(42)),
            (CustomKind::Number, "1.5", json!(1.5)),
            (CustomKind::Boolean, "true", json!(true)),
            (CustomKind::Date, "2031-03-01", json!("2031-03-01")),
            (CustomKind::Midnight, "2031-03-01", json!("2031-03-01T00:00:00.000Z")),
            (CustomKind::Many, "gold", json!(["gold"])),
        ] {
            let places = places(text(), kind);
            assert_eq!(places.write(text(), Value::text(canonical).as_ref()), Ok(("f1", there.clone())), "{kind:?}");
            assert_eq!(places.read(&[value("f1", there)])[&text()], Value::text(canonical), "{kind:?}");
        }
        let places = places(text(), CustomKind::Date);
        assert_eq!(places.read(&[value("f1", json!("2031-03-01T00:00:00.000Z"))])[&text()], Value::text("2031-03-01"));
        let number = self::places(text(), CustomKind::Number);
        assert_eq!(number.read(&[value("f1", json!(3.0))])[&text()], Value::text("3"));
        assert!(matches!(number.write(text(), Value::text("many").as_ref()), Err(Unfit::Kind(_, "a number"))));
    }

    proptest! {
        #[test]
        fn several_texts_come_back(items in proptest::collection::btree_set("[a-z]{1,8}( [a-z]{1,5})?", 1..6)) {
            let places = places(list(), CustomKind::Many);
            let canonical = Value::list(items);
            let (_, there) = places.write(list(), canonical.as_ref()).unwrap();
            prop_assert_eq!(places.read(&[value("f1", there)]).remove(&list()).unwrap(), canonical);
        }

        #[test]
        fn nothing_that_is_read_is_a_panic(raw in ".{0,24}", number: f64, kind in 0_usize..6) {
            let kinds = [CustomKind::Text, CustomKind::Number, CustomKind::Boolean, CustomKind::Date, CustomKind::Midnight, CustomKind::Many];
            let kind = kinds[kind];
            let places = places(list(), kind);
            for there in [json!(raw), json!(number), json!([raw, number, null, { "a": raw }]), json!({ "a": raw })] {
                let read = places.read(&[value("f1", there)]).remove(&list()).unwrap();
                drop(places.write(list(), read.as_ref()));
            }
        }
    }
}
