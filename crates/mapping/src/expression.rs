//! Conditions and formulas of a mapping, in CEL, the Common Expression Language.
//!
//! An expression sees `contact`, a map of canonical fields by their names: texts, and lists of texts; what is empty is `""` or `[]`. In a
//! rule it sees `event` besides, what the event that started it tells, in the same form. It reaches nothing else, and can't run for long or fill the memory: what it could take is told from its text, see `bounds`.

mod bounds;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::objects::{Key, Map};
use cel::{Context, Env, Program, Value as Cel};
use tandem_catalog::Fact;
use tandem_contact::{Field, Value};

/// The longest expression.
const LONGEST: usize = 2_000;
/// Brackets within brackets.
const DEEPEST: usize = 24;
/// Items of a list that an expression sees; nobody has so many tags.
const MOST_ITEMS: usize = 500;
/// Characters of a text that an expression sees, ten times those of an item.
const MOST_TEXT: usize = 2_000;
/// What the parser needs for the deepest and longest text: its frames are large, in debug builds above all.
const STACK: usize = 256 * 1024 * 1024;
/// What the deepest expression that is not refused needs to be evaluated.
const EVALUATION: usize = 8 * 1024 * 1024;

static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut language = Env::stdlib();
    // Nothing of it is declared twice.
    let added = language.add_extension(cel::extensions::strings);
    debug_assert!(added.is_ok(), "{added:?}");
    Arc::new(language)
});

/// An expression that can be evaluated.
#[derive(Clone)]
pub struct Expression {
    source: String,
    program: Arc<Program>,
}

/// Not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct InvalidExpression {
    /// What is wrong, for people.
    pub text: String,
    /// Where in the expression, counted from 1; none where it is wrong as a whole.
    pub column: Option<usize>,
}

/// An expression that could not be evaluated, or gave something else than was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}`: {problem}")]
pub struct Failed {
    /// The expression.
    pub expression: String,
    /// What is wrong, for people; names no values.
    pub problem: String,
}

/// What an expression may name.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// As `contact.…`.
    pub contact: &'a [Field],
    /// As `event.…`.
    pub event: &'a [Fact],
}

/// The values that an expression sees.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    contact: BTreeMap<&'static str, Cel>,
    event: BTreeMap<&'static str, Cel>,
}

impl Expression {
    /// Reads an expression over a contact, and refuses what could run for long. `fields` are those that it may name.
    pub fn new(source: &str, fields: &[Field]) -> Result<Self, InvalidExpression> {
        Self::naming(source, Names { contact: fields, event: &[] })
    }

