//! `synthesis`: the chair alone sees all rounds and writes the council's answer. Where it does
//! not, its fallbacks are tried in order, each with a notice.

use super::compose::{Question, Shown, Voice, ask};
use super::{
    Close, Fallback, Kind, Look, PromptError, Reply, Sees, Step, Table, cause, notice, words,
};
use crate::event::{Aggregate, Ask, Expect, MemberId, MemberStatus, Notice, Purpose};
use crate::prompt::{ShownAnswer, ShownBallot, ShownReview};
use indexmap::IndexMap;

/// The kind.
pub(super) struct Synthesis;

impl Kind for Synthesis {
    fn name(&self) -> &'static str {
        "synthesis"
    }

    fn summary(&self) -> &'static str {
        "the chair alone sees all rounds and writes the answer"
    }

    fn looks(&self) -> &'static [Look] {
        &[Look {
            purpose: "synthesis",
            sees: Sees::Rounds,
            gives: "the council's answer",
        }]
    }

    fn is_for_chair(&self) -> bool {
        true
    }

    fn concludes(&self) -> bool {
        true
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        speak(table, replies, None)
    }
}

/// Asks the chair for the answer, or who stands in for it. `weights` are what each answer counts
/// for, where that is shown.
pub(super) fn speak(
    table: &Table<'_>,
    replies: &[Reply],
    weights: Option<&IndexMap<MemberId, f64>>,
) -> Result<Step, PromptError> {
    let chair = MemberId::chair();
    let mut why = match reply_of(&chair, replies) {
        None if table.chair.is_some() => return question(table, &chair, weights),
        None => "The chair could not be asked".to_owned(),
        Some(reply) if is_final(reply) => return Ok(done(Vec::new())),
        Some(reply) => format!("The chair gave no answer ({})", cause(reply)),
    };
    let mut notices: Vec<Notice> = Vec::new();
    for fallback in table.fallback {
        let turn = match fallback {
            Fallback::TopRanked => first_ranked(table),
            Fallback::Member(id) => stand_in(table, id, replies),
        };
        let fell_back = |then: String| notice("fallback", &format!("{why}: {then}."));
        match turn {
            Turn::Due(id) => return question(table, id, weights),
            Turn::Taken(then) => {
                notices.push(fell_back(then));
                return Ok(done(notices));
            }
            Turn::Passed(then) => notices.push(fell_back(then)),
            Turn::Failed(then, cause) => {
                notices.push(fell_back(then));
                why = cause;
            }
        }
    }
    let text = format!("{why}, and nobody else is left to speak for it: there is no synthesis.");
    notices.push(notice("no_synthesis", &text));
    Ok(done(notices))
}

/// What comes of one of the chair's fallbacks, each with what is told of it.
enum Turn<'t> {
    /// This member is to be asked now.
    Due(&'t MemberId),
    /// It speaks for the chair, or the run ended while it did: nobody else is looked for.
    Taken(String),
    /// It cannot speak, and the next one's turn comes.
    Passed(String),
    /// It was asked and gave no answer; the second sentence says so to whoever is next.
    Failed(String, String),
}

fn first_ranked<'t>(table: &Table<'t>) -> Turn<'t> {
    let Some(winner) = winner(table) else {
        let cause = match last(table) {
            Some(_) => "nobody won",
            None => "nothing was ranked",
        };
        return Turn::Passed(format!("`top_ranked` is passed over, as {cause}"));
    };
    let mut answered = table.minutes.answers.keys();
    Turn::Taken(if answered.any(|id| id.as_str() == winner) {
        format!("the answer that was ranked first stands, by `{winner}`")
    } else {
        format!("what the members chose stands, `{winner}`")
    })
}

fn stand_in<'t>(table: &Table<'_>, id: &'t MemberId, replies: &[Reply]) -> Turn<'t> {
    let asked = || format!("`{id}` was asked in its place");
    match reply_of(id, replies) {
        None if table.seats.iter().any(|seat| seat.id == *id) => Turn::Due(id),
        None => Turn::Passed(format!(
            "`member:{id}` is passed over, as it cannot be asked"
        )),
        Some(reply) if is_final(reply) => Turn::Taken(asked()),
        Some(reply) => {
            let why = format!("`{id}` gave no answer ({})", cause(reply));
            Turn::Failed(asked(), why)
        }
    }
}

/// Whether it is an answer, or the run ended before it was one, and looks for nobody else to speak.
fn is_final(reply: &Reply) -> bool {
    matches!(
        reply.done.status,
        MemberStatus::Ok | MemberStatus::Cancelled
    )
}

fn done(notices: Vec<Notice>) -> Step {
    Step::Done(Close {
        notices,
        ..Close::default()
    })
}

fn reply_of<'r>(member: &MemberId, replies: &'r [Reply]) -> Option<&'r Reply> {
    replies.iter().find(|reply| reply.call.member == *member)
}

/// What the last round that ranked anything came to.
fn last<'t>(table: &Table<'t>) -> Option<&'t Aggregate> {
    let mut held = table.minutes.held.iter().rev();
    held.find_map(|held| held.aggregate.as_ref())
}

/// Who won the last round that ranked anything; nobody after a circle of majorities, or a level of
/// a bracket that leaves several.
fn winner<'t>(table: &Table<'t>) -> Option<&'t str> {
    last(table)?.winner.as_deref()
}

fn question(
    table: &Table<'_>,
    asked: &MemberId,
    weights: Option<&IndexMap<MemberId, f64>>,
) -> Result<Step, PromptError> {
    let minutes = table.minutes;
    let answers = minutes.answers.iter();
    let ballots = last(table).map_or(&[][..], |aggregate| &aggregate.ballots);
    let question = Question {
        voice: Voice::Chair(table.chair),
        asked,
        purpose: Purpose::Synthesis,
        expect: Expect::Text,
        labels: None,
        shown: Shown {
            answers: answers
                .map(|(id, text)| ShownAnswer {
                    weight: weights.and_then(|weights| weights.get(id)).copied(),
                    ..ShownAnswer::new(id.as_str(), text)
                })
                .collect(),
            reviews: minutes.reviews.iter().map(ShownReview::from).collect(),
            ballots: ballots.iter().map(ShownBallot::from).collect(),
        },
        template: table.plan.prompt.as_ref(),
    };
    let asked: Ask = ask(table, question, |scope| words::synthesis(scope, table))?;
    Ok(Step::Ask(vec![asked]))
}

#[cfg(test)]
mod tests;
