//! Answers against the providers' published descriptions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tandem_testkit::openapi::deviations::{Subject, known, unused};
use tandem_testkit::openapi::{Document, nameless};
use tandem_testkit::vendor_dir;

use crate::kit::Seen;

/// Holds answers of one API against its descriptions, and remembers what was seen.
pub(crate) struct Inspector {
    /// Tells versions and surfaces apart in findings.
    name: &'static str,
    documents: BTreeMap<String, Document>,
    /// Method and path of every operation that succeeded.
    pub(crate) succeeded: BTreeSet<String>,
    findings: Vec<String>,
}

impl Inspector {
    /// None where the descriptions are not at hand. The documents are found by what `family` says about a path.
    pub(crate) fn new(name: &'static str, files: &[(&str, String)]) -> Option<Self> {
        let folder: PathBuf = vendor_dir()?;
        let documents = files.iter().map(|(family, file)| ((*family).to_owned(), Document::open(&folder.join(file))));
        let documents = documents.collect();
        Some(Self { name, documents, succeeded: BTreeSet::new(), findings: Vec::new() })
    }

    /// The document is found by the beginning of the path.
    fn document(&self, template: &str) -> &Document {
        let path = template.split_once(' ').unwrap().1;
        let fits = |family: &&String| path.starts_with(family.as_str());
        let family = self.documents.keys().filter(fits).max_by_key(|family| family.len());
        &self.documents[family.unwrap_or_else(|| panic!("no description has {path}"))]
    }

    /// An answer to what is described under method and path.
    pub(crate) fn take(&mut self, template: &str, seen: &Seen) {
        let operation = self.document(template).operation(template);
        let operation = operation.unwrap_or_else(|| panic!("{}: {template} is not described", self.name));
        if seen.status < 300 {
            self.succeeded.insert(template.to_owned());
        }
        let problems = if operation.statuses().contains(&seen.status) {
            operation.answer(seen.status).map(|schema| schema.problems(&seen.body)).unwrap_or_default()
        } else {
            vec![format!("status {} is not described", seen.status)]
        };
        let named = problems.iter().map(|problem| format!("{} {template} {}: {problem}", self.name, seen.status));
        self.findings.extend(named);
    }

    /// What is described and was never answered with success.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let succeeded: BTreeSet<String> = self.succeeded.iter().map(|template| nameless(template)).collect();
        let described = self.documents.values().flat_map(Document::templates);
        described.filter(|template| !succeeded.contains(&nameless(template))).collect()
    }
}

/// Fails on whatever differs from the descriptions without a reason, and on reasons that nothing needs any more.
pub(crate) fn judge(subject: Subject, inspectors: Vec<Inspector>) {
    let (mut used, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for finding in inspectors.into_iter().flat_map(|inspector| inspector.findings) {
        match known(subject, &finding) {
            Some(row) => drop(used.insert(row)),
            None => drop(unknown.insert(finding)),
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    let unused = unused(subject, &used);
    assert!(unused.is_empty(), "no longer needed: {unused:#?}");
}
