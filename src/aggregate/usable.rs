//! What can be counted of a ballot.

use crate::event::CastBallot;
use indexmap::IndexMap;

/// The order on a ballot, cleaned of strangers and repetitions.
pub(super) struct Order<'a> {
    /// All that it could rank.
    pub(super) among: Vec<&'a str>,
    /// What it ranked, best first; at least two.
    pub(super) ranked: Vec<&'a str>,
}

impl<'a> Order<'a> {
    /// What a ballot says of `known` candidates; none where it ranks fewer than two.
    pub(super) fn of(ballot: &'a CastBallot, known: &[String]) -> Option<Self> {
        let among = candidates(ballot, known);
        let mut ranked: Vec<&str> = Vec::new();
        for name in &ballot.ranking {
            if among.contains(&name.as_str()) && !ranked.contains(&name.as_str()) {
                ranked.push(name);
            }
        }
        (ranked.len() >= 2).then_some(Self { among, ranked })
    }

    /// Each pair in which it prefers the first to the second: a candidate to all that it ranks
    /// lower and to all that it left out. Among those left out it prefers none.
    pub(super) fn preferences(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let left_out = self.among.iter().filter(|name| !self.ranked.contains(name));
        let lowered: Vec<&str> = self.ranked.iter().chain(left_out).copied().collect();
        let ranked = self.ranked.len();
        (0..ranked).flat_map(move |place| {
            let lower = lowered[place + 1..].to_vec();
            let better = lowered[place];
            lower.into_iter().map(move |worse| (better, worse))
        })
    }
}

/// The choice on a ballot among `known` candidates; none where it could not choose that.
pub(super) fn choice<'a>(ballot: &'a CastBallot, known: &[String]) -> Option<&'a str> {
    let choice = ballot.choice.as_ref()?;
    (known.contains(choice) && ballot.candidates.contains(choice)).then_some(choice.as_str())
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
    let counted: Vec<(&CastBallot, &str, f64)> = ballots
        .iter()
        .filter_map(|ballot| Some((ballot, choice(ballot, candidates)?, worth(ballot)?)))
        .collect();
    candidates
        .iter()
        .filter(|name| {
            let mut each = counted.iter();
            each.any(|(ballot, ..)| ballot.candidates.contains(name))
        })
        .map(|name| {
            let own = counted.iter().filter(|(_, choice, _)| choice == name);
            (name.as_str(), own.map(|(.., worth)| *worth).collect())
        })
        .collect()
}

/// The known candidates of a ballot, each once.
fn candidates<'a>(ballot: &'a CastBallot, known: &[String]) -> Vec<&'a str> {
    let mut among: Vec<&str> = Vec::new();
    for name in &ballot.candidates {
        if known.contains(name) && !among.contains(&name.as_str()) {
            among.push(name);
        }
    }
    among
}
