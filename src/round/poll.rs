//! A poll: every member casts one ballot on the same candidates, in sight of all answers, its own
//! among them.

use super::compose::{Question, Shown, Voice, ask};
use super::{Close, PromptError, Reply, RoundPlan, Seat, Step, Table, close_with, ties};
use crate::event::{Ask, Expect, MemberId, Purpose};
use crate::prompt::{Scope, ShownAnswer};

/// What ballots are about, and how they are counted: two rounds of one poll can be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Poll {
    kind: String,
    choices: Vec<String>,
    members: Option<Vec<MemberId>>,
    aggregator: Option<String>,
}

impl RoundPlan {
    /// What its ballots are about.
    pub(super) fn poll(&self) -> Poll {
        Poll {
            kind: self.kind.name().to_owned(),
            choices: self.choices.clone(),
            members: self.members.clone(),
            aggregator: self.aggregator.clone(),
        }
    }
}

/// Asks everybody for a ballot of the form `expect` on `candidates`, in `words`; then counts those
/// that came in. With fewer than two candidates nobody is asked.
pub(super) fn hold(
    table: &Table<'_>,
    replies: &[Reply],
    candidates: &[String],
    expect: &Expect,
    words: impl Fn(&Scope) -> String,
) -> Result<Step, PromptError> {
    if candidates.len() < 2 || table.seats.is_empty() {
        return Ok(not_held(table, candidates.len()));
    }
    if replies.is_empty() {
        let seats = table.seats.iter();
        let asks = seats.map(|seat| ballot_for(table, seat, expect, &words));
        return asks.collect::<Result<_, _>>().map(Step::Ask);
    }
    let ballots = ties::cast(table, replies);
    if ballots.is_empty() {
        let text = "No readable ballot came in: the round has no result.";
        return Ok(close_with("no_ballots", text));
    }
    ties::outcome(table, replies, candidates, ballots, Close::default())
}

/// Why nobody is asked to do `what` ("judge") with this many answers: there are too few of them,
/// or nobody is there.
pub(super) fn too_few(answers: usize, what: &str) -> String {
    match answers {
        0 => format!("There is no answer to {what}"),
        1 => "There is only one answer".to_owned(),
        _ => format!("Nobody is left to {what} the answers"),
    }
}

fn not_held(table: &Table<'_>, candidates: usize) -> Step {
    let kind = table.plan.kind.name();
    let text = format!("{}: the {kind} was not held.", too_few(candidates, "judge"));
    close_with(&format!("{kind}_not_held"), &text)
}

fn ballot_for(
    table: &Table<'_>,
    seat: &Seat,
    expect: &Expect,
    words: impl Fn(&Scope) -> String,
) -> Result<Ask, PromptError> {
    let answers = table.minutes.standing();
    let question = Question {
        voice: Voice::Member(seat),
        asked: &seat.id,
        purpose: Purpose::Ballot,
        expect: expect.clone(),
        labels: None,
        shown: Shown {
            answers: answers
                .map(|(id, text)| ShownAnswer {
                    is_own: *id == seat.id,
                    ..ShownAnswer::new(id.as_str(), text)
                })
                .collect(),
            ..Shown::default()
        },
        template: table.plan.prompt.as_ref(),
    };
    ask(table, question, words)
}
