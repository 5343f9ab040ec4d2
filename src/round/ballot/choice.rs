//! One of several names, chosen.

use super::{brief, said_of};
use crate::round::confidence;
use crate::round::json::{self, text_of};
use crate::round::mentions::{after_name, exactly, leading};
use crate::round::read::Unreadable;
use serde_json::Value;

/// Keys under which a choice stands in JSON.
const KEYS: &[&str] = &["choice", "vote", "decision", "winner", "better", "best"];

/// What stands before the colon in a line that makes a choice.
const TITLES: &[&str] = &[
    "choice",
    "vote",
    "decision",
    "verdict",
    "answer",
    "my choice",
    "my vote",
    "your choice",
    "your vote",
    "final choice",
    "final vote",
    "final decision",
    "final answer",
];

/// Words that come before the choice in a sentence that makes it, with or without a `for`.
const SAYING: &[&str] = &[
    "i vote ",
    "i choose ",
    "i chose ",
    "i would choose ",
    "i pick ",
    "my vote is ",
    "my vote goes to ",
    "my choice is ",
];

/// A choice as read.
#[derive(Debug, PartialEq)]
pub(in crate::round) struct Choice {
    /// The object it was read from.
    pub(in crate::round) parsed: Option<Value>,
    /// The place of the choice.
    pub(in crate::round) choice: usize,
    pub(in crate::round) rationale: Option<String>,
    /// How sure the member says it is, 0 to 1.
    pub(in crate::round) confidence: Option<f64>,
}

/// Reads one of `names` from a reply.
pub(in crate::round) fn choice(text: &str, names: &[String]) -> Result<Choice, Unreadable> {
    let text = json::after_thinking(text);
    let values = json::values_at(text);
    // The last one counts: models think aloud first.
    let mut fault = None;
    for (_, value) in values.iter().rev() {
        let Some(chosen) = json::find(value, KEYS).and_then(text_of) else {
            continue;
        };
        let Some(choice) = named(&chosen, names) else {
            fault = fault.or(Some(chosen));
            continue;
        };
        let (rationale, confidence) = said_of(value, text);
        return Ok(Choice {
            parsed: Some(value.clone()),
            choice,
            rationale,
            confidence,
        });
    }
    if let Some(chosen) = fault {
        return Err(Unreadable(format!(
            "its `choice` is `{}`, which is none of {}",
            brief(&chosen),
            names.join(", ")
        )));
    }
    let (text, confidence) = confidence::split(text);
    let (choice, rationale) = stated(&text, names)
        .or_else(|| Some((said(&text, names)?, text.trim().to_owned())))
        .or_else(|| Some((exactly(&text, names)?, String::new())))
        .ok_or_else(|| Unreadable(format!("it has no `choice` of {}", names.join(", "))))?;
    Ok(Choice {
        parsed: None,
        choice,
        rationale: Some(rationale).filter(|text| !text.is_empty()),
        confidence,
    })
}

/// The name that `text` is, or begins with where it mentions no other.
fn named(text: &str, names: &[String]) -> Option<usize> {
    exactly(text, names).or_else(|| {
        let (index, rest) = leading(text, names)?;
        let others = (0..names.len()).filter(|other| *other != index);
        let is_other = |other: usize| {
            let starts = rest.char_indices().map(|(at, _)| &rest[at..]);
            let mut before = ' ';
            starts.into_iter().any(|start| {
                let is_word = !before.is_alphanumeric();
                before = start.chars().next().unwrap_or(' ');
                is_word && after_name(start, &names[other]).is_some()
            })
        };
        (!others.into_iter().any(is_other)).then_some(index)
    })
}

/// The choice in lines such as `**Choice:** Response B`, where they all make the same or one calls
/// itself final; and what the other lines say.
fn stated(text: &str, names: &[String]) -> Option<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let made = lines.iter().enumerate().filter_map(|(place, line)| {
        let bare = line.trim().trim_matches('*');
        let (key, chosen) = bare.split_once(':')?;
        let key = key.trim_matches(['*', ' ', '#', '`', '"']).to_lowercase();
        let is_key = TITLES.contains(&key.as_str());
        let is_final = key.starts_with("final");
        Some((is_final, place, is_key.then(|| named(chosen, names))??))
    });
    let (is_final, place, choice) = made.clone().max_by_key(|(is_final, ..)| *is_final)?;
    let mut rivals = made.filter(|(own, ..)| *own == is_final);
    if rivals.any(|(.., other)| other != choice) {
        return None;
    }
    let others = lines.iter().enumerate().filter(|(own, _)| *own != place);
    let rest: Vec<&str> = others.map(|(_, line)| *line).collect();
    Some((choice, rest.join("\n").trim().to_owned()))
}

/// The choice in sentences such as "I vote for **tea**", where they all make the same.
fn said(text: &str, names: &[String]) -> Option<usize> {
    // Of ASCII alone, so that places in the two are the same.
    let lower = text.to_ascii_lowercase();
    let mut found = SAYING.iter().flat_map(|saying| {
        let ends = lower.match_indices(saying).filter(|(at, _)| {
            let before = lower[..*at].chars().next_back();
            before.is_none_or(|sign| !sign.is_alphanumeric())
        });
        ends.map(|(at, _)| {
            let after = &text[at + saying.len()..];
            after.strip_prefix("for ").unwrap_or(after)
        })
    });
    let first = leading(found.next()?, names)?.0;
    found
        .all(|after| leading(after, names).is_some_and(|(other, _)| other == first))
        .then_some(first)
}
