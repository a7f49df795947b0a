//! The compose stack, as files: everything that can be known about it without a container engine. `cargo xtask compose`
//! runs it where there is one.

mod configuration;
mod dashboards;
mod interpolation;
mod promql;
mod services;
mod stack;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|problem| panic!("reading {path}: {problem}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|problem| panic!("{problem}\nin:\n{text}"))
}

/// All texts of a list; a single text is a list of one.
fn texts(value: &Value) -> Vec<&str> {
    match value.as_str() {
        Some(one) => vec![one],
        None => value.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    }
}

/// Fails with every problem at once.
#[track_caller]
fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A check that a bad sample must fail, and for the right reason.
#[track_caller]
fn assert_found(problems: &[String], expected: &str) {
    let found = problems.iter().any(|problem| problem.contains(expected));
    assert!(found, "expected `{expected}` in {problems:#?}");
}
