//! Rankings and choices read from whatever a model makes of the request for JSON.
//!
//! A ballot is never guessed: what is not clearly an order is no ballot, and what is struck from
//! one is flagged.

mod choice;
mod plain;
mod scores;

pub(super) use choice::choice;

use super::confidence;
use super::json::{self, text_of};
use super::mentions::{exactly, leading};
use super::read::Unreadable;
use super::sections::sections;
use serde_json::Value;

/// Flags that are kept of one ballot; a reply of garbage would have thousands.
const FLAGS: usize = 8;

/// Objects in a reply that are tried, the last ones, where none is a ballot.
const TRIES: usize = 300;

/// Keys under which a ranking stands.
const RANKING: &[&str] = &[
    "ranking",
    "final_ranking",
    "final ranking",
    "ranked",
    "order",
    "rank",
    "ranks",
];

/// A ranking as read; places are those of the names that were asked for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ranking {
    /// The object it was read from.
    pub(super) parsed: Option<Value>,
    /// Best first.
    pub(super) order: Vec<usize>,
    pub(super) comments: Vec<(usize, String)>,
    pub(super) rationale: Option<String>,
    /// How sure the member says it is, 0 to 1.
    pub(super) confidence: Option<f64>,
    pub(super) flags: Vec<String>,
}

/// An item of a ranking as written, and what else it says of the name that it holds.
#[derive(Debug, Default, PartialEq)]
struct Entry {
    text: String,
    place: Option<u64>,
    score: Option<f64>,
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self {
            score: scores::in_text(&text),
            text,
            ..Self::default()
        }
    }
}

