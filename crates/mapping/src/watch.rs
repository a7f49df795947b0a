//! What rules wait for in a record: tags, fields and segments, and when they become others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tandem_contact::{Field, Value, tag};
use tandem_reconcile::{Document, Fired, Kind};

use crate::{Mapping, Rule, When, segments_field};

/// What stands for a value that is not there.
const NOTHING: &str = "";
/// What stands for a tag that is there, or a segment that the contact is in.
const THERE: &str = "1";

impl Mapping {
    /// Notes what rules wait for as it is before anything new is learned. Of somebody who is new, a live event says that all of it is
    /// news; whoever a scan meets for the first time has been there before.
    pub fn set_out(&self, document: &mut Document, is_live: bool) {
        if self.rules.is_empty() || document.kind != Kind::Contact {
            return;
        }
        let is_new = document.canon.is_empty();
        for (key, value) in self.watched(document) {
            match (document.watched.contains_key(&key), is_new) {
                (false, false) => drop(document.watched.insert(key, value)),
                (false, true) if is_live => drop(document.watched.insert(key, NOTHING.to_owned())),
                (false, true) | (true, _) => {}
            }
        }
    }

    /// Notes what has become another one, and which rules that starts. True where anything was noted.
    pub fn notice(&self, document: &mut Document, now: Timestamp) -> bool {
        if document.kind != Kind::Contact || (self.rules.is_empty() && document.watched.is_empty()) {
            return false;
        }
        let watched = self.watched(document);
        let before = std::mem::replace(&mut document.watched, watched);
        if before == document.watched {
            return false;
        }
        for rule in &self.rules {
            let Some(key) = key(&rule.when) else { continue };
            let (Some(was), Some(is)) = (before.get(&key), document.watched.get(&key)) else { continue };
            if was != is && starts(rule, is) {
                document.fired_count += 1;
                let (number, trigger) = (document.fired_count, rule.when.spelled());
                document.fired.push(Fired { number, rule: rule.name.clone(), trigger, at: now });
            }
        }
        true
    }

    fn watched(&self, document: &Document) -> BTreeMap<String, String> {
        let tags = texts(document.canon_value(Field::Tags));
        let segments = segments_field().map(|field| texts(document.canon_value(field))).unwrap_or_default();
        let there = |is_there: bool| if is_there { THERE } else { NOTHING }.to_owned();
        let value = |when: &When| match when {
            When::TagAdded(name) | When::TagRemoved(name) => {
                there(tag::normal(name).is_some_and(|name| tags.contains(&name)))
            }
            When::Entered(name) | When::Left(name) => there(segments.contains(name)),
            When::Changed(field) => document.canon_value(*field).map(spelled).unwrap_or_default(),
            When::Event(_) | When::At(_) => String::new(),
        };
        self.rules.iter().filter_map(|rule| Some((key(&rule.when)?, value(&rule.when)))).collect()
    }
}

/// Both ways of a tag or segment are one thing to watch.
fn key(when: &When) -> Option<String> {
    match when {
        When::TagAdded(name) | When::TagRemoved(name) => Some(format!("tag:{}", name.trim().to_lowercase())),
        When::Entered(name) | When::Left(name) => Some(format!("segment:{name}")),
        When::Changed(field) => Some(format!("field:{}", field.name())),
        When::Event(_) | When::At(_) => None,
    }
}

fn starts(rule: &Rule, is: &str) -> bool {
    match rule.when {
        When::TagAdded(_) | When::Entered(_) => is == THERE,
        When::TagRemoved(_) | When::Left(_) => is == NOTHING,
        When::Changed(_) => true,
        When::Event(_) | When::At(_) => false,
    }
}

fn texts(value: Option<&Value>) -> BTreeSet<String> {
    match value {
        Some(Value::List(items)) => items.iter().cloned().collect(),
        Some(Value::Text(text)) => BTreeSet::from([text.clone()]),
        None => BTreeSet::new(),
    }
}

fn spelled(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(items) => items.iter().cloned().collect::<Vec<_>>().join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use tandem_contact::Side;
    use tandem_proto::{ConnectionId, RecordId};
    use tandem_reconcile::Canon;

    use super::*;

    fn mapping(whens: Vec<When>) -> Mapping {
        let rule = |when: When| Rule { name: when.spelled(), when, condition: None, then: Vec::new() };
        Mapping { rules: whens.into_iter().map(rule).collect(), ..Mapping::default() }
    }

    fn both() -> Mapping {
        let vip = || "VIP".to_owned();
        mapping(vec![When::TagAdded(vip()), When::TagRemoved(vip()), When::Changed(Field::Company)])
    }

    fn document() -> Document {
        Document::new(ConnectionId::unknown(), RecordId::new("r").unwrap(), Timestamp::UNIX_EPOCH)
    }

    fn with(document: &mut Document, field: Field, value: Option<Value>) {
        document.canon.insert(field, Canon { value, side: Side::Ghl, at: None });
    }

    fn fired(document: &mut Document, mapping: &Mapping) -> Vec<String> {
        mapping.notice(document, Timestamp::UNIX_EPOCH);
        std::mem::take(&mut document.fired).into_iter().map(|fired| fired.rule).collect()
    }

    #[test]
    fn what_becomes_another_one_starts_its_rule_once() {
        let (mapping, mut document) = (both(), document());
        mapping.set_out(&mut document, true);
        with(&mut document, Field::Tags, Value::list(["vip".to_owned(), "lead".to_owned()]));
        assert_eq!(fired(&mut document, &mapping), ["tag_added: VIP"]);
        assert!(fired(&mut document, &mapping).is_empty());
        with(&mut document, Field::Company, Value::text("Example Ltd"));
        with(&mut document, Field::Tags, None);
        assert_eq!(fired(&mut document, &mapping), ["tag_removed: VIP", "field_changed: company"]);
        assert_eq!(document.fired_count, 3);
    }

    #[test]
    fn whoever_a_scan_meets_for_the_first_time_starts_nothing() {
        let (mapping, mut document) = (both(), document());
        mapping.set_out(&mut document, false);
        with(&mut document, Field::Tags, Value::list(["vip".to_owned()]));
        assert!(fired(&mut document, &mapping).is_empty());
        with(&mut document, Field::Tags, None);
        assert_eq!(fired(&mut document, &mapping), ["tag_removed: VIP"]);
    }

    #[test]
    fn a_new_rule_starts_with_the_first_change_after_it() {
        let (nothing, mut document) = (Mapping::default(), document());
        with(&mut document, Field::Tags, Value::list(["lead".to_owned()]));
        assert!(!nothing.notice(&mut document, Timestamp::UNIX_EPOCH));
        let mapping = both();
        mapping.set_out(&mut document, true);
        with(&mut document, Field::Tags, Value::list(["lead".to_owned(), "vip".to_owned()]));
        assert_eq!(fired(&mut document, &mapping), ["tag_added: VIP"]);
    }

    #[test]
    fn segments_are_entered_and_left() {
        let [entered, left] = [When::Entered("Customers".to_owned()), When::Left("Customers".to_owned())];
        let (mapping, mut document, field) = (mapping(vec![entered, left]), document(), segments_field().unwrap());
        mapping.set_out(&mut document, true);
        with(&mut document, field, Value::list(["Customers".to_owned()]));
        assert_eq!(fired(&mut document, &mapping), ["segment_entered: Customers"]);
        with(&mut document, field, None);
        assert_eq!(fired(&mut document, &mapping), ["segment_left: Customers"]);
    }
}
