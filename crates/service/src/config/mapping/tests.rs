//! Mapping files in, mappings or problems out.

mod language;
mod rules;
mod schema;

use std::collections::BTreeMap;
use std::fs;

use super::super::{Config, ConfigError};
use super::*;

const DEFAULT: &str = include_str!("../../../../../config/mappings/default.yaml");
const NAMES_AND_NUMBERS: &str = include_str!("../../../../../config/mappings/names-and-numbers.yaml");

fn parse(text: &str) -> Result<Mapping, Vec<Problem>> {
    super::parse(text, Path::new("conf/m.yaml"), &Environment::new())
}

fn mapping(text: &str) -> Mapping {
    parse(text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn environment() -> Environment {
    Environment::from([("ACME_GHL_TOKEN".into(), "pit-1".into()), ("ACME_QUO_KEY".into(), "quo-1".into())])
}

/// A configuration whose connections name these mapping files. The mapping's key is on line 4, 8, ...
fn load(folder: &Path, names: &[&str]) -> Result<Config, ConfigError> {
    let connection = |(position, name): (usize, &&str)| {
        format!(
            "  - id: acme-{position}
    ghl: {{ location_id: location-{position}, private_token: '${{ACME_GHL_TOKEN}}' }}
    mapping: {name}
    openphone: {{ api_key: '${{ACME_QUO_KEY}}' }}\n"
        )
    };
    let connections: String = names.iter().enumerate().map(connection).collect();
    Config::parse(&format!("connections:\n{connections}"), &folder.join("tandem.yaml"), &environment())
}

/// What a person sees when a connection names a mapping file with this text, without the columns; paths start in the
/// configuration's folder.
fn told(text: &str) -> String {
    let without_column = |line: &str| match line.splitn(4, ':').collect::<Vec<_>>().as_slice() {
        [file, place, column, rest] if column.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{file}:{place}:{rest}")
        }
        _ => line.to_owned(),
    };
    told_whole(text).lines().map(without_column).collect::<Vec<_>>().join("\n")
}

fn told_whole(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mappings")).unwrap();
    fs::write(folder.path().join("mappings/m.yaml"), text).unwrap();
    let problems = load(folder.path(), &["mappings/m.yaml"]).expect_err("the file was taken").to_string();
    problems.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn built_in_mapping_is_the_shipped_default_file() {
    assert_eq!(mapping(DEFAULT), Mapping::default());
    for text in ["", "# nothing\n", "{}", "fields:\nrole:\ntags: {}\ndeletes: { ghl: }\n"] {
        assert_eq!(mapping(text), Mapping::default(), "{text:?}");
    }
}

#[test]
fn default_file_documents_every_field() {
    for field in Field::ALL {
        assert!(DEFAULT.contains(&format!("#   - {}", field.name())), "{}", field.name());
    }
}

#[test]
fn names_and_numbers_keeps_the_rest_of_the_default() {
    let kept = [Field::FirstName, Field::LastName, Field::Company, Field::Phones];
    let mut expected = Mapping::default();
    expected.fields.retain(|field, _| kept.contains(field));
    let read = mapping(NAMES_AND_NUMBERS);
    expected.examples.clone_from(&read.examples);
    assert_eq!(read, expected);
}

#[test]
fn every_key_is_read() {
    let text = "
default_country: NO
direction: to_openphone
conflict: ghl
fields: [first_name, { field: role, direction: both, conflict: manual }, { field: company, direction: to_ghl }]
role: { ghl_custom_field: BcdmQEsNgz6AVpgLVUJ0 }
tags: { openphone_field: ' Labels of GHL ' }
creates: { ghl: false }
deletes: { ghl: propagate, openphone: archive }
";
    let by_ghl = ConflictPolicy::Side(Side::Ghl);
    let rule = |direction, conflict| FieldRule { direction, conflict };
    let expected = Mapping {
        fields: BTreeMap::from([
            (Field::FirstName, rule(Direction::ToOpenPhone, by_ghl)),
            (Field::Role, rule(Direction::Both, ConflictPolicy::Manual)),
            (Field::Company, rule(Direction::ToGhl, by_ghl)),
        ]),
        creates: PerSide { ghl: false, openphone: true },
        default_country: "NO".to_owned(),
        places: PerSide {
            ghl: BTreeMap::from([(Field::Role, "BcdmQEsNgz6AVpgLVUJ0".to_owned())]),
            openphone: BTreeMap::new(),
        },
        tags_field: "Labels of GHL".to_owned(),
        deletes: PerSide { ghl: DeletePolicy::Propagate, openphone: DeletePolicy::Archive },
        ..Mapping::default()
    };
    assert_eq!(mapping(text), expected);
}

#[test]
fn ways_winners_and_deletes_are_checked_like_the_rest() {
    for (text, expected) in [
        ("deletes:\n  quo: ignore", "2: deletes.quo: unknown key (known here: ghl, openphone)"),
        ("creates:\n  ghl: yes", "2: creates.ghl: expected `true` or `false`, found `yes`"),
        ("direction: up", "1: direction: expected `both`, `to_openphone` or `to_ghl`, found `up`"),
        ("conflict: latest", "1: conflict: expected `newest`, `ghl`, `openphone` or `manual`, found `latest`"),
        (
            "fields:\n  - phones\n  - { name: emails }",
            "3: fields[1].field: is missing\nmappings/m.yaml:3: fields[1].name: unknown key (known here: field, direction, conflict, when, ghl, openphone)",
        ),
        (
            "fields:\n  - phones\n  - { field: source_link, direction: both }",
            "3: fields[1].direction: `source_link` is the contact's address in GoHighLevel and goes to OpenPhone only: \
             write `to_openphone`",
        ),
    ] {
        assert_eq!(told(text), format!("mappings/m.yaml:{expected}"), "{text:?}");
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn each_problem_names_the_mapping_file_its_line_and_key() {
    let known = "first_name, last_name, company, role, phones, emails, tags, source_link";
    for (text, expected) in [
        (
            "\ncountry: US",
            "2: country: unknown key (known here: default_country, direction, conflict, fields, role, custom_fields, segments, tags, creates, deletes, tasks, notes, filter, examples, rules, activity, texts)",
        ),
        ("role:\n  custom_field: x", "2: role.custom_field: unknown key (known here: ghl_custom_field)"),
        ("tags:\n  field: x", "2: tags.field: unknown key (known here: openphone_field)"),
        (
            "default_country: UK",
            "1: default_country: `UK` is not a country: expected two capital letters of ISO 3166-1, such as US or GB",
        ),
        (
            "default_country: us",
            "1: default_country: `us` is not a country: expected two capital letters of ISO 3166-1, such as US or GB",
        ),
        ("default_country: ''", "1: default_country: is empty"),
        (
            "fields:\n  - phones\n  - fax",
            &format!(
                "3: fields[1]: unknown field `fax` (known: {known}; a field of your own is one of `custom_fields`)"
            ),
        ),
        (
            "fields: [Phones]",
            &format!(
                "1: fields[0]: unknown field `Phones` (known: {known}; a field of your own is one of `custom_fields`)"
            ),
        ),
        (
            "fields:\n  - phones\n  - tags\n  - phones",
            "4: fields[2]: `phones` stands here a second time: remove one of the two",
        ),
        ("fields:\n  - phones\n  -", "3: fields[1]: is missing"),
        ("fields:\n  - phones\n  - [emails]", "3: fields[1]: expected a single value, found a list"),
        ("\nfields: phones", "2: fields: expected a list, found a single value"),
        (
            "\nfields: []",
            "2: fields: nothing here says whose contact it is: \
             add at least one of first_name, last_name, company, phones, emails",
        ),
        (
            "fields:\n  - tags\n  - source_link",
            "1: fields: nothing here says whose contact it is: \
             add at least one of first_name, last_name, company, phones, emails",
        ),
        (
            "fields:\n  - phones\n  - role",
            "3: fields[1]: GoHighLevel has no field of its own for `role`: give the id, key or name of a custom field \
             as role.ghl_custom_field, or remove `role` here",
        ),
        ("fields: [phones, role]\nrole: { ghl_custom_field: '' }", "2: role.ghl_custom_field: is empty"),
        ("tags:\n  openphone_field: ' '", "2: tags.openphone_field: is empty"),
        ("deletes:\n  ghl: always", "2: deletes.ghl: expected `ignore`, `archive` or `propagate`, found `always`"),
        ("- phones", "1: expected a group of keys, found a list"),
        ("tags: {}\ntags: {}", "2: the key `tags` stands here a second time: remove one of the two"),
    ] {
        assert_eq!(told(text), format!("mappings/m.yaml:{expected}"), "{text:?}");
    }
    let broken = told("fields: [phones");
    assert!(broken.starts_with("mappings/m.yaml:") && broken.contains("not valid YAML"), "{broken}");
}

#[test]
fn several_problems_are_told_at_once_beside_the_configurations_own() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "default_country: Narnia\nfields: [phones, fax]\nnonsense: 1\n").unwrap();
    fs::write(folder.path().join("b.yaml"), "\n\ndeletes: { ghl: no }\n").unwrap();
    let problems = load(folder.path(), &["a.yaml", "b.yaml", "absent.yaml", "a.yaml"]).unwrap_err();
    let shown = problems.to_string().replace(&format!("{}/", folder.path().display()), "");
    let found: Vec<&str> = shown.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    let places: Vec<&str> = shown.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["tandem.yaml:12", "a.yaml:1:1", "a.yaml:2:18", "a.yaml:3:1", "b.yaml:3:12"], "{shown}");
    let keys = ["connections[2].mapping", "default_country", "fields[1]", "nonsense", "deletes.ghl"];
    assert_eq!(found, keys, "{shown}");
    assert_eq!(problems.exit_code(), 64);
}

#[test]
fn file_that_cannot_be_read_is_told_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder.yaml")).unwrap();
    fs::write(folder.path().join("binary.yaml"), b"\xff\xfe").unwrap();
    for (name, expected) in [
        ("absent.yaml", "there is no file "),
        ("folder.yaml", "can't read the file "),
        ("binary.yaml", "can't read the file "),
    ] {
        let shown = load(folder.path(), &[name]).unwrap_err().to_string();
        let path = folder.path().join(name);
        let start = format!("tandem.yaml:4: connections[0].mapping: {expected}{}", path.display());
        assert!(shown.contains(&start), "expected `{start}` in: {shown}");
    }
}

