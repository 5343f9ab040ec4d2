//! What every method must hold, over any ballots.

use crate::aggregate::testing::{ballot, names};
use crate::aggregate::{AGGREGATORS, Aggregator, Counts, Tally, agreement, settle};
use crate::event::{Aggregate, CastBallot};
use proptest::prelude::*;

/// Ballots of all sorts: partial, repeated, over strangers, without anything, with numbers that no
/// reader would give.
fn any_ballots() -> impl Strategy<Value = Vec<CastBallot>> {
    let number = || {
        prop_oneof![
            Just(None),
            (0..=4_u8).prop_map(|quarters| Some(f64::from(quarters) / 4.0)),
            prop::num::f64::ANY.prop_map(Some),
        ]
    };
    let one = (
        "[a-f]{0,6}",
        "[a-h]{0,8}",
        prop::option::of("[a-h]"),
        number(),
        number(),
    );
    prop::collection::vec(one, 0..7).prop_map(|all| {
        all.into_iter()
            .map(
                |(candidates, ranking, choice, confidence, weight)| CastBallot {
                    choice,
                    confidence,
                    weight,
                    ..ballot("x", &candidates, &ranking)
                },
            )
            .collect()
    })
}

/// Full ballots over five, each with a choice and what else a voter can say.
fn full_ballots() -> impl Strategy<Value = Vec<CastBallot>> {
    let order = Just(names("abcde")).prop_shuffle();
    let one = (order, 0..=4_u8, 1..5_u8);
    prop::collection::vec(one, 1..8).prop_map(|all| {
        all.into_iter()
            .map(|(ranking, quarters, weight)| CastBallot {
                choice: ranking.first().cloned(),
                confidence: Some(f64::from(quarters) / 4.0),
                weight: Some(f64::from(weight)),
                ranking,
                ..ballot("x", "abcde", "")
            })
            .collect()
    })
}

fn renamed(ballots: &[CastBallot]) -> Vec<CastBallot> {
    let new = |names: &[String]| names.iter().map(|name| format!("new-{name}")).collect();
    ballots
        .iter()
        .map(|ballot| CastBallot {
            member: "somebody-else".parse().expect("an id"),
            candidates: new(&ballot.candidates),
            ranking: new(&ballot.ranking),
            choice: ballot.choice.as_ref().map(|choice| format!("new-{choice}")),
            ..ballot.clone()
        })
        .collect()
}

fn outcome(method: &dyn Aggregator, candidates: &str, ballots: &[CastBallot]) -> Aggregate {
    let tally = method.tally(&names(candidates), ballots);
    settle(method, tally, ballots.to_vec(), |_, level| (level, "first"))
}

/// `winner` a place higher on the ballot, or surer of it.
fn raised(ballot: &CastBallot, winner: &str) -> CastBallot {
    let mut ballot = ballot.clone();
    let place = ballot.ranking.iter().position(|name| name == winner);
    if let Some(place) = place.filter(|place| *place > 0) {
        ballot.ranking.swap(place, place - 1);
    }
    ballot.choice = Some(winner.to_owned());
    ballot
}

/// More voters of `a` against `b` than of `b` against `a`.
fn beats(ballots: &[CastBallot], a: &str, b: &str) -> bool {
    let place = |ballot: &CastBallot, own: &str| ballot.ranking.iter().position(|name| name == own);
    let for_a = ballots
        .iter()
        .filter(|each| place(each, a) < place(each, b));
    2 * for_a.count() > ballots.len()
}

/// Who is beaten, through however many others, only by those that it so beats itself.
fn schwartz(all: &[String], ballots: &[CastBallot]) -> Vec<String> {
    let beaten_by = |own: &String| -> Vec<bool> {
        all.iter().map(|other| beats(ballots, own, other)).collect()
    };
    let mut reach: Vec<Vec<bool>> = all.iter().map(beaten_by).collect();
    let places = 0..all.len();
    for by in places.clone() {
        for from in places.clone() {
            for to in places.clone() {
                reach[from][to] |= reach[from][by] && reach[by][to];
            }
        }
    }
    let is_in = |own: &usize| {
        places
            .clone()
            .all(|other| !reach[other][*own] || reach[*own][other])
    };
    let own = places.clone().filter(is_in);
    own.map(|own| all[own].clone()).collect()
}

