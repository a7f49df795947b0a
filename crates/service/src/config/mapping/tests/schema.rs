//! The schema says what the reader takes.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::*;
use crate::config::mapping_schema;

/// The keys that the reader knows at a place, as it tells whoever writes another one there.
fn known(text: &str) -> BTreeSet<String> {
    let told = told(text);
    let list = told.split("unknown key (known here: ").nth(1).unwrap_or_else(|| panic!("{text}: {told}"));
    list.split(')').next().unwrap().split(", ").map(str::to_owned).collect()
}

fn keys(schema: &Json) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_schema_has_the_keys_that_the_reader_knows() {
    let schema = mapping_schema();
    let at = |pointer: &str| keys(schema.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")));
    for (text, pointer) in [
        ("zzz: 1", ""),
        ("fields: [{ field: phones, zzz: 1 }]", "/properties/fields/anyOf/0/items/anyOf/1"),
        ("fields: [{ field: phones, ghl: { zzz: 1 } }]", "/properties/fields/anyOf/0/items/anyOf/1/properties/ghl"),
        ("role: { zzz: 1 }", "/properties/role"),
        ("custom_fields: [{ field: a, zzz: 1 }]", "/properties/custom_fields/anyOf/0/items"),
        (
            "custom_fields: [{ field: a, ghl: { custom_field: A, zzz: 1 } }]",
            "/properties/custom_fields/anyOf/0/items/properties/ghl/anyOf/1",
        ),
        ("segments: { zzz: 1 }", "/properties/segments"),
        ("segments: { list: [{ zzz: 1 }] }", "/properties/segments/properties/list/anyOf/0/items"),
        ("tags: { zzz: 1 }", "/properties/tags"),
        ("creates: { zzz: 1 }", "/properties/creates"),
        ("deletes: { zzz: 1 }", "/properties/deletes"),
        ("tasks: { zzz: 1 }", "/properties/tasks"),
        ("notes: { zzz: 1 }", "/properties/notes"),
        ("activity: { zzz: 1 }", "/properties/activity"),
        ("texts: { zzz: 1 }", "/properties/texts"),
        (
            "texts: { allowed: true, quiet_hours: { from: '20:00', to: '08:00', timezone: UTC, zzz: 1 } }",
            "/properties/texts/properties/quiet_hours",
        ),
        ("rules: [{ zzz: 1, when: ghl.InvoicePaid }]", "/properties/rules/anyOf/0/items"),
        ("rules: [{ when: { zzz: 1 } }]", "/properties/rules/anyOf/0/items/properties/when/anyOf/1"),
        ("examples: [{ zzz: 1 }]", "/properties/examples/anyOf/0/items"),
        (
            "examples: [{ name: x, given: { zzz: 1 }, expect: {} }]",
            "/properties/examples/anyOf/0/items/properties/given",
        ),
    ] {
        assert_eq!(known(text), at(pointer), "{text}");
    }
}
