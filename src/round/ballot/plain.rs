//! A ranking written as a list or a chain, without JSON.

use super::Entry;
use crate::round::mentions::{exactly, leading};
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
            numbered(part)
                .map_or(part, |(_, rest)| rest)
                .trim()
                .to_owned()
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
        let own = lines[title].split_once(':').map(|(_, rest)| parts(rest));
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
    let only_names = |text: &str| {
        let parts = parts(text.trim_start_matches('>'));
        let are_names = parts.iter().all(|part| exactly(part, names).is_some());
        (are_names && parts.len() > 1).then_some(parts)
    };
    let chains = lines.iter().rev().filter(|line| line.contains(['>', '≻']));
    chains
        .filter_map(|line| only_names(line))
        .next()
        // A reply of nothing but names is the order that was asked for.
        .or_else(|| only_names(text.trim()))
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
