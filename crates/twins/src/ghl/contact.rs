//! A contact as the GHL twin keeps it, and how a body changes it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::ghl::config::GhlLocation;
use crate::history::{Items, Marks};
use crate::phone;
use crate::scalars::Scalars;

/// The plain text fields, as they are called in bodies.
pub(super) const SCALARS: [&str; 16] = [
    "firstName",
    "lastName",
    "email",
    "phone",
    "address1",
    "city",
    "state",
    "postalCode",
    "website",
    "timezone",
    "source",
    "dateOfBirth",
    "country",
    "companyName",
    "assignedTo",
    "gender",
];

/// Do-not-disturb channels: the dated spelling, and that of v3.
pub(super) const CHANNELS: [(&str, &str); 7] = [
    ("Call", "call"),
    ("Email", "email"),
    ("SMS", "sms"),
    ("WhatsApp", "whatsApp"),
    ("GMB", "gmb"),
    ("FB", "fb"),
    ("RCS", "rcs"),
];

#[derive(Clone)]
pub(super) struct Contact {
    pub(super) id: Box<str>,
    pub(super) scalars: Scalars,
    pub(super) tags: Vec<Box<str>>,
    pub(super) custom: Vec<(Box<str>, Value)>,
    pub(super) more_emails: Vec<Box<str>>,
    pub(super) more_phones: Vec<Box<str>>,
    pub(super) dnd: bool,
    pub(super) dnd_settings: Vec<(&'static str, Value)>,
    pub(super) followers: Vec<Box<str>>,
    pub(super) business: Option<Box<str>>,
    pub(super) campaigns: Vec<Box<str>>,
    pub(super) workflows: Vec<Box<str>>,
    pub(super) added: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) marks: Marks,
}

/// What a body is read against.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) location: &'a GhlLocation,
    pub(super) null_clears: bool,
}

