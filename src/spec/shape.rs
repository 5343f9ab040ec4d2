//! The derived JSON Schema of the spec, and its compiled form that the walker follows.
//!
//! The compiler is strict: a keyword that it does not know is an error, so a schema that says more
//! than the walker checks can not come about unnoticed.

use super::duration::{Delay, Period};
use super::file::Spec;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The keyword on a key, or a word, that only a later version gives a meaning to.
pub(super) const NOT_YET: &str = "x-not-yet";

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(Spec).to_value();
    strip_null(&mut schema);
    schema
});

static SHAPE: LazyLock<Result<Shape, UnknownSchema>> = LazyLock::new(|| compile(&SCHEMA));

/// The JSON Schema of specs, for editors and for the reference.
#[must_use]
pub fn schema() -> Value {
    SCHEMA.clone()
}

/// The shape of specs.
pub(super) fn spec_shape() -> Result<&'static Shape, &'static UnknownSchema> {
    SHAPE.as_ref()
}

/// TOML has no null: what serde takes as `None` is written by leaving the key out.
fn strip_null(schema: &mut Value) {
    match schema {
        Value::Object(table) => {
            if let Some(Value::Array(types)) = table.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    table.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(any)) = table.get_mut("anyOf") {
                any.retain(|schema| schema.get("type") != Some(&Value::from("null")));
                if let [Value::Object(only)] = any.as_slice() {
                    let only = only.clone();
                    table.remove("anyOf");
                    for (key, value) in only {
                        table.entry(key).or_insert(value);
                    }
                }
            }
            table.values_mut().for_each(strip_null);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_null),
        _ => {}
    }
}

/// What a value must be.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// Anything that JSON can hold.
    Any,
    /// A table of known keys, or of any keys with values of one shape.
    Table(Table),
    /// A list.
    List { items: Box<Self>, least: usize },
    /// A text.
    Text { form: Form, least: usize },
    /// One of some words.
    Words(Vec<Word>),
    /// A whole number.
    Integer { least: i128, most: i128 },
    /// A number.
    Number { least: f64, above: f64, most: f64 },
    /// `true` or `false`.
    Boolean,
}

/// What a table must hold.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    /// The keys it knows.
    pub(super) keys: Vec<Key>,
    /// What other keys must hold; where absent there are none.
    pub(super) others: Option<Box<Shape>>,
}

impl Table {
    /// The key of that name.
    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key that a table knows.
#[derive(Debug, PartialEq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) not_yet: bool,
}

/// A word out of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) not_yet: bool,
}

/// What a text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Free,
    Id,
    Period,
    Delay,
}

/// A schema that says something the walker does not understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema says `{what}` at `{place}`, which the checker does not know")]
pub(super) struct UnknownSchema {
    what: String,
    place: String,
}

/// Compiles `schema`.
fn compile(schema: &Value) -> Result<Shape, UnknownSchema> {
    let empty = Map::new();
    let definitions = schema
        .get("$defs")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    Compiler { definitions }.shape(schema, "", 0)
}

/// Says nothing about which values are good.
const SILENT: &[&str] = &[
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    NOT_YET,
];

/// Deeper than this a schema refers to itself.
const DEEPEST: usize = 16;

struct Compiler<'a> {
    definitions: &'a Map<String, Value>,
}

