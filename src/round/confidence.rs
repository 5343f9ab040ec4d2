//! How sure a member says it is: a number beside its words, or a line among them.
//!
//! A number that could be meant in two ways is none: `8` may be of 10 or of 100.

mod sample;

use sample::Samples;
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

/// What an answer says without the statement that it holds, and how sure that says the author is.
///
/// A statement is a line such as `**Confidence:** 85%` at the start or the end, or such a clause
/// at the very end. What stands elsewhere, in a code block, or among data belongs to the answer.
/// Where several lines do not say the same, none counts, and the text stays as it is.
pub(super) fn split(text: &str) -> (String, Option<f64>) {
    split_where(text, |is_whole, is_first, is_last| {
        is_last || (is_first && is_whole)
    })
}

/// As [`split`], of a ballot in prose: a short form that may have its statements, each a line or
/// the end of one, anywhere.
pub(super) fn split_ballot(text: &str) -> (String, Option<f64>) {
    split_where(text, |_, _, _| true)
}

/// Takes out those statements of which `is_taken` holds, by whether one is a whole line, and
/// whether that is the first and the last one that is not blank.
fn split_where(text: &str, is_taken: impl Fn(bool, bool, bool) -> bool) -> (String, Option<f64>) {
    let lines: Vec<&str> = text.lines().collect();
    let is_filled = |line: &&str| !line.trim().is_empty();
    let first = lines.iter().position(is_filled);
    let last = lines.iter().rposition(is_filled);
    let samples = Samples::of(&lines);
    let mut kept = Vec::new();
    let mut stated: Vec<f64> = Vec::new();
    let mut taken = None;
    for (place, line) in lines.iter().enumerate() {
        let own = statement(line)
            .or_else(|| sentence(line))
            .filter(|_| !samples.hold(place));
        let Some((before, share)) = own else {
            kept.push(*line);
            continue;
        };
        let is_whole = before.is_empty();
        let is_own = is_taken(is_whole, Some(place) == first, Some(place) == last);
        if is_own || is_whole {
            stated.push(share);
        }
        if !is_own {
            kept.push(line);
            continue;
        }
        taken = Some(share);
        if !is_whole {
            kept.push(before);
        }
    }
    match taken {
        Some(share) if stated.iter().all(|other| *other == share) => {
            (kept.join("\n").trim().to_owned(), taken)
        }
        _ => (text.to_owned(), None),
    }
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

/// As [`statement`], of the sentence "I am 80% sure." at the end of a line.
fn sentence(line: &str) -> Option<(&str, f64)> {
    let lower = line.to_ascii_lowercase();
    let i_am = ["i am ", "i'm "];
    let start = i_am.iter().filter_map(|own| lower.rfind(own)).max()?;
    let said = lower[start..]
        .trim_end_matches(AROUND)
        .trim_end_matches(['.', '!']);
    let said = i_am.iter().find_map(|own| said.strip_prefix(own))?;
    let share = ["sure", "confident", "certain"]
        .iter()
        .find_map(|word| said.strip_suffix(word))
        .filter(|share| share.contains(['%', 'p']))?;
    let before = line[..start].trim_end_matches(AROUND);
    let is_apart = before.is_empty() || before.ends_with(['.', '!', '?', ':', ';']);
    Some((before, of_text(share).filter(|_| is_apart)?))
}

/// `0.8`, `85%`, `8/10`, `8 out of 10`, `85 percent` and nothing else, as a share of 1.
fn of_text(text: &str) -> Option<f64> {
    let text = text.trim_matches(AROUND).trim_end_matches(['.', ',', ';']);
    let text = text.trim_matches(AROUND);
    let end = text
        .find(|sign: char| !(sign.is_ascii_digit() || sign == '.'))
        .unwrap_or(text.len());
    let count = number(&text[..end])?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let of = match unit.as_str() {
        "" => return share(count),
        "%" | "percent" | "per cent" => 100.0,
        _ => {
            let of = unit
                .strip_prefix('/')
                .or_else(|| unit.strip_prefix("out of"))?;
            number(of.trim())?
        }
    };
    let share = count / of;
    (of >= 1.0 && (0.0..=1.0).contains(&share)).then_some(share)
}

/// Digits and a point, as a number; neither `inf` nor `1e3`.
fn number(text: &str) -> Option<f64> {
    let is_plain = text
        .chars()
        .all(|sign| sign.is_ascii_digit() || sign == '.');
    let number: f64 = text.parse().ok().filter(|_| is_plain)?;
    number.is_finite().then_some(number)
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
            (json!("8 out of infinity"), None),
            (json!("8/inf"), None),
            (json!("8/1e3"), None),
            (json!(format!("8/{}", "9".repeat(400))), None),
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
                "Tea.\nConfidence: 0.6\nOr coffee.\nConfidence: 0.6",
                "Tea.\nConfidence: 0.6\nOr coffee.",
                0.6,
            ),
            ("Confidence: 0.6\nTea.\nConfidence: 0.6", "Tea.", 0.6),
            ("Answer: tea\nConfidence: 0.6\n", "Answer: tea", 0.6),
            (
                "Set it so:\n```yaml\nconfidence: 0.8\n```\nConfidence: 0.9",
                "Set it so:\n```yaml\nconfidence: 0.8\n```",
                0.9,
            ),
            (
                "It found a cat, confidence: 0.5\nSo there is one.\n\nConfidence: 0.9",
                "It found a cat, confidence: 0.5\nSo there is one.",
                0.9,
            ),
            ("Überall. CONFIDENCE: 1", "Überall.", 1.0),
            ("Tea.\n\nI am 80% sure.", "Tea.", 0.8),
            (
                "I would choose tea. I'm 95 percent certain!",
                "I would choose tea.",
                0.95,
            ),
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
            "Set the detector so:\nConfidence: 0.6\nThen start it.",
            "It found a cat, confidence: 0.5\nSo there is one.",
            "```yaml\nthreshold: 0.5\nconfidence: 0.8\n```",
            "```\nconfidence: 0.8",
            "threshold: 0.5\nconfidence: 0.8",
            "confidence: 0.8\nthreshold: 0.5",
            "- name: cat\n  confidence: 0.8",
            "Confidence: 8",
            "I am 80% sure that B is wrong",
            "I am not 80% sure.",
            "As far as I am 80% sure",
            "I am sure.",
            "I am 8 sure",
        ] {
            assert_eq!(split(text), (text.to_owned(), None), "{text}");
        }
    }

    #[test]
    fn a_ballot_in_prose_states_it_anywhere_but_in_a_sample() {
        for (text, expected) in [
            (
                "Answer: tea\nConfidence: 6/10\nReason: it is hot.",
                ("Answer: tea\nReason: it is hot.", Some(0.6)),
            ),
            (
                "A. Confidence: 0.6\nB. Confidence: 0.6",
                ("A.\nB.", Some(0.6)),
            ),
            (
                "A. Confidence: 0.6\nB. Confidence: 0.7",
                ("A. Confidence: 0.6\nB. Confidence: 0.7", None),
            ),
            (
                "Tea.\n```\nconfidence: 0.8\n```",
                ("Tea.\n```\nconfidence: 0.8\n```", None),
            ),
        ] {
            let (rest, stated) = split_ballot(text);
            assert_eq!((rest.as_str(), stated), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_split(pieces in prop::collection::vec(prop_oneof![
            Just("Confidence"), Just(": "), Just("0.8"), Just("%"), Just("\n"), Just("ä"), Just("my "),
            Just("level of "), Just("/10"), Just("("), Just(". "), Just("**"), Just("x"), Just("İ"),
            Just("```"), Just("- "), Just("  "),
        ], 0..20)) {
            let text = pieces.concat();
            let (rest, stated) = split(&text);
            prop_assert!(rest.len() <= text.len());
            prop_assert!(stated.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }
}
