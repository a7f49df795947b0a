//! Which searches GHL takes: fields, operators and lengths as its search page lists them.

use serde_json::Value;

/// The longest value or query, in characters.
const LONGEST: usize = 75;

const FILTERED: [&str; 33] = [
    "id",
    "address",
    "assignedTo",
    "businessName",
    "city",
    "country",
    "companyName",
    "contactName",
    "dateAdded",
    "dateUpdated",
    "dateOfBirth",
    "dnd",
    "email",
    "followers",
    "firstNameLowerCase",
    "lastNameLowerCase",
    "isValidWhatsapp",
    "lastEmailClickedDate",
    "lastEmailOpenedDate",
    "lastAppointment",
    "phone",
    "postalCode",
    "source",
    "state",
    "tags",
    "timezone",
    "type",
    "validEmail",
    "website",
    "activeWorkflows",
    "finishedWorkflows",
    "opportunities",
    "customFields",
];

const SORTED: [&str; 8] =
    ["firstNameLowerCase", "lastNameLowerCase", "businessName", "dateAdded", "dateUpdated", "email", "dnd", "source"];

const OPERATORS: [&str; 7] = ["eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"];

/// What is wrong with the filters, the order and the words of a search.
pub(super) fn problems(body: &Value) -> Vec<String> {
    let listed = |name: &str| body[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut problems: Vec<String> = listed("filters").iter().flat_map(of_filter).collect();
    for by in listed("sort") {
        let field = by["field"].as_str().unwrap_or_default();
        if !SORTED.contains(&field) {
            problems.push(format!("sort field {field} is not supported"));
        }
        if !["asc", "desc"].contains(&by["direction"].as_str().unwrap_or_default()) {
            problems.push("sort direction must be one of asc, desc".to_owned());
        }
    }
    if too_long(&body["query"]) {
        problems.push(format!("query must be shorter than or equal to {LONGEST} characters"));
    }
    problems
}

fn too_long(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() > LONGEST)
}

fn of_filter(filter: &Value) -> Vec<String> {
    if let Some(parts) = filter["filters"].as_array() {
        let mut problems: Vec<String> = parts.iter().flat_map(of_filter).collect();
        if !["AND", "OR"].contains(&filter["group"].as_str().unwrap_or_default()) {
            problems.push("group must be one of AND, OR".to_owned());
        }
        return problems;
    }
    let mut problems = Vec::new();
    let field = filter["field"].as_str().unwrap_or_default();
    let operator = filter["operator"].as_str().unwrap_or_default();
    let root = field.split('.').next().unwrap_or_default();
    if !FILTERED.contains(&root) {
        problems.push(format!("filter field {field} is not supported"));
    }
    if !OPERATORS.contains(&operator) {
        problems.push(format!("operator {operator} is not supported"));
    }
    if too_long(&filter["value"]) {
        problems.push(format!("value must be shorter than or equal to {LONGEST} characters"));
    }
    if ["exists", "not_exists"].contains(&operator) && !filter["value"].is_null() {
        problems.push(format!("value must not be given with {operator}"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::problems;
    use serde_json::json;

    #[test]
    fn only_what_is_listed_passes() {
        let filter = json!({ "field": "customFields.abc", "operator": "eq", "value": "x" });
        let group = json!({ "group": "OR", "filters": [filter] });
        let sort = json!([{ "field": "dateUpdated", "direction": "asc" }]);
        assert!(problems(&json!({ "filters": [filter, group], "sort": sort, "query": "ana" })).is_empty());
        for (body, count) in [
            (json!({ "filters": [{ "field": "shoeSize", "operator": "eq", "value": "1" }] }), 1),
            (json!({ "filters": [{ "field": "email", "operator": "like", "value": "x".repeat(76) }] }), 2),
            (json!({ "filters": [{ "group": "XOR", "filters": [] }] }), 1),
            (json!({ "filters": [{ "field": "email", "operator": "exists", "value": true }] }), 1),
            (json!({ "sort": [{ "field": "phone", "direction": "up" }] }), 2),
            (json!({ "query": "x".repeat(76) }), 1),
        ] {
            assert_eq!(problems(&body).len(), count, "{body}");
        }
    }
}
