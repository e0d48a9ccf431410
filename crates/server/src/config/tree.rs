//! The configuration as a tree in which every value knows where it was written.

use std::collections::BTreeMap;
use std::fmt;

use toml_edit::{Document, Item, TableLike, Value};

use super::{ConfigError, Fault};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of the file, from 1.
    Line(usize),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// A value and its place. Not `Debug`: it may be a secret.
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) place: Place,
}

pub(super) type Table = BTreeMap<String, Node>;

pub(super) enum Kind {
    Array(Vec<Node>),

    Flag(bool),
    Integer(i64),
    /// A float or a date: no setting is one.
    Other,
    Text(String),
    /// From the environment, without quotes: text, or a number where one is wanted.
    Bare(String),
    Table(Table),
}

/// The file's tree with the environment's `FARTHING__A__B` laid over `a.b`.
pub(super) fn build(
    text: &str,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Node, ConfigError> {
    let document = Document::parse(text).map_err(|error| {
        // The parser's message quotes nothing, but its `Display` prints the line: only the message is used.
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        ConfigError::one(Fault::new(
            Place::Line(line),
            "",
            format!("is not TOML: {}", error.message()),
        ))
    })?;
    let mut root =
        Node { kind: Kind::Table(table(text, document.as_table(), 1)), place: Place::Line(1) };
    let mut variables: Vec<(String, String)> =
        environment.filter(|(name, _)| name.starts_with(VARIABLE_PREFIX)).collect();
    variables.sort();
    for (name, value) in variables {
        overlay(&mut root, &name, value)?;
    }
    Ok(root)
}

fn overlay(root: &mut Node, name: &str, value: String) -> Result<(), ConfigError> {
    let place = Place::Variable(name.to_owned());
    let fault = |rule: &str| ConfigError::one(Fault::new(place.clone(), "", rule));
    let path: Vec<&str> =
        name.strip_prefix(VARIABLE_PREFIX).unwrap_or_default().split("__").collect();
    let mut node = root;
    for part in path {
        if part.is_empty() {
            return Err(fault("is not FARTHING__SECTION__KEY"));
        }
        let Kind::Table(children) = &mut node.kind else {
            return Err(fault("names a key below something that is not a section"));
        };
        // Keys of the file keep their case (`accounts.EUR`), variables have none to speak of.
        let key = children.keys().find(|key| key.eq_ignore_ascii_case(part)).cloned();
        node = children
            .entry(key.unwrap_or_else(|| part.to_ascii_lowercase()))
            .or_insert_with(|| Node { kind: Kind::Table(Table::new()), place: place.clone() });
    }
    let kind = if value.starts_with(['[', '{', '"', '\'']) {
        let parsed: Value = value.parse().map_err(|_| fault("is not a TOML value"))?;
        from_value(&parsed, &|_| place.clone())
    } else {
        Kind::Bare(value)
    };
    *node = Node { kind, place };
    Ok(())
}

fn table(text: &str, source: &dyn TableLike, line: usize) -> Table {
    let mut out = Table::new();
    for (key, item) in source.iter() {
        let at = source.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
        let line = at.map_or(line, |span| line_of(text, span.start));
        out.insert(key.to_owned(), node(text, item, line));
    }
    out
}

fn node(text: &str, item: &Item, line: usize) -> Node {
    let kind = match item {
        Item::ArrayOfTables(tables) => Kind::Array(
            tables
                .iter()
                .map(|entry| {
                    let line = entry.span().map_or(line, |span| line_of(text, span.start));
                    Node { kind: Kind::Table(table(text, entry, line)), place: Place::Line(line) }
                })
                .collect(),
        ),
        Item::None => Kind::Other,
        Item::Table(inner) => Kind::Table(table(text, inner, line)),
        Item::Value(value) => {
            from_value(value, &|span| Place::Line(span.map_or(line, |start| line_of(text, start))))
        }
    };
    Node { kind, place: Place::Line(line) }
}

fn from_value(value: &Value, place: &dyn Fn(Option<usize>) -> Place) -> Kind {
    match value {
        Value::Array(values) => Kind::Array(
            values
                .iter()
                .map(|value| Node {
                    kind: from_value(value, place),
                    place: place(value.span().map(|span| span.start)),
                })
                .collect(),
        ),
        Value::Boolean(value) => Kind::Flag(*value.value()),
        Value::Datetime(_) | Value::Float(_) => Kind::Other,
        Value::InlineTable(inner) => Kind::Table(
            inner
                .iter()
                .map(|(key, value)| {
                    let start =
                        inner.key(key).and_then(toml_edit::Key::span).map(|span| span.start);
                    (key.to_owned(), Node { kind: from_value(value, place), place: place(start) })
                })
                .collect(),
        ),
        Value::Integer(value) => Kind::Integer(*value.value()),
        Value::String(value) => Kind::Text(value.value().clone()),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Two underscores stand for a dot.
const VARIABLE_PREFIX: &str = "FARTHING__";