#[test]
fn connections_have_mappings_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("de.yaml"), "default_country: DE\n").unwrap();
    let names = folder.path().join("names.yaml");
    fs::write(&names, NAMES_AND_NUMBERS).unwrap();
    let config = load(folder.path(), &["de.yaml", &names.display().to_string(), ""]).unwrap();
    assert_eq!(config.connections[0].mapping.default_country, "DE");
    assert_eq!(config.connections[1].mapping.fields.len(), 4);
    assert_eq!(config.connections[2].mapping, Mapping::default());
}

#[test]
fn tasks_stay_where_they_are_unless_a_direction_is_given() {
    assert_eq!((mapping("").tasks, mapping("tasks: { direction: off }").tasks), (None, None));
    let both = mapping("tasks: { direction: both, openphone_number: '+14155550100' }");
    assert_eq!((both.tasks, both.task_number.as_deref()), (Some(Direction::Both), Some("+14155550100")));
    assert_eq!(mapping("tasks: { direction: to_ghl }").tasks, Some(Direction::ToGhl));
    let told = told("tasks: { direction: sideways, openphone_number: '555-0100' }\n");
    assert!(told.contains("expected `off`, `both`, `to_openphone` or `to_ghl`, found `sideways`"), "{told}");
    assert!(told.contains("`555-0100` is not a phone number in full"), "{told}");
}

#[test]
fn notes_stay_where_they_are_unless_a_direction_is_given() {
    assert_eq!((mapping("").notes, mapping("notes: { direction: off }").notes), (None, None));
    assert_eq!(mapping("notes: { direction: both }").notes, Some(Direction::Both));
    assert_eq!(mapping("notes: { direction: to_openphone }").notes, Some(Direction::ToOpenPhone));
    let told = told("notes: { direction: sideways, colour: red }\n");
    assert!(told.contains("expected `off`, `both`, `to_openphone` or `to_ghl`, found `sideways`"), "{told}");
    assert!(told.contains("notes.colour: unknown key (known here: direction)"), "{told}");
}

#[test]
fn a_contacts_fields_are_no_tasks_fields() {
    let told = told("fields: [first_name, task_title]\n");
    assert!(told.contains("unknown field `task_title`"), "{told}");
}
