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
