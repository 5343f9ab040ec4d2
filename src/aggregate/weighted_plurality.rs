//! `weighted_plurality`: most weight wins.

use super::plurality::shares;
use super::{Aggregator, Counts, Tally};
use crate::event::CastBallot;

/// As plurality, each ballot counting for its member's weight; 1 where it has none.
///
/// A weight is not a member's power: one who holds more than half of the weight decides alone
/// (J. F. Banzhaf, *Weighted Voting Doesn't Work: A Mathematical Analysis*, Rutgers Law Review 19,
/// 1965). A candidate's score is its share of the weight. A ballot whose weight is not a finite
/// number above zero is not counted.
pub(super) struct WeightedPlurality;

impl Aggregator for WeightedPlurality {
    fn name(&self) -> &'static str {
        "weighted_plurality"
    }

    fn summary(&self) -> &'static str {
        "most choices win, each counting for its member's weight"
    }

    fn counts(&self) -> Counts {
        Counts::Choices
    }

    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally {
        Tally::by_score(shares(self, candidates, ballots))
    }

    fn weight(&self, ballot: &CastBallot) -> f64 {
        ballot.weight.unwrap_or(1.0)
    }
}
