//! Fields of a mapping's own, values that are made from others, segments, and the expressions among all of them.

use tandem_contact::codec::Codec;
use tandem_contact::{Codecs, CustomName, Field, PerSide, Side};
use tandem_mapping::{Expression, Formula, Mapping, Segment, segments_field};
use tandem_reconcile::{ConflictPolicy, Direction, FieldRule};

use super::super::section::Slot;
use super::{codec, conflict, direction, or};

/// A field, read but for its expressions: those may name any field of the mapping.
pub(super) struct Read<'a> {
    pub(super) field: Field,
    pub(super) rule: FieldRule,
    pub(super) places: PerSide<Option<String>>,
    pub(super) codecs: PerSide<Codec>,
    pub(super) when: Option<Slot<'a>>,
    pub(super) made: Option<Made<'a>>,
    /// Where it stands, where it stands anywhere.
    pub(super) at: Option<Slot<'a>>,
}

/// What a value is made by.
pub(super) enum Made<'a> {
    Expression(Slot<'a>),
    Segments(Vec<(String, Slot<'a>)>),
}

impl Read<'_> {
    pub(super) fn plain(field: Field, rule: FieldRule) -> Self {
        Self { field, rule, places: PerSide::default(), codecs: PerSide::default(), when: None, made: None, at: None }
    }
}

/// The fields of the mapping's own.
pub(super) fn custom_fields<'a>(slot: &Slot<'a>, usual: FieldRule) -> Option<Vec<Read<'a>>> {
    let mut fields: Vec<Read<'a>> = Vec::new();
    let mut is_fine = true;
    for slot in slot.list()? {
        let Some(read) = custom_field(&slot, usual) else {
            is_fine = false;
            continue;
        };
        let name = read.field.name();
        if fields.iter().any(|known| known.field.name() == name) {
            slot.problem(format!("`{name}` stands here a second time: remove one of the two"));
            is_fine = false;
        } else if segments_field().is_some_and(|field| field.name() == name) {
            slot.problem("`segments` is what the segments are called: call this field something else");
            is_fine = false;
        }
        fields.push(Read { at: Some(slot), ..read });
    }
    is_fine.then_some(fields)
}

fn custom_field<'a>(slot: &Slot<'a>, usual: FieldRule) -> Option<Read<'a>> {
    let mut keys = slot.section()?;
    let name = keys.slot("field").parse(CustomName::new);
    let is_list = or(&keys.slot("type"), false, |name| match name {
        "text" => Ok(false),
        "list" => Ok(true),
        _ => Err(format!("expected `text` or `list`, found `{name}`")),
    });
    let way = keys.slot("direction");
    let wanted = if way.is_empty() { Some(None) } else { way.parse(direction).map(Some) };
    let conflict = or(&keys.slot("conflict"), usual.conflict, conflict);
    let (value, when) = (keys.slot("value"), keys.slot("when"));
    let (ghl, openphone) = (keys.slot("ghl"), keys.slot("openphone"));
    keys.finish();
    let name = name?;
    let field = if is_list? { Field::CustomList(name) } else { Field::CustomText(name) };
    let (ghl, openphone) = (place(&ghl, field), place(&openphone, field));
    let ((ghl, ghl_codec), (openphone, openphone_codec)) = (ghl?, openphone?);
    let places = PerSide { ghl, openphone };
    let is_made = !value.is_empty();
    let direction = way_of(slot, &places, (wanted?, usual.direction), is_made)?;
    Some(Read {
        field,
        rule: FieldRule { direction, conflict: conflict? },
        places,
        codecs: PerSide { ghl: ghl_codec, openphone: openphone_codec },
        when: Some(when).filter(|when| !when.is_empty()),
        made: is_made.then_some(Made::Expression(value)),
        at: None,
    })
}

/// The custom field's id, key or name, alone or with how values stand in it.
fn place(slot: &Slot<'_>, field: Field) -> Option<(Option<String>, Codec)> {
    if slot.is_empty() {
        return Some((None, Codec::default()));
    }
    if !slot.is_group() {
        return Some((Some(slot.parse(|name| Ok::<_, String>(name.to_owned()))?), Codec::default()));
    }
    let mut keys = slot.section()?;
    let name = keys.slot("custom_field").parse(|name| Ok::<_, String>(name.to_owned()));
    let codec = codec::codec(&mut keys, field);
    keys.finish();
    Some((Some(name?), codec?))
}

/// Which way it goes: a value that is made goes where it has a place, any other one has a place on both sides.
fn way_of(
    slot: &Slot<'_>,
    places: &PerSide<Option<String>>,
    (wanted, usual): (Option<Direction>, Direction),
    is_made: bool,
) -> Option<Direction> {
    match (is_made, &places.ghl, &places.openphone) {
        (false, Some(_), Some(_)) => Some(wanted.unwrap_or(usual)),
        (false, ..) => {
            let missing = if places.ghl.is_none() { "ghl" } else { "openphone" };
            slot.problem(format!(
                "a field of your own needs a place on both sides: add `{missing}:` with the id, key or name of a custom field there"
            ));
            None
        }
        (true, None, Some(_)) if wanted.is_none_or(|way| way == Direction::ToOpenPhone) => Some(Direction::ToOpenPhone),
        (true, Some(_), None) if wanted.is_none_or(|way| way == Direction::ToGhl) => Some(Direction::ToGhl),
        (true, ..) => {
            slot.problem("a value that is made from others goes one way: give it a place on the side that it goes to, and no other");
            None
        }
    }
}