impl Contact {
    pub(super) fn new(id: &str, now: Timestamp, marks: Marks) -> Self {
        Self {
            id: id.into(),
            scalars: Scalars::default(),
            tags: Vec::new(),
            custom: Vec::new(),
            more_emails: Vec::new(),
            more_phones: Vec::new(),
            dnd: false,
            dnd_settings: Vec::new(),
            followers: Vec::new(),
            business: None,
            campaigns: Vec::new(),
            workflows: Vec::new(),
            added: now,
            updated: now,
            marks,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.scalars.get(name)
    }

    /// First and last name, as the provider joins them.
    pub(super) fn name(&self) -> String {
        let parts = [self.text("firstName"), self.text("lastName")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Takes over what a body says. Fields it does not mention stay.
    pub(super) fn apply(&mut self, body: &Map<String, Value>, reading: Reading<'_>) {
        if let Some(name) = body.get("name").and_then(Value::as_str) {
            let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
            self.scalars.set("firstName", Some(first));
            self.scalars.set("lastName", Some(last.trim()));
        }
        for name in SCALARS {
            match body.get(name) {
                None => {}
                Some(value) if value.is_null() && !reading.null_clears => {}
                Some(value) => self.set(name, value.as_str()),
            }
        }
        if let Some(tags) = body.get("tags").and_then(Value::as_array) {
            self.tags.clear();
            self.add_tags(texts(tags));
        }
        self.apply_custom(body, reading);
        self.apply_dnd(body);
        if let Some(emails) = body.get("additionalEmails").and_then(Value::as_array) {
            self.more_emails = nested(emails, "email").map(Into::into).collect();
        }
        if let Some(phones) = body.get("additionalPhones").and_then(Value::as_array) {
            self.more_phones = nested(phones, "phone").map(|text| phone::normal(text).into()).collect();
        }
    }

    fn set(&mut self, name: &'static str, value: Option<&str>) {
        let value = value.map(str::trim);
        match name {
            "phone" => self.scalars.set(name, value.map(phone::normal).as_deref()),
            "dateOfBirth" => self.scalars.set(name, value.map(birthday).as_deref()),
            _ => self.scalars.set(name, value),
        }
    }

    /// Adds tags as the provider keeps them: in lower case, each once.
    pub(super) fn add_tags<'a>(&mut self, tags: impl Iterator<Item = &'a str>) {
        for tag in tags {
            let tag = tag.trim().to_lowercase();
            if !tag.is_empty() && !self.tags.iter().any(|held| **held == *tag) {
                self.tags.push(tag.into());
            }
        }
    }

    pub(super) fn remove_tags<'a>(&mut self, tags: impl Iterator<Item = &'a str>) {
        for tag in tags {
            let tag = tag.trim().to_lowercase();
            self.tags.retain(|held| **held != *tag);
        }
    }

    fn apply_custom(&mut self, body: &Map<String, Value>, reading: Reading<'_>) {
        let Some(items) = body.get("customFields").and_then(Value::as_array) else { return };
        for item in items {
            let named = item["id"].as_str().or_else(|| item["key"].as_str()).unwrap_or_default();
            // Values for fields that do not exist are ignored without a word.
            let Some(field) = reading.location.field(named) else { continue };
            let value = ["field_value", "fieldValue", "value"].iter().find_map(|key| item.get(key));
            let Some(value) = value else { continue };
            if value.is_null() && !reading.null_clears {
                continue;
            }
            self.custom.retain(|(id, _)| **id != *field.id);
            if !is_empty(value) {
                self.custom.push((field.id.as_str().into(), value.clone()));
            }
        }
    }

    fn apply_dnd(&mut self, body: &Map<String, Value>) {
        if let Some(dnd) = body.get("dnd").and_then(Value::as_bool) {
            self.dnd = dnd;
        }
        let Some(settings) = body.get("dndSettings").and_then(Value::as_object) else { return };
        for (dated, v3) in CHANNELS {
            if let Some(setting) = settings.get(dated).or_else(|| settings.get(v3)) {
                self.dnd_settings.retain(|(channel, _)| *channel != dated);
                self.dnd_settings.push((dated, setting.clone()));
            }
        }
    }

    /// The contact item by item, for comparing and judging.
    pub(super) fn items(&self) -> Items {
        let mut items: Items = self.scalars.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        items.extend(self.tags.iter().map(|tag| (format!("tags[{tag}]"), tag.to_string())));
        for (id, value) in &self.custom {
            match value.as_array() {
                Some(picked) => items.extend(picked.iter().map(|one| {
                    let one = plain(one);
                    (format!("customFields[{id}][{one}]"), one)
                })),
                None => drop(items.insert(format!("customFields[{id}]"), plain(value))),
            }
        }
        items.extend(self.more_emails.iter().map(|email| (format!("additionalEmails[{email}]"), email.to_string())));
        items.extend(self.more_phones.iter().map(|phone| (format!("additionalPhones[{phone}]"), phone.to_string())));
        if self.dnd {
            items.insert("dnd".to_owned(), "true".to_owned());
        }
        let on = self.dnd_settings.iter().filter(|(_, setting)| setting["status"] != json!("inactive"));
        items.extend(on.map(|(channel, setting)| (format!("dndSettings[{channel}]"), plain(&setting["status"]))));
        items
    }
}

/// The strings of an array; other values are skipped.
pub(super) fn texts(values: &[Value]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(Value::as_str)
}

fn nested<'a>(values: &'a [Value], key: &'a str) -> impl Iterator<Item = &'a str> {
    values.iter().filter_map(move |value| value.as_str().or_else(|| value[key].as_str()))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value == &json!("") || value.as_array().is_some_and(Vec::is_empty)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `MM/DD/YYYY` and `YYYY/MM/DD` with any of the four separators become `YYYY-MM-DD`.
fn birthday(input: &str) -> String {
    let parts: Vec<&str> = input.split(['/', '-', '.', '_']).collect();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => format!("{year}-{month}-{day}"),
        [month, day, year] if year.len() == 4 => format!("{year}-{month}-{day}"),
        _ => input.to_owned(),
    }
}
