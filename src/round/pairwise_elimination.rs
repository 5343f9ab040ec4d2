//! `pairwise_elimination`: one level of a bracket. Who is still in is paired in the spec's order,
//! an odd one out at the end goes on by itself, and the chair judges all pairs at once. Who loses
//! a pair is out.
//!
//! A pair that the chair does not judge eliminates nobody: both go on, and a notice says so. So a
//! failure favours no one, and a bracket in which a whole level is without a verdict stands still,
//! which ends its repetition.

use super::compose::{Question, Shown, Voice, ask};
use super::poll::too_few;
use super::{
    Close, Kind, Look, PromptError, Reply, Sees, Step, Table, cause, close_with, labels, notice,
    words,
};
use crate::event::{Aggregate, Ask, CastBallot, Expect, MemberId, MemberStatus, Notice, Purpose};

/// The kind.
pub(super) struct PairwiseElimination;

impl Kind for PairwiseElimination {
    fn name(&self) -> &'static str {
        "pairwise_elimination"
    }

    fn summary(&self) -> &'static str {
        "the chair judges the answers in pairs; who loses is out. One level of a bracket"
    }

    fn looks(&self) -> &'static [Look] {
        &[Look {
            purpose: "pair",
            sees: Sees::Pair,
            gives: "which of the two is the better, and why",
        }]
    }

    fn is_for_chair(&self) -> bool {
        true
    }

    fn eliminates(&self) -> bool {
        true
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        let standing: Vec<&MemberId> = table.minutes.standing().map(|(id, _)| id).collect();
        if standing.len() < 2 {
            let text = format!(
                "{}: there is no pair to judge.",
                too_few(standing.len(), "judge")
            );
            return Ok(close_with("bracket_not_held", &text));
        }
        if !replies.is_empty() {
            return Ok(Step::Done(close(&standing, replies)));
        }
        if table.chair.is_none() {
            let text = "The chair cannot be asked: no pair was judged, and nobody is eliminated.";
            return Ok(close_with("bracket_not_held", text));
        }
        let pairs = standing.chunks_exact(2);
        let asks = pairs.map(|pair| question(table, pair[0], pair[1]));
        asks.collect::<Result<_, _>>().map(Step::Ask)
    }
}

/// Which of two answers is the better, without names and in an order that is drawn: the chair is
/// to judge texts.
fn question(table: &Table<'_>, left: &MemberId, right: &MemberId) -> Result<Ask, PromptError> {
    let chair = MemberId::chair();
    let purpose = Purpose::Pair(left.clone(), right.clone());
    let ids = vec![left.clone(), right.clone()];
    let labels = labels::shuffled(table, &chair, &purpose.to_string(), ids);
    let answers = labels::answers(table, &labels);
    let question = Question {
        voice: Voice::Chair(table.chair),
        asked: &chair,
        purpose,
        expect: Expect::Pair {
            left: labels::label(0),
            right: labels::label(1),
        },
        labels: Some(labels),
        shown: Shown {
            answers,
            ..Shown::default()
        },
        template: table.plan.prompt.as_ref(),
    };
    ask(table, question, words::pair)
}

/// A pair as it was judged.
struct Judged<'r> {
    loser: &'r MemberId,
    ballot: CastBallot,
}

/// None where the chair has not judged this pair.
fn judged(reply: &Reply) -> Option<Judged<'_>> {
    let Purpose::Pair(left, right) = &reply.call.purpose else {
        return None;
    };
    let ballot = reply.done.ballot.as_ref()?;
    let choice = ballot.choice.as_deref()?;
    let (winner, loser) = match choice {
        _ if reply.done.status != MemberStatus::Ok => return None,
        choice if choice == left.as_str() => (left, right),
        choice if choice == right.as_str() => (right, left),
        _ => return None,
    };
    Some(Judged {
        loser,
        ballot: CastBallot {
            member: reply.call.member.clone(),
            candidates: vec![left.to_string(), right.to_string()],
            ranking: Vec::new(),
            choice: Some(winner.to_string()),
            confidence: None,
            weight: None,
            rationale: ballot.rationale.clone(),
        },
    })
}

/// Whoever goes on has the score 1, who is eliminated 0. There is a winner, and an order, once one
/// alone goes on.
fn close(standing: &[&MemberId], replies: &[Reply]) -> Close {
    let pairs: Vec<Judged<'_>> = replies.iter().filter_map(judged).collect();
    let notices: Vec<Notice> = replies
        .iter()
        .filter(|reply| judged(reply).is_none())
        .filter_map(undecided)
        .collect();
    let goes_on = |id: &MemberId| pairs.iter().all(|pair| pair.loser != id);
    let on: Vec<&MemberId> = standing.iter().copied().filter(|id| goes_on(id)).collect();
    let order = match &on[..] {
        [winner] => {
            let losers = pairs.iter().map(|pair| pair.loser);
            std::iter::once(*winner)
                .chain(losers)
                .map(ToString::to_string)
                .collect()
        }
        _ => Vec::new(),
    };
    let aggregate = Aggregate {
        method: "pairwise_elimination".to_owned(),
        winner: order.first().cloned(),
        scores: standing
            .iter()
            .map(|id| (id.to_string(), f64::from(u8::from(goes_on(id)))))
            .collect(),
        order,
        ballots: pairs.iter().map(|pair| pair.ballot.clone()).collect(),
        ..Aggregate::default()
    };
    Close {
        eliminated: pairs.iter().map(|pair| pair.loser.clone()).collect(),
        aggregate: (!pairs.is_empty()).then_some(aggregate),
        notices,
        ..Close::default()
    }
}

