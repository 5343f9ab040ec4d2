//! `condorcet`: who loses to nobody, one against one.

use super::usable::{Order, known};
use super::{Aggregator, Counts, Tally};
use crate::event::CastBallot;
use indexmap::IndexMap;

/// Pairwise majorities (M. de Condorcet, *Essai sur l'application de l'analyse à la probabilité
/// des décisions rendues à la pluralité des voix*, 1785, Discours préliminaire).
///
/// Each pair of candidates is a contest: who is preferred to the other by more ballots wins it.
/// A ballot prefers what it ranks to what it ranks lower or leaves out. The winner is who loses
/// no contest; several that lose none stand level. Where everybody loses one, the majorities run
/// in a circle: there is no winner and no order, and `cycle` tells who is in it, the Schwartz set
/// (T. Schwartz, *The Logic of Collective Choice*, 1986); where no contest is level that is the
/// Smith set (J. H. Smith, *Aggregation of Preferences with Variable Electorate*, Econometrica
/// 41, 1973).
///
/// Below a winner the order goes on in the same way among those that are left, and a circle among
/// them stands level: so the order never puts a candidate above one that beats it, unless by a
/// circle (the extended Condorcet criterion: M. Truchon, *An Extension of the Condorcet Criterion
/// and Kemeny Orders*, 1998). The scores do not make the order, they tell of it: the share of
/// contests that were won, level ones half (A. H. Copeland, *A Reasonable Social Welfare
/// Function*, 1951).
pub(super) struct Condorcet;

impl Aggregator for Condorcet {
    fn name(&self) -> &'static str {
        "condorcet"
    }

    fn summary(&self) -> &'static str {
        "who beats each other one by one; nobody where the majorities run in a circle"
    }

    fn counts(&self) -> Counts {
        Counts::Rankings
    }

    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally {
        let contests = Contests::of(candidates, ballots);
        let names = |set: &[usize]| set.iter().map(|own| contests.names[*own].clone()).collect();
        let mut tally = Tally {
            scores: contests.scores(),
            ..Tally::default()
        };
        let mut left: Vec<usize> = (0..contests.names.len()).collect();
        while !left.is_empty() {
            let mut level = contests.undefeated(&left);
            if level.is_empty() {
                level = contests.circle(&left);
                if tally.levels.is_empty() {
                    tally.cycle = names(&level);
                    break;
                }
            }
            left.retain(|own| !level.contains(own));
            tally.levels.push(names(&level));
        }
        tally
    }
}

/// Who beats whom.
struct Contests {
    /// The candidates that some ballot could rank, in the order of the candidates.
    names: Vec<String>,
    /// `beats[own][other]`: whether more ballots prefer `own` to `other` than the other way.
    beats: Vec<Vec<bool>>,
}

impl Contests {
    fn of(candidates: &[String], ballots: &[CastBallot]) -> Self {
        let known = known(candidates);
        let mut can_be_ranked = vec![false; known.len()];
        let mut preferred = vec![vec![0_u64; known.len()]; known.len()];
        for order in ballots
            .iter()
            .filter_map(|ballot| Order::of(ballot, &known))
        {
            for own in &order.all {
                can_be_ranked[*own] = true;
            }
            for (better, worse) in order.preferences() {
                let row = &mut preferred[better];
                for other in worse {
                    row[*other] += 1;
                }
            }
        }
        let all: Vec<usize> = (0..known.len()).filter(|own| can_be_ranked[*own]).collect();
        let won = |own: usize, other: usize| preferred[own][other] > preferred[other][own];
        let beats = all
            .iter()
            .map(|own| all.iter().map(|other| won(*own, *other)).collect())
            .collect();
        let names = all.iter().map(|own| known[*own].to_owned()).collect();
        Self { names, beats }
    }

    /// The share of its contests that each candidate wins, level ones half.
    fn scores(&self) -> IndexMap<String, f64> {
        let contests = self.names.len().saturating_sub(1).max(1) as f64;
        let halves = |own: usize| {
            let others = (0..self.names.len()).filter(|other| *other != own);
            let each = others.map(
                |other| match (self.beats[own][other], self.beats[other][own]) {
                    (true, _) => 2,
                    (false, false) => 1,
                    (false, true) => 0,
                },
            );
            f64::from(each.sum::<u32>())
        };
        let names = self.names.iter().enumerate();
        names
            .map(|(own, name)| (name.clone(), halves(own) / 2.0 / contests))
            .collect()
    }

    /// Who of `set` is beaten by none of it.
    fn undefeated(&self, set: &[usize]) -> Vec<usize> {
        let is_free = |own: &&usize| set.iter().all(|other| !self.beats[*other][**own]);
        set.iter().filter(is_free).copied().collect()
    }

    /// Who of `set` is beaten, through however many others, only by those that it so beats itself.
    fn circle(&self, set: &[usize]) -> Vec<usize> {
        let beats = |own: usize, other: usize| self.beats[own][other];
        let is_beaten = |own: usize, other: usize| self.beats[other][own];
        // Each circle that nobody outside beats has one among the first: who comes first of it is
        // beaten by none before. Taken from the last, one of each such circle is left.
        let mut first = first_of(set, set, beats);
        first.reverse();
        let mut is_in = vec![false; self.names.len()];
        for own in first_of(&first, set, beats) {
            mark(own, set, is_beaten, &mut is_in);
        }
        set.iter().copied().filter(|own| is_in[*own]).collect()
    }
}

/// Those of `own`, in this order, to which no way leads within `set` from one before.
fn first_of(own: &[usize], set: &[usize], leads: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut reached = vec![false; set.iter().max().map_or(0, |last| last + 1)];
    let mut first = Vec::new();
    for start in own {
        if !reached[*start] {
            first.push(*start);
            mark(*start, set, &leads, &mut reached);
        }
    }
    first
}

/// Marks `start` and all that a way leads to from it within `set`, but for what is marked before.
fn mark(start: usize, set: &[usize], leads: impl Fn(usize, usize) -> bool, reached: &mut [bool]) {
    reached[start] = true;
    let mut next = vec![start];
    while let Some(own) = next.pop() {
        for other in set {
            if !reached[*other] && leads(own, *other) {
                reached[*other] = true;
                next.push(*other);
            }
        }
    }
}
