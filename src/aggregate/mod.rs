//! Ballots to a winner, scores and an order; one file a method. By the program, never by a model.
//!
//! An [`Aggregator`] is a pure function of the ballots. What it cannot tell apart it leaves level,
//! and [`settle`] orders those as the round's tie break says, and marks that it did.
//! Neither the order of the ballots nor the names of the candidates change a score.

mod agreement;
mod borda;

pub use agreement::agreement;

use crate::event::{Aggregate, CastBallot, Tie};
use indexmap::IndexMap;

/// One method.
pub trait Aggregator: Sync {
    /// The name in specs and events.
    fn name(&self) -> &'static str;

    /// The scores of `candidates` by `ballots`. Candidates that no ballot could rank get none;
    /// names on a ballot that are no candidates are passed over.
    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally;
}

/// All methods.
pub const AGGREGATORS: &[&dyn Aggregator] = &[&borda::Borda];

/// The method of this name.
#[must_use]
pub fn aggregator(name: &str) -> Option<&'static dyn Aggregator> {
    AGGREGATORS
        .iter()
        .copied()
        .find(|aggregator| aggregator.name() == name)
}

/// What a method makes of ballots.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Each candidate's score, in the order of the candidates.
    pub scores: IndexMap<String, f64>,
    /// The candidates, best first; those that stand level are together, in the order of the
    /// candidates.
    pub levels: Vec<Vec<String>>,
}

impl Tally {
    /// Those that stand level at the top; empty where there is a single winner, or none.
    #[must_use]
    pub fn tied_at_top(&self) -> &[String] {
        match self.levels.first() {
            Some(top) if top.len() > 1 => top,
            _ => &[],
        }
    }
}

/// Scores closer than this are level: sums of fractions differ in their last bits by the order in
/// which they are added, and true differences are far larger.
const LEVEL: f64 = 1e-9;

/// Groups candidates by score, best first.
fn levels_of(scores: &IndexMap<String, f64>) -> Vec<Vec<String>> {
    let mut sorted: Vec<(&String, f64)> =
        scores.iter().map(|(name, score)| (name, *score)).collect();
    // The sort is stable, so those of one level keep the order of the candidates.
    sorted.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    let mut levels: Vec<Vec<String>> = Vec::new();
    let mut last = f64::INFINITY;
    for (name, score) in sorted {
        match levels.last_mut() {
            Some(level) if last - score < LEVEL => level.push(name.clone()),
            _ => levels.push(vec![name.clone()]),
        }
        last = score;
    }
    let place = |name: &String| scores.get_index_of(name);
    for level in &mut levels {
        level.sort_by_key(place);
    }
    levels
}

