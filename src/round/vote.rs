//! `vote`: every member chooses one of all answers, shown by id with its own among them, or one
//! of the round's `choices`, and says why and how sure it is.

use super::compose::{Question, Shown, Voice, ask};
use super::ranking::{all_answers, too_few, unreadable};
use super::{
    Close, Kind, Look, PromptError, Reply, Seat, Sees, Step, Table, close_with, ties, words,
};
use crate::aggregate;
use crate::event::{Ask, Expect, Purpose};
use crate::prompt::Scope;

/// The kind.
pub(super) struct Vote;

impl Kind for Vote {
    fn name(&self) -> &'static str {
        "vote"
    }

    fn summary(&self) -> &'static str {
        "every member chooses one of all answers, or of `choices`, and says why and how sure it is"
    }

    fn looks(&self) -> &'static [Look] {
        &[Look {
            purpose: "ballot",
            sees: Sees::All,
            gives: "a choice, why, and how sure it is",
        }]
    }

    fn aggregators(&self) -> &'static [&'static str] {
        aggregate::OF_CHOICES
    }

    fn takes_choices(&self) -> bool {
        true
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        let candidates = match &table.plan.choices[..] {
            [] => ties::standing(table),
            choices => choices.to_vec(),
        };
        if candidates.len() < 2 || table.seats.is_empty() {
            let text = format!("{}: the vote was not held.", too_few(candidates.len()));
            return Ok(close_with("vote_not_held", &text));
        }
        if replies.is_empty() {
            let asks = table
                .seats
                .iter()
                .map(|seat| ballot_for(table, seat, &candidates));
            return asks.collect::<Result<_, _>>().map(Step::Ask);
        }
        let ballots = ties::cast(table, replies);
        if ballots.is_empty() {
            return Ok(unreadable());
        }
        ties::outcome(table, replies, &candidates, ballots, Close::default())
    }
}

fn ballot_for(table: &Table<'_>, seat: &Seat, candidates: &[String]) -> Result<Ask, PromptError> {
    let question = Question {
        voice: Voice::Member(seat),
        asked: &seat.id,
        purpose: Purpose::Ballot,
        expect: Expect::Choice {
            choices: candidates.to_vec(),
        },
        labels: None,
        shown: Shown {
            answers: all_answers(table, seat),
            ..Shown::default()
        },
        template: table.plan.prompt.as_ref(),
    };
    let words = |scope: &Scope| match &table.plan.choices[..] {
        [] => words::vote(scope),
        choices => words::vote_on(scope, choices),
    };
    ask(table, question, words)
}

#[cfg(test)]
mod tests;
