//! Definitions of custom fields.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::ghl::changes::Body;
use crate::ghl::config::GhlCustomField;
use crate::ghl::contacts::object;
use crate::ghl::errors;
use crate::ghl::locations::own;
use crate::ghl::routes::{Reply, Rule, reply};
use crate::ghl::rules::{Field, Kind, whitelisted};
use crate::ghl::server::{Asked, Ghl};

const READ: &str = "locations/customFields.readonly";
const WRITE: &str = "locations/customFields.write";

pub(super) const RULES: &[Rule] = &[
    Rule::new("GET /locations/{locationId}/customFields", READ, list),
    Rule::new("POST /locations/{locationId}/customFields", WRITE, create),
    Rule::new("GET /locations/{locationId}/customFields/{id}", READ, get),
    Rule::new("PUT /locations/{locationId}/customFields/{id}", WRITE, update),
    Rule::new("DELETE /locations/{locationId}/customFields/{id}", WRITE, delete),
];

const NEW: [Field; 9] = [
    Field::needed("name", Kind::Text),
    Field::needed("dataType", Kind::Text),
    Field::optional("placeholder", Kind::Text),
    Field::optional("acceptedFormat", Kind::Texts),
    Field::optional("isMultipleFile", Kind::Flag),
    Field::optional("maxNumberOfFiles", Kind::Number),
    Field::optional("textBoxListOptions", Kind::Objects),
    Field::optional("position", Kind::Number),
    Field::optional("model", Kind::Text),
];

const CHANGE: [Field; 8] = [
    Field::needed("name", Kind::Text),
    Field::optional("placeholder", Kind::Text),
    Field::optional("acceptedFormat", Kind::Texts),
    Field::optional("isMultipleFile", Kind::Flag),
    Field::optional("maxNumberOfFiles", Kind::Number),
    Field::optional("textBoxListOptions", Kind::Objects),
    Field::optional("position", Kind::Number),
    Field::optional("model", Kind::Text),
];

const TYPES: [&str; 12] = [
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "DATE",
    "TEXTBOX_LIST",
    "FILE_UPLOAD",
    "RADIO",
];

fn definition(field: &GhlCustomField, location: &str) -> Value {
    json!({
        "id": field.id, "name": field.name, "fieldKey": format!("{}.{}", field.model, field.key), "placeholder": "",
        "dataType": field.data_type, "position": 0, "picklistOptions": field.options, "picklistImageOptions": [],
        "isAllowedCustomOption": false, "isMultiFileAllowed": false, "maxFileLimit": 1, "locationId": location,
        "model": field.model,
    })
}

fn unknown() -> Answer {
    errors::bad_request("Custom field not found")
}

fn text<'a>(body: &'a Body, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let config = &own(ghl, asked)?.config;
    let model = asked.call.param("model").unwrap_or("contact");
    let wanted = config.custom_fields.iter().filter(|field| model == "all" || field.model == model);
    let fields: Vec<Value> = wanted.map(|field| definition(field, &config.id)).collect();
    reply(200, json!({ "customFields": fields }))
}

fn get(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let config = &own(ghl, asked)?.config;
    let field = config.field(asked.call.segment(3)).ok_or_else(unknown)?;
    reply(200, json!({ "customField": definition(field, &config.id) }))
}

fn create(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let id = ghl.ids.letters(20);
    let config = &mut own(ghl, asked)?.config;
    let body = object(asked)?;
    whitelisted(&body, &NEW)?;
    let model = Some(text(&body, "model")).filter(|model| !model.is_empty()).unwrap_or("contact");
    if !TYPES.contains(&text(&body, "dataType")) {
        return Err(errors::unprocessable(&["dataType must be a valid enum value".to_owned()]));
    }
    if !["contact", "opportunity"].contains(&model) {
        return Err(errors::unprocessable(&["model must be a valid enum value".to_owned()]));
    }
    let field = GhlCustomField {
        id,
        key: key_of(text(&body, "name")),
        name: text(&body, "name").to_owned(),
        data_type: text(&body, "dataType").to_owned(),
        options: options(&body),
        model: model.to_owned(),
    };
    if config.custom_fields.iter().any(|held| held.key == field.key && held.model == field.model) {
        return Err(errors::bad_request("A custom field with this key already exists"));
    }
    let view = definition(&field, &config.id);
    config.custom_fields.push(field);
    reply(201, json!({ "customField": view }))
}

/// The key that follows from a name: its words in lower case, joined by underscores.
fn key_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

fn options(body: &Body) -> Vec<String> {
    let listed = body.get("textBoxListOptions").and_then(Value::as_array);
    let labels = listed.into_iter().flatten().filter_map(|option| option["label"].as_str());
    labels.map(str::to_owned).collect()
}

fn update(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let config = &mut own(ghl, asked)?.config;
    let body = object(asked)?;
    whitelisted(&body, &CHANGE)?;
    let id = config.field(asked.call.segment(3)).map(|field| field.id.clone()).ok_or_else(unknown)?;
    let field = config.custom_fields.iter_mut().find(|field| field.id == id).ok_or_else(unknown)?;
    text(&body, "name").clone_into(&mut field.name);
    if body.contains_key("textBoxListOptions") {
        field.options = options(&body);
    }
    let view = definition(field, &config.id);
    reply(200, json!({ "customField": view }))
}

fn delete(ghl: &mut Ghl, asked: &Asked<'_>) -> Reply {
    let config = &mut own(ghl, asked)?.config;
    let id = config.field(asked.call.segment(3)).map(|field| field.id.clone()).ok_or_else(unknown)?;
    config.custom_fields.retain(|field| field.id != id);
    reply(200, json!({ "succeded": true }))
}

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn keys_follow_from_names() {
        assert_eq!(key_of("OpenPhone id (2)"), "openphone_id_2");
    }
}
