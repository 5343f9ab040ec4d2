//! When a repetition goes on, and how it ends.

use super::*;
use crate::event::{CastBallot, RoundRef};
use crate::round::testing::House;
use proptest::prelude::*;

fn repeat(kinds: &[&str], until: Option<Until>) -> Repeat {
    Repeat {
        rounds: kinds.iter().map(|kind| House::new(kind, 0).plan).collect(),
        until,
        max_iterations: 3,
    }
}

fn held(kind: &str) -> Held {
    Held {
        round: RoundRef {
            index: 0,
            name: kind.to_owned(),
            kind: kind.to_owned(),
            iteration: 0,
        },
        aggregate: None,
        agreement: None,
        poll: House::new(kind, 0).plan.poll(),
        asked: 0,
        revised: None,
    }
}

/// A round of ballots by `asked` members; each letter is one ballot for that candidate.
fn vote(asked: usize, ballots: &str, winner: Option<&str>) -> Held {
    let cast = |choice: char| CastBallot {
        member: "x".parse().expect("an id"),
        candidates: ["a", "b", "c"].map(str::to_owned).to_vec(),
        ranking: Vec::new(),
        choice: Some(choice.to_string()),
        confidence: None,
        weight: None,
        rationale: None,
    };
    Held {
        aggregate: Some(Aggregate {
            method: "plurality".to_owned(),
            winner: winner.map(str::to_owned),
            scores: indexmap::IndexMap::new(),
            order: winner.map(str::to_owned).into_iter().collect(),
            ballots: ballots.chars().map(cast).collect(),
            ..Aggregate::default()
        }),
        asked,
        ..held("vote")
    }
}

/// The same as a ranking in that order, by ballots that rank as each of `ballots` says.
fn ranking(asked: usize, ballots: &[&str], order: &str) -> Held {
    let names = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
    let mut held = vote(asked, "", order.get(..1));
    held.round.kind = "anonymized_peer_review".to_owned();
    held.poll = House::new("anonymized_peer_review", 0).plan.poll();
    let aggregate = held.aggregate.as_mut().expect("it has one");
    aggregate.order = names(order);
    aggregate.ballots = ballots
        .iter()
        .map(|ranked| CastBallot {
            candidates: names(ranked),
            ranking: names(ranked),
            choice: None,
            member: "x".parse().expect("an id"),
            confidence: None,
            weight: None,
            rationale: None,
        })
        .collect();
    held
}

fn minutes(held: &[Held]) -> Minutes {
    Minutes {
        held: held.to_vec(),
        ..Minutes::default()
    }
}

fn is_met(kinds: &[&str], until: Until, held: &[Held]) -> bool {
    repeat(kinds, Some(until)).is_met(&minutes(held))
}

#[test]
fn a_majority_is_more_than_half_of_those_asked() {
    for (asked, ballots, holds) in [
        (3, "aab", true),
        (3, "aa", true),
        (4, "aabb", false),
        (4, "aaab", true),
        (5, "aab", false),
        (1, "a", true),
        (2, "ab", false),
    ] {
        let held = [vote(asked, ballots, Some("a"))];
        let met = is_met(&["peer_review", "vote"], Until::Majority, &held);
        assert_eq!(met, holds, "{ballots} of {asked}");
    }
    // A method that counts something else has no winner, and the majority is there all the same.
    assert!(is_met(&["vote"], Until::Majority, &[vote(3, "aab", None)]));
    assert!(!is_met(&["vote"], Until::Majority, &[vote(3, "abc", None)]));
    assert!(!is_met(&["vote"], Until::Majority, &[]));
}

