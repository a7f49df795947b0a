//! The JSON Schema of a mapping file, for editors.

use serde_json::{Value as Json, json};
use tandem_catalog as catalog;
use tandem_contact::Field;
use tandem_mapping::activity::Kind;

/// The schema, of draft 2020-12. What an expression may say is beyond it: that is told when the file is read.
pub fn mapping_schema() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapping of a Tandem connection",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "default_country": {
                "description": "Country of phone numbers without a country code: ISO 3166-1 alpha-2.",
                "type": "string", "pattern": "^[A-Z]{2}$", "default": "US",
            },
            "direction": described("Which way fields travel.", &direction()),
            "conflict": described("Who wins when both sides changed a field.", &conflict()),
            "fields": or_nothing(&json!({ "type": "array", "items": { "anyOf": [field_name(), field()] } })),
            "role": group(&json!({ "ghl_custom_field": text("Id, key or name of the GoHighLevel custom field that holds the role.") })),
            "custom_fields": or_nothing(&json!({ "type": "array", "items": custom_field() })),
            "segments": group(&json!({
                "openphone_field": text("Name of the OpenPhone custom field that holds the segments."),
                "list": or_nothing(&json!({ "type": "array", "items": segment() })),
            })),
            "tags": group(&json!({ "openphone_field": text("Name of the OpenPhone custom field that holds the tags.") })),
            "creates": group(&json!({ "ghl": { "type": "boolean" }, "openphone": { "type": "boolean" } })),
            "deletes": group(&json!({ "ghl": deletes(), "openphone": deletes() })),
            "tasks": group(&json!({
                "direction": way(),
                "openphone_number": { "type": ["string", "null"], "pattern": "^\\+[0-9]{8,15}$" },
            })),
            "notes": group(&json!({ "direction": way() })),
            "filter": expression("Whom it is about; the others are left alone."),
            "texts": group(&json!({
                "allowed": { "type": "boolean", "default": false },
                "quiet_hours": group(&json!({
                    "from": time_of_day(), "to": time_of_day(), "timezone": text("Where these times are: Europe/Oslo."),
                })),
                "per_day": { "type": "integer", "minimum": 0, "default": 100 },
            })),
            "activity": group(&json!({
                "log": or_nothing(&json!({ "type": "array", "items": { "enum": Kind::ALL.map(Kind::name) } })),
                "as": { "enum": ["notes", "conversation"], "default": "notes" },
                "text_provider": text("Id of the location's conversation provider for texts; without it they are notes."),
                "call_provider": text("Id of the location's conversation provider for calls; without it they are notes."),
                "unknown": { "enum": ["ignore", "create", "park"], "default": "ignore" },
            })),
            "rules": or_nothing(&json!({ "type": "array", "items": rule() })),
            "examples": or_nothing(&json!({ "type": "array", "items": example() })),
        },
    })
}

fn field() -> Json {
    required(
        &group(&json!({
            "field": field_name(),
            "direction": direction(),
            "conflict": conflict(),
            "when": expression("It is written only for whom this is true."),
            "ghl": group(&codec()),
            "openphone": group(&codec()),
        })),
        &["field"],
    )
}

fn custom_field() -> Json {
    required(
        &group(&json!({
            "field": { "type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$" },
            "type": { "enum": ["text", "list"], "default": "text" },
            "direction": direction(),
            "conflict": conflict(),
            "value": expression("What it is made from; without it, it stands in custom fields on both sides."),
            "when": expression("It is written only for whom this is true."),
            "ghl": place(),
            "openphone": place(),
        })),
        &["field"],
    )
}

/// A custom field's id, key or name, alone or with how values stand in it.
fn place() -> Json {
    let mut keys = codec();
    if let Some(keys) = keys.as_object_mut() {
        keys.insert("custom_field".to_owned(), text("Its id, key or name."));
    }
    json!({ "anyOf": [{ "type": ["string", "null"] }, required(&group(&keys), &["custom_field"])] })
}

