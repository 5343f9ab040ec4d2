//! From ballots to a round's outcome, with the ties settled as the round says.

use super::PromptError;
use super::compose::{Question, Shown, Voice, ask};
use super::draw::draws;
use super::{Close, Reply, Step, Table, TieBreak, labels, notice, words};
use crate::aggregate::{self, Aggregator, Tally, agreement};
use crate::event::{CastBallot, Expect, MemberId, MemberStatus, Notice, Purpose};
use crate::prompt::ShownAnswer;

/// Closes a round with `ballots` over the answers that are there, or first asks the chair who is
/// to win a tie.
pub(super) fn outcome(
    table: &Table<'_>,
    replies: &[Reply],
    ballots: Vec<CastBallot>,
    mut close: Close,
) -> Result<Step, PromptError> {
    let Some(method) = method(table) else {
        return Ok(Step::Done(close));
    };
    let candidates: Vec<String> = table
        .minutes
        .answers
        .keys()
        .map(ToString::to_string)
        .collect();
    let tally = method.tally(&candidates, &ballots);
    if tally.scores.is_empty() {
        return Ok(Step::Done(close));
    }
    for name in candidates
        .iter()
        .filter(|name| !tally.scores.contains_key(*name))
    {
        let text = format!("No ballot that came in could rank `{name}`: it has no score.");
        close.notices.push(notice("unranked", &text));
    }
    let tied = tally.tied_at_top().to_vec();
    let mut ruling = None;
    if !tied.is_empty() && table.plan.tie_break == TieBreak::Chair {
        let reply = replies
            .iter()
            .find(|reply| reply.call.purpose == Purpose::Tie);
        match (reply, table.chair) {
            (Some(reply), _) => {
                ruling = chosen(reply, &tied);
                if ruling.is_none() {
                    close.notices.push(no_ruling(reply));
                }
            }
            (None, Some(_)) => return question(table, &tied),
            (None, None) => {
                let text = "There is no chair to settle the tie: the order of the spec did.";
                close.notices.push(notice("tie", text));
            }
        }
    }
    let result = settle(table, method, tally, ballots, ruling.as_deref());
    if !result.cycle.is_empty() {
        let text = format!(
            "The majorities run in a circle ({}): nobody wins, and there is no order.",
            result.cycle.join(", ")
        );
        close.notices.push(notice("cycle", &text));
    }
    close.agreement = agreement(&result);
    close.aggregate = Some(result);
    Ok(Step::Done(close))
}

/// The round's aggregator; the kind's first where the spec names none.
fn method(table: &Table<'_>) -> Option<&'static dyn Aggregator> {
    let named = table.plan.aggregator.as_deref();
    let first = table.plan.kind.aggregators().first().copied();
    named.or(first).and_then(aggregate::aggregator)
}

fn settle(
    table: &Table<'_>,
    method: &dyn Aggregator,
    tally: Tally,
    ballots: Vec<CastBallot>,
    ruling: Option<&str>,
) -> crate::event::Aggregate {
    let mut random = draws(table.seed, table.round.index, "", "tie");
    aggregate::settle(method, tally, ballots, |place, mut level| {
        match (table.plan.tie_break, ruling) {
            (TieBreak::Random, _) => {
                random.shuffle(&mut level);
                (level, "random")
            }
            (TieBreak::Chair, Some(winner)) if place == 0 => {
                // The others keep their order: the chair was asked for the best alone.
                level.sort_by_key(|name| name != winner);
                (level, "chair")
            }
            _ => (level, "first"),
        }
    })
}

/// Asks the chair which of `tied` is the best, without names: it is to judge texts.
fn question(table: &Table<'_>, tied: &[String]) -> Result<Step, PromptError> {
    let chair = MemberId::chair();
    let answers = &table.minutes.answers;
    let ids = answers
        .keys()
        .filter(|id| tied.iter().any(|tied| tied == id.as_str()))
        .cloned()
        .collect();
    let labels = labels::shuffled(table, &chair, "tie", ids);
    let shown = labels
        .iter()
        .filter_map(|(label, id)| Some(ShownAnswer::new(label, answers.get(id)?)));
    let question = Question {
        voice: Voice::Chair(table.chair),
        asked: &chair,
        purpose: Purpose::Tie,
        expect: Expect::Choice {
            choices: labels.keys().cloned().collect(),
        },
        shown: Shown {
            answers: shown.collect(),
            ..Shown::default()
        },
        labels: Some(labels),
        template: None,
    };
    Ok(Step::Ask(vec![ask(table, question, words::tie)?]))
}

fn chosen(reply: &Reply, tied: &[String]) -> Option<String> {
    let is_ok = reply.done.status == MemberStatus::Ok;
    let ballot = reply.done.ballot.as_ref().filter(|_| is_ok)?;
    ballot.choice.clone().filter(|choice| tied.contains(choice))
}

fn no_ruling(reply: &Reply) -> Notice {
    let text = format!(
        "The chair did not settle the tie ({}): the order of the spec did.",
        super::cause(reply)
    );
    notice("tie", &text)
}
