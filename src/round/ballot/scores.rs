//! Scores beside a ranking. They never make an order: where they contradict it, that is flagged.

use super::{Entry, known};
use crate::round::json;
use crate::round::mentions::exactly;
use serde_json::Value;

const KEYS: &[&str] = &["score", "points", "rating", "grade"];

/// The score of each name that has one: in the entries of the ranking, else in the object around.
pub(super) fn of(value: &Value, entries: &[Entry], names: &[String]) -> Vec<Option<f64>> {
    let mut scores = vec![None; names.len()];
    let mut add = |index: Option<usize>, score: Option<f64>| {
        if let Some(own @ None) = index.and_then(|index| scores.get_mut(index)) {
            *own = score;
        }
    };
    for entry in entries {
        add(known(entry, names), entry.score);
    }
    match json::find(value, &["scores", "ratings", "points", "grades"]) {
        Some(Value::Object(each)) => {
            for (name, score) in each {
                let score = number(score).or_else(|| of_object(score));
                add(exactly(name, names), score);
            }
        }
        Some(Value::Array(each)) => {
            for item in each {
                let entry = super::entry(item).unwrap_or_default();
                add(known(&entry, names), entry.score);
            }
        }
        _ => {}
    }
    scores
}

/// The score in an object that stands for a name.
pub(super) fn of_object(item: &Value) -> Option<f64> {
    json::find(item, KEYS).and_then(number)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => leading_number(text.trim()),
        _ => None,
    }
}

/// The score in `Response B (score: 9)`, `Response B: 9/10` or `B, 9 points`.
pub(super) fn in_text(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    let named = KEYS.iter().find_map(|key| {
        let rest = &lower[lower.find(key)? + key.len()..];
        leading_number(rest.trim_start_matches([' ', ':', '=', '*', '(']))
    });
    named.or_else(|| {
        ["/10", " points", " out of 10"].iter().find_map(|unit| {
            let before = &lower[..lower.find(unit)?];
            let number = before.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '.');
            before[number.len()..].parse().ok()
        })
    })
}

fn leading_number(text: &str) -> Option<f64> {
    let end = text
        .find(|sign: char| !(sign.is_ascii_digit() || sign == '.'))
        .unwrap_or(text.len());
    text[..end].trim_end_matches('.').parse().ok()
}

/// What is to be said where a name that is ranked lower has the higher score.
pub(super) fn contradiction(order: &[usize], scores: &[Option<f64>]) -> Option<String> {
    let in_order: Vec<f64> = order
        .iter()
        .filter_map(|index| scores.get(*index).copied().flatten())
        .collect();
    let rises = in_order.windows(2).any(|pair| pair[0] < pair[1]);
    rises.then(|| "its scores contradict its order: the order counts".to_owned())
}