fn codec() -> Json {
    json!({
        "join": text("A list is one text there, with this between its items."),
        "words": { "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } },
        "date": text("A date there, in the pattern of strftime: %m/%d/%Y."),
        "phone": { "enum": ["e164", "international", "national"] },
        "case": { "enum": ["lower", "upper", "title"] },
        "default": text("What stands there where there is nothing."),
    })
}

fn segment() -> Json {
    let keys = json!({ "name": { "type": ["string", "number"] }, "when": expression("Who is in it.") });
    required(&group(&keys), &["name", "when"])
}

fn rule() -> Json {
    let keys = json!({
        "name": { "type": ["string", "number"] },
        "when": { "anyOf": [event_name(), change()] },
        "if": expression("For whom it is carried out."),
        "then": { "type": "array", "minItems": 1, "items": { "anyOf": [notification(), action()] } },
    });
    required(&group(&keys), &["name", "when", "then"])
}

fn event_name() -> Json {
    let names: Vec<&str> = catalog::events().map(|event| event.name).collect();
    json!({ "enum": names })
}

fn change() -> Json {
    let value = json!({ "type": ["string", "number"] });
    let keys = json!({
        "tag_added": value, "tag_removed": value, "field_changed": value, "segment_entered": value, "segment_left": value,
        "schedule": schedule(),
    });
    let mut group = required(&group(&keys), &[]);
    if let Some(group) = group.as_object_mut() {
        group.insert("minProperties".to_owned(), 1.into());
        group.insert("maxProperties".to_owned(), 1.into());
    }
    group
}

fn schedule() -> Json {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let keys = json!({
        "at": time_of_day(),
        "on": or_nothing(&json!({ "type": "array", "items": { "enum": days } })),
        "timezone": text("Where that time is: Europe/Oslo; without it, UTC."),
    });
    required(&group(&keys), &["at"])
}

fn time_of_day() -> Json {
    json!({ "description": "A time of the day: 09:00.", "type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$" })
}

fn notification() -> Json {
    let keys = json!({
        "notify": text("The name of a channel in the configuration."),
        "text": text("What it says; values stand in it as {{ contact.first_name }}."),
    });
    required(&group(&keys), &["notify", "text"])
}

fn action() -> Json {
    let names: Vec<&str> = catalog::actions().map(|action| action.operation.name).collect();
    let keys = json!({
        "do": { "enum": names },
        "with": { "description": "What the action is told, by the provider's own names.", "type": ["object", "null"] },
    });
    required(&group(&keys), &["do"])
}

fn example() -> Json {
    let value = json!({ "type": ["string", "number", "boolean", "null", "array"] });
    let contact = json!({ "type": ["object", "null"], "additionalProperties": value });
    let given = group(&json!({ "ghl": contact, "openphone": contact }));
    let expected = json!({ "anyOf": [{ "const": "nobody" }, contact] });
    let expect = group(&json!({ "ghl": expected, "openphone": expected }));
    required(
        &group(&json!({ "name": { "type": "string" }, "given": given, "expect": expect })),
        &["name", "given", "expect"],
    )
}

fn field_name() -> Json {
    let names: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
    json!({ "enum": names })
}

fn direction() -> Json {
    json!({ "enum": ["both", "to_openphone", "to_ghl"] })
}

fn way() -> Json {
    // YAML 1.1 readers take a bare `off` for false.
    json!({ "enum": ["off", "both", "to_openphone", "to_ghl", false] })
}

fn conflict() -> Json {
    json!({ "enum": ["newest", "ghl", "openphone", "manual"] })
}

fn deletes() -> Json {
    json!({ "enum": ["ignore", "archive", "propagate"] })
}

fn expression(description: &str) -> Json {
    // `true` is an expression too.
    json!({ "description": format!("{description} An expression in CEL."), "type": ["string", "boolean", "null"] })
}

fn text(description: &str) -> Json {
    json!({ "description": description, "type": ["string", "null"] })
}

fn described(description: &str, schema: &Json) -> Json {
    let mut schema = schema.clone();
    if let Some(keys) = schema.as_object_mut() {
        keys.insert("description".to_owned(), description.into());
    }
    schema
}

/// A group of these keys and no others, or nothing.
fn group(keys: &Json) -> Json {
    json!({ "type": ["object", "null"], "additionalProperties": false, "properties": keys })
}

fn required(group: &Json, names: &[&str]) -> Json {
    let mut group = group.clone();
    if let Some(keys) = group.as_object_mut() {
        keys.insert("required".to_owned(), names.into());
        keys.insert("type".to_owned(), "object".into());
    }
    group
}

fn or_nothing(schema: &Json) -> Json {
    json!({ "anyOf": [schema, { "type": "null" }] })
}
