//! JSON as models write it: alone, in a code block, inside prose, with small slips.

use serde_json::Value;
use serde_json::error::Category;

/// Places at which a value may begin that are tried; it bounds the time for garbage.
const TRIES: usize = 10_000;

/// Broken objects that are mended at most, each in a walk over the rest of the text.
const MENDS: usize = 16;

/// The longest object that is mended, in bytes.
const LONGEST_MENDED: usize = 1 << 20;

/// What a reasoning model says once it has thought; its thoughts are no part of the reply.
pub(super) fn after_thinking(text: &str) -> &str {
    text.rsplit_once("</think>").map_or(text, |(_, said)| said)
}

/// All outermost objects and arrays in `text`, in order.
pub(super) fn values(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut mends = 0;
    for _ in 0..TRIES {
        let Some(start) = text[at..].find(['{', '[']).map(|start| at + start) else {
            break;
        };
        let rest = &text[start..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
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
                found.push(value);
                start + length
            }
            None => start + 1,
        };
    }
    found
}

/// The object at the start of `text` with two slips mended that are common: line breaks inside a
/// string, and a comma before a closing bracket. With its length in `text`.
fn mended(text: &str) -> Option<(Value, usize)> {
    let mut clean = String::new();
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (place, sign) in text.char_indices() {
        if place > LONGEST_MENDED {
            return None;
        }
        if in_string {
            match sign {
                '\n' => clean.push_str("\\n"),
                '\t' => clean.push_str("\\t"),
                sign if sign.is_control() => clean.push(' '),
                sign => clean.push(sign),
            }
            in_string = escaped || sign != '"';
            escaped = !escaped && sign == '\\';
            continue;
        }
        match sign {
            '"' => in_string = true,
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                let kept = clean.trim_end().trim_end_matches(',').len();
                clean.truncate(kept);
            }
            _ => {}
        }
        clean.push(sign);
        if depth == 0 {
            let value = serde_json::from_str(&clean).ok()?;
            return Some((value, place + sign.len_utf8()));
        }
    }
    None
}

/// The value under the first of `keys`, case aside, that `value` has, here or a level or two below.
pub(super) fn find<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    find_within(value, keys, 2)
}

fn find_within<'v>(value: &'v Value, keys: &[&str], depth: u8) -> Option<&'v Value> {
    let object = value.as_object()?;
    for key in keys {
        let own = object
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key));
        if let Some((_, found)) = own {
            return Some(found);
        }
    }
    let depth = depth.checked_sub(1)?;
    object
        .values()
        .find_map(|inner| find_within(inner, keys, depth))
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
