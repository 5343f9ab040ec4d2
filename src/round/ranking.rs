//! `ranking`: every member orders all answers, shown by id with its own among them, and says why.

use super::{Kind, Look, PromptError, Reply, Sees, Step, Table, poll, ties, words};
use crate::aggregate;
use crate::event::Expect;

/// The kind.
pub(super) struct Ranking;

impl Kind for Ranking {
    fn name(&self) -> &'static str {
        "ranking"
    }

    fn summary(&self) -> &'static str {
        "every member orders all answers, shown by id with its own among them, and says why"
    }

    fn looks(&self) -> &'static [Look] {
        &[Look {
            purpose: "ballot",
            sees: Sees::All,
            gives: "an order, best first, and why",
        }]
    }

    fn aggregators(&self) -> &'static [&'static str] {
        aggregate::OF_RANKINGS
    }

    fn step(&self, table: &Table<'_>, replies: &[Reply]) -> Result<Step, PromptError> {
        let candidates = ties::standing(table);
        let expect = Expect::Ranking {
            labels: candidates.clone(),
            comments: false,
        };
        poll::hold(table, replies, &candidates, &expect, words::ranking)
    }
}

#[cfg(test)]
mod tests {
    use crate::event::ErrorKind;
    use crate::round::testing::{House, failed, ok};

    #[test]
    fn all_rank_all_answers_their_own_among_them() {
        for size in [2, 3, 5, 9] {
            let mut house = House::new("ranking", size).with_answers(size);
            let keys: Vec<String> = (0..size)
                .map(|at| format!("1.{}.ballot", House::id(at)))
                .collect();
            let held = house.hold(&[]);
            assert_eq!(held.keys(), keys);
            for ask in held.asks() {
                for at in 0..size {
                    let answer = format!("answer of {}", House::id(at));
                    assert!(ask.messages[1].content.contains(&answer), "{}", ask.call);
                }
            }
            let aggregate = held.close.aggregate.expect("a result");
            assert_eq!(aggregate.winner.as_deref(), Some("a"));
            assert_eq!(aggregate.ballots.len(), size);
            assert_eq!(aggregate.ballots[0].rationale.as_deref(), Some("why"));
            assert_eq!(held.close.agreement, Some(1.0));
        }
    }

    #[test]
    fn ones_own_answer_is_not_fenced_and_the_others_are() {
        let mut house = House::new("ranking", 2).with_answers(2);
        let held = house.hold(&[]);
        let text = &held.ask("1.a.ballot").messages[1].content;
        assert!(text.contains("## a\n\nanswer of a"), "{text}");
        assert!(!text.contains("## b\n\nanswer of b"), "{text}");
    }

    #[test]
    fn a_single_answer_is_not_ranked() {
        for (size, answers) in [(1, 1), (3, 1), (3, 0)] {
            let mut house = House::new("ranking", size).with_answers(answers);
            let held = house.hold(&[]);
            assert!(held.asks().is_empty());
            assert_eq!(held.codes(), ["ranking_not_held"]);
        }
    }

    #[test]
    fn who_has_no_answer_ranks_those_that_are_there() {
        let mut house = House::new("ranking", 3).with_answers(2);
        let held = house.hold(&[]);
        assert_eq!(held.keys(), ["1.a.ballot", "1.b.ballot", "1.c.ballot"]);
        let aggregate = held.close.aggregate.expect("a result");
        assert_eq!(aggregate.order, ["a", "b"]);
    }

    #[test]
    fn without_a_readable_ballot_there_is_no_result() {
        let mut house = House::new("ranking", 2).with_answers(2);
        let held = house.hold(&[
            ("1.a.ballot", ok("I like them all.")),
            ("1.b.ballot", failed(ErrorKind::Transient)),
        ]);
        assert_eq!(held.close.aggregate, None);
        assert_eq!(held.codes(), ["no_ballots"]);
        assert_eq!(held.statuses_text(), "a invalid_output, b error");
    }
}