impl Compiler<'_> {
    fn shape(&self, schema: &Value, place: &str, depth: usize) -> Result<Shape, UnknownSchema> {
        let unknown = |what: &str| UnknownSchema {
            what: what.to_owned(),
            place: place.to_owned(),
        };
        let table = match schema {
            Value::Bool(true) => return Ok(Shape::Any),
            Value::Object(table) if depth < DEEPEST => table,
            _ => return Err(unknown(&schema.to_string())),
        };
        let only = |known: &[&str]| {
            table
                .keys()
                .find(|key| !SILENT.contains(&key.as_str()) && !known.contains(&key.as_str()))
                .map_or(Ok(()), |key| Err(unknown(key)))
        };
        if let Some(name) = table.get("$ref") {
            only(&["$ref"])?;
            let target = name
                .as_str()
                .and_then(|name| name.strip_prefix("#/$defs/"))
                .and_then(|name| self.definitions.get(name))
                .ok_or_else(|| unknown("$ref"))?;
            return self.shape(target, place, depth + 1);
        }
        if let Some(words) = table.get("oneOf") {
            only(&["oneOf", "type"])?;
            return words_of(words)
                .map(Shape::Words)
                .ok_or_else(|| unknown("oneOf"));
        }
        let number = |key: &str| table.get(key).and_then(Value::as_f64);
        let whole = |key: &str| {
            let bound = table.get(key)?;
            let below = bound.as_i64().map(i128::from);
            below.or_else(|| bound.as_u64().map(i128::from))
        };
        let size = |key: &str| {
            whole(key)
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(0)
        };
        match table.get("type").and_then(Value::as_str) {
            None => only(&[]).map(|()| Shape::Any),
            Some("boolean") => only(&["type"]).map(|()| Shape::Boolean),
            Some("integer") => {
                only(&["type", "format", "minimum", "maximum"])?;
                Ok(Shape::Integer {
                    least: whole("minimum").unwrap_or(i128::MIN),
                    most: whole("maximum").unwrap_or(match table.get("format") {
                        Some(format) if format == "uint32" => i128::from(u32::MAX),
                        _ => i128::from(i64::MAX),
                    }),
                })
            }
            Some("number") => {
                only(&["type", "format", "minimum", "maximum", "exclusiveMinimum"])?;
                Ok(Shape::Number {
                    least: number("minimum").unwrap_or(f64::MIN),
                    above: number("exclusiveMinimum").unwrap_or(f64::NEG_INFINITY),
                    most: number("maximum").unwrap_or(f64::MAX),
                })
            }
            Some("string") => {
                only(&["type", "format", "pattern", "minLength"])?;
                let form = match table.get("format").and_then(Value::as_str) {
                    // A pattern is for editors; the walker knows what it means by the format.
                    None if table.contains_key("pattern") => return Err(unknown("pattern")),
                    None => Form::Free,
                    Some("council-id") => Form::Id,
                    Some(Period::FORMAT) => Form::Period,
                    Some(Delay::FORMAT) => Form::Delay,
                    Some(other) => return Err(unknown(other)),
                };
                let least = size("minLength");
                Ok(Shape::Text { form, least })
            }
            Some("array") => {
                only(&["type", "items", "minItems"])?;
                let items = table.get("items").ok_or_else(|| unknown("array"))?;
                let items = Box::new(self.shape(items, &format!("{place}[]"), depth + 1)?);
                let least = size("minItems");
                Ok(Shape::List { items, least })
            }
            Some("object") => {
                only(&["type", "properties", "required", "additionalProperties"])?;
                self.table(table, place, depth).map(Shape::Table)
            }
            Some(other) => Err(unknown(other)),
        }
    }

    fn table(
        &self,
        schema: &Map<String, Value>,
        place: &str,
        depth: usize,
    ) -> Result<Table, UnknownSchema> {
        let required = schema.get("required").and_then(Value::as_array);
        let mut shape = Table::default();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, value) in properties.into_iter().flatten() {
            shape.keys.push(Key {
                shape: self.shape(value, &format!("{place}.{name}"), depth + 1)?,
                required: required.is_some_and(|required| required.iter().any(|key| key == name)),
                not_yet: is_not_yet(value),
                name: name.clone(),
            });
        }
        shape.others = match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => None,
            None => Some(Box::new(Shape::Any)),
            Some(others) => Some(Box::new(self.shape(
                others,
                &format!("{place}.*"),
                depth + 1,
            )?)),
        };
        Ok(shape)
    }
}

fn words_of(words: &Value) -> Option<Vec<Word>> {
    let word = |schema: &Value| {
        let table = schema.as_object()?;
        let plain = table
            .keys()
            .all(|key| key == "const" || key == "type" || SILENT.contains(&key.as_str()));
        let text = table.get("const")?.as_str()?.to_owned();
        plain.then(|| Word {
            text,
            not_yet: is_not_yet(schema),
        })
    };
    words.as_array()?.iter().map(word).collect()
}

fn is_not_yet(schema: &Value) -> bool {
    schema.get(NOT_YET).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_schema_says_nothing_that_the_walker_does_not_know() {
        if let Err(fault) = spec_shape() {
            panic!("{fault}");
        }
    }

    #[test]
    fn a_keyword_that_the_walker_does_not_know_fails() {
        for schema in [
            json!({ "type": "string", "maxLength": 3 }),
            json!({ "type": "string", "pattern": "a" }),
            json!({ "type": "string", "format": "email" }),
            json!({ "type": "array", "items": true, "uniqueItems": true }),
            json!({ "type": "object", "properties": { "a": { "multipleOf": 2 } } }),
            json!({ "type": ["string", "integer"] , "anyOf": [] }),
            json!({ "oneOf": [{ "const": 3 }] }),
            json!({ "oneOf": [{ "const": "a", "not": {} }] }),
            json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } }),
            json!({ "not": {} }),
            json!(false),
        ] {
            assert!(compile(&schema).is_err(), "{schema}");
        }
    }

    #[test]
    fn no_key_takes_null() {
        assert!(!schema().to_string().contains("\"null\""));
    }
}
