//! What can be counted of a ballot.

use crate::event::CastBallot;
use indexmap::{IndexMap, IndexSet};
use std::mem;

/// The candidates of a tally, each once; ballots are read once into their places in it.
pub(super) fn known(candidates: &[String]) -> IndexSet<&str> {
    candidates.iter().map(String::as_str).collect()
}

/// The order on a ballot, cleaned of strangers and repetitions; of places among known candidates.
pub(super) struct Order {
    /// All that it could rank: first what it ranked, best first, then what it left out.
    pub(super) all: Vec<usize>,
    /// How many it ranked; at least two.
    pub(super) ranked: usize,
}

impl Order {
    /// What a ballot says of `known` candidates; none where it ranks fewer than two.
    pub(super) fn of(ballot: &CastBallot, known: &IndexSet<&str>) -> Option<Self> {
        let places = |names: &[String]| -> Vec<usize> {
            let places = names.iter().map(|name| known.get_index_of(name.as_str()));
            places.flatten().collect()
        };
        let could_rank = places(&ballot.candidates);
        let mut is_left = vec![false; known.len()];
        for place in &could_rank {
            is_left[*place] = true;
        }
        let mut all = places(&ballot.ranking);
        all.retain(|place| mem::take(&mut is_left[*place]));
        let ranked = all.len();
        let left_out = could_rank.into_iter();
        all.extend(left_out.filter(|place| mem::take(&mut is_left[*place])));
        (ranked >= 2).then_some(Self { all, ranked })
    }

    /// Each candidate that it ranks, with all that it prefers it to: what it ranks lower and what
    /// it left out. Among those left out it prefers none.
    pub(super) fn preferences(&self) -> impl Iterator<Item = (usize, &[usize])> {
        (0..self.ranked).map(|place| (self.all[place], &self.all[place + 1..]))
    }
}

/// How sure a ballot says it is, where that is a share of 1.
pub(super) fn confidence(ballot: &CastBallot) -> Option<f64> {
    ballot
        .confidence
        .filter(|stated| (0.0..=1.0).contains(stated))
}

/// What each candidate that one of `ballots` could choose gets of them by `worth`, in the order of
/// the candidates; ballots without a choice, or without a worth, are passed over. Empty where none
/// is left.
pub(super) fn chosen<'a>(
    candidates: &'a [String],
    ballots: &[CastBallot],
    worth: impl Fn(&CastBallot) -> Option<f64>,
) -> IndexMap<&'a str, Vec<f64>> {
    let known = known(candidates);
    let mut chosen: Vec<Option<Vec<f64>>> = vec![None; known.len()];
    for ballot in ballots {
        let Some(choice) = choice(ballot, &known) else {
            continue;
        };
        let Some(worth) = worth(ballot) else {
            continue;
        };
        for name in &ballot.candidates {
            if let Some(place) = known.get_index_of(name.as_str()) {
                chosen[place].get_or_insert_default();
            }
        }
        chosen[choice].get_or_insert_default().push(worth);
    }
    known
        .into_iter()
        .zip(chosen)
        .filter_map(|(name, worths)| Some((name, worths?)))
        .collect()
}

/// The place of the choice on a ballot among `known` candidates; none where it could not choose
/// that.
fn choice(ballot: &CastBallot, known: &IndexSet<&str>) -> Option<usize> {
    let choice = ballot.choice.as_ref()?;
    let place = known.get_index_of(choice.as_str())?;
    ballot.candidates.contains(choice).then_some(place)
}
