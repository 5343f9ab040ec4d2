//! Rankings and choices read from whatever a model makes of the request for JSON.
//!
//! A ballot is never guessed: what is not clearly an order is no ballot, and what is struck from
//! one is flagged.

use super::json::{self, text_of};
use super::mentions::{exactly, leading};
use super::read::Unreadable;
use super::sections::sections;
use serde_json::Value;
use std::collections::BTreeMap;

/// Flags that are kept of one ballot; a reply of garbage would have thousands.
const FLAGS: usize = 8;

/// A ranking as read; places are those of the names that were asked for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ranking {
    /// The object it was read from.
    pub(super) parsed: Option<Value>,
    /// Best first.
    pub(super) order: Vec<usize>,
    pub(super) comments: Vec<(usize, String)>,
    pub(super) rationale: Option<String>,
    pub(super) flags: Vec<String>,
}

/// Reads an order of `names` from a reply.
pub(super) fn ranking(text: &str, names: &[String]) -> Result<Ranking, Unreadable> {
    let text = json::after_thinking(text);
    let values = json::values(text);
    // The last one counts: models think aloud first.
    let mut fault = None;
    for value in values.iter().rev() {
        let Some(entries) = entries_of(value, names) else {
            continue;
        };
        match tidy(&entries, names) {
            Ok((order, flags)) => {
                return Ok(Ranking {
                    order,
                    flags,
                    comments: comments_of(value, text, names),
                    rationale: rationale_of(value),
                    parsed: value.is_object().then(|| value.clone()),
                });
            }
            Err(unreadable) => fault = fault.or(Some(unreadable)),
        }
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    let entries = plain_list(text, names)
        .ok_or_else(|| Unreadable(format!("it has no `ranking` of {}", names.join(", "))))?;
    let (order, flags) = tidy(&entries, names)?;
    Ok(Ranking {
        order,
        flags,
        comments: in_sections(text, names),
        ..Ranking::default()
    })
}

/// A choice as read.
#[derive(Debug, PartialEq)]
pub(super) struct Choice {
    /// The object it was read from.
    pub(super) parsed: Option<Value>,
    /// The place of the choice.
    pub(super) choice: usize,
    pub(super) rationale: Option<String>,
    /// How sure the member says it is, 0 to 1.
    pub(super) confidence: Option<f64>,
}

/// Reads one of `names` from a reply.
pub(super) fn choice(text: &str, names: &[String]) -> Result<Choice, Unreadable> {
    let text = json::after_thinking(text);
    let values = json::values(text);
    for value in values.iter().rev() {
        let keys = ["choice", "vote", "winner", "better", "best"];
        let Some(chosen) = json::find(value, &keys).and_then(text_of) else {
            continue;
        };
        let choice = exactly(&chosen, names).ok_or_else(|| {
            Unreadable(format!(
                "its `choice` is `{}`, which is none of {}",
                brief(&chosen),
                names.join(", ")
            ))
        })?;
        return Ok(Choice {
            parsed: Some(value.clone()),
            choice,
            rationale: rationale_of(value),
            confidence: json::find(value, &["confidence"]).and_then(share_of),
        });
    }
    let stated = text.lines().rev().find_map(|line| {
        let bare = line.trim().trim_matches('*');
        let (key, chosen) = bare.split_once(':')?;
        let key = key.trim_matches(['*', ' ', '#']);
        ["choice", "vote", "my choice", "my vote"]
            .iter()
            .any(|known| key.eq_ignore_ascii_case(known))
            .then(|| exactly(chosen, names))?
    });
    let choice = stated
        .or_else(|| exactly(text, names))
        .ok_or_else(|| Unreadable(format!("it has no `choice` of {}", names.join(", "))))?;
    Ok(Choice {
        parsed: None,
        choice,
        rationale: None,
        confidence: None,
    })
}

/// The entries of the ranking in `value`, as written; none where there is no ranking in it.
fn entries_of(value: &Value, names: &[String]) -> Option<Vec<String>> {
    let keys = [
        "ranking",
        "final_ranking",
        "final ranking",
        "ranked",
        "order",
        "rank",
        "ranks",
    ];
    if let Some(items) = value.as_array() {
        // A bare array is a ranking only where it holds names alone.
        let entries: Option<Vec<String>> = items.iter().map(entry).collect();
        return entries.filter(|entries| {
            entries
                .iter()
                .filter(|entry| exactly(entry, names).is_some())
                .count()
                >= 2
        });
    }
    match json::find(value, &keys)? {
        Value::Array(items) => Some(items.iter().filter_map(entry).collect()),
        Value::String(text) => Some(chain(text)),
        Value::Object(places) => by_place(places),
        _ => None,
    }
}

/// An item of a ranking: a name, or an object that holds one.
fn entry(item: &Value) -> Option<String> {
    match item {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(_) => {
            let keys = ["label", "response", "answer", "id", "name", "candidate"];
            json::find(item, &keys).and_then(text_of)
        }
        _ => None,
    }
}

/// `{"1": "Response B", …}` or `{"Response B": 1, …}`, where the numbers are places from 1.
fn by_place(places: &serde_json::Map<String, Value>) -> Option<Vec<String>> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let mut placed: Vec<(u64, String)> = places
        .iter()
        .map(|(key, value)| {
            let written = text_of(value)?;
            number(key)
                .map(|place| (place, written.clone()))
                .or_else(|| Some((number(&written)?, key.clone())))
        })
        .collect::<Option<_>>()?;
    placed.sort();
    // Scores would read the other way round, so only 1, 2, 3, … are places.
    let are_places = (1..).zip(&placed).all(|(place, (own, _))| place == *own);
    are_places.then(|| placed.into_iter().map(|(_, name)| name).collect())
}