/// Reads an order of `names` from a reply.
pub(super) fn ranking(text: &str, names: &[String]) -> Result<Ranking, Unreadable> {
    let text = json::after_thinking(text);
    let values = json::values_at(text);
    // The last one counts: models think aloud first.
    let broken_after = json::goes_on_after(text, &values, &["rank", "final_rank"]);
    let mut fault = None;
    let mut tries = TRIES;
    for (place, (bytes, value)) in values.iter().enumerate().rev() {
        let Some(entries) = entries_of(value, &text[..bytes.start], names) else {
            continue;
        };
        if broken_after.is_some_and(|last| place <= last) {
            let broken = "it goes on with another ranking, in JSON that is broken";
            return Err(Unreadable(broken.to_owned()));
        }
        match tidy(&entries, names) {
            Ok((order, mut flags)) => {
                let scores = scores::of(value, &entries, names);
                flags.extend(scores::contradiction(&order, &scores));
                let (rationale, confidence) = said_of(value, RANKING, text);
                return Ok(Ranking {
                    order,
                    flags,
                    comments: comments_of(value, text, names),
                    rationale,
                    confidence,
                    parsed: value.is_object().then(|| value.clone()),
                });
            }
            Err(unreadable) => fault = fault.or(Some(unreadable)),
        }
        tries -= 1;
        if tries == 0 {
            break;
        }
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    let (text, confidence) = confidence::split_ballot(text);
    let entries = plain::entries(&text, names)
        .ok_or_else(|| Unreadable(format!("it has no `ranking` of {}", names.join(", "))))?;
    let (order, mut flags) = tidy(&entries, names)?;
    let scores = scores::of(&Value::Null, &entries, names);
    flags.extend(scores::contradiction(&order, &scores));
    Ok(Ranking {
        order,
        flags,
        confidence,
        comments: in_sections(&text, names),
        ..Ranking::default()
    })
}

/// The entries of the ranking in `value`, as written; none where there is no ranking in it.
/// `before` is what the reply says before it.
fn entries_of(value: &Value, before: &str, names: &[String]) -> Option<Vec<Entry>> {
    if let Some(items) = value.as_array() {
        // A bare array is a ranking only where it holds names alone, and what it is part of, in
        // JSON that is broken, does not call it something else.
        let is_own = key_before(before).is_none_or(|key| {
            let mut keys = RANKING.iter();
            keys.any(|known| known.eq_ignore_ascii_case(key))
        });
        let entries: Vec<Entry> = items.iter().map(entry).collect::<Option<_>>()?;
        let named = |entry: &&Entry| exactly(&entry.text, names).is_some();
        return (is_own && entries.iter().filter(named).count() >= 2)
            .then(|| by_own_place(entries));
    }
    match json::find(value, RANKING)? {
        Value::Array(items) => Some(by_own_place(items.iter().filter_map(entry).collect())),
        Value::String(text) => Some(plain::chain(text)),
        Value::Object(places) => by_place(places),
        _ => None,
    }
}

/// The key that `text` ends with, as in `"ranking": `.
fn key_before(text: &str) -> Option<&str> {
    let text = text.trim_end().strip_suffix(':')?.trim_end();
    let text = text.strip_suffix(['"', '\''])?;
    text.rfind(['"', '\'']).map(|at| &text[at + 1..])
}

/// An item of a ranking: a name, or an object that holds one.
fn entry(item: &Value) -> Option<Entry> {
    match item {
        Value::String(text) => Some(text.clone().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Object(_) => {
            let keys = ["label", "response", "answer", "id", "name", "candidate"];
            let places = ["rank", "place", "position"];
            let place = json::find(item, &places).and_then(text_of);
            Some(Entry {
                text: json::find(item, &keys).and_then(text_of)?,
                place: place.and_then(|place| place.parse().ok()),
                score: scores::of_object(item),
            })
        }
        _ => None,
    }
}

/// In the order of the places that the entries state, where each states one of its own.
fn by_own_place(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut places: Vec<u64> = entries.iter().filter_map(|entry| entry.place).collect();
    places.sort_unstable();
    if (1..=entries.len() as u64).eq(places) {
        entries.sort_by_key(|entry| entry.place);
    }
    entries
}

/// `{"1": "Response B", …}` or `{"Response B": 1, …}`, where the numbers are places from 1.
fn by_place(places: &serde_json::Map<String, Value>) -> Option<Vec<Entry>> {
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
    are_places.then(|| placed.into_iter().map(|(_, name)| name.into()).collect())
}

/// The place of the name that an entry holds.
fn known(entry: &Entry, names: &[String]) -> Option<usize> {
    exactly(&entry.text, names).or_else(|| leading(&entry.text, names).map(|(index, _)| index))
}

/// Whether an entry is `Response A = Response C`: two names in one place.
fn is_shared(text: &str, names: &[String]) -> bool {
    let both = leading(text, names).and_then(|(index, rest)| {
        let rest = rest.trim_start();
        let signs = ["=", "&", "/", ",", "and ", "tied with "];
        let second = signs.iter().find_map(|sign| rest.strip_prefix(sign))?;
        Some(leading(second, names)?.0 != index)
    });
    both.unwrap_or_else(|| {
        // Short forms are known as such only before fewer signs.
        let mut parts = text.split(['=', '&']);
        text.contains(['=', '&']) && parts.all(|part| exactly(part, names).is_some())
    })
}

/// Strikes unknown and repeated entries and says so.
fn tidy(entries: &[Entry], names: &[String]) -> Result<(Vec<usize>, Vec<String>), Unreadable> {
    let mut order = Vec::new();
    let mut flags = Vec::new();
    let mut struck = 0;
    for entry in entries {
        if is_shared(&entry.text, names) {
            return Err(Unreadable(format!(
                "its ranking puts two in one place, `{}`, and an order is needed",
                brief(&entry.text)
            )));
        }
        let fault = match known(entry, names) {
            Some(index) if !order.contains(&index) => {
                order.push(index);
                continue;
            }
            Some(_) => "repeated",
            None => "unknown",
        };
        struck += 1;
        if struck <= FLAGS {
            flags.push(format!("struck `{}`: {fault}", brief(&entry.text)));
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
                let name = entry(item).unwrap_or_default().text;
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

/// The rationale in `value`, and how sure the member says it is: beside the one of `keys` that the
/// ballot stands under, else in the rationale, else beside the object in `text`.
fn said_of(value: &Value, keys: &[&str], text: &str) -> (Option<String>, Option<f64>) {
    let why = ["rationale", "reason", "reasoning", "explanation"];
    let rationale = json::find(value, &why).and_then(text_of);
    let (rationale, within) = match rationale.map(|said| confidence::split(&said)) {
        Some((rationale, stated)) => (Some(rationale).filter(|said| !said.is_empty()), stated),
        None => (None, None),
    };
    let own = json::holder(value, keys).and_then(|object| json::own(object, "confidence"));
    let stated = match own {
        Some(own) => confidence::of_value(own),
        None => within.or_else(|| confidence::split(text).1),
    };
    (rationale, stated)
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
