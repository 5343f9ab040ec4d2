//! From ballots to a round's outcome, with the ties settled as the round says.

use super::PromptError;
use super::compose::{Question, Shown, Voice, ask};
use super::draw::draws;
use super::{Close, Reply, Step, Table, TieBreak, labels, notice, words};
use crate::aggregate::{self, Aggregator, Counts, Tally, agreement, are_compared};
use crate::event::{CastBallot, Expect, MemberId, MemberStatus, Notice, Purpose};
use crate::prompt::Scope;

/// Methods that count how sure members say they are.
const COUNT_CONFIDENCE: &[&str] = &["mean", "median"];

/// The replies of this round's ballots that came in whole.
pub(super) fn usable(replies: &[Reply]) -> impl Iterator<Item = &Reply> {
    replies.iter().filter(|reply| {
        reply.done.status == MemberStatus::Ok && reply.call.purpose == Purpose::Ballot
    })
}

/// The readable ballots, each with what its member counts for and how sure it is.
pub(super) fn cast(table: &Table<'_>, replies: &[Reply]) -> Vec<CastBallot> {
    let cast = |reply: &Reply| {
        let ballot = reply.done.ballot.clone()?;
        let member = &reply.call.member;
        let seat = table.all.iter().find(|seat| seat.id == *member);
        Some(CastBallot {
            member: member.clone(),
            candidates: ballot.candidates,
            ranking: ballot.ranking,
            choice: ballot.choice,
            confidence: reply.done.confidence,
            weight: seat.and_then(|seat| seat.weight),
            rationale: ballot.rationale,
        })
    };
    usable(replies).filter_map(cast).collect()
}

/// The ids of the answers that can be ranked or chosen.
pub(super) fn standing(table: &Table<'_>) -> Vec<String> {
    let answers = table.minutes.standing();
    answers.map(|(id, _)| id.to_string()).collect()
}

/// Closes a round with `ballots` over `candidates`, or first asks the chair who is to win a tie.
pub(super) fn outcome(
    table: &Table<'_>,
    replies: &[Reply],
    candidates: &[String],
    ballots: Vec<CastBallot>,
    mut close: Close,
) -> Result<Step, PromptError> {
    let Some(method) = method(table) else {
        return Ok(Step::Done(close));
    };
    let tally = method.tally(candidates, &ballots);
    close.notices.extend(not_counted(method, &ballots));
    if tally.scores.is_empty() {
        close.aggregate = Some(settle(table, method, tally, ballots, None));
        return Ok(Step::Done(close));
    }
    for name in candidates
        .iter()
        .filter(|name| !tally.scores.contains_key(*name))
    {
        let text = format!("No ballot that came in could name `{name}`: it has no score.");
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
    close.agreement = agreement(&result);
    if !close.notices.iter().any(|notice| notice.code == "tie") {
        close.notices.extend(level(method, &result));
    }
    if !result.cycle.is_empty() {
        close.notices.push(circle(&result.cycle));
    }
    close.aggregate = Some(result);
    Ok(Step::Done(close))
}

/// The round's aggregator; the kind's first where the spec names none.
fn method(table: &Table<'_>) -> Option<&'static dyn Aggregator> {
    let named = table.plan.aggregator.as_deref();
    let first = table.plan.kind.aggregators().first().copied();
    named.or(first).and_then(aggregate::aggregator)
}

/// What a reader must know of ballots that the method cannot count.
fn not_counted(method: &dyn Aggregator, ballots: &[CastBallot]) -> Option<Notice> {
    if !COUNT_CONFIDENCE.contains(&method.name()) {
        return None;
    }
    let silent = ballots
        .iter()
        .filter(|ballot| ballot.confidence.is_none())
        .count();
    let name = method.name();
    let text = match silent {
        0 => return None,
        all if all == ballots.len() => format!(
            "No ballot says how sure it is, which is what `{name}` counts: the round has no result."
        ),
        some => format!(
            "{} of {} say how sure they are, which is what `{name}` counts: the others do not count.",
            ballots.len() - some,
            words::count(ballots.len(), "ballot"),
        ),
    };
    Some(notice("no_confidence", &text))
}

/// That the winner stood level with others, and what put it first; and that no ballot compares
/// them, where that is so: full agreement would seem to deny the tie.
fn level(method: &dyn Aggregator, result: &crate::event::Aggregate) -> Option<Notice> {
    let winner = result.winner.as_ref()?;
    let tie = result.tie_at_the_top()?;
    let by = match tie.by.as_str() {
        "random" => "a draw",
        "chair" => "the chair",
        _ => "the order of the spec",
    };
    let mut text = format!(
        "{} stand level at the top; {by} put `{winner}` first.",
        tie.among.join(", ")
    );
    if matches!(method.counts(), Counts::Rankings) && !are_compared(result, &tie.among) {
        let whom = match tie.among.len() {
            2 => "the two",
            _ => "any two of them",
        };
        text.push_str(&format!(
            " No ballot compares {whom}, and agreement counts only what a ballot compares."
        ));
    }
    Some(notice("tie", &text))
}

fn circle(names: &[String]) -> Notice {
    let text = format!(
        "The majorities run in a circle: each of {} loses to another of them, one against one. \
         There is no winner and no order.",
        names.join(", ")
    );
    notice("cycle", &text)
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

/// Asks the chair which of `tied` is the best. Answers are shown without names: it is to judge
/// texts. Choices that are no answers are named as they are.
fn question(table: &Table<'_>, tied: &[String]) -> Result<Step, PromptError> {
    let chair = MemberId::chair();
    let are_choices = !table.plan.choices.is_empty();
    let is_shown = |id: &&MemberId| are_choices || tied.iter().any(|tied| tied == id.as_str());
    let ids = table.minutes.standing().map(|(id, _)| id);
    let ids = ids.filter(is_shown).cloned().collect();
    let labels = labels::shuffled(table, &chair, "tie", ids);
    let choices = if are_choices {
        tied.to_vec()
    } else {
        labels.keys().cloned().collect()
    };
    let question = Question {
        voice: Voice::Chair(table.chair),
        asked: &chair,
        purpose: Purpose::Tie,
        expect: Expect::Choice {
            choices: choices.clone(),
        },
        shown: Shown {
            answers: labels::answers(table, &labels),
            ..Shown::default()
        },
        labels: Some(labels),
        template: None,
    };
    let words = |scope: &Scope| {
        if are_choices {
            words::tied_choices(scope, &choices)
        } else {
            words::tie(scope)
        }
    };
    Ok(Step::Ask(vec![ask(table, question, words)?]))
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
