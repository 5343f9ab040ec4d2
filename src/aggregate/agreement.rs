//! How far rankings agree with their outcome.

use super::usable;
use crate::event::CastBallot;

/// The share of all pairwise preferences in the ballots that `order` respects, 0 to 1; none where
/// nothing was ranked. The order that makes it largest is Kemeny's (J. Kemeny, *Mathematics
/// without Numbers*, Daedalus 88, 1959).
///
/// A ballot prefers a candidate to all that it ranks lower and to all that it could have ranked
/// and left out. Among those left out it prefers none.
#[must_use]
pub fn agreement(order: &[String], ballots: &[CastBallot]) -> Option<f64> {
    let place = |name: &str| order.iter().position(|ordered| ordered == name);
    let (mut all, mut respected) = (0_u64, 0_u64);
    for (among, ranked) in ballots.iter().filter_map(|ballot| usable(ballot, order)) {
        let left_out = among.iter().filter(|name| !ranked.contains(name));
        let lowered: Vec<&str> = ranked.iter().chain(left_out).copied().collect();
        for (turn, better) in ranked.iter().enumerate() {
            for worse in &lowered[turn + 1..] {
                all += 1;
                respected += u64::from(place(better) < place(worse));
            }
        }
    }
    (all > 0).then(|| respected as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ballot, names};
    use super::*;

    #[test]
    fn agreement_is_the_share_of_preferences_that_hold() {
        let full = |ranking: &str| ballot("x", "abc", ranking);
        for (ballots, expected) in [
            (vec![full("abc"), full("abc")], Some(1.0)),
            (vec![full("cba")], Some(0.0)),
            (vec![full("abc"), full("acb")], Some(5.0 / 6.0)),
            // Left out: c below both, and nothing said of c and d.
            (vec![ballot("x", "abcd", "ba")], Some(0.8)),
            (vec![full("a")], None),
            (vec![], None),
        ] {
            assert_eq!(agreement(&names("abcd"), &ballots), expected);
        }
    }
}