/// The outcome of a round: `order` puts those that stand level in an order and names what settled
/// it (`first`, `random` or `chair`). Which level it is asked for is its place from the top.
pub fn settle(
    method: &dyn Aggregator,
    tally: Tally,
    ballots: Vec<CastBallot>,
    mut order: impl FnMut(usize, Vec<String>) -> (Vec<String>, &'static str),
) -> Aggregate {
    let mut final_order = Vec::with_capacity(tally.scores.len());
    let mut ties = Vec::new();
    for (place, level) in tally.levels.into_iter().enumerate() {
        if level.len() == 1 {
            final_order.extend(level);
            continue;
        }
        let (among, by) = order(place, level);
        final_order.extend(among.iter().cloned());
        ties.push(Tie {
            among,
            by: by.to_owned(),
        });
    }
    Aggregate {
        method: method.name().to_owned(),
        winner: final_order.first().cloned(),
        scores: tally.scores,
        order: final_order,
        ballots,
        ties,
    }
}

/// A ballot's candidates and its order, cleaned of strangers and repetitions; none where it ranks
/// fewer than two.
fn usable<'a>(ballot: &'a CastBallot, known: &[String]) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let mut candidates: Vec<&str> = Vec::new();
    for name in &ballot.candidates {
        if known.contains(name) && !candidates.contains(&name.as_str()) {
            candidates.push(name);
        }
    }
    let mut ranked: Vec<&str> = Vec::new();
    for name in &ballot.ranking {
        if candidates.contains(&name.as_str()) && !ranked.contains(&name.as_str()) {
            ranked.push(name);
        }
    }
    (ranked.len() >= 2).then_some((candidates, ranked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A ballot over `candidates` that ranks `ranking`, both as one letter each.
    pub(super) fn ballot(member: &str, candidates: &str, ranking: &str) -> CastBallot {
        let each = |text: &str| text.chars().map(String::from).collect();
        CastBallot {
            member: member.parse().expect("an id"),
            candidates: each(candidates),
            ranking: each(ranking),
            choice: None,
            confidence: None,
            weight: None,
            rationale: None,
        }
    }

    pub(super) fn names(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn ties_are_settled_and_marked() {
        let method = aggregator("borda").expect("it is there");
        let ballots = vec![ballot("x", "abc", "abc"), ballot("y", "abc", "bac")];
        let tally = method.tally(&names("abc"), &ballots);
        assert_eq!(tally.tied_at_top(), ["a", "b"]);
        let outcome = settle(method, tally, ballots, |place, mut level| {
            assert_eq!(place, 0);
            level.reverse();
            (level, "random")
        });
        assert_eq!(outcome.winner.as_deref(), Some("b"));
        assert_eq!(outcome.order, ["b", "a", "c"]);
        let tie = Tie {
            among: names("ba"),
            by: "random".to_owned(),
        };
        assert_eq!(outcome.ties, [tie]);
    }

    fn any_ballots() -> impl Strategy<Value = Vec<CastBallot>> {
        prop::collection::vec(("[a-f]{0,6}", "[a-h]{0,8}"), 0..7).prop_map(|pairs| {
            pairs
                .iter()
                .map(|(candidates, ranking)| ballot("x", candidates, ranking))
                .collect()
        })
    }

    fn renamed(ballots: &[CastBallot]) -> Vec<CastBallot> {
        let new = |names: &[String]| names.iter().map(|name| format!("new-{name}")).collect();
        ballots
            .iter()
            .map(|ballot| CastBallot {
                candidates: new(&ballot.candidates),
                ranking: new(&ballot.ranking),
                ..ballot.clone()
            })
            .collect()
    }

    proptest! {
        /// Missing, partial and garbage ballots never panic, and scores stay within bounds.
        #[test]
        fn any_ballots_make_a_tally(ballots in any_ballots()) {
            for method in AGGREGATORS {
                let tally = method.tally(&names("abcde"), &ballots);
                prop_assert!(tally.scores.values().all(|score| (0.0..=1.0).contains(score)));
                prop_assert_eq!(tally.levels.iter().flatten().count(), tally.scores.len());
                let order: Vec<String> = tally.levels.concat();
                let share = agreement(&order, &ballots);
                prop_assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)));
                prop_assert_eq!(share.is_none(), tally.scores.is_empty());
            }
        }

        #[test]
        fn neither_order_nor_names_change_a_score(ballots in any_ballots()) {
            let method = aggregator("borda").expect("it is there");
            let tally = method.tally(&names("abcdef"), &ballots);
            let mut reversed = ballots.clone();
            reversed.reverse();
            prop_assert_eq!(&method.tally(&names("abcdef"), &reversed), &tally);
            let backwards = method.tally(&names("fedcba"), &ballots);
            for (name, score) in &tally.scores {
                prop_assert_eq!(backwards.scores.get(name), Some(score));
            }
            let new: Vec<String> = names("abcdef").iter().map(|name| format!("new-{name}")).collect();
            let other = method.tally(&new, &renamed(&ballots));
            prop_assert!(other.scores.values().eq(tally.scores.values()));
        }

        /// Whom every ballot puts first wins alone; whom every ballot puts last is last.
        #[test]
        fn unanimity_holds(rest in prop::collection::vec(Just("bcd".to_owned()), 1..5)) {
            let ballots: Vec<CastBallot> = rest
                .iter()
                .enumerate()
                .map(|(turn, rest)| {
                    let mut middle: Vec<char> = rest.chars().collect();
                    middle.rotate_left(turn % 3);
                    let ranking: String = ['a'].into_iter().chain(middle).chain(['e']).collect();
                    ballot("x", "abcde", &ranking)
                })
                .collect();
            let tally = aggregator("borda").expect("it is there").tally(&names("abcde"), &ballots);
            prop_assert_eq!(&tally.levels[0], &names("a"));
            prop_assert_eq!(tally.levels.last(), Some(&names("e")));
        }
    }
}