/// `B > A > C`, `B, A, C`, or a name a line.
fn chain(text: &str) -> Vec<String> {
    let parts: Vec<&str> = match ['>', '≻', '\n', ',', ';']
        .iter()
        .find(|sign| text.contains(**sign))
    {
        Some(sign) => text.split(*sign).collect(),
        None => vec![text],
    };
    parts
        .into_iter()
        .map(|part| {
            numbered(part)
                .map_or(part, |(_, rest)| rest)
                .trim()
                .to_owned()
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// Strikes unknown and repeated entries and says so.
fn tidy(entries: &[String], names: &[String]) -> Result<(Vec<usize>, Vec<String>), Unreadable> {
    let mut order = Vec::new();
    let mut flags = Vec::new();
    let mut struck = 0;
    for entry in entries {
        let known = exactly(entry, names).or_else(|| leading(entry, names).map(|(index, _)| index));
        let fault = match known {
            Some(index) if !order.contains(&index) => {
                order.push(index);
                continue;
            }
            Some(_) => "repeated",
            None => "unknown",
        };
        struck += 1;
        if struck <= FLAGS {
            flags.push(format!("struck `{}`: {fault}", brief(entry)));
        }
    }
    if struck > FLAGS {
        flags.push(format!("struck {} more", struck - FLAGS));
    }
    if order.len() < 2 {
        return Err(Unreadable(format!(
            "its ranking names {} of {}, and at least two are needed",
            if order.is_empty() { "none" } else { "only one" },
            names.join(", ")
        )));
    }
    let left_out: Vec<&str> = names
        .iter()
        .enumerate()
        .filter(|(index, _)| !order.contains(index))
        .map(|(_, name)| name.as_str())
        .collect();
    if !left_out.is_empty() {
        flags.push(format!("left out: {}", left_out.join(", ")));
    }
    Ok((order, flags))
}

/// A ranking written as a list or a chain, without JSON.
fn plain_list(text: &str, names: &[String]) -> Option<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let title = lines.iter().rposition(|line| is_title(line));
    if let Some(title) = title {
        let own = lines[title].split_once(':').map(|(_, rest)| chain(rest));
        if let Some(own) =
            own.filter(|own| own.len() > 1 && own.iter().all(|part| leading(part, names).is_some()))
        {
            return Some(own);
        }
        let listed = list(&lines[title + 1..], true, |rest| {
            leading(rest, names).is_some()
        });
        if listed.len() > 1 {
            return Some(listed);
        }
    }
    // Without a title above it, a numbered list may hold comments in the order of reading: only
    // one that holds names and nothing else is an order.
    let listed = list(&lines, false, |rest| exactly(rest, names).is_some());
    if listed.len() > 1 {
        return Some(listed);
    }
    lines.iter().rev().find_map(|line| {
        let parts = line
            .contains(['>', '≻'])
            .then(|| chain(line.trim_start_matches('>')))?;
        let are_names = parts.iter().all(|part| exactly(part, names).is_some());
        (are_names && parts.len() > 1).then_some(parts)
    })
}

/// Whether a line announces a ranking. Broken JSON does not: what was lost of it is not known.
fn is_title(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let is_prose = numbered(&line).is_none() && !line.contains('{') && !line.starts_with('"');
    is_prose
        && line.len() < 120
        && line
            .split(|sign: char| !sign.is_alphabetic())
            .any(|word| ["ranking", "rank", "ranked", "rankings"].contains(&word))
}

/// The last run of numbered lines of which at least two hold a name, in the order of their
/// numbers. Other lines between them end the run, unless it may hold `prose`.
fn list<'t>(lines: &[&'t str], prose: bool, holds_name: impl Fn(&str) -> bool) -> Vec<String> {
    let mut last: BTreeMap<u64, &'t str> = BTreeMap::new();
    let mut current: BTreeMap<u64, &'t str> = BTreeMap::new();
    let mut keep = |run: BTreeMap<u64, &'t str>| {
        if run.values().filter(|rest| holds_name(rest)).count() > 1 {
            last = run;
        }
    };
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        match numbered(line) {
            Some((number, rest)) => {
                if current.contains_key(&number) {
                    keep(std::mem::take(&mut current));
                }
                current.insert(number, rest);
            }
            None if !prose => keep(std::mem::take(&mut current)),
            None => {}
        }
    }
    keep(current);
    last.into_values().map(str::to_owned).collect()
}

