//! Replies to a second look at one's own answer.

use super::json::{self, text_of};
use super::read::Unreadable;
use serde_json::{Value, json};

/// Reads `{"revised": bool, "answer": …}`; gives exactly that form, whatever else the reply held.
pub(super) fn revision(text: &str) -> Result<Value, Unreadable> {
    let text = json::after_thinking(text);
    let values = json::values(text);
    let object = values
        .iter()
        .rev()
        .find(|value| value.get("revised").is_some() || value.get("answer").is_some())
        .ok_or_else(|| Unreadable("it is no JSON object with `revised` and `answer`".to_owned()))?;
    let answer = object.get("answer").and_then(text_of).unwrap_or_default();
    // The dots of the form that was asked for, copied, are no answer.
    let is_blank = answer.chars().all(|sign| matches!(sign, '…' | '.' | ' '));
    let lack = match answer.trim() {
        dots if is_blank && !dots.is_empty() => "only the dots of the form",
        _ => "empty",
    };
    let answer = if is_blank { String::new() } else { answer };
    let is_revised = match object.get("revised") {
        Some(Value::Bool(revised)) => *revised,
        Some(Value::String(word)) if is_one_of(word, &["true", "yes"]) => true,
        Some(Value::String(word)) if is_one_of(word, &["false", "no"]) => false,
        // A new answer says for itself that it is one.
        None if !answer.is_empty() => true,
        _ => {
            return Err(Unreadable(
                "its `revised` is neither true nor false".to_owned(),
            ));
        }
    };
    if is_revised && answer.is_empty() {
        return Err(Unreadable(format!(
            "its `revised` is true, and its `answer` is {lack}"
        )));
    }
    Ok(json!({ "revised": is_revised, "answer": answer }))
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_are_read_tolerantly() {
        for (text, revised, answer) in [
            (r#"{"revised": true, "answer": "new"}"#, true, "new"),
            (r#"{"revised": false, "answer": ""}"#, false, ""),
            (r#"{"revised": false}"#, false, ""),
            (r#"{"revised": false, "answer": "..."}"#, false, ""),
            (
                "Here:\n```json\n{\"revised\": \"yes\", \"answer\": \"two\nlines\"}\n```",
                true,
                "two\nlines",
            ),
            (r#"{"answer": "new"}"#, true, "new"),
            (
                r#"<think>{"revised": true, "answer": "no"}</think>{"revised": false, "answer": null}"#,
                false,
                "",
            ),
        ] {
            let expected = json!({ "revised": revised, "answer": answer });
            assert_eq!(revision(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_revision_is_named() {
        for (text, fault) in [
            ("I keep my answer.", "no JSON object"),
            (r#"{"revised": true, "answer": " "}"#, "`answer` is empty"),
            (
                r#"{"revised": true, "answer": "…"}"#,
                "`answer` is only the dots",
            ),
            (
                r#"{"revised": "perhaps", "answer": "x"}"#,
                "neither true nor false",
            ),
            ("", "no JSON object"),
        ] {
            let unreadable = revision(text).expect_err(text);
            assert!(unreadable.0.contains(fault), "{text}: {unreadable}");
        }
    }
}
