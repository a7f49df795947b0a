//! How a field stands on a side.

use tandem_contact::codec::{Case, Codec, PhoneStyle};
use tandem_contact::{Field, PerSide};

use super::super::section::{Section, Slot};
use super::or;

/// The codecs of a field that Tandem knows by itself.
pub(super) fn per_side(ghl: &Slot<'_>, openphone: &Slot<'_>, field: Field) -> Option<PerSide<Codec>> {
    let one = |slot: &Slot<'_>| {
        let mut keys = slot.section()?;
        let codec = codec(&mut keys, field);
        keys.finish();
        codec
    };
    let (ghl, openphone) = (one(ghl), one(openphone));
    Some(PerSide { ghl: ghl?, openphone: openphone? })
}

/// The keys that say how the field stands there.
pub(super) fn codec(keys: &mut Section<'_>, field: Field) -> Option<Codec> {
    let join = keys.slot("join");
    let words = words(&keys.slot("words"));
    let date = or(&keys.slot("date"), None, |pattern| date(pattern).map(Some));
    let phone = or(&keys.slot("phone"), None, |name| phone(name).map(Some));
    let case = or(&keys.slot("case"), None, |name| case(name).map(Some));
    let default = or(&keys.slot("default"), None, |text| Ok(Some(text.to_owned())));
    if !join.is_empty() && !field.is_list() {
        join.problem(format!("`{}` holds one text: only a list is joined", field.name()));
        return None;
    }
    // Blanks around it are part of it.
    let between = if join.is_empty() { None } else { Some(join.text()?) };
    if between.as_ref().is_some_and(|between| between.trim().is_empty()) {
        join.problem("expected what stands between the items, as in `', '`: blanks alone don't tell them apart");
        return None;
    }
    if between.as_ref().is_some_and(|between| between.contains('\\')) {
        join.problem("expected anything but a backslash: one marks what is part of an item");
        return None;
    }
    Some(Codec { join: between, words: words?, date: date?, phone: phone?, case: case?, default: default? })
}

/// A table, whose words stand once on either side: else nobody could read it back.
fn words(slot: &Slot<'_>) -> Option<Vec<(String, String)>> {
    let mut words: Vec<(String, String)> = Vec::new();
    let mut is_fine = true;
    for (word, there) in slot.entries()? {
        let Some(text) = there.required() else {
            is_fine = false;
            continue;
        };
        let text = text.trim().to_owned();
        if words.iter().any(|(_, known)| *known == text) {
            there.problem(format!(
                "`{text}` stands for another word too, so that nobody could tell what is meant by it"
            ));
            is_fine = false;
        }
        words.push((word.to_owned(), text));
    }
    is_fine.then_some(words)
}

fn date(pattern: &str) -> Result<String, String> {
    if Codec::is_date_pattern(pattern) {
        return Ok(pattern.to_owned());
    }
    Err(format!(
        "`{pattern}` is no pattern for a whole date: expected year, month and day, as in `%m/%d/%Y` or `%d.%m.%Y`"
    ))
}

fn phone(name: &str) -> Result<PhoneStyle, String> {
    match name {
        "e164" => Ok(PhoneStyle::E164),
        "international" => Ok(PhoneStyle::International),
        "national" => Ok(PhoneStyle::National),
        _ => Err(format!("expected `e164`, `international` or `national`, found `{name}`")),
    }
}

fn case(name: &str) -> Result<Case, String> {
    match name {
        "lower" => Ok(Case::Lower),
        "upper" => Ok(Case::Upper),
        "title" => Ok(Case::Title),
        _ => Err(format!("expected `lower`, `upper` or `title`, found `{name}`")),
    }
}