fn undecided(reply: &Reply) -> Option<Notice> {
    let Purpose::Pair(left, right) = &reply.call.purpose else {
        return None;
    };
    let text = format!(
        "The chair did not judge `{left}` and `{right}` ({}): both go on.",
        cause(reply)
    );
    Some(notice("undecided", &text))
}

#[cfg(test)]
mod tests {
    use crate::event::ErrorKind;
    use crate::round::testing::{House, failed, ok};

    fn level(size: usize) -> House {
        House::new("pairwise_elimination", size).with_answers(size)
    }

    #[test]
    fn neighbours_are_paired_and_an_odd_one_goes_on() {
        for (size, keys) in [
            (2, &["1.chair.pair:a/b"][..]),
            (3, &["1.chair.pair:a/b"]),
            (4, &["1.chair.pair:a/b", "1.chair.pair:c/d"]),
            (5, &["1.chair.pair:a/b", "1.chair.pair:c/d"]),
        ] {
            let mut house = level(size);
            let held = house.hold(&[]);
            assert_eq!(held.keys(), keys);
            assert_eq!(held.batches.len(), 1, "all pairs at once");
            assert_eq!(house.minutes.eliminated.len(), size / 2);
            let left = house.minutes.standing().count();
            assert_eq!(left, size.div_ceil(2));
        }
    }

    #[test]
    fn the_chair_sees_two_texts_and_no_names() {
        let mut house = level(2);
        let held = house.hold(&[]);
        let ask = &held.asks()[0];
        let text = &ask.messages[1].content;
        assert!(text.contains("answer of a") && text.contains("answer of b"));
        assert!(text.contains("## Response A") && text.contains("## Response B"));
        assert!(!text.contains("## a") && !text.contains("## b"));
        assert_eq!(ask.labels.as_ref().map(indexmap::IndexMap::len), Some(2));
    }

    #[test]
    fn who_loses_is_eliminated_and_one_alone_wins() {
        let mut house = level(2);
        let held = house.hold(&[]);
        let labels = held.asks()[0].labels.as_ref().expect("labels");
        let (first, second) = (&labels["Response A"], &labels["Response B"]);
        let aggregate = held.close.aggregate.as_ref().expect("a result");
        assert_eq!(aggregate.winner.as_deref(), Some(first.as_str()));
        assert_eq!(aggregate.order, [first.as_str(), second.as_str()]);
        assert_eq!(aggregate.scores[first.as_str()], 1.0);
        assert_eq!(aggregate.scores[second.as_str()], 0.0);
        assert!(house.minutes.eliminated.iter().eq([second]));
        let expected = format!("chair ok, {second} eliminated");
        assert_eq!(held.statuses_text(), expected);
    }

    #[test]
    fn while_several_go_on_there_is_no_winner() {
        let mut house = level(3);
        let aggregate = house.hold(&[]).close.aggregate.expect("a result");
        assert_eq!(aggregate.winner, None);
        assert!(aggregate.order.is_empty());
        assert_eq!(aggregate.scores["c"], 1.0);
    }

    #[test]
    fn a_pair_that_is_not_judged_eliminates_nobody() {
        for reply in [failed(ErrorKind::Timeout), ok("Both are fine.")] {
            let mut house = level(4);
            let held = house.hold(&[("1.chair.pair:a/b", reply)]);
            assert_eq!(held.codes(), ["undecided"]);
            let on: Vec<_> = house
                .minutes
                .standing()
                .map(|(id, _)| id.as_str())
                .collect();
            assert_eq!(on.len(), 3);
            assert_eq!(on[..2], ["a", "b"]);
        }
    }

    #[test]
    fn without_any_verdict_there_is_no_result() {
        let mut house = level(2);
        let held = house.hold(&[("1.chair.pair:a/b", failed(ErrorKind::Auth))]);
        assert_eq!(held.close.aggregate, None);
        assert_eq!(held.statuses_text(), "chair error");
        assert!(house.minutes.eliminated.is_empty());
    }

    #[test]
    fn one_answer_or_no_chair_is_no_bracket() {
        let mut alone = level(1);
        assert_eq!(alone.hold(&[]).codes(), ["bracket_not_held"]);
        let mut house = level(3);
        house.chair = None;
        let held = house.hold(&[]);
        assert!(held.asks().is_empty());
        assert_eq!(held.codes(), ["bracket_not_held"]);
    }
}
