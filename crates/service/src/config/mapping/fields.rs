//! The fields that Tandem knows by itself.

use std::collections::BTreeMap;

use tandem_contact::Field;
use tandem_mapping::{ruled, travels};
use tandem_reconcile::FieldRule;

use super::super::section::Slot;
use super::custom::Read;
use super::{codec, conflict, direction, or};

/// A contact without any of these can't be told from another one.
const IDENTIFYING: [Field; 5] = [Field::FirstName, Field::LastName, Field::Company, Field::Phones, Field::Emails];

/// What holds where an entry says nothing else.
pub(super) struct Usual {
    pub(super) rule: FieldRule,
    /// Whether GHL has a place for the role.
    pub(super) has_role: bool,
}

/// All of them.
pub(super) fn all<'a>(usual: FieldRule) -> Vec<Read<'a>> {
    Field::ALL.into_iter().map(|field| Read::plain(field, ruled(field, usual))).collect()
}

/// The listed ones.
pub(super) fn fields<'a>(slot: &Slot<'a>, usual: &Usual) -> Option<Vec<Read<'a>>> {
    let mut fields: BTreeMap<Field, Read<'a>> = BTreeMap::new();
    let mut all_known = true;
    for slot in slot.list()? {
        let Some(read) = entry(&slot, usual.rule) else {
            all_known = false;
            continue;
        };
        let field = read.field;
        if fields.contains_key(&field) {
            slot.problem(format!("`{}` stands here a second time: remove one of the two", field.name()));
        } else if field == Field::Role && !usual.has_role {
            slot.problem(
                "GoHighLevel has no field of its own for `role`: give the id, key or name of a custom field \
                 as role.ghl_custom_field, or remove `role` here",
            );
        }
        fields.insert(field, Read { at: Some(slot), ..read });
    }
    // A misspelt name may well be the one that would identify.
    if all_known && !IDENTIFYING.iter().any(|field| fields.contains_key(field)) {
        slot.problem(format!("nothing here says whose contact it is: add at least one of {}", names(&IDENTIFYING)));
    }
    Some(fields.into_values().collect())
}

/// A field's name, or a group of its name and what is different about it.
fn entry<'a>(slot: &Slot<'a>, usual: FieldRule) -> Option<Read<'a>> {
    if !slot.is_group() {
        let field = slot.parse(field)?;
        return Some(Read::plain(field, ruled(field, usual)));
    }
    let mut keys = slot.section()?;
    let field = keys.slot("field").parse(field);
    let way = keys.slot("direction");
    let direction = or(&way, usual.direction, direction);
    let conflict = or(&keys.slot("conflict"), usual.conflict, conflict);
    let when = keys.slot("when");
    let (ghl, openphone) = (keys.slot("ghl"), keys.slot("openphone"));
    let codecs = field.map(|field| codec::per_side(&ghl, &openphone, field));
    keys.finish();
    let (field, direction) = (field?, direction?);
    if !way.is_empty() && travels(field, direction) != direction {
        way.problem(
            "`source_link` is the contact's address in GoHighLevel and goes to OpenPhone only: write `to_openphone`",
        );
    }
    let codecs = codecs??;
    Some(Read {
        codecs,
        when: Some(when).filter(|when| !when.is_empty()),
        ..Read::plain(field, ruled(field, FieldRule { direction, conflict: conflict? }))
    })
}

fn field(name: &str) -> Result<Field, String> {
    Field::from_name(name).ok_or_else(|| {
        format!("unknown field `{name}` (known: {}; a field of your own is one of `custom_fields`)", names(&Field::ALL))
    })
}

fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    names.join(", ")
}
