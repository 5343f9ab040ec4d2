//! A small value that a JSON Schema accepts.
//!
//! It covers what schemas for answers are made of: types, enumerations, properties, items, bounds,
//! alternatives and local references. A `pattern` or a `not` is beyond it.

use serde_json::{Map, Value, json};

/// Where a schema refers to itself, the sample ends.
const DEEPEST: usize = 24;

/// A minimal value for `schema`, with `text` where a text is wanted.
pub(super) fn of(schema: &Value, text: &str) -> Value {
    Sampler { root: schema, text }.value(schema, 0)
}

struct Sampler<'a> {
    root: &'a Value,
    text: &'a str,
}

impl Sampler<'_> {
    fn value(&self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|name| self.target(name)) {
            return self.value(target, depth + 1);
        }
        for fixed in ["const", "default"] {
            if let Some(value) = schema.get(fixed) {
                return value.clone();
            }
        }
        if let Some(first) = first_of(schema, &["enum", "examples"]) {
            return first.clone();
        }
        if let Some(first) = first_of(schema, &["anyOf", "oneOf"]) {
            return self.value(&merged(schema, first), depth + 1);
        }
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            let whole = parts.iter().fold(schema.clone(), |whole, part| {
                let part = part["$ref"]
                    .as_str()
                    .and_then(|name| self.target(name))
                    .unwrap_or(part);
                merged(&whole, part)
            });
            return self.value(&whole, depth + 1);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => self.string(schema),
            "integer" => json!(number(schema, 1.0).ceil() as i64),
            "number" => json!(number(schema, 0.5)),
            "boolean" => json!(false),
            _ => Value::Null,
        }
    }

    fn target(&self, reference: &str) -> Option<&Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        let properties = required.iter().filter_map(Value::as_str).map(|name| {
            let property = schema["properties"].get(name).unwrap_or(&Value::Bool(true));
            (name.to_owned(), self.value(property, depth + 1))
        });
        Value::Object(properties.collect())
    }

    fn array(&self, schema: &Value, depth: usize) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0).min(100);
        let mut items: Vec<Value> = Vec::new();
        for place in 0..usize::try_from(least).unwrap_or(0) {
            let item = schema["prefixItems"].get(place).unwrap_or(&schema["items"]);
            let choices = item["enum"].as_array().map_or(&[][..], Vec::as_slice);
            let fresh = choices
                .iter()
                .find(|choice| !items.contains(choice))
                .cloned();
            items.push(fresh.unwrap_or_else(|| self.value(item, depth + 1)));
        }
        Value::Array(items)
    }

    fn string(&self, schema: &Value) -> Value {
        let least = schema["minLength"].as_u64().unwrap_or(0);
        let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        let fixed = match schema["format"].as_str() {
            Some("date") => Some("2000-01-01"),
            Some("date-time") => Some("2000-01-01T00:00:00Z"),
            Some("time") => Some("00:00:00Z"),
            Some("email") => Some("rehearsal@example.org"),
            Some("uri") => Some("https://example.org/rehearsal"),
            Some("uuid") => Some("00000000-0000-0000-0000-000000000000"),
            _ => None,
        };
        let text = match fixed {
            Some(fixed) => fixed.to_owned(),
            None => (0_u64..)
                .zip(self.text.chars().chain(std::iter::repeat('.')))
                .take_while(|(place, _)| {
                    *place < most.min(least.max(self.text.chars().count() as u64))
                })
                .map(|(_, letter)| letter)
                .collect(),
        };
        Value::String(text)
    }
}

fn first_of<'a>(schema: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names
        .iter()
        .find_map(|name| schema.get(name)?.as_array()?.first())
}

/// `schema` without its alternatives, and with all that `part` asks for.
fn merged(schema: &Value, part: &Value) -> Value {
    let mut whole: Map<String, Value> = schema.as_object().cloned().unwrap_or_default();
    for keyword in ["anyOf", "oneOf", "allOf"] {
        whole.remove(keyword);
    }
    for (keyword, value) in part.as_object().into_iter().flatten() {
        match (whole.get_mut(keyword), value) {
            (Some(Value::Object(mine)), Value::Object(theirs)) => {
                mine.extend(
                    theirs
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
            }
            (Some(Value::Array(mine)), Value::Array(theirs)) if keyword == "required" => {
                mine.extend(theirs.iter().cloned());
            }
            _ => {
                whole.insert(keyword.clone(), value.clone());
            }
        }
    }
    Value::Object(whole)
}

fn kind(schema: &Value) -> &str {
    let named = match &schema["type"] {
        Value::String(name) => Some(name.as_str()),
        Value::Array(names) => names.iter().find_map(Value::as_str),
        _ => None,
    };
    named.unwrap_or_else(|| {
        let hints = [
            ("properties", "object"),
            ("required", "object"),
            ("items", "array"),
            ("minItems", "array"),
            ("minimum", "number"),
            ("maximum", "number"),
        ];
        hints
            .iter()
            .find(|(keyword, _)| schema.get(keyword).is_some())
            .map_or("string", |(_, kind)| kind)
    })
}

/// A number within the bounds of `schema`, `step` above an exclusive lower one.
fn number(schema: &Value, step: f64) -> f64 {
    let bound = |name: &str| schema[name].as_f64();
    let multiple = bound("multipleOf").filter(|multiple| *multiple > 0.0);
    let step = multiple.unwrap_or(step);
    let low = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low + step));
    let high = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high - step));
    let value = match (low, high) {
        (Some(low), Some(high)) if low > high => (low + high) / 2.0,
        (Some(low), _) => low.max(0.0_f64.min(high.unwrap_or(0.0))),
        (None, Some(high)) => high.min(0.0),
        (None, None) => 0.0,
    };
    multiple.map_or(value, |multiple| (value / multiple).ceil() * multiple)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_accepted_by_its_schema() {
        let schemas = [
            json!({}),
            json!({ "type": "string", "minLength": 200 }),
            json!({ "type": "string", "maxLength": 3 }),
            json!({ "type": "integer", "exclusiveMinimum": 4 }),
            json!({ "type": "number", "minimum": -2, "maximum": -1 }),
            json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
            json!({ "type": "integer", "minimum": 10, "multipleOf": 7 }),
            json!({ "type": ["null", "string"] }),
            json!({ "const": 4 }),
            json!({ "type": "array", "minItems": 2, "uniqueItems": true, "items": { "enum": [1, 2, 3] } }),
            json!({ "type": "array", "minItems": 1, "prefixItems": [{ "type": "boolean" }] }),
            json!({ "anyOf": [{ "type": "integer", "minimum": 3 }, { "type": "null" }] }),
            json!({
                "allOf": [{ "$ref": "#/$defs/named" }, { "required": ["b"], "properties": { "b": { "type": "array" } } }],
                "$defs": { "named": { "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } } },
            }),
            json!({
                "type": "object",
                "required": ["child"],
                "properties": { "child": { "$ref": "#/definitions/child" } },
                "definitions": { "child": { "type": "object", "required": ["n"], "properties": { "n": { "type": "number" } } } },
            }),
        ];
        for schema in schemas {
            let sample = of(&schema, "[rehearsal]");
            assert!(jsonschema::is_valid(&schema, &sample), "{schema}: {sample}");
        }
    }

    #[test]
    fn a_schema_within_itself_comes_to_an_end() {
        let schema = json!({ "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#" } } });
        assert!(of(&schema, "x").is_object());
    }
}
