//! JSON Schemas as providers take them.
//!
//! Pure. What is changed never lets through a reply that the schema itself would refuse.

use serde_json::{Map, Value, json};

/// The schema with what providers demand and its author may leave out: objects with known keys
/// take no others, and a choice of texts says that it is a text.
pub(super) fn closed(mut schema: Value) -> Value {
    walk(&mut schema, &mut |table| {
        if table.contains_key("properties") && !table.contains_key("additionalProperties") {
            table.insert("additionalProperties".to_owned(), json!(false));
        }
        let texts = table.get("enum").and_then(Value::as_array);
        if !table.contains_key("type")
            && texts.is_some_and(|texts| !texts.is_empty() && texts.iter().all(Value::is_string))
        {
            table.insert("type".to_owned(), json!("string"));
        }
    });
    schema
}

/// Whether OpenAI's strict mode takes it: every object names its keys, requires each of them and
/// takes no other.
pub(super) fn is_strict(schema: &Value) -> bool {
    let mut strict = true;
    walk(&mut schema.clone(), &mut |table| {
        let is_object = table.get("type").is_some_and(|kind| {
            kind == "object"
                || kind
                    .as_array()
                    .is_some_and(|all| all.contains(&json!("object")))
        });
        let properties = table.get("properties").and_then(Value::as_object);
        if !is_object && properties.is_none() {
            return;
        }
        let required = table.get("required").and_then(Value::as_array);
        let all = properties.is_some_and(|properties| {
            properties
                .keys()
                .all(|key| required.is_some_and(|all| all.iter().any(|name| name == key)))
        });
        strict &= all && table.get("additionalProperties") == Some(&json!(false));
    });
    strict
}

/// The schema with keys of letters, digits, `_`, `.` and `-` alone; all else becomes `_`.
pub(super) fn plain_keys(mut schema: Value) -> Value {
    let plain = |key: &str| -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        key.chars().map(|c| if fits(c) { c } else { '_' }).collect()
    };
    walk(&mut schema, &mut |table| {
        if let Some(Value::Object(properties)) = table.get_mut("properties") {
            let old = std::mem::take(properties);
            properties.extend(old.into_iter().map(|(key, value)| (plain(&key), value)));
        }
        if let Some(Value::Array(required)) = table.get_mut("required") {
            for key in required {
                if let Value::String(key) = key {
                    *key = plain(key);
                }
            }
        }
    });
    schema
}

/// Visits the schema and those within it, the outer ones first.
fn walk(schema: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(table) = schema else { return };
    visit(table);
    for (key, value) in table.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "patternProperties" | "$defs" | "definitions", Value::Object(each)) => {
                each.values_mut().for_each(|schema| walk(schema, visit));
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(each)) => {
                each.iter_mut().for_each(|schema| walk(schema, visit));
            }
            ("items" | "additionalProperties" | "not" | "if" | "then" | "else", schema) => {
                walk(schema, visit);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_closed_and_choices_of_texts_say_so_at_every_depth() {
        let schema = json!({ "type": "object", "properties": {
            "decision": { "enum": ["approve", "reject"] },
            "parts": { "type": "array", "items": { "properties": { "n": { "enum": [1, "a"] } } } },
            "free": { "type": "object", "additionalProperties": { "type": "string" } },
        }, "default": { "properties": 1 } });
        assert_eq!(
            closed(schema),
            json!({ "type": "object", "properties": {
                "decision": { "enum": ["approve", "reject"], "type": "string" },
                "parts": { "type": "array", "items": {
                    "properties": { "n": { "enum": [1, "a"] } },
                    "additionalProperties": false,
                } },
                "free": { "type": "object", "additionalProperties": { "type": "string" } },
            }, "default": { "properties": 1 }, "additionalProperties": false })
        );
    }

    #[test]
    fn a_schema_is_strict_when_all_of_its_keys_are_required() {
        let with = |required: Value| {
            closed(
                json!({ "type": "object", "required": required, "properties": {
                    "a": { "type": "string" },
                    "b": { "type": ["object", "null"], "required": [], "properties": {} },
                }}),
            )
        };
        assert!(is_strict(&with(json!(["a", "b"]))));
        assert!(!is_strict(&with(json!(["a"]))));
        assert!(!is_strict(&json!({ "type": "object" })));
        let open = json!({ "type": "array", "items": { "type": "object", "properties": {} } });
        assert!(!is_strict(&open));
        assert!(is_strict(&closed(open)));
    }

    #[test]
    fn plain_keys_keep_their_order() {
        let schema = json!({ "properties": { "Response B": {}, "a.b-c_1": {}, "ä": {} }, "required": ["Response B", "ä"] });
        assert_eq!(
            plain_keys(schema).to_string(),
            r#"{"properties":{"Response_B":{},"a.b-c_1":{},"_":{}},"required":["Response_B","_"]}"#
        );
    }
}
