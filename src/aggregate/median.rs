//! `median`: the choice that its middle voter is surest of.

use super::{Aggregator, Counts, Tally, usable};
use crate::event::CastBallot;

/// The median of the confidence that was stated for each choice, the middle of the two middle ones
/// where their number is even. A single exaggerated statement hardly moves it, which is why
/// F. Galton proposed it for juries (*One Vote, One Value*, Nature 75, 1907).
///
/// A ballot that states no confidence from 0 to 1 is not counted; a candidate for which none was
/// stated has 0. Where no ballot states any there is no result.
pub(super) struct Median;

impl Aggregator for Median {
    fn name(&self) -> &'static str {
        "median"
    }

    fn summary(&self) -> &'static str {
        "the choice with the highest median of the confidence stated for it"
    }

    fn counts(&self) -> Counts {
        Counts::Choices
    }

    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally {
        let chosen = usable::chosen(candidates, ballots, usable::confidence);
        let scores = chosen
            .into_iter()
            .map(|(name, stated)| (name.to_owned(), median(stated)));
        Tally::by_score(scores.collect())
    }
}

fn median(mut stated: Vec<f64>) -> f64 {
    stated.sort_by(f64::total_cmp);
    let middle = stated.len() / 2;
    match stated.get(middle) {
        Some(upper) if stated.len().is_multiple_of(2) => f64::midpoint(stated[middle - 1], *upper),
        Some(only) => *only,
        None => 0.0,
    }
}
