#![doc = include_str!("../README.md")]

use std::collections::{BTreeMap, BTreeSet};

use tandem_contact::{Field, PerSide};
use tandem_reconcile::{ConflictPolicy, DeletePolicy, Direction, FieldRule, Rules, Timing, Weakened};

/// What one connection keeps in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The canonical fields that travel from GHL to OpenPhone; the others are never compared and never written.
    pub fields: BTreeSet<Field>,
    /// Country of phone numbers without a country code, ISO 3166-1 alpha-2.
    pub default_country: String,
    /// Id of the GHL custom field that holds the role; GHL has no field of its own for it.
    pub role_custom_field: Option<String>,
    /// Name of the OpenPhone custom field that holds the tags.
    pub tags_field: String,
    /// What a delete in GHL does in OpenPhone.
    pub ghl_deletes: DeletePolicy,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            fields: Field::ALL.into(),
            default_country: "US".to_owned(),
            role_custom_field: None,
            tags_field: "Tags".to_owned(),
            ghl_deletes: DeletePolicy::Ignore,
        }
    }
}

impl Mapping {
    /// The rules that the mapping and the providers' bounds amount to.
    pub fn rules(&self, timing: PerSide<Timing>) -> Rules {
        let rule = FieldRule { direction: Direction::ToOpenPhone, conflict: ConflictPolicy::Newest };
        // OpenPhone's v1 PATCH replaces lists, so they are read before they are written (contract sheet, section 6.4).
        let lists: BTreeSet<Field> = Field::ALL.into_iter().filter(|field| field.is_list()).collect();
        Rules {
            fields: self.fields.iter().map(|field| (*field, rule)).collect::<BTreeMap<_, _>>(),
            deletes: PerSide { ghl: self.ghl_deletes, openphone: DeletePolicy::Ignore },
            creates: PerSide { ghl: false, openphone: true },
            // OpenPhone refuses a second contact under our key, so its creates don't wait.
            first_create_wait: PerSide::default(),
            read_first: PerSide { ghl: BTreeSet::new(), openphone: lists.clone() },
            carries_all: PerSide { ghl: BTreeSet::new(), openphone: lists },
            timing,
            claim_identity: true,
            weakened: Weakened::default(),
        }
    }
}
