//! `borda`: the mean of normalized points.

use super::usable::{Order, known};
use super::{Aggregator, Counts, Tally, sum};
use crate::event::CastBallot;
use indexmap::IndexMap;

/// Borda's count, normalized (J.-C. de Borda, *Mémoire sur les élections au scrutin*, Histoire de
/// l'Académie royale des sciences, 1781).
///
/// A ballot over *m* candidates gives `(m - place) / (m - 1)` points to the candidate in `place`
/// 1 to *m*: 1 to the first, 0 to the last. Candidates that it leaves out share the places that
/// are left: each gets the mean of their points. A candidate's score is the mean over those
/// ballots that could rank it, so an absent ballot favours nobody, and nobody is the worse for
/// not ranking itself. Weights of members are not used.
pub(super) struct Borda;

impl Aggregator for Borda {
    fn name(&self) -> &'static str {
        "borda"
    }

    fn summary(&self) -> &'static str {
        "the highest mean of points for each place"
    }

    fn counts(&self) -> Counts {
        Counts::Rankings
    }

    fn tally(&self, candidates: &[String], ballots: &[CastBallot]) -> Tally {
        let places = places(candidates, ballots);
        Tally::by_score(scores(&places))
    }
}

/// Where a ballot puts a candidate, from 1.
pub(super) struct Placed {
    /// The place; the middle of the places left where the ballot leaves the candidate out.
    pub(super) place: f64,
    /// The last place on this ballot.
    pub(super) last: f64,
}

/// The places of each candidate that some ballot could rank, in the order of the candidates.
pub(super) fn places<'a>(
    candidates: &'a [String],
    ballots: &[CastBallot],
) -> IndexMap<&'a str, Vec<Placed>> {
    let known = known(candidates);
    let mut places: Vec<Vec<Placed>> = known.iter().map(|_| Vec::new()).collect();
    for Order { all, ranked } in ballots
        .iter()
        .filter_map(|ballot| Order::of(ballot, &known))
    {
        let last = all.len() as f64;
        let left_out = f64::midpoint((ranked + 1) as f64, last);
        for (above, own) in all.into_iter().enumerate() {
            let place = if above < ranked {
                (above + 1) as f64
            } else {
                left_out
            };
            places[own].push(Placed { place, last });
        }
    }
    let each = known.into_iter().zip(places);
    each.filter(|(_, places)| !places.is_empty()).collect()
}

/// The mean of the normalized points.
pub(super) fn scores(places: &IndexMap<&str, Vec<Placed>>) -> IndexMap<String, f64> {
    let point = |placed: &Placed| (placed.last - placed.place) / (placed.last - 1.0);
    places
        .iter()
        .map(|(name, places)| {
            let points = places.iter().map(point).collect();
            ((*name).to_owned(), sum(points) / places.len() as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ballot, names};
    use super::*;

    fn scores(candidates: &str, ballots: &[CastBallot]) -> Vec<(String, f64)> {
        let tally = Borda.tally(&names(candidates), ballots);
        tally.scores.into_iter().collect()
    }

    #[test]
    fn each_member_is_judged_by_the_ballots_that_could_rank_it() {
        // Three members rank the two others; the ballot of c is missing.
        let ballots = [ballot("a", "bc", "bc"), ballot("b", "ac", "ca")];
        let expected = [("a", 0.0), ("b", 1.0), ("c", 0.5)];
        let expected = expected.map(|(name, score)| (name.to_owned(), score));
        assert_eq!(scores("abc", &ballots), expected);
    }

    #[test]
    fn candidates_left_out_share_the_places_left() {
        let ballots = [ballot("x", "abcd", "ba")];
        let expected = [
            ("a", 2.0 / 3.0),
            ("b", 1.0),
            ("c", 1.0 / 6.0),
            ("d", 1.0 / 6.0),
        ];
        let expected = expected.map(|(name, score)| (name.to_owned(), score));
        assert_eq!(scores("abcd", &ballots), expected);
    }

    #[test]
    fn who_could_not_be_ranked_has_no_score() {
        let ballots = [ballot("a", "bc", "bc")];
        let names: Vec<String> = scores("abc", &ballots)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["b", "c"]);
    }

    #[test]
    fn a_ballot_that_ranks_fewer_than_two_is_none() {
        for (candidates, ranking) in [
            ("abc", "a"),
            ("abc", ""),
            ("abc", "aaa"),
            ("a", "a"),
            ("abc", "xyz"),
            ("", "ab"),
        ] {
            assert_eq!(
                scores("abc", &[ballot("x", candidates, ranking)]),
                [],
                "{ranking}"
            );
        }
    }

    #[test]
    fn sums_that_differ_in_their_last_bit_are_level() {
        // Sevenths, each candidate with the same places in another order.
        let orders = [
            "abcdefgh", "bcdefgha", "cdefghab", "defghabc", "efghabcd", "fghabcde", "ghabcdef",
            "habcdefg",
        ];
        let ballots: Vec<CastBallot> = orders
            .iter()
            .map(|order| ballot("x", "abcdefgh", order))
            .collect();
        let tally = Borda.tally(&names("hgfedcba"), &ballots);
        assert_eq!(tally.levels, [names("hgfedcba")]);
    }
}