proptest! {
    /// Missing, partial and garbage ballots never panic, and all numbers stay within bounds.
    #[test]
    fn any_ballots_make_a_tally(ballots in any_ballots()) {
        for method in AGGREGATORS {
            let tally = method.tally(&names("abcde"), &ballots);
            prop_assert!(tally.scores.values().all(|score| (0.0..=1.0 + 1e-12).contains(score)));
            prop_assert!(tally.positions.values().all(|place| (1.0..=6.0).contains(&place.average)));
            let ordered = tally.levels.iter().flatten().count();
            if tally.cycle.is_empty() {
                prop_assert_eq!(ordered, tally.scores.len());
            } else {
                prop_assert!(ordered == 0 && tally.cycle.len() > 2);
            }
            let outcome = outcome(*method, "abcde", &ballots);
            let share = agreement(&outcome);
            prop_assert!(share.is_none_or(|share| (0.0..=1.0 + 1e-12).contains(&share)));
            prop_assert_eq!(share.is_none(), outcome.winner.is_none());
        }
    }

    /// A ballot that says nothing changes nothing.
    #[test]
    fn an_empty_ballot_favours_nobody(ballots in any_ballots()) {
        let empty = ballot("x", "abcde", "");
        let stranger = CastBallot { choice: Some("z".to_owned()), ..ballot("x", "abcde", "za") };
        let more = [&ballots[..], &[empty, stranger]].concat();
        for method in AGGREGATORS {
            let before = method.tally(&names("abcde"), &ballots);
            prop_assert_eq!(method.tally(&names("abcde"), &more), before, "{}", method.name());
        }
    }

    #[test]
    fn neither_order_nor_names_change_a_score(ballots in any_ballots()) {
        for method in AGGREGATORS {
            let tally = method.tally(&names("abcdef"), &ballots);
            let mut reversed = ballots.clone();
            reversed.reverse();
            prop_assert_eq!(&method.tally(&names("abcdef"), &reversed), &tally);
            let backwards = method.tally(&names("fedcba"), &ballots);
            prop_assert_eq!(&backwards.scores, &tally.scores);
            prop_assert_eq!(&backwards.positions, &tally.positions);
            let sorted = |tally: &Tally| {
                let mut sets = [&tally.levels[..], std::slice::from_ref(&tally.cycle)].concat();
                sets.iter_mut().for_each(|set| set.sort());
                sets
            };
            prop_assert_eq!(sorted(&backwards), sorted(&tally));
            let new: Vec<String> = names("abcdef").iter().map(|name| format!("new-{name}")).collect();
            let other = method.tally(&new, &renamed(&ballots));
            prop_assert!(other.scores.values().eq(tally.scores.values()));
            let level = |levels: &[Vec<String>]| levels.iter().map(Vec::len).collect::<Vec<_>>();
            prop_assert_eq!(level(&other.levels), level(&tally.levels));
        }
    }

    /// Whom every ballot puts first wins alone, with full agreement on it; whom every ballot puts
    /// last is last.
    #[test]
    fn unanimity_holds(ballots in full_ballots()) {
        let ballots: Vec<CastBallot> = ballots
            .into_iter()
            .map(|mut ballot| {
                ballot.ranking.retain(|name| name != "a" && name != "e");
                ballot.ranking.insert(0, "a".to_owned());
                ballot.ranking.push("e".to_owned());
                ballot.choice = Some("a".to_owned());
                ballot.confidence = Some(0.5);
                ballot
            })
            .collect();
        for method in AGGREGATORS {
            let tally = method.tally(&names("abcde"), &ballots);
            prop_assert_eq!(&tally.levels[0], &names("a"), "{}", method.name());
            match method.counts() {
                Counts::Choices => {
                    let share = agreement(&outcome(*method, "abcde", &ballots));
                    prop_assert_eq!(share, Some(1.0));
                }
                Counts::Rankings => prop_assert_eq!(tally.levels.last(), Some(&names("e"))),
            }
        }
    }

    /// Raising the winner on a ballot, or choosing it, never makes it lose. Of `mean` and `median`
    /// that is not so: an unsure voter more lowers the mean.
    #[test]
    fn a_winner_that_is_raised_still_wins(ballots in full_ballots(), which in any::<prop::sample::Index>()) {
        for method in AGGREGATORS.iter().filter(|method| !["mean", "median"].contains(&method.name())) {
            let Some(winner) = outcome(*method, "abcde", &ballots).winner else { continue };
            let mut more = ballots.clone();
            let place = which.index(more.len());
            more[place] = raised(&more[place], &winner);
            let after = outcome(*method, "abcde", &more);
            prop_assert_eq!(after.winner.as_ref(), Some(&winner), "{}", method.name());
        }
    }

    /// Being surer of the winner never makes it lose.
    #[test]
    fn a_surer_voter_does_not_harm_its_choice(ballots in full_ballots(), which in any::<prop::sample::Index>()) {
        for method in AGGREGATORS.iter().filter(|method| ["mean", "median"].contains(&method.name())) {
            let Some(winner) = outcome(*method, "abcde", &ballots).winner else { continue };
            let mut more = ballots.clone();
            let own: Vec<usize> = (0..more.len())
                .filter(|place| more[*place].choice.as_deref() == Some(&winner))
                .collect();
            if own.is_empty() {
                continue;
            }
            more[own[which.index(own.len())]].confidence = Some(1.0);
            prop_assert_eq!(outcome(*method, "abcde", &more).winner, Some(winner), "{}", method.name());
        }
    }

    /// Who beats every other wins; a circle at the top is told; and nobody stands above one that
    /// beats it, unless a circle leads back.
    #[test]
    fn condorcet_follows_the_majorities(ballots in full_ballots()) {
        let method = AGGREGATORS.iter().find(|method| method.name() == "condorcet").expect("it is there");
        let all = names("abcde");
        let tally = method.tally(&all, &ballots);
        let is_beaten = |own: &String, set: &[String]| set.iter().any(|other| beats(&ballots, other, own));
        let unbeaten: Vec<String> = all.iter().filter(|own| !is_beaten(own, &all)).cloned().collect();
        if unbeaten.is_empty() {
            prop_assert!(!tally.cycle.is_empty());
            // Who is in the circle is beaten only from within it, and by somebody there.
            let outside: Vec<String> = all.iter().filter(|own| !tally.cycle.contains(own)).cloned().collect();
            for own in &tally.cycle {
                prop_assert!(!is_beaten(own, &outside));
                prop_assert!(is_beaten(own, &tally.cycle));
            }
            // And nobody is in it that has no way back to one that beats it.
            prop_assert_eq!(&tally.cycle, &schwartz(&all, &ballots));
            return Ok(());
        }
        prop_assert_eq!(&tally.levels[0], &unbeaten);
        for (place, level) in tally.levels.iter().enumerate() {
            for lower in &tally.levels[place + 1..] {
                for own in level {
                    prop_assert!(!is_beaten(own, lower), "{:?}", tally.levels);
                }
            }
        }
    }
}
