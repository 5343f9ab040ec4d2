//! How far ballots agree with their outcome.

use super::plurality::shares;
use super::usable::{Order, known};
use super::{Aggregator, Counts, aggregator};
use crate::event::{Aggregate, CastBallot};

/// How far the ballots of `aggregate` agree with it, 0 to 1; none where nothing was counted, where
/// there is no winner, and for a method that is not known.
///
/// Of choices it is the winner's share of them: of the weight where the method weighs, of the
/// heads else, with `mean` and `median` too, whether or not a voter said how sure it is. Of
/// rankings it is the share of all pairwise preferences in the ballots that the final order
/// respects; the order that makes it largest is Kemeny's (J. Kemeny, *Mathematics without
/// Numbers*, Daedalus 88, 1959).
#[must_use]
pub fn agreement(aggregate: &Aggregate) -> Option<f64> {
    let method = aggregator(&aggregate.method)?;
    let winner = aggregate.winner.as_ref()?;
    match method.counts() {
        Counts::Choices => of_choices(method, winner, aggregate),
        Counts::Rankings => of_rankings(&aggregate.order, &aggregate.ballots),
    }
}

/// Whether some ballot of `aggregate` ranks one of `names` above another of them. Where none does,
/// [`agreement`] of rankings tells nothing of how they stand to one another.
#[must_use]
pub fn are_compared(aggregate: &Aggregate, names: &[String]) -> bool {
    let known = known(&aggregate.order);
    let is_named = |place: &usize| {
        names
            .iter()
            .any(|name| known.get_index(*place) == Some(&name.as_str()))
    };
    let mut orders = aggregate
        .ballots
        .iter()
        .filter_map(|ballot| Order::of(ballot, &known));
    orders.any(|order| {
        let mut preferences = order.preferences();
        preferences.any(|(better, worse)| is_named(&better) && worse.iter().any(is_named))
    })
}

fn of_choices(method: &dyn Aggregator, winner: &str, aggregate: &Aggregate) -> Option<f64> {
    shares(method, &aggregate.order, &aggregate.ballots)
        .get(winner)
        .copied()
}

fn of_rankings(order: &[String], ballots: &[CastBallot]) -> Option<f64> {
    // In the final order, so that who stands higher has the smaller place.
    let known = known(order);
    let (mut all, mut respected) = (0, 0);
    let orders = ballots
        .iter()
        .filter_map(|ballot| Order::of(ballot, &known));
    for order in orders {
        for (better, worse) in order.preferences() {
            all += worse.len();
            respected += worse.iter().filter(|place| better < **place).count();
        }
    }
    (all > 0).then(|| respected as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::super::settle;
    use super::super::testing::{ballot, names, times, vote};
    use super::*;

    fn agreed(method: &str, candidates: &str, ballots: &[CastBallot]) -> Option<f64> {
        let method = aggregator(method).expect("it is there");
        let tally = method.tally(&names(candidates), ballots);
        let first = |_, level| (level, "first");
        agreement(&settle(method, tally, ballots.to_vec(), first))
    }

    #[test]
    fn of_rankings_it_is_the_share_of_preferences_that_hold() {
        let full = |ranking: &str| ballot("x", "abc", ranking);
        let left_out = ballot("x", "abcd", "ab");
        for (ballots, expected) in [
            (vec![full("abc"), full("abc")], Some(1.0)),
            (vec![full("abc"), full("acb")], Some(5.0 / 6.0)),
            (vec![full("abc"), full("abc"), full("cba")], Some(6.0 / 9.0)),
            // Left out: c and d below both, and nothing said between them.
            (vec![left_out], Some(1.0)),
            (vec![full("a")], None),
            (vec![], None),
        ] {
            for method in ["borda", "peer_ranking", "condorcet"] {
                assert_eq!(agreed(method, "abcd", &ballots), expected, "{method}");
            }
        }
    }

    #[test]
    fn candidates_are_compared_where_one_ballot_ranks_one_above_another() {
        let method = aggregator("borda").expect("it is there");
        for (ballots, among, expected) in [
            (
                vec![ballot("a", "bc", "bc"), ballot("b", "ac", "ac")],
                "ab",
                false,
            ),
            (
                vec![ballot("a", "bc", "bc"), ballot("b", "ac", "ac")],
                "abc",
                true,
            ),
            ([times(1, "ab"), times(1, "ba")].concat(), "ab", true),
            // Ranked above what it could rank and left out; of two that are left out it says nothing.
            (vec![ballot("x", "abcd", "ac")], "ab", true),
            (vec![ballot("x", "abcd", "ac")], "bd", false),
            (vec![], "ab", false),
        ] {
            let tally = method.tally(&names("abcd"), &ballots);
            let settled = settle(method, tally, ballots, |_, level| (level, "first"));
            assert_eq!(are_compared(&settled, &names(among)), expected, "{among}");
        }
    }

    #[test]
    fn a_circle_has_no_agreement() {
        let circle = [times(1, "abc"), times(1, "bca"), times(1, "cab")].concat();
        assert_eq!(agreed("condorcet", "abc", &circle), None);
    }

    #[test]
    fn of_choices_it_is_the_share_of_the_winner() {
        let of = |choice, weight, confidence| CastBallot {
            weight,
            confidence,
            ..vote("abc", choice)
        };
        let ballots = [
            of("a", Some(5.0), None),
            of("b", None, Some(0.4)),
            of("b", Some(2.0), None),
            of("c", None, Some(0.9)),
            of("", None, Some(1.0)),
        ];
        for (method, expected) in [
            ("plurality", Some(2.0 / 4.0)),
            ("weighted_plurality", Some(5.0 / 9.0)),
            // The winner is c, and of the heads it has one in four.
            ("mean", Some(1.0 / 4.0)),
            ("median", Some(1.0 / 4.0)),
        ] {
            assert_eq!(agreed(method, "abc", &ballots), expected, "{method}");
            assert_eq!(agreed(method, "abc", &[]), None, "{method}");
        }
    }

    #[test]
    fn a_method_that_is_not_known_has_none() {
        let aggregate = Aggregate {
            method: "dice".to_owned(),
            winner: Some("a".to_owned()),
            ..Aggregate::default()
        };
        assert_eq!(agreement(&aggregate), None);
    }
}