#[test]
fn a_vote_on_another_question_ends_nothing() {
    let mut other = House::new("vote", 0).plan;
    other.choices = vec!["go".to_owned(), "wait".to_owned()];
    let elsewhere = Held {
        poll: other.poll(),
        ..vote(3, "aaa", Some("a"))
    };
    let until = [Until::Majority, Until::Unanimous, Until::Agreement(0.0)];
    for until in until {
        assert!(!is_met(&["vote"], until, std::slice::from_ref(&elsewhere)));
    }
    let twice = [elsewhere, vote(3, "aaa", Some("a"))];
    assert!(!is_met(&["vote"], Until::Stable, &twice));
    assert!(is_met(&["vote"], Until::Majority, &twice));
}

#[test]
fn unanimous_is_everybody_who_was_asked() {
    for (asked, ballots, holds) in [(3, "aaa", true), (3, "aa", false), (3, "aab", false)] {
        let held = [vote(asked, ballots, Some("a"))];
        assert_eq!(is_met(&["vote"], Until::Unanimous, &held), holds);
    }
    // Nobody ranks its own answer: the winner's ballot says nothing of the winner.
    for (ballots, holds) in [(["bc", "ac", "ab"], true), (["bc", "ca", "ab"], false)] {
        let held = [ranking(3, &ballots, "abc")];
        let met = is_met(&["anonymized_peer_review"], Until::Unanimous, &held);
        assert_eq!(met, holds);
    }
}

#[test]
fn agreement_is_that_of_the_last_ballots() {
    let with = |agreement| Held {
        agreement,
        ..vote(3, "aab", Some("a"))
    };
    let met = |held: &[Held]| is_met(&["vote"], Until::Agreement(0.6), held);
    assert!(met(&[with(Some(0.6))]));
    assert!(met(&[with(Some(0.1 + 0.2 + 0.3))]));
    assert!(!met(&[with(Some(0.59))]));
    assert!(!met(&[with(Some(0.9)), with(Some(0.1))]));
    // A cycle has no agreement.
    assert!(!met(&[with(None)]));
    assert!(!met(&[Held {
        agreement: Some(1.0),
        ..held("ranking")
    }]));
}

#[test]
fn votes_are_stable_by_winner_and_rankings_by_order() {
    let stable = |kind: &str, held: &[Held]| is_met(&[kind], Until::Stable, held);
    let by = |winner| vote(3, "aab", winner);
    assert!(!stable("vote", &[by(Some("a"))]));
    assert!(stable(
        "vote",
        &[by(Some("a")), held("critique"), by(Some("a"))]
    ));
    assert!(!stable("vote", &[by(Some("a")), by(Some("b"))]));
    assert!(!stable("vote", &[by(None), by(None)]));
    assert!(!stable("vote", &[by(Some("a")), held("vote")]));
    let ranked = |order| ranking(3, &[], order);
    let kind = "anonymized_peer_review";
    assert!(stable(kind, &[ranked("abc"), ranked("abc")]));
    assert!(!stable(kind, &[ranked("abc"), ranked("acb")]));
    assert!(!stable(kind, &[ranked(""), ranked("")]));
}

#[test]
fn a_critique_is_stable_when_nobody_revised() {
    let revised = |revised| Held {
        revised,
        ..held("critique")
    };
    let stable = |held: &[Held]| is_met(&["critique"], Until::Stable, held);
    assert!(!stable(&[]));
    assert!(stable(&[revised(Some(0))]));
    assert!(!stable(&[revised(Some(1))]));
    assert!(!stable(&[revised(Some(0)), revised(Some(1))]));
    // That no second look could be read is no sign of peace.
    assert!(!stable(&[revised(None)]));
    let two = |held: &[Held]| is_met(&["critique", "critique"], Until::Stable, held);
    assert!(!two(&[revised(Some(1)), revised(Some(0))]));
    assert!(two(&[revised(Some(0)), revised(Some(0))]));
}

fn code(next: &Next) -> Option<&str> {
    match next {
        Next::Again => Some("again"),
        Next::Over(notice) => notice.as_ref().map(|notice| notice.code.as_str()),
    }
}

fn pass(iterations: u32) -> Pass {
    Pass {
        iterations,
        ..Pass::default()
    }
}

