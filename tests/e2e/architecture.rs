//! The dependency rule: arrows only point down. Read from the manifests, where a reader would look for it.

use std::collections::BTreeMap;
use std::path::Path;

/// Packages by layer, lowest first. A package may use its own layer's lower neighbours as listed in their manifests, and
/// anything below.
const PURE: [&str; 7] = [
    "tandem-proto",
    "tandem-contact",
    "tandem-policy",
    "tandem-reconcile",
    "tandem-providers",
    "tandem-catalog",
    "tandem-mapping",
];
const EFFECTS: [&str; 11] = [
    "tandem-embedded",
    "tandem-jetstream",
    "tandem-queue",
    "tandem-store",
    "tandem-records",
    "tandem-limits",
    "tandem-outbound",
    "tandem-notify",
    "tandem-credentials",
    "tandem-telemetry",
    "tandem-service",
];
const SERVICES: [&str; 3] = ["tandem-ingest", "tandem-mapper", "tandem-writer"];

/// What no pure crate may use: time, chance, threads, files, network.
const EFFECTFUL: [&str; 10] =
    ["async-nats", "tokio", "tokio-util", "rand", "reqwest", "axum", "rusqlite", "tracing", "tempfile", "futures-util"];

/// The ordinary dependencies of every package, by name.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let folders = ["crates", "services"].into_iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let manifests = folders.map(|entry| entry.unwrap().path()).chain([root.join("proto")]);
    manifests
        .filter_map(|folder| std::fs::read_to_string(folder.join("Cargo.toml")).ok())
        .map(|text| read(&text))
        .collect()
}

fn read(manifest: &str) -> (String, Vec<String>) {
    let mut name = String::new();
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((key, value)) = line.split_once('=') {
            let key = key.trim().trim_end_matches(".workspace");
            match section {
                "[package]" if key == "name" => value.trim().trim_matches('"').clone_into(&mut name),
                "[dependencies]" => found.push(key.to_owned()),
                _ => {}
            }
        }
    }
    (name, found)
}

#[test]
fn every_package_has_its_layer() {
    let known = |name: &str| {
        PURE.contains(&name)
            || EFFECTS.contains(&name)
            || SERVICES.contains(&name)
            || ["tandem", "tandem-twins", "tandem-testkit"].contains(&name)
    };
    let all = dependencies();
    assert!(all.len() >= 19, "too few manifests were found: {:?}", all.keys());
    for name in all.keys() {
        assert!(known(name), "{name} has no layer here");
    }
}

#[test]
fn pure_crates_use_pure_crates_and_nothing_that_acts() {
    for (name, uses) in dependencies().iter().filter(|(name, _)| PURE.contains(&name.as_str())) {
        for used in uses {
            let is_ours = used.starts_with("tandem");
            assert!(!is_ours || PURE.contains(&used.as_str()), "{name} is pure and uses {used}");
            assert!(!EFFECTFUL.contains(&used.as_str()), "{name} is pure and uses {used}");
        }
    }
}

#[test]
fn effects_do_not_use_services_and_services_do_not_use_each_other() {
    for (name, uses) in &dependencies() {
        for used in uses.iter().filter(|used| SERVICES.contains(&used.as_str())) {
            assert_eq!(name, "tandem", "{name} uses the service {used}");
        }
    }
}

#[test]
fn the_mapper_can_not_call_anybody() {
    let all = dependencies();
    for banned in ["reqwest", "axum", "redis", "tandem-outbound", "tandem-notify", "tandem-limits", "tandem-twins"] {
        assert!(!all["tandem-mapper"].iter().any(|used| used == banned), "the mapper uses {banned}");
    }
}

#[test]
fn the_twins_share_no_code_with_what_they_judge() {
    let all = dependencies();
    let ours: Vec<&String> = all["tandem-twins"].iter().filter(|used| used.starts_with("tandem")).collect();
    assert!(ours.is_empty(), "the twins use {ours:?}");
}
