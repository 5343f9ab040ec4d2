//! One of several names, chosen.

use super::{TRIES, brief, said_of};
use crate::round::confidence;
use crate::round::json::{self, text_of};
use crate::round::mentions::{exactly, leading, mentions};
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

/// The longest text that may be a choice with a word about it, in bytes.
const LONGEST: usize = 300;

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
    let broken_after = json::goes_on_after(text, &values, &["choice", "vote"]);
    let mut fault = None;
    let mut tries = TRIES;
    for (place, (_, value)) in values.iter().enumerate().rev() {
        let Some(chosen) = json::find(value, KEYS).and_then(text_of) else {
            continue;
        };
        if broken_after.is_some_and(|last| place <= last) {
            let broken = "it goes on with another choice, in JSON that is broken";
            return Err(Unreadable(broken.to_owned()));
        }
        let Some(choice) = named(&chosen, names) else {
            fault = fault.or(Some(chosen));
            tries -= 1;
            if tries == 0 {
                break;
            }
            continue;
        };
        let (rationale, confidence) = said_of(value, KEYS, text);
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
    let (text, confidence) = confidence::split_ballot(text);
    let (choice, rationale) = stated(&text, names)
        .or_else(|| Some((said(&text, names)?, text.trim().to_owned())))
        .or_else(|| Some((exactly(&text, names)?, String::new())))
        .or_else(|| Some((opening(&text, names)?, text.trim().to_owned())))
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
        let (index, rest) = leading(text, names).filter(|_| text.len() < LONGEST)?;
        let is_other = |(other, name): (usize, &String)| other != index && mentions(rest, name);
        (!names.iter().enumerate().any(is_other)).then_some(index)
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
    // Around a line of broken JSON there is no prose.
    let is_json = lines[place].trim().starts_with('"');
    let rest: Vec<&str> = others.map(|(_, line)| *line).collect();
    let rest = rest.join("\n").trim().to_owned();
    Some((choice, if is_json { String::new() } else { rest }))
}

/// The choice that a reply opens with, as in "Tea, because it calms.", where it names no other.
fn opening(text: &str, names: &[String]) -> Option<usize> {
    let (index, rest) = leading(text, names)?;
    let is_other = |(other, name): (usize, &String)| other != index && mentions(rest, name);
    let is_apart = rest.starts_with(['.', ',', ':', ';', '!', '\n']);
    (is_apart && !names.iter().enumerate().any(is_other)).then_some(index)
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
            let after = &after[..after.floor_char_boundary(LONGEST)];
            after.strip_prefix("for ").unwrap_or(after)
        })
    });
    let first = ends_with_name(found.next()?, names)?;
    found
        .all(|after| ends_with_name(after, names) == Some(first))
        .then_some(first)
}

/// The name at the start of `text`, where the clause ends with it: "I choose a bolder way" is no
/// choice of `a`.
fn ends_with_name(text: &str, names: &[String]) -> Option<usize> {
    let (index, rest) = leading(text, names)?;
    let words = [" because", " as ", " since", " over ", " - ", " – ", " — "];
    let is_apart = rest.trim().is_empty()
        || rest.starts_with(['.', ',', ';', ':', '!', ')', '\n'])
        || words.iter().any(|word| rest.starts_with(word));
    let all = names.iter().enumerate();
    let clause = rest.split(['.', '\n']).next().unwrap_or_default();
    let is_list = rest.starts_with(',')
        && all
            .into_iter()
            .any(|(other, name)| other != index && mentions(clause, name));
    (is_apart && !is_list).then_some(index)
}
