//! JSON as models write it: alone, in a code block, inside prose, with small slips.

mod once;

use once::Once;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};
use std::ops::Range;

/// Places at which a value may begin that are tried; it bounds the time for garbage.
const TRIES: usize = 10_000;

/// Broken objects that are mended at most, each in a walk over the rest of the text.
const MENDS: usize = 16;

/// The longest object that is mended, in bytes.
const LONGEST_MENDED: usize = 1 << 20;

/// What a reasoning model says once it has thought; its thoughts are no part of the reply.
pub(super) fn after_thinking(text: &str) -> &str {
    match text.rsplit_once("</think>") {
        Some((_, said)) => said,
        // Cut off while it thought.
        None if text.trim_start().starts_with("<think>") => "",
        None => text,
    }
}

/// All outermost objects and arrays in `text`, in order.
pub(super) fn values(text: &str) -> Vec<Value> {
    let found = search(text).into_iter();
    found.map(|(_, value)| value).collect()
}

/// As [`values`], each with the bytes that it takes; a key that is repeated with another value is
/// null.
pub(super) fn values_at(text: &str) -> Vec<(Range<usize>, Value)> {
    let found = search(text).into_iter();
    found.map(|(at, Once(value))| (at, value)).collect()
}

/// The place of the last of `values` after which `text` goes on with JSON that is broken and has a
/// key that begins with one of `keys`: what it says there is not known.
pub(super) fn goes_on_after(
    text: &str,
    values: &[(Range<usize>, Value)],
    keys: &[&str],
) -> Option<usize> {
    let mut end = text.len();
    values.iter().rposition(|(bytes, _)| {
        let between = text[bytes.end..end].to_ascii_lowercase();
        end = bytes.start;
        keys.iter().any(|key| between.contains(&format!("\"{key}")))
    })
}

fn search<V: DeserializeOwned>(text: &str) -> Vec<(Range<usize>, V)> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut mends = 0;
    for _ in 0..TRIES {
        let Some(start) = text[at..].find(['{', '[']).map(|start| at + start) else {
            break;
        };
        let rest = &text[start..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<V>();
        let read = match stream.next() {
            Some(Ok(value)) => Some((value, stream.byte_offset())),
            Some(Err(error))
                if rest.starts_with('{')
                    && mends < MENDS
                    && matches!(error.classify(), Category::Syntax) =>
            {
                mends += 1;
                mended(rest)
            }
            _ => None,
        };
        at = match read {
            Some((value, length)) => {
                found.push((start..start + length, value));
                start + length
            }
            None => start + 1,
        };
    }
    found
}

/// The object at the start of `text` with slips mended that are common: line breaks inside a
/// string, a comma before a closing bracket, a closing bracket of the wrong kind, and other quotes
/// than JSON's. With its length in `text`.
fn mended<V: DeserializeOwned>(text: &str) -> Option<(V, usize)> {
    let mut clean = String::new();
    // The signs that close what is open.
    let mut open = Vec::new();
    // The sign that ends the string.
    let mut string = None;
    let mut escaped = false;
    for (place, sign) in text.char_indices() {
        if place > LONGEST_MENDED {
            return None;
        }
        if let Some(quote) = string {
            let ends = !escaped && sign == quote && is_end(quote, &text[place + sign.len_utf8()..]);
            match sign {
                _ if ends => clean.push('"'),
                '\n' => clean.push_str("\\n"),
                '\t' => clean.push_str("\\t"),
                // JSON has no escape for it.
                '\'' if escaped => {
                    clean.pop();
                    clean.push(sign);
                }
                '"' if !escaped => clean.push_str("\\\""),
                sign if sign.is_control() => clean.push(' '),
                sign => clean.push(sign),
            }
            if ends {
                string = None;
            }
            escaped = !escaped && sign == '\\';
            continue;
        }
        match sign {
            '"' | '\'' => string = Some(sign),
            '“' => string = Some('”'),
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                let kept = clean.trim_end().trim_end_matches(',').len();
                clean.truncate(kept);
                clean.push(open.pop()?);
            }
            _ => {}
        }
        if string.is_some() {
            clean.push('"');
        } else if !matches!(sign, '}' | ']') {
            clean.push(sign);
        }
        if open.is_empty() {
            let value = serde_json::from_str(&clean).ok()?;
            return Some((value, place + sign.len_utf8()));
        }
    }
    None
}

/// Whether `quote` before `rest` ends a string: an apostrophe may stand in a word.
fn is_end(quote: char, rest: &str) -> bool {
    quote != '\'' || rest.trim_start().starts_with([',', ':', ']', '}'])
}

/// The value under the first of `keys`, case aside, that `value` has, here or a level or two below.
pub(super) fn find<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    let object = holder(value, keys)?;
    keys.iter().find_map(|key| own(object, key))
}

/// The object in which [`find`] finds something.
pub(super) fn holder<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Map<String, Value>> {
    holder_within(value, keys, 2)
}

fn holder_within<'v>(value: &'v Value, keys: &[&str], depth: u8) -> Option<&'v Map<String, Value>> {
    let object = value.as_object()?;
    if keys.iter().any(|key| own(object, key).is_some()) {
        return Some(object);
    }
    let depth = depth.checked_sub(1)?;
    object
        .values()
        .find_map(|inner| holder_within(inner, keys, depth))
}

/// The value under `key`, case aside.
pub(super) fn own<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    let mut entries = object.iter();
    let (_, value) = entries.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    Some(value)
}

/// A value as text: a string as it is, anything else as JSON; none for null and blank text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn objects_are_found_wherever_they_stand() {
        for (text, expected) in [
            (r#"{"a":1}"#, vec![json!({"a":1})]),
            ("```json\n{\"a\": [1]}\n```", vec![json!({"a":[1]})]),
            (
                r#"Sure {not json}: {"a":"}"} and {"b":2}."#,
                vec![json!({"a":"}"}), json!({"b":2})],
            ),
            (
                "{\"a\": \"two\nlines\", \"b\": [1, 2,],\n}",
                vec![json!({"a":"two\nlines","b":[1,2]})],
            ),
            (
                r#"{'a': 'it's \"so\"', “b”: ['c'], 'd': 'e\'f'}"#,
                vec![json!({"a":"it's \"so\"","b":["c"],"d":"e'f"})],
            ),
            (r#"{"a": [{"b": 1}}}"#, vec![json!({"a": [{"b": 1}]})]),
            (r#"{"a": "cut of"#, vec![]),
            ("", vec![]),
        ] {
            assert_eq!(values(text), expected, "{text}");
        }
    }

    #[test]
    fn thoughts_are_no_part_of_a_reply() {
        assert_eq!(after_thinking("<think>{}</think> x"), " x");
        assert_eq!(after_thinking("x"), "x");
        assert_eq!(after_thinking("<think>{}"), "");
    }

    #[test]
    fn garbage_takes_no_time() {
        for piece in ["{", "[", "{\"a\":", "{\"", "[{\"a\":\"", "{,"] {
            assert_eq!(
                values(&piece.repeat(20_000)),
                Vec::<Value>::new(),
                "{piece}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_searched(text in r#"[{}\[\]",:a\\\n1 ä]{0,60}"#) {
            prop_assert!(values(&text).len() <= text.len());
        }
    }
}
