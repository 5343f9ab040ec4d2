//! Pictures: a council before it is run (who is asked, who sees what), and a run as it went.
//!
//! Both come as [Mermaid](https://mermaid.js.org) and as plain text. In Mermaid, every text that
//! is not ours is escaped so that it cannot end the quotes it stands in, or the line; in plain
//! text it is tidied to one line.

mod flow;
mod mermaid;
mod outline;
mod sequence;
mod steps;
#[cfg(test)]
mod tests;

pub use flow::flowchart;
pub use outline::outline;
pub use sequence::{account, sequence};

use super::words;
use crate::event::MemberId;
use crate::spec::{Council, Fallback, Repeat, RoundPlan, TieBreak, Until};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// So many stand one by one; of more, the rest are one.
const SHOWN: usize = 8;

/// The longest text that is not ours, in columns.
const WIDEST: usize = 60;

/// A foreign text on one line.
fn short(text: &str) -> String {
    words::clip(&words::tidy(text), WIDEST)
}

/// The first of `items`, and the rest as one: 20 are eight, and `m9 … and 11 more`.
fn gathered(mut items: Vec<String>) -> Vec<String> {
    if items.len() > SHOWN + 1 {
        let more = items.len() - SHOWN - 1;
        let last = format!("{} … and {more} more", items[SHOWN]);
        items.truncate(SHOWN);
        items.push(last);
    }
    items
}

/// `round 2 blind review (anonymized_peer_review)`, of the head `round 2 `.
fn title(head: &str, name: &str, kind: &str) -> String {
    if name == kind {
        return format!("{head}{kind}");
    }
    format!("{head}{} ({kind})", short(name))
}

/// What stands before the name of each round: the index that it has in a run. How many rounds a
/// repetition holds shows there alone, so what comes after it has no number.
fn heads(council: &Council) -> impl Iterator<Item = String> {
    let repeated = council.rounds.iter().position(|plan| plan.repeat.is_some());
    let repeated = repeated.unwrap_or(usize::MAX);
    (0..council.rounds.len()).map(move |at| match at.cmp(&repeated) {
        Ordering::Less => format!("round {at} "),
        Ordering::Equal => format!("round {at} and on, "),
        Ordering::Greater => "later, ".to_owned(),
    })
}

/// Who is asked in a round.
fn asked(council: &Council, plan: &RoundPlan) -> Vec<MemberId> {
    if plan.kind.is_for_chair() {
        return vec![MemberId::chair()];
    }
    let all = || council.members.iter().map(|member| member.id.clone());
    plan.members.clone().unwrap_or_else(|| all().collect())
}

/// The pairs of a bracket's first level, in the spec's order, if everybody who is asked for an
/// answer gives one; and who goes on unpaired.
fn pairs(council: &Council) -> (Vec<String>, Option<String>) {
    let mut answering = BTreeSet::new();
    for plan in every(council)
        .into_iter()
        .filter(|plan| plan.kind.gathers_answers())
    {
        answering.extend(asked(council, plan));
    }
    let members = council.members.iter().map(|member| &member.id);
    let standing: Vec<&MemberId> = members.filter(|id| answering.contains(id)).collect();
    let pairs = standing.chunks_exact(2);
    let odd = pairs.remainder().first().map(ToString::to_string);
    let pairs = pairs.map(|pair| format!("{} or {}", pair[0], pair[1]));
    (pairs.collect(), odd)
}

/// All rounds, those that are repeated too.
fn every(council: &Council) -> Vec<&RoundPlan> {
    let mut plans = Vec::new();
    for plan in &council.rounds {
        plans.push(plan);
        plans.extend(plan.repeat.iter().flat_map(|repeat| &repeat.rounds));
    }
    plans
}

/// What the members are asked for, with the choices that they have.
fn gives(plan: &RoundPlan, gives: &str) -> String {
    if plan.choices.is_empty() {
        return gives.to_owned();
    }
    let choices = plan.choices.iter().map(|choice| short(choice)).collect();
    format!("{gives}; of {}", gathered(choices).join(", "))
}

/// How ballots become an outcome; none where there are none.
fn counted(plan: &RoundPlan) -> Option<String> {
    if plan.kind.eliminates() {
        return Some("who loses a pair is out".to_owned());
    }
    let method = plan.aggregator.as_deref()?;
    let ties = match plan.tie_break {
        TieBreak::First => "the order of the spec",
        TieBreak::Random => "a draw from the seed",
        TieBreak::Chair => "the chair, who is asked",
    };
    Some(format!("{method}; ties by {ties}"))
}

/// What ends a repetition, as a statement that holds or does not.
fn goal(repeat: &Repeat) -> String {
    let ballots = |plan: &RoundPlan| !plan.kind.aggregators().is_empty();
    match repeat.until {
        Some(Until::Agreement(least)) => format!("agreement of {least} or more"),
        Some(Until::Unanimous) => "all agree".to_owned(),
        Some(Until::Majority) => "a majority".to_owned(),
        Some(Until::Stable) if repeat.rounds.iter().any(ballots) => {
            "the same outcome twice".to_owned()
        }
        Some(Until::Stable) => "nobody revised".to_owned(),
        None => "one answer left".to_owned(),
    }
}

/// How often at most: `3 iterations`.
fn iterations(repeat: &Repeat) -> String {
    words::count(u64::from(repeat.max_iterations), "iteration", "iterations")
}

/// Who speaks where the chair does not.
fn stand_in(fallback: &Fallback) -> String {
    match fallback {
        Fallback::TopRanked => "the winner of the last ballots stands, nobody is asked".to_owned(),
        Fallback::Member(id) => format!("{id} is asked in its place"),
    }
}

/// Whose the answer of the council is.
fn answer(council: &Council) -> &'static str {
    let plans = every(council);
    if plans.iter().any(|plan| plan.kind.concludes()) {
        "the chair's"
    } else if plans.iter().any(|plan| counted(plan).is_some()) {
        "the winner of the last ballots"
    } else if council.members.len() == 1 {
        "the member's"
    } else {
        "all answers, each under its member's id"
    }
}
