//! How sure a member says it is: a number beside its words, or a line among them.
//!
//! A number that could be meant in two ways is none: `8` may be of 10 or of 100.

use serde_json::Value;

/// The word that a statement turns on.
const WORD: &str = "confidence";

/// Signs that may stand around a statement.
const AROUND: &[char] = &[
    '*', '_', '`', '#', '-', '•', '>', '(', ')', '[', ']', '"', ' ', '\t',
];

/// A value under `confidence` as a share of 1: 0.8, "0.8", 80, "80%", "8/10".
pub(super) fn of_value(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => share(number.as_f64()?),
        Value::String(text) => of_text(text),
        _ => None,
    }
}

/// What `text` says without the statement that it holds, and how sure that says the author is.
///
/// A statement is a line such as `**Confidence:** 85%`, or such a clause at the end of a sentence.
/// Where several do not say the same, none counts, and the text stays as it is.
pub(super) fn split(text: &str) -> (String, Option<f64>) {
    let mut kept = Vec::new();
    let mut stated: Vec<f64> = Vec::new();
    for line in text.lines() {
        match statement(line) {
            Some((before, share)) => {
                stated.push(share);
                if !before.is_empty() {
                    kept.push(before);
                }
            }
            None => kept.push(line),
        }
    }
    let Some(first) = stated.first().copied() else {
        return (text.to_owned(), None);
    };
    if stated.iter().any(|other| *other != first) {
        return (text.to_owned(), None);
    }
    (kept.join("\n").trim().to_owned(), Some(first))
}

/// What stands before the statement that ends this line, and the share that it states.
fn statement(line: &str) -> Option<(&str, f64)> {
    // Of ASCII alone, so that places in the two are the same.
    let lower = line.to_ascii_lowercase();
    let at = lower.rfind(WORD)?;
    let start = lower[..at].trim_end_matches("level of ");
    let start = ["my ", "the ", "overall ", "final "]
        .iter()
        .find_map(|word| start.strip_suffix(word))
        .unwrap_or(start);
    let before = line[..start.len()].trim_end_matches(AROUND);
    let parts = ['.', '!', '?', ',', ';', ':', '|', '—', '–'];
    let is_apart = before.is_empty() || before.ends_with(parts) || start.ends_with(['(', '[']);
    let rest = lower[at + WORD.len()..].trim_start_matches(AROUND);
    let rest = [" level", " score", " rating", "level", "score", "rating"]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .unwrap_or(rest)
        .trim_start_matches(AROUND);
    let rest = rest
        .strip_prefix([':', '='])
        .or_else(|| rest.strip_prefix("is "))?;
    let share = of_text(rest)?;
    let kept = before.trim_end_matches([',', ';', ':', '|', '—', '–', ' ']);
    is_apart.then_some((kept, share))
}

/// `0.8`, `85%`, `8/10`, `8 out of 10`, `85 percent` and nothing else, as a share of 1.
fn of_text(text: &str) -> Option<f64> {
    let text = text.trim_matches(AROUND).trim_end_matches(['.', ',', ';']);
    let text = text.trim_matches(AROUND);
    let end = text
        .find(|sign: char| !(sign.is_ascii_digit() || sign == '.'))
        .unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let of = match unit.as_str() {
        "" => return share(number),
        "%" | "percent" | "per cent" => 100.0,
        _ => {
            let of = unit
                .strip_prefix('/')
                .or_else(|| unit.strip_prefix("out of"))?;
            of.trim().parse().ok()?
        }
    };
    let share = number / of;
    (of >= 1.0 && (0.0..=1.0).contains(&share)).then_some(share)
}

/// A bare number: up to 1 a share, above 10 a percentage.
fn share(number: f64) -> Option<f64> {
    if (0.0..=1.0).contains(&number) {
        Some(number)
    } else if number > 10.0 && number <= 100.0 {
        Some(number / 100.0)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_as_shares() {
        for (value, expected) in [
            (json!(0.7), Some(0.7)),
            (json!(1), Some(1.0)),
            (json!(85), Some(0.85)),
            (json!("0.85"), Some(0.85)),
            (json!("85%"), Some(0.85)),
            (json!("85 percent."), Some(0.85)),
            (json!("8/10"), Some(0.8)),
            (json!("8 out of 10"), Some(0.8)),
            (json!("(0.5)"), Some(0.5)),
            // 8 of 10, or 8 of 100: nobody knows.
            (json!(8), None),
            (json!(-0.1), None),
            (json!(101), None),
            (json!("120%"), None),
            (json!("1/0"), None),
            (json!("high"), None),
            (json!("about 0.8"), None),
            (json!(null), None),
            (json!([0.8]), None),
        ] {
            assert_eq!(of_value(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_statement_is_taken_out_of_the_text() {
        for (text, rest, stated) in [
            ("Tea it is.\nConfidence: 0.8", "Tea it is.", 0.8),
            ("Tea it is.\n\n**Confidence:** 85%\n", "Tea it is.", 0.85),
            ("Tea. Confidence: 0.8.", "Tea.", 0.8),
            ("Tea (confidence: 80%)", "Tea", 0.8),
            (
                "It is hot (why not?). (Confidence level: 8/10)",
                "It is hot (why not?).",
                0.8,
            ),
            ("Choice: tea, confidence = 0.6", "Choice: tea", 0.6),
            ("My confidence is 90 percent\nTea.", "Tea.", 0.9),
            (
                "A: yes.\nConfidence: 0.6\nB: no.\nConfidence: 0.6",
                "A: yes.\nB: no.",
                0.6,
            ),
            ("Überall. CONFIDENCE: 1", "Überall.", 1.0),
        ] {
            assert_eq!(split(text), (rest.to_owned(), Some(stated)), "{text}");
        }
    }

    #[test]
    fn what_is_no_statement_stays() {
        for text in [
            "",
            "Confidence: high",
            "Confidence intervals: 0.8 to 0.9",
            "The confidence: 0.8 of them were wrong",
            "Lost confidence is 80% of the fault",
            "A.\nConfidence: 0.6\nB.\nConfidence: 0.7",
            "Confidence: 8",
        ] {
            assert_eq!(split(text), (text.to_owned(), None), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_split(pieces in prop::collection::vec(prop_oneof![
            Just("Confidence"), Just(": "), Just("0.8"), Just("%"), Just("\n"), Just("ä"), Just("my "),
            Just("level of "), Just("/10"), Just("("), Just(". "), Just("**"), Just("x"), Just("İ"),
        ], 0..20)) {
            let text = pieces.concat();
            let (rest, stated) = split(&text);
            prop_assert!(rest.len() <= text.len());
            prop_assert!(stated.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }
}
