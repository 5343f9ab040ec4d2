//! A ranking written as a list or a chain, without JSON.

use super::Entry;
use crate::round::mentions::{exactly, is_label, leading};
use std::collections::BTreeMap;

/// The entries of `B > A > C`, of `B, A, C`, or of a name a line.
pub(super) fn chain(text: &str) -> Vec<Entry> {
    parts(text).into_iter().map(Entry::from).collect()
}

fn parts(text: &str) -> Vec<String> {
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
            let rest = numbered(part).map_or(part, |(_, rest)| rest);
            rest.trim().trim_start_matches(['-', '•', ' ']).to_owned()
        })
        .filter(|part| !part.is_empty())
        .collect()
}

/// The entries of the ranking in `text`; none where there is none.
pub(super) fn entries(text: &str, names: &[String]) -> Option<Vec<Entry>> {
    let found = plain_list(text, names)?;
    Some(found.into_iter().map(Entry::from).collect())
}

fn plain_list(text: &str, names: &[String]) -> Option<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let title = lines.iter().rposition(|line| is_title(line));
    if let Some(title) = title {
        if is_worst_first(lines[title]) {
            return None;
        }
        let own = lines[title].split_once(':').map(|(_, rest)| parts(rest));
        if let Some(own) =
            own.filter(|own| own.len() > 1 && own.iter().all(|part| leading(part, names).is_some()))
        {
            return Some(own);
        }
        // Of several lists the first: what comes after the ranking speaks of it.
        let holds_name = |rest: &str| leading(rest, names).is_some();
        if let Some(listed) = lists(&lines[title + 1..], true, holds_name)
            .into_iter()
            .next()
        {
            return Some(listed);
        }
    }
    // Without a title above it, a numbered list may hold comments in the order of reading: only
    // one that holds names and nothing else is an order.
    let holds_name = |rest: &str| exactly(rest, names).is_some();
    if let Some(listed) = lists(&lines, false, holds_name).pop() {
        return Some(listed);
    }
    let only_names = |text: &str| {
        let parts = parts(text.trim_start_matches('>'));
        let (known, strange): (Vec<&String>, Vec<&String>) = parts
            .iter()
            .partition(|part| exactly(part, names).is_some());
        // A label too many is struck; more of them than names is the alphabet.
        let are_labels = strange.iter().all(|part| is_label(part)) && strange.len() < known.len();
        (are_labels && parts.len() > 1).then_some(parts)
    };
    let chains = lines.iter().rev().filter(|line| line.contains(['>', '≻']));
    chains
        .filter_map(|line| only_names(line))
        .next()
        // A reply of nothing but names is the order that was asked for.
        .or_else(|| only_names(text.trim()))
        .or_else(|| lines.iter().rev().find_map(|line| sentence(line, names)))
}

/// Words for places.
const PLACES: &[&str] = &["first", "second", "third", "fourth", "fifth", "sixth"];

/// The names in "I rank Response B first, Response C second and Response A last", where each is
/// followed by its place, from the first on, and the last is the last of all.
fn sentence(line: &str, names: &[String]) -> Option<Vec<String>> {
    let line = line.trim().trim_end_matches('.');
    let lower = line.to_ascii_lowercase();
    let rest = ["i rank ", "i would rank ", "i ranked "]
        .iter()
        .find_map(|start| lower.strip_prefix(start))?;
    let mut rest = &line[line.len() - rest.len()..];
    let mut order = Vec::new();
    while !rest.is_empty() {
        let (index, after) = leading(rest, names)?;
        let after = after.trim_start();
        let end = after
            .find(|sign: char| !sign.is_alphabetic())
            .unwrap_or(after.len());
        let place = after[..end].to_lowercase();
        let is_last = place == "last" && order.len() + 1 == names.len();
        if !is_last && PLACES.get(order.len()) != Some(&place.as_str()) {
            return None;
        }
        order.push(names[index].clone());
        rest = after[end..].trim_start_matches([',', ';', ' ']);
        rest = rest.strip_prefix("and ").unwrap_or(rest);
    }
    (order.len() > 1).then_some(order)
}

const RANK: &[&str] = &["ranking", "rank", "ranked", "rankings"];

/// Words that turn a line that goes on to speak of a ranking into something else.
const NO_TITLE: &[&str] = &[
    "then",
    "before",
    "comment",
    "comments",
    "reason",
    "reasons",
    "why",
    "rationale",
    "explanation",
    "justification",
    "not",
    "cannot",
];

/// Whether a line announces a ranking. Broken JSON does not: what was lost of it is not known.
fn is_title(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let is_prose = numbered(&line).is_none() && !line.contains('{') && !line.starts_with('"');
    let mut words = line
        .split(|sign: char| !sign.is_alphabetic())
        .map(|word| (NO_TITLE.contains(&word), RANK.contains(&word)));
    let first = words.find(|(is_turned, is_rank)| *is_turned || *is_rank);
    is_prose && line.len() < 120 && first == Some((false, true))
}

/// Whether a title says that its list goes the other way.
fn is_worst_first(title: &str) -> bool {
    let title = title.to_lowercase();
    [
        "worst to best",
        "worst first",
        "lowest to highest",
        "least to most",
    ]
    .iter()
    .any(|words| title.contains(words))
}

/// The runs of numbered lines of which at least two hold a name, each in the order of its numbers.
/// Other lines between them end a run, unless it may hold `prose`.
fn lists(lines: &[&str], prose: bool, holds_name: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut current: BTreeMap<u64, &str> = BTreeMap::new();
    let mut keep = |run: BTreeMap<u64, &str>| {
        if run.values().filter(|rest| holds_name(rest)).count() > 1 {
            found.push(run.into_values().map(str::to_owned).collect());
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
    found
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