    /// The same for one that may name what an event tells too.
    pub fn naming(source: &str, names: Names<'_>) -> Result<Self, InvalidExpression> {
        let whole = |text: String| InvalidExpression { text, column: None };
        if source.trim().is_empty() {
            return Err(whole("an expression is expected, and nothing stands here".to_owned()));
        }
        if source.len() > LONGEST {
            return Err(whole(format!("the expression is longer than {LONGEST} characters")));
        }
        if let Some(column) = too_deep(source) {
            let text = format!("brackets within brackets, more than {DEEPEST} times");
            return Err(InvalidExpression { text, column: Some(column) });
        }
        let program = stacker::grow(STACK, || compile(source, names))?;
        let expression = Self { source: source.to_owned(), program: Arc::new(program) };
        expression.try_out(names).map_err(whole)?;
        Ok(expression)
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// True or false.
    pub fn holds(&self, seen: &Seen) -> Result<bool, Failed> {
        match self.evaluate(seen) {
            Ok(Cel::Bool(holds)) => Ok(holds),
            Ok(other) => Err(self.failed(format!("true or false is expected, and it gives {}", kind(&other)))),
            Err(error) => Err(self.failed(plain(&error))),
        }
    }

    /// Evaluated over empty values and over some, so that what can't work is told when the mapping is read.
    fn try_out(&self, Names { contact, event }: Names<'_>) -> Result<(), String> {
        let some = |is_list| if is_list { Value::list(["x".to_owned()]) } else { Value::text("x") };
        let nothing = Seen::new(contact, |_| None).with_event(event, |_| None);
        let something = Seen::new(contact, |field| some(field.is_list())).with_event(event, |fact| some(fact.is_list));
        for seen in [nothing, something] {
            // Whatever else goes wrong may not with other values.
            if let Err(error @ (cel::ExecutionError::NoSuchOverload(_) | cel::ExecutionError::UndeclaredReference(_))) =
                self.evaluate(&seen)
            {
                return Err(plain(&error));
            }
        }
        Ok(())
    }

    /// A text or a list; nothing where it is empty.
    pub fn value(&self, seen: &Seen, is_list: bool) -> Result<Option<Value>, Failed> {
        let gives =
            |other: &Cel, wanted: &str| Err(self.failed(format!("{wanted} is expected, and it gives {}", kind(other))));
        match (self.evaluate(seen).map_err(|error| self.failed(plain(&error)))?, is_list) {
            (Cel::Null, _) => Ok(None),
            (Cel::List(items), true) => {
                let words: Option<Vec<String>> = items.iter().map(word).collect();
                match words {
                    Some(words) => Ok(Value::list(words.into_iter().filter(|word| !word.is_empty()))),
                    None => Err(self.failed("a list of texts is expected, and something else is in it".to_owned())),
                }
            }
            (other, true) => gives(&other, "a list"),
            (other, false) => match word(&other) {
                Some(word) => Ok(Value::text(&word)),
                None => gives(&other, "a text"),
            },
        }
    }

    /// As a text within a text: a list is its items with a comma between them.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what the language may add is no text")]
    pub fn words(&self, seen: &Seen) -> Result<String, Failed> {
        let value = self.evaluate(seen).map_err(|error| self.failed(plain(&error)))?;
        let words = match &value {
            Cel::Null => Some(String::new()),
            Cel::List(items) => items.iter().map(word).collect::<Option<Vec<String>>>().map(|words| words.join(", ")),
            other => word(other),
        };
        words.ok_or_else(|| self.failed(format!("a text is expected, and it gives {}", kind(&value))))
    }

    fn failed(&self, problem: String) -> Failed {
        Failed { expression: self.source.clone(), problem }
    }

    fn evaluate(&self, seen: &Seen) -> Result<Cel, cel::ExecutionError> {
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.add_variable_from_value("contact", map(&seen.contact));
        context.add_variable_from_value("event", map(&seen.event));
        stacker::maybe_grow(EVALUATION / 2, EVALUATION, || self.program.execute(&context))
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl Seen {
    /// These fields, with their values.
    pub fn new(fields: &[Field], value: impl Fn(Field) -> Option<Value>) -> Self {
        let cel = |field: &Field| (field.name(), of(field.is_list(), value(*field)));
        Self { contact: fields.iter().map(cel).collect(), event: BTreeMap::new() }
    }

    /// And what an event tells.
    #[must_use]
    pub fn with_event(mut self, facts: &[Fact], value: impl Fn(&Fact) -> Option<Value>) -> Self {
        self.event = facts.iter().map(|fact| (fact.name, of(fact.is_list, value(fact)))).collect();
        self
    }
}

fn map(values: &BTreeMap<&'static str, Cel>) -> Cel {
    let map = values.iter().map(|(name, value)| (Key::String(Arc::new((*name).to_owned())), value.clone()));
    Cel::Map(Map { map: Arc::new(map.collect()) })
}

/// As much of it as the bounds are reckoned with.
fn of(is_list: bool, value: Option<Value>) -> Cel {
    let text = |text: String, most: usize| Cel::String(Arc::new(text.chars().take(most).collect()));
    let list = |items: Vec<String>| {
        let items = items.into_iter().take(MOST_ITEMS).map(|item| text(item, MOST_TEXT / 10));
        Cel::List(Arc::new(items.collect()))
    };
    match value {
        Some(Value::List(items)) => list(items.into_iter().collect()),
        Some(Value::Text(word)) if is_list => list(vec![word]),
        Some(Value::Text(word)) => text(word, MOST_TEXT),
        None if is_list => list(Vec::new()),
        None => text(String::new(), 0),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what the language may add is no text")]
fn word(value: &Cel) -> Option<String> {
    match value {
        Cel::String(text) => Some(text.to_string()),
        Cel::Int(number) => Some(number.to_string()),
        Cel::UInt(number) => Some(number.to_string()),
        Cel::Float(number) if number.is_finite() => Some(number.to_string()),
        Cel::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what the language may add has no name here")]
fn kind(value: &Cel) -> &'static str {
    match value {
        Cel::String(_) => "a text",
        Cel::Int(_) | Cel::UInt(_) | Cel::Float(_) => "a number",
        Cel::Bool(_) => "true or false",
        Cel::List(_) => "a list",
        Cel::Map(_) => "a map",
        Cel::Null => "null",
        _ => "something else",
    }
}

/// Whatever is refused is dropped here too, where there is room for what is deep.
fn compile(source: &str, names: Names<'_>) -> Result<Program, InvalidExpression> {
    let program = LANGUAGE.compile(source).map_err(|errors| {
        let first = errors.errors.into_iter().next();
        let column = first.as_ref().and_then(|error| usize::try_from(error.pos.1).ok()).filter(|column| *column > 0);
        let text = first.map_or_else(|| "it can't be read".to_owned(), |error| plainer(&error.msg));
        InvalidExpression { text, column }
    })?;
    match bounds::check(program.expression(), names) {
        Ok(()) => Ok(program),
        Err(bounds::Objection { text, node }) => {
            let column = program.source_info().offset_for(node).map(|(start, _)| start as usize + 1);
            Err(InvalidExpression { text, column })
        }
    }
}

/// The column at which the brackets are too deep.
fn too_deep(source: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in source.chars().enumerate() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(at + 1);
        }
    }
    None
}

/// Without what only a parser's author understands.
fn plainer(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let message = message.split(" expecting {").next().unwrap_or(message);
    message.replace("mismatched input '<EOF>'", "it ends too early").replace("extraneous input", "unexpected")
}

/// Names what is wrong and never a value.
#[expect(clippy::wildcard_enum_match_arm, reason = "others are told of by their values, which nobody is to see")]
fn plain(error: &cel::ExecutionError) -> String {
    use cel::ExecutionError as Error;
    match error {
        Error::UndeclaredReference(name) => format!("`{name}` can't be asked of this value"),
        Error::NoSuchOverload(overload) => {
            let kinds = overload.argument_types().join("` and `");
            format!("`{}` doesn't go with `{kinds}`", overload.function().trim_matches('_'))
        }
        Error::FunctionError { function, .. } => format!("`{function}` can't be applied to this value"),
        Error::InvalidArgumentCount { expected, actual } => {
            format!("{expected} arguments are expected, and {actual} stand here")
        }
        Error::IndexOutOfBounds(_) => "the list has no such item".to_owned(),
        _ => "it can't be evaluated with this value".to_owned(),
    }
}

#[cfg(test)]
mod tests;
