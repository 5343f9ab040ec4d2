//! `plurality`: most choices win.

use super::{Aggregator, Counts, Tally, sum, usable};
use crate::event::CastBallot;
use indexmap::IndexMap;

/// One voice a ballot, and most voices win: the *élection à la pluralité* that J.-C. de Borda
/// examines, and finds wanting with more than two candidates, in *Mémoire sur les élections au
/// scrutin*, Histoire de l'Académie royale des sciences, 1781.
///
/// A candidate's score is its share of the choices, so the scores sum to 1. Ballots without a
/// choice among the candidates are not counted.
pub(super) struct Plurality;

impl Aggregator for Plurality {
    fn name(&self) -> &'static str {
        "plurality"
    }

    fn summary(&self) -> &'static str {
        "most choices win"
    }

    fn counts(&self) -> Counts {
        Counts::Choices
    }

    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally {
        Tally::by_score(shares(self, candidates, ballots))
    }
}

/// Each candidate's share of what the ballots with a choice count for.
pub(super) fn shares(
    method: &(impl Aggregator + ?Sized),
    candidates: &[String],
    ballots: &[CastBallot],
) -> IndexMap<String, f64> {
    let worth = |ballot: &CastBallot| {
        let weight = method.weight(ballot);
        (weight.is_finite() && weight > 0.0).then_some(weight)
    };
    let chosen = usable::chosen(candidates, ballots, worth);
    let all = || chosen.values().flatten().copied();
    // Against the largest, so that no sum of finite weights is infinite.
    let largest = all().fold(0.0, f64::max);
    let total = sum(all().map(|weight| weight / largest).collect());
    chosen
        .iter()
        .map(|(name, weights)| {
            let own = sum(weights.iter().map(|weight| weight / largest).collect());
            ((*name).to_owned(), own / total)
        })
        .collect()
}