/// `1. text`, `2) text`, `#3: text`, `**4.** text`: the number and the text.
fn numbered(line: &str) -> Option<(u64, &str)> {
    let line = line
        .trim()
        .trim_start_matches(['*', '#', '-', '•', ' ', '(']);
    let rest = line.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let number = line[..line.len() - rest.len()].parse().ok()?;
    let rest = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| rest.strip_prefix(ending))
        .unwrap_or(rest);
    let rest = rest.strip_prefix(['.', ')', ':'])?;
    Some((number, rest.trim_start_matches(['*', ')']).trim()))
}

fn comments_of(value: &Value, text: &str, names: &[String]) -> Vec<(usize, String)> {
    let keys = ["comments", "comment", "reviews", "critiques", "evaluations"];
    let Some(comments) = json::find(value, &keys) else {
        return in_sections(text, names);
    };
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut add = |name: &str, comment: Option<String>| {
        let index = exactly(name, names);
        if let (Some(index), Some(comment)) = (index, comment)
            && found.iter().all(|(other, _)| *other != index)
        {
            found.push((index, comment));
        }
    };
    match comments {
        Value::Object(each) => each
            .iter()
            .for_each(|(name, comment)| add(name, text_of(comment))),
        Value::Array(each) => {
            for item in each {
                let name = entry(item).unwrap_or_default();
                let comment = json::find(item, &["comment", "text", "review", "critique"]);
                add(&name, comment.and_then(text_of));
            }
        }
        Value::String(comments) => return in_sections(comments, names),
        _ => {}
    }
    found.sort_by_key(|(index, _)| *index);
    found
}

fn in_sections(text: &str, names: &[String]) -> Vec<(usize, String)> {
    let sections = sections(text, names).into_iter().enumerate();
    sections
        .filter_map(|(index, text)| Some((index, text?)))
        .collect()
}

fn rationale_of(value: &Value) -> Option<String> {
    json::find(value, &["rationale", "reason", "reasoning", "explanation"]).and_then(text_of)
}

/// 0.8, "0.8", 80 and "80%" as a share of 1; none for what is no share.
fn share_of(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let text = text.trim();
            match text.strip_suffix('%') {
                Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
                None => text.parse().ok()?,
            }
        }
        _ => return None,
    };
    if (0.0..=1.0).contains(&number) {
        Some(number)
    } else if (1.0..=100.0).contains(&number) {
        Some(number / 100.0)
    } else {
        None
    }
}

/// The start of a text, for messages.
fn brief(text: &str) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.len() < text.len() => format!("{line}…"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests;