/// The segments, as one more field; none where there are none.
pub(super) fn segments<'a>(slot: &Slot<'a>) -> Option<Vec<Read<'a>>> {
    if slot.is_empty() {
        return Some(Vec::new());
    }
    let mut keys = slot.section()?;
    let place = or(&keys.slot("openphone_field"), "Segments".to_owned(), |name| Ok(name.to_owned()));
    let list = keys.slot("list");
    keys.finish();
    let mut segments: Vec<(String, Slot<'a>)> = Vec::new();
    let mut is_fine = true;
    for slot in list.list()? {
        let Some(mut keys) = slot.section() else {
            is_fine = false;
            continue;
        };
        let (name, when) = (keys.slot("name").required(), keys.slot("when"));
        keys.finish();
        let Some(name) = name.map(|name| name.trim().to_owned()) else {
            is_fine = false;
            continue;
        };
        if segments.iter().any(|(known, _)| *known == name) {
            slot.problem(format!("`{name}` stands here a second time: remove one of the two"));
            is_fine = false;
        }
        segments.push((name, when));
    }
    if segments.is_empty() {
        return is_fine.then(Vec::new);
    }
    let places = PerSide { ghl: None, openphone: Some(place?) };
    let rule = FieldRule { direction: Direction::ToOpenPhone, conflict: ConflictPolicy::Newest };
    let made = Some(Made::Segments(segments));
    is_fine.then_some(vec![Read { places, made, ..Read::plain(segments_field()?, rule) }])
}

/// All of it, with the expressions read last.
pub(super) fn put_together(mapping: &mut Mapping, fields: Vec<Read<'_>>, filter: &Slot<'_>) -> Option<()> {
    let is_own = |read: &&Read<'_>| read.field.is_custom() && read.made.is_none();
    let nameable = Mapping::nameable(fields.iter().filter(is_own).map(|read| read.field));
    let mut is_fine = true;
    let mut codecs: PerSide<Vec<(Field, Codec)>> = PerSide::default();
    for read in fields {
        is_fine &= is_readable(&read);
        let Read { field, rule, places, codecs: its, when, made, .. } = read;
        mapping.fields.insert(field, rule);
        for side in Side::BOTH {
            mapping.places[side].extend(places[side].clone().map(|place| (field, place)));
            codecs[side].push((field, its[side].clone()));
        }
        if let Some(when) = when {
            match expression(&when, &nameable) {
                Some(when) => drop(mapping.conditions.insert(field, when)),
                None => is_fine = false,
            }
        }
        match made.map(|made| formula(made, &nameable)) {
            Some(Some(formula)) => drop(mapping.formulas.insert(field, formula)),
            Some(None) => is_fine = false,
            None => {}
        }
    }
    let PerSide { ghl, openphone } = codecs;
    mapping.codecs = PerSide { ghl: Codecs::new(ghl), openphone: Codecs::new(openphone) };
    if !filter.is_empty() {
        mapping.filter = expression(filter, &nameable);
        is_fine &= mapping.filter.is_some();
    }
    is_fine.then_some(())
}

/// What is lossy may be written, and never be read.
fn is_readable(read: &Read<'_>) -> bool {
    let is_read = |side: Side| match read.rule.direction {
        Direction::Both => true,
        Direction::ToOpenPhone => side == Side::Ghl,
        Direction::ToGhl => side == Side::OpenPhone,
    };
    let lossy =
        Side::BOTH.into_iter().filter(|side| is_read(*side)).find_map(|side| Some((side, read.codecs[side].lossy()?)));
    let (Some((side, why)), Some(at)) = (lossy, &read.at) else { return true };
    at.problem(format!("{why}, and `{}` is read in {side}: make it go one way, away from there", read.field.name()));
    false
}

fn formula(made: Made<'_>, nameable: &[Field]) -> Option<Formula> {
    match made {
        Made::Expression(slot) => expression(&slot, nameable).map(Formula::Expression),
        Made::Segments(segments) => {
            let read =
                segments.into_iter().map(|(name, slot)| Some(Segment { name, when: expression(&slot, nameable)? }));
            // Read to the end, so that everything that is wrong is told.
            let read: Vec<Option<Segment>> = read.collect();
            read.into_iter().collect::<Option<Vec<_>>>().map(Formula::Segments)
        }
    }
}

fn expression(slot: &Slot<'_>, nameable: &[Field]) -> Option<Expression> {
    let text = slot.required()?;
    match Expression::new(text.trim_end(), nameable) {
        Ok(expression) => Some(expression),
        Err(error) => {
            let place = error.column.map(|column| format!("character {column}: ")).unwrap_or_default();
            slot.problem(format!("{place}{}", error.text));
            None
        }
    }
}
