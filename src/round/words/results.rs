//! What the chair is told of the rounds: how ballots and pairs came out, and who is missing.

use super::{count, role};
use crate::event::{Aggregate, MemberId};
use crate::prompt::Scope;
use crate::round::{Held, Table};
use std::fmt::Write as _;

/// Each round's outcome with its scores, and the reasons given with the last votes.
pub(super) fn add(text: &mut String, scope: &Scope, table: &Table<'_>) {
    let results = || table.minutes.held.iter().filter_map(outcome);
    let mut heading = if results().any(|(_, aggregate)| aggregate.are_votes()) {
        "\n\n# How the answers were judged"
    } else {
        "\n\n# How the members ranked the answers"
    };
    for (held, aggregate) in results() {
        text.push_str(std::mem::take(&mut heading));
        if aggregate
            .ballots
            .iter()
            .any(|ballot| ballot.member.is_chair())
        {
            pairs(text, held, aggregate);
        } else {
            ballots(text, held, aggregate);
        }
    }
    reasons(text, scope);
}

fn outcome(held: &Held) -> Option<(&Held, &Aggregate)> {
    Some((held, held.aggregate.as_ref()?))
}

fn ballots(text: &mut String, held: &Held, aggregate: &Aggregate) {
    let _ = write!(
        text,
        "\n\nRound \"{}\", {} over {}",
        held.round.name,
        aggregate.method,
        count(aggregate.ballots.len(), "ballot"),
    );
    if !aggregate.cycle.is_empty() {
        let names = aggregate.cycle.join(", ");
        let _ = write!(
            text,
            ": no winner. One against one, each of {names} loses to another of them."
        );
        return;
    }
    text.push_str(", best first:");
    for (place, name) in (1..).zip(&aggregate.order) {
        let score = aggregate.scores.get(name).copied().unwrap_or_default();
        let _ = write!(text, "\n{place}. {name} (score {score:.2} of 1)");
    }
    for tie in &aggregate.ties {
        let by = match tie.by.as_str() {
            "chair" => "the chair chose",
            "random" => "a draw settled it",
            _ => "in the order of the council",
        };
        let _ = write!(text, "\nLevel: {} ({by}).", tie.among.join(", "));
    }
    if let Some(agreement) = held.agreement {
        let what = if aggregate.are_votes() {
            "Share of the winner"
        } else {
            "Agreement of the ballots with this order"
        };
        let _ = write!(text, "\n{what}: {agreement:.2} of 1.");
    }
}

/// A level of a bracket: you chose these.
fn pairs(text: &mut String, held: &Held, aggregate: &Aggregate) {
    let level = held.round.iteration + 1;
    let _ = write!(text, "\n\nRound \"{}\", level {level}:", held.round.name);
    for ballot in &aggregate.ballots {
        let Some(winner) = &ballot.choice else {
            continue;
        };
        let loser = ballot.candidates.iter().find(|name| *name != winner);
        let loser = loser.map_or("", String::as_str);
        let _ = write!(text, "\n- {winner} was chosen over {loser}.");
    }
    if let Some(winner) = &aggregate.winner {
        let _ = write!(text, "\n{winner} is left.");
    }
}

/// Why the members voted as they did, in their own words, which are fenced.
fn reasons(text: &mut String, scope: &Scope) {
    let given = scope.ballots.iter().filter(|ballot| {
        let is_vote = !ballot.choice.is_empty();
        is_vote && !ballot.rationale.is_empty()
    });
    let mut heading = "\n\n# Why they chose so";
    for ballot in given {
        text.push_str(std::mem::take(&mut heading));
        let _ = write!(
            text,
            "\n\n## {} for {}\n\n{}",
            ballot.member, ballot.choice, ballot.rationale
        );
    }
}

/// Members without an answer.
pub(super) fn missing(text: &mut String, table: &Table<'_>) {
    let missing: Vec<&MemberId> = table
        .all
        .iter()
        .map(|seat| &seat.id)
        .filter(|id| !table.minutes.answers.contains_key(*id))
        .collect();
    if missing.is_empty() || table.minutes.answers.is_empty() {
        return;
    }
    text.push_str("\n\n# Who is missing\n");
    for id in missing {
        let _ = write!(text, "\n- {id}{} gave no answer.", role(id.as_str(), table));
    }
}
