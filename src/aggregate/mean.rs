//! `mean`: the choice that its voters are surest of, on average.

use super::{Aggregator, Counts, Tally, sum, usable};
use crate::event::CastBallot;

/// The mean of the confidence that was stated for each choice; the average of opinions is the
/// linear pool of M. Stone, *The Opinion Pool*, Annals of Mathematical Statistics 32, 1961.
///
/// A ballot that states no confidence from 0 to 1 says nothing here and is not counted: it
/// neither raises nor lowers its choice. A candidate for which none was stated has 0. Where no
/// ballot states any there is no result. Note that one sure voter beats many less sure ones.
pub(super) struct Mean;

impl Aggregator for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }

    fn summary(&self) -> &'static str {
        "the choice with the highest mean of the confidence stated for it"
    }

    fn counts(&self) -> Counts {
        Counts::Choices
    }

    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally {
        let chosen = usable::chosen(candidates, ballots, usable::confidence);
        let scores = chosen.into_iter().map(|(name, stated)| {
            let count = stated.len().max(1) as f64;
            (name.to_owned(), sum(stated) / count)
        });
        Tally::by_score(scores.collect())
    }
}
