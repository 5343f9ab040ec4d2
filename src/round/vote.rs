//! `vote`: every member chooses one of all answers, shown by id with its own among them, or one
//! of the round's `choices`, and says why and how sure it is.

use super::{Kind, Look, PromptError, Reply, Sees, Step, Table, poll, ties, words};
use crate::aggregate;
use crate::event::Expect;
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
        let choices = &table.plan.choices[..];
        let candidates = match choices {
            [] => ties::standing(table),
            choices => choices.to_vec(),
        };
        let expect = Expect::Choice {
            choices: candidates.clone(),
        };
        let words = |scope: &Scope| match choices {
            [] => words::vote(scope),
            choices => words::vote_on(scope, choices),
        };
        poll::hold(table, replies, &candidates, &expect, words)
    }
}

#[cfg(test)]
mod tests;
