//! YAML text to a raw tree. Built from the parser's events, so that scalars keep their spelling (`007` stays
//! `007`), keys keep their lines, and a duplicate key doesn't hide the other problems.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::problem::{Origin, Problem};
use super::tree::{Entry, Kind, Node};

/// Far deeper than any configuration; keeps a hostile file from exhausting the stack.
const DEEPEST: usize = 32;

/// A parsed text and what was odd about it. No tree where the text is not YAML.
pub(super) struct Parsed {
    pub(super) tree: Option<Node>,
    pub(super) problems: Vec<Problem>,
}

/// Where something stands in the text: line and column, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Reads one YAML document; `origin` says what a place in it means.
pub(super) fn parse(text: &str, origin: fn(Place) -> Origin) -> Parsed {
    let mut builder = Builder { origin, open: Vec::new(), root: None, documents: 0, problems: Vec::new() };
    for event in Parser::new_from_str(text) {
        let read = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(problem) => {
                let marker = problem.marker();
                let place = Place { line: marker.line(), column: marker.col() + 1 };
                builder.problem(place, &format!("not valid YAML: {}", problem.info()));
                Err(Unreadable)
            }
        };
        if read.is_err() {
            builder.root = None;
            return builder.finish();
        }
    }
    builder.root.get_or_insert(Node::null(origin(Place { line: 1, column: 1 })));
    builder.finish()
}

/// Reading on makes no sense; the problem was noted.
struct Unreadable;

/// A list or map that is not closed yet.
struct Open {
    node: Node,
    /// A map's key that waits for its value.
    key: Option<(String, Place)>,
}

struct Builder {
    origin: fn(Place) -> Origin,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    problems: Vec<Problem>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Unreadable> {
        let place = Place { line: span.start.line(), column: span.start.col() + 1 };
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => self.document(place),
            Event::Alias(_) => self.refuse(place, "aliases (`*name`) are not supported: write the value out"),
            Event::Scalar(text, style, _, _) => {
                let absent = style == ScalarStyle::Plain && is_null(&text);
                let kind = if absent { Kind::Null } else { Kind::Text(text.into_owned()) };
                self.value(place, kind)
            }
            Event::SequenceStart(..) => self.begin(place, Kind::List(Vec::new())),
            Event::MappingStart(..) => self.begin(place, Kind::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.place(open.node);
                }
                Ok(())
            }
        }
    }

    fn document(&mut self, place: Place) -> Result<(), Unreadable> {
        self.documents += 1;
        if self.documents > 1 {
            return self.refuse(place, "the file holds more than one YAML document: remove the `---` line");
        }
        Ok(())
    }

    fn begin(&mut self, place: Place, kind: Kind) -> Result<(), Unreadable> {
        if self.open.len() >= DEEPEST {
            return self.refuse(place, "nested too deeply");
        }
        if self.awaits_key() {
            return self.refuse(place, "a key must be a plain word");
        }
        let origin = (self.origin)(place);
        let node = Node { origin, kind };
        self.open.push(Open { node, key: None });
        Ok(())
    }

    /// A scalar: a map's key if the map waits for one, else a value.
    fn value(&mut self, place: Place, kind: Kind) -> Result<(), Unreadable> {
        let awaits_key = self.awaits_key();
        match (self.open.last_mut(), kind) {
            (Some(open), Kind::Text(key)) if awaits_key => {
                open.key = Some((key, place));
                Ok(())
            }
            (Some(_), _) if awaits_key => self.refuse(place, "a key must be a plain word"),
            (_, kind) => {
                let origin = (self.origin)(place);
                self.place(Node { origin, kind });
                Ok(())
            }
        }
    }

    fn awaits_key(&self) -> bool {
        let innermost = self.open.last();
        innermost.is_some_and(|open| matches!(open.node.kind, Kind::Map(_)) && open.key.is_none())
    }

    fn place(&mut self, value: Node) {
        let origin = self.origin;
        let Some(Open { node, key }) = self.open.last_mut() else {
            self.root = Some(value);
            return;
        };
        match (&mut node.kind, key.take()) {
            (Kind::List(items), _) => items.push(value),
            (Kind::Map(entries), Some((key, place))) if entries.iter().any(|entry| entry.key == key) => {
                self.problem(place, &format!("the key `{key}` stands here a second time: remove one of the two"));
            }
            (Kind::Map(entries), Some((key, place))) => entries.push(Entry { key, origin: origin(place), value }),
            // Only lists and maps are ever opened, and a map's value comes after its key.
            (Kind::Map(_), None) | (Kind::Null | Kind::Text(_), _) => {}
        }
    }

    fn refuse(&mut self, place: Place, message: &str) -> Result<(), Unreadable> {
        self.problem(place, message);
        Err(Unreadable)
    }

    fn problem(&mut self, place: Place, message: &str) {
        self.problems.push(Problem { origin: (self.origin)(place), key: self.path(), message: message.to_owned() });
    }

    /// The key under way, for messages.
    fn path(&self) -> String {
        let step = |open: &Open| match (&open.node.kind, &open.key) {
            (Kind::List(items), _) => format!("[{}]", items.len()),
            (_, Some((key, _))) => format!(".{key}"),
            (_, None) => String::new(),
        };
        let path: String = self.open.iter().map(step).collect();
        path.trim_start_matches('.').to_owned()
    }

    fn finish(self) -> Parsed {
        Parsed { tree: self.root, problems: self.problems }
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
