//! Ballots to a winner, scores and an order; one file a method. By the program, never by a model.
//!
//! An [`Aggregator`] is a pure function of the ballots. What it cannot tell apart it leaves level,
//! and [`settle`] orders those as the round's tie break says, and marks that it did.
//! Neither the order of the ballots nor the names of the candidates change a score, and a ballot
//! that is missing, says nothing or says nonsense favours nobody.

mod agreement;
mod borda;
mod condorcet;
mod mean;
mod median;
mod peer_ranking;
mod plurality;
#[cfg(test)]
mod testing;
mod usable;
mod weighted_plurality;

pub use agreement::{agreement, are_compared};

use crate::event::{Aggregate, CastBallot, Position, Tie};
use indexmap::IndexMap;

/// What a method reads of a ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Its choice.
    Choices,
    /// Its order.
    Rankings,
}

/// One method.
pub trait Aggregator: Sync {
    /// The name in specs and events.
    fn name(&self) -> &'static str;

    /// One line on what wins, for help and reference.
    fn summary(&self) -> &'static str;

    /// What it reads of a ballot.
    fn counts(&self) -> Counts;

    /// The scores of `candidates` by `ballots`. Candidates that no ballot could rank or choose get
    /// none; names on a ballot that are no candidates are passed over.
    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally;

    /// How much a ballot counts for, above zero; 1 where the method does not weigh.
    fn weight(&self, _ballot: &CastBallot) -> f64 {
        1.0
    }
}

/// All methods.
pub const AGGREGATORS: &[&dyn Aggregator] = &[
    &plurality::Plurality,
    &weighted_plurality::WeightedPlurality,
    &mean::Mean,
    &median::Median,
    &borda::Borda,
    &peer_ranking::PeerRanking,
    &condorcet::Condorcet,
];

/// The methods that count choices, the usual one first.
pub const OF_CHOICES: &[&str] = &["plurality", "weighted_plurality", "mean", "median"];

/// The methods that count rankings, the usual one first.
pub const OF_RANKINGS: &[&str] = &["borda", "peer_ranking", "condorcet"];

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
    /// candidates. Empty where nothing was counted, and where the majorities run in a circle.
    pub levels: Vec<Vec<String>>,
    /// Where the majorities run in a circle and nobody wins: who is in it, in the order of the
    /// candidates.
    pub cycle: Vec<String>,
    /// Where each candidate stood on the ballots, for the method that tells it.
    pub positions: IndexMap<String, Position>,
}

impl Tally {
    /// The tally of a method that orders by score alone.
    fn by_score(scores: IndexMap<String, f64>) -> Self {
        Self {
            levels: levels_of(&scores),
            scores,
            ..Self::default()
        }
    }

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
        cycle: tally.cycle,
        positions: tally.positions,
    }
}

/// The sum, to its last bit independent of the order of the terms.
fn sum(mut terms: Vec<f64>) -> f64 {
    terms.sort_by(f64::total_cmp);
    // The sum of nothing is -0.0, which is told as such.
    terms.iter().sum::<f64>() + 0.0
}

#[cfg(test)]
mod tests;