#[test]
fn what_holds_before_the_first_pass_is_not_repeated() {
    let jury = repeat(&["peer_review", "vote"], Some(Until::Majority));
    let agreed = minutes(&[vote(3, "aab", Some("a"))]);
    assert_eq!(jury.next("x", &pass(0), &agreed), Next::Over(None));
    let split = minutes(&[vote(3, "abc", Some("a"))]);
    assert_eq!(jury.next("x", &pass(0), &split), Next::Again);
}

#[test]
fn a_jury_without_a_majority_is_hung() {
    let jury = repeat(&["peer_review", "vote"], Some(Until::Majority));
    let split = || vote(3, "abc", Some("a"));
    let minutes = minutes(&[split(), held("peer_review"), split()]);
    assert_eq!(code(&jury.next("x", &pass(2), &minutes)), Some("again"));
    let Next::Over(Some(notice)) = jury.next("x", &pass(3), &minutes) else {
        panic!("it is over");
    };
    assert_eq!(notice.code, "hung_jury");
    assert_eq!(notice.text, "the jury is hung: no majority in 2 votes");
}

#[test]
fn where_nothing_was_voted_on_no_jury_hangs() {
    let jury = repeat(&["peer_review", "vote"], Some(Until::Majority));
    let nothing = Minutes::default();
    assert_eq!(jury.next("x", &pass(0), &nothing), Next::Again);
    assert_eq!(jury.next("x", &pass(1), &nothing), Next::Over(None));
}

#[test]
fn the_maximum_is_a_notice() {
    let consensus = repeat(&["critique"], Some(Until::Stable));
    let minutes = minutes(&[held("critique")]);
    let Next::Over(Some(notice)) = consensus.next("argue", &pass(3), &minutes) else {
        panic!("it is over");
    };
    assert_eq!(notice.code, "max_iterations");
    let text = "`argue` met its maximum of 3 iterations, and the outcome still changes.";
    assert_eq!(notice.text, text);
}

#[test]
fn a_bracket_ends_with_one_or_when_it_stands_still() {
    let bracket = repeat(&["pairwise_elimination"], None);
    let mut house = House::new("pairwise_elimination", 3).with_answers(3);
    let minutes = &mut house.minutes;
    minutes.held = vec![held("pairwise_elimination")];
    assert_eq!(bracket.next("x", &pass(0), minutes), Next::Again);
    assert_eq!(
        code(&bracket.next("x", &pass(1), minutes)),
        Some("no_winner")
    );
    minutes.eliminated.insert("b".parse().expect("an id"));
    assert_eq!(bracket.next("x", &pass(1), minutes), Next::Again);
    minutes.eliminated.insert("a".parse().expect("an id"));
    assert_eq!(bracket.next("x", &pass(1), minutes), Next::Over(None));
}

fn any_held() -> impl Strategy<Value = Held> {
    let vote = (0_usize..4, "[abc]{0,3}", prop::option::of("[abc]"));
    prop_oneof![
        vote.prop_map(|(asked, ballots, winner)| vote_of(asked, &ballots, winner)),
        prop::option::of(0_usize..3).prop_map(|revised| Held {
            revised,
            ..held("critique")
        }),
    ]
}

fn vote_of(asked: usize, ballots: &str, winner: Option<String>) -> Held {
    vote(asked, ballots, winner.as_deref())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever came of the rounds, a repetition comes to its end.
    #[test]
    fn every_repetition_ends(held in prop::collection::vec(any_held(), 0..6), least in 0.0..=1.0) {
        let minutes = minutes(&held);
        for until in [
            Until::Agreement(least),
            Until::Unanimous,
            Until::Majority,
            Until::Stable,
        ] {
            for kinds in [&["critique"][..], &["critique", "vote"], &["vote", "pairwise_elimination"]] {
                let repeat = repeat(kinds, Some(until));
                let next = repeat.next("x", &pass(repeat.max_iterations), &minutes);
                prop_assert!(matches!(next, Next::Over(_)));
            }
        }
    }
}
