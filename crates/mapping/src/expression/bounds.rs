//! What an expression may name, and how much it could take: told from its text alone, before it is evaluated for the first time.

use std::collections::BTreeMap;

use super::{MOST_ITEMS, MOST_TEXT, Names};
use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};
use regex::RegexBuilder;

/// Steps that an evaluation may take; one is well under a microsecond.
const MOST_STEPS: u64 = 300_000;
/// Characters that a value on the way may have.
const MOST_CHARS: u64 = 1_000_000;
/// Values within values.
const DEEPEST: usize = 64;
/// What a regular expression may take, compiled.
const REGEX_BYTES: usize = 64 * 1024;
/// A number, or true or false.
const SCALAR: Bound = Bound { items: 1, chars: 20 };

/// Functions besides operators, with what they are asked of.
const FUNCTIONS: [&str; 20] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "double",
    "bool",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "join",
    "lowerAscii",
    "upperAscii",
    "trim",
    "replace",
    "split",
    "substring",
    "reverse",
];

/// What is wrong, and the node that it is wrong with.
pub(super) struct Objection {
    pub(super) text: String,
    pub(super) node: u64,
}

/// How large a value may be: a list of so many texts of so many characters each, or one text.
#[derive(Debug, Clone, Copy)]
struct Bound {
    items: u64,
    chars: u64,
}

impl Bound {
    /// A value of a contact or an event.
    fn of(is_list: bool) -> Self {
        if is_list {
            Self { items: MOST_ITEMS as u64, chars: MOST_TEXT as u64 / 10 }
        } else {
            Self { items: 1, chars: MOST_TEXT as u64 }
        }
    }

    fn all(self) -> u64 {
        self.items.saturating_mul(self.chars)
    }
}

/// Looks through a whole expression.
pub(super) fn check(expression: &IdedExpr, names: Names<'_>) -> Result<(), Objection> {
    let mut walk = Walk { known: names, names: BTreeMap::new(), steps: 0, depth: 0 };
    walk.value(expression)?;
    Ok(())
}

struct Walk<'a> {
    known: Names<'a>,
    /// The variables of the loops around.
    names: BTreeMap<String, Bound>,
    steps: u64,
    depth: usize,
}

