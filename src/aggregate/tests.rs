//! What holds for every method.

mod elections;
mod properties;

use super::testing::{ballot, names};
use super::*;

#[test]
fn each_method_is_listed_under_what_it_counts() {
    let of = |counts: Counts| -> Vec<&str> {
        let all = AGGREGATORS
            .iter()
            .filter(|method| method.counts() == counts);
        all.map(|method| method.name()).collect()
    };
    assert_eq!(of(Counts::Choices), OF_CHOICES);
    assert_eq!(of(Counts::Rankings), OF_RANKINGS);
}

#[test]
fn ties_are_settled_and_marked() {
    let method = aggregator("borda").expect("it is there");
    let ballots = vec![ballot("x", "abc", "abc"), ballot("y", "abc", "bac")];
    let tally = method.tally(&names("abc"), &ballots);
    assert_eq!(tally.tied_at_top(), ["a", "b"]);
    let outcome = settle(method, tally, ballots, |place, mut level| {
        assert_eq!(place, 0);
        level.reverse();
        (level, "random")
    });
    assert_eq!(outcome.winner.as_deref(), Some("b"));
    assert_eq!(outcome.order, ["b", "a", "c"]);
    let tie = Tie {
        among: names("ba"),
        by: "random".to_owned(),
    };
    assert_eq!(outcome.ties, [tie]);
}

/// All that a large council needs is counted while its only thread waits.
#[test]
fn three_hundred_candidates_and_ballots_are_counted() {
    let candidates: Vec<String> = (0..300).map(|own| format!("member-{own}")).collect();
    let ballots = |step: usize| -> Vec<CastBallot> {
        let one = |voter: usize| {
            let mut ranking = candidates.clone();
            ranking.rotate_left(voter * step % 300);
            CastBallot {
                choice: ranking.first().cloned(),
                confidence: Some(0.5),
                candidates: candidates.clone(),
                ranking,
                ..ballot("x", "", "")
            }
        };
        (0..300).map(one).collect()
    };
    let (level, circle) = (ballots(0), ballots(1));
    for method in AGGREGATORS {
        let name = method.name();
        let tally = method.tally(&candidates, &level);
        assert_eq!(tally.levels[0], candidates[..1], "{name}");
        let outcome = settle(*method, tally, level.clone(), |_, level| (level, "first"));
        assert_eq!(agreement(&outcome), Some(1.0), "{name}");
        let tally = method.tally(&candidates, &circle);
        let together = if tally.cycle.is_empty() {
            tally.tied_at_top()
        } else {
            &tally.cycle
        };
        assert_eq!(together, candidates, "{name}");
    }
}
