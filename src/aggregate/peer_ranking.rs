//! `peer_ranking`: points for places, and the places themselves.

use super::borda::{places, scores};
use super::{Aggregator, Counts, Tally, sum};
use crate::event::{CastBallot, Position};

/// Borda's points, with what a reader wants to see beside them: the average position of each
/// candidate and over how many ballots it was taken, as in A. Karpathy's *llm-council* (2025).
///
/// The order is by points, not by average position: where reviewers rank different numbers of
/// candidates, third of three is not third of nine.
pub(super) struct PeerRanking;

impl Aggregator for PeerRanking {
    fn name(&self) -> &'static str {
        "peer_ranking"
    }

    fn summary(&self) -> &'static str {
        "as borda, and tells average positions"
    }

    fn counts(&self) -> Counts {
        Counts::Rankings
    }

    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally {
        let places = places(candidates, ballots);
        let positions = places.iter().map(|(name, places)| {
            let count = places.len();
            let total = sum(places.iter().map(|placed| placed.place).collect());
            let position = Position {
                average: total / count as f64,
                count: count as u64,
            };
            ((*name).to_owned(), position)
        });
        Tally {
            positions: positions.collect(),
            ..Tally::by_score(scores(&places))
        }
    }
}
