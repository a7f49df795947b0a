//! The stack as Compose sees it: files laid over each other, variables at their defaults.

use serde_json::{Map, Value};

use super::interpolation::resolved;
use super::{text, yaml};

/// All compose files.
pub(super) const FILES: [&str; 2] = ["docker-compose.yml", "compose.ha.yml"];

/// A stack.
#[derive(Debug, Clone)]
pub(super) struct Stack {
    pub(super) content: Value,
}

impl Stack {
    /// Both stacks that are shipped, by name: alone, and with three NATS servers.
    pub(super) fn shipped() -> [(&'static str, Self); 2] {
        let [alone, over] = FILES.map(text);
        [("docker-compose.yml", Self::of(&[&alone])), ("with compose.ha.yml", Self::of(&[&alone, &over]))]
    }

    /// Files, each laid over the one before.
    pub(super) fn of(files: &[&str]) -> Self {
        let mut content = Value::Object(Map::new());
        for file in files {
            lay(&mut content, with_defaults(yaml(file)), "");
        }
        Self { content }
    }

    /// Services by name.
    pub(super) fn services(&self) -> impl Iterator<Item = (&str, &Value)> {
        let services = self.content["services"].as_object().into_iter().flatten();
        services.map(|(name, service)| (name.as_str(), service))
    }

    /// Names that resolve inside the stack.
    pub(super) fn hosts(&self) -> Vec<String> {
        let aliases = |service: &Value| -> Vec<String> {
            let networks = service["networks"].as_object().into_iter().flatten();
            networks.flat_map(|(_, network)| super::texts(&network["aliases"])).map(str::to_owned).collect()
        };
        self.services().flat_map(|(name, service)| [vec![name.to_owned()], aliases(service)].concat()).collect()
    }
}

/// A mount, as `source:target`.
pub(super) fn mounts(service: &Value) -> Vec<(&str, &str)> {
    super::texts(&service["volumes"])
        .into_iter()
        .filter_map(|mount| {
            let mut parts = mount.split(':');
            Some((parts.next()?, parts.next()?))
        })
        .collect()
}

fn with_defaults(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(resolved(&text)),
        Value::Array(items) => items.into_iter().map(with_defaults).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (key, with_defaults(value)));
            Value::Object(entries.collect())
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

/// As Compose does: groups are merged, commands and health checks replaced, other lists joined, mounts by their target.
fn lay(under: &mut Value, over: Value, key: &str) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                lay(under.entry(key.clone()).or_insert(Value::Null), value, &key);
            }
        }
        (Value::Array(under), Value::Array(over)) if !matches!(key, "command" | "entrypoint" | "test") => {
            if key == "volumes" {
                under.retain(|mount| !over.iter().any(|new| target(new) == target(mount)));
            }
            under.extend(over.into_iter().filter(|new| !under.contains(new)).collect::<Vec<_>>());
        }
        (under, over) => *under = over,
    }
}

fn target(mount: &Value) -> Option<&str> {
    mount.as_str()?.split(':').nth(1)
}

#[test]
fn a_file_is_laid_over_another() {
    let under = "services: { a: { image: 'x:${V:-1}', command: [b], volumes: ['./c:/t:ro', 'v:/u'], ports: ['1:1'] } }";
    let over = "services: { a: { command: [d], volumes: ['./e:/t:ro'], ports: ['2:2'] }, f: { image: g } }";
    let stack = Stack::of(&[under, over]);
    let (_, service) = stack.services().next().unwrap();
    assert_eq!(service["image"], "x:1");
    assert_eq!(super::texts(&service["command"]), ["d"]);
    assert_eq!(mounts(service), [("v", "/u"), ("./e", "/t")]);
    assert_eq!(super::texts(&service["ports"]), ["1:1", "2:2"]);
    assert_eq!(stack.services().count(), 2);
}