impl Walk<'_> {
    fn value(&mut self, node: &IdedExpr) -> Result<Bound, Objection> {
        if self.depth == DEEPEST {
            let text = format!("values within values, more than {DEEPEST} times");
            return Err(Objection { text, node: node.id });
        }
        self.depth += 1;
        let bound = self.bound(node);
        self.depth -= 1;
        bound
    }

    fn bound(&mut self, node: &IdedExpr) -> Result<Bound, Objection> {
        let object = |text: String| Err(Objection { text, node: node.id });
        self.step(node, 1)?;
        let bound = match &node.expr {
            Expr::Literal(LiteralValue::String(text)) => Bound { items: 1, chars: text.inner().chars().count() as u64 },
            Expr::Literal(_) => SCALAR,
            Expr::Ident(name) => match self.names.get(name) {
                Some(bound) => *bound,
                None if name == "contact" => {
                    return object("`contact` has fields: name one, as in `contact.first_name`".to_owned());
                }
                None if name == "event" && !self.known.event.is_empty() => {
                    let example = self.known.event.first().map_or("", |fact| fact.name);
                    return object(format!("`event` has facts: name one, as in `event.{example}`"));
                }
                None => return object(format!("`{name}` is not known: fields are named as in `contact.first_name`")),
            },
            Expr::Select(select) if is_root(&select.operand, "contact") => self.field(node, &select.field)?,
            Expr::Select(select) if is_root(&select.operand, "event") => self.fact(node, &select.field)?,
            Expr::Select(select) => {
                return object(format!("`.{}` can be asked of `contact` only", select.field));
            }
            Expr::Call(call) => self.call(node, call)?,
            Expr::List(list) => {
                let mut whole = Bound { items: list.elements.len() as u64, chars: 0 };
                for element in &list.elements {
                    whole.chars = whole.chars.max(self.value(element)?.all());
                }
                whole
            }
            Expr::Comprehension(comprehension) => self.repeat(node, comprehension)?,
            Expr::Map(_) | Expr::Struct(_) => return object("maps can't be made here".to_owned()),
            Expr::Unspecified => return object("something is missing here".to_owned()),
        };
        if bound.all() > MOST_CHARS {
            return object(format!("this could become longer than {MOST_CHARS} characters"));
        }
        Ok(bound)
    }

    fn step(&mut self, node: &IdedExpr, steps: u64) -> Result<(), Objection> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MOST_STEPS {
            let text = "it could take too long: loops within loops over lists of a contact".to_owned();
            return Err(Objection { text, node: node.id });
        }
        Ok(())
    }

    fn field(&self, node: &IdedExpr, name: &str) -> Result<Bound, Objection> {
        if let Some(field) = self.known.contact.iter().find(|field| field.name() == name) {
            return Ok(Bound::of(field.is_list()));
        }
        let known: Vec<&str> = self.known.contact.iter().map(|field| field.name()).collect();
        let text = format!("`contact` has no field `{name}` (known: {})", known.join(", "));
        Err(Objection { text, node: node.id })
    }

    fn fact(&self, node: &IdedExpr, name: &str) -> Result<Bound, Objection> {
        let facts = self.known.event;
        if let Some(fact) = facts.iter().find(|fact| fact.name == name) {
            return Ok(Bound::of(fact.is_list));
        }
        let known: Vec<&str> = facts.iter().map(|fact| fact.name).collect();
        let text = if known.is_empty() {
            "there is no `event` here: what starts this is no event of a provider, or one that tells nothing".to_owned()
        } else {
            format!("the event tells no `{name}` (known: {})", known.join(", "))
        };
        Err(Objection { text, node: node.id })
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Result<Bound, Objection> {
        let object = |text: String| Err(Objection { text, node: node.id });
        let name = call.func_name.as_str();
        if name == operators::INDEX
            && let [of, key] = call.args.as_slice()
            && (is_root(of, "contact") || is_root(of, "event"))
        {
            let Expr::Literal(LiteralValue::String(field)) = &key.expr else {
                return object("a field of `contact` is named by a text".to_owned());
            };
            return if is_root(of, "contact") {
                self.field(node, field.inner())
            } else {
                self.fact(node, field.inner())
            };
        }
        let mut given = Vec::new();
        for part in call.target.as_deref().into_iter().chain(&call.args) {
            given.push(self.value(part)?);
        }
        let of = |number: usize| given.get(number).copied().unwrap_or(SCALAR);
        let (first, second, third) = (of(0), of(1), of(2));
        let touched = given.iter().map(|bound| bound.all()).sum::<u64>();
        self.step(node, touched / 100)?;
        let same_items = |chars| Bound { items: first.items, chars };
        Ok(match name {
            operators::ADD => Bound {
                items: first.items.saturating_add(second.items).max(1),
                chars: first.chars.saturating_add(second.chars),
            },
            operators::CONDITIONAL => {
                Bound { items: second.items.max(third.items), chars: second.chars.max(third.chars) }
            }
            operators::INDEX => Bound { items: 1, chars: first.chars },
            "join" => Bound { items: 1, chars: first.items.saturating_mul(first.chars.saturating_add(second.chars)) },
            "split" => Bound { items: first.chars.saturating_add(1), chars: first.chars },
            // Where nothing is sought, it is put between all letters.
            "replace" => same_items(first.chars.saturating_add(1).saturating_mul(third.chars.saturating_add(1))),
            "lowerAscii" | "upperAscii" | "trim" | "substring" | "reverse" | "charAt" | "string" => {
                same_items(first.chars.max(SCALAR.chars))
            }
            "matches" => {
                regex(call).map_err(|text| Objection { text, node: node.id })?;
                SCALAR
            }
            _ if is_operator(name) || FUNCTIONS.contains(&name) => SCALAR,
            _ => {
                return object(format!(
                    "`{name}` is no function here (known: {}, and the operators)",
                    FUNCTIONS.join(", ")
                ));
            }
        })
    }

    /// A loop: each item adds as much to what is gathered as the first one does.
    fn repeat(&mut self, node: &IdedExpr, comprehension: &ComprehensionExpr) -> Result<Bound, Objection> {
        let over = self.value(&comprehension.iter_range)?;
        let empty = self.value(&comprehension.accu_init)?;
        let item = Bound { items: 1, chars: over.chars };
        let outer = [&comprehension.iter_var, &comprehension.accu_var]
            .map(|name| (name.clone(), self.names.get(name).copied()));
        self.names.insert(comprehension.iter_var.clone(), item);
        self.names.insert(comprehension.accu_var.clone(), empty);
        let before = self.steps;
        self.value(&comprehension.loop_cond)?;
        let once = self.value(&comprehension.loop_step)?;
        let steps = (self.steps - before).saturating_mul(over.items.saturating_sub(1));
        self.step(node, steps)?;
        let added = once.items.saturating_sub(empty.items).saturating_mul(over.items);
        let gathered = Bound { items: empty.items.saturating_add(added).max(1), chars: once.chars.max(empty.chars) };
        self.names.insert(comprehension.accu_var.clone(), gathered);
        let result = self.value(&comprehension.result)?;
        for (name, bound) in outer {
            match bound {
                Some(bound) => drop(self.names.insert(name, bound)),
                None => drop(self.names.remove(&name)),
            }
        }
        Ok(result)
    }
}

fn is_root(node: &IdedExpr, root: &str) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == root)
}

fn is_operator(name: &str) -> bool {
    name.starts_with('@') || name.starts_with('_') || name.starts_with('!') || name.starts_with('-')
}

/// A pattern must be known beforehand: one that is made from a contact could be any.
fn regex(call: &CallExpr) -> Result<(), String> {
    let Some(Expr::Literal(LiteralValue::String(pattern))) = call.args.last().map(|pattern| &pattern.expr) else {
        return Err("the pattern of `matches` must be a text that stands here".to_owned());
    };
    let compiled = RegexBuilder::new(pattern.inner()).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build();
    compiled.map(drop).map_err(|error| {
        if matches!(error, regex::Error::CompiledTooBig(_)) {
            return "the pattern of `matches` is too large".to_owned();
        }
        let words = error.to_string();
        format!("the pattern of `matches` can't be read: {}", words.lines().last().unwrap_or_default())
    })
}
