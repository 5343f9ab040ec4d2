//! Elections from the literature, each with the winner that is published for it.

use crate::aggregate::testing::{ballot, names, times, vote};
use crate::aggregate::{Tally, aggregator};
use crate::event::CastBallot;

fn count(method: &str, candidates: &str, ballots: &[CastBallot]) -> Tally {
    let method = aggregator(method).expect("it is there");
    method.tally(&names(candidates), ballots)
}

fn poll(groups: &[(usize, &str)]) -> Vec<CastBallot> {
    let each = groups.iter().map(|(voters, order)| times(*voters, order));
    each.collect::<Vec<_>>().concat()
}

/// The same poll as choices: everybody names its first.
fn firsts(ballots: &[CastBallot]) -> Vec<CastBallot> {
    let first = |ballot: &CastBallot| CastBallot {
        choice: ballot.ranking.first().cloned(),
        ..ballot.clone()
    };
    ballots.iter().map(first).collect()
}

/// The order as letters, those that stand level in brackets.
fn order(tally: &Tally) -> String {
    let each = tally.levels.iter().map(|level| match &level[..] {
        [alone] => alone.clone(),
        level => format!("({})", level.concat()),
    });
    each.collect()
}

/// Points as a book counts them, from `least` for the last place up by one for each.
fn points(tally: &Tally, voters: usize, least: f64) -> Vec<f64> {
    let highest = tally.scores.len() - 1;
    let each = tally.scores.values();
    each.map(|score| ((score * highest as f64 + least) * voters as f64).round())
        .collect()
}

/// J.-C. de Borda, *Mémoire sur les élections au scrutin*, Histoire de l'Académie royale des
/// sciences, année 1781, pp. 657 ff.: 21 electors; the plurality elects A, whom 13 of 21 put last.
/// Borda counts 37, 42 and 47.
#[test]
fn borda_1781() {
    let ballots = poll(&[(1, "abc"), (7, "acb"), (7, "bca"), (6, "cba")]);
    assert_eq!(order(&count("plurality", "abc", &firsts(&ballots))), "abc");
    let borda = count("borda", "abc", &ballots);
    assert_eq!(points(&borda, 21, 1.0), [37.0, 42.0, 47.0]);
    assert_eq!(order(&borda), "cba");
    assert_eq!(order(&count("condorcet", "abc", &ballots)), "cba");
}

/// The capital of Tennessee, the running example of Wikipedia's articles on voting ("Condorcet
/// method", "Borda count"): Memphis has most firsts, Nashville wins by Borda and by Condorcet.
/// With 3, 2, 1 and 0 points: Memphis 126, Nashville 194, Chattanooga 173, Knoxville 107.
#[test]
fn the_capital_of_tennessee() {
    let ballots = poll(&[(42, "mnck"), (26, "nckm"), (15, "cknm"), (17, "kcnm")]);
    assert_eq!(
        order(&count("plurality", "mnck", &firsts(&ballots))),
        "mnkc"
    );
    let borda = count("borda", "mnck", &ballots);
    assert_eq!(points(&borda, 100, 0.0), [126.0, 194.0, 173.0, 107.0]);
    assert_eq!(order(&borda), "ncmk");
    let condorcet = count("condorcet", "mnck", &ballots);
    assert_eq!(order(&condorcet), "nckm");
    assert_eq!(condorcet.scores["n"], 1.0);
    assert_eq!(condorcet.scores["m"], 0.0);
}

/// M. de Condorcet, *Essai sur l'application de l'analyse à la probabilité des décisions rendues à
/// la pluralité des voix*, Paris 1785, Discours préliminaire: 60 voters; A beats B by 33 to 27, B
/// beats C by 42 to 18, and C beats A by 35 to 25.
#[test]
fn condorcet_1785_runs_in_a_circle() {
    let ballots = poll(&[
        (23, "abc"),
        (17, "bca"),
        (2, "bac"),
        (10, "cab"),
        (8, "cba"),
    ]);
    let tally = count("condorcet", "abc", &ballots);
    assert_eq!(tally.cycle, names("abc"));
    assert_eq!(tally.levels, Vec::<Vec<String>>::new());
    assert!(tally.scores.values().all(|score| *score == 0.5));
    assert_eq!(tally.tied_at_top(), <[String; 0]>::default());
    // Borda's count has a winner all the same.
    assert_eq!(order(&count("borda", "abc", &ballots)), "bac");
}

/// Condorcet's other paradox, as P. C. Fishburn named it (*Paradoxes of Voting*, American Political
/// Science Review 68, 1974); the poll is Condorcet's, 81 voters, and stands in E. Pacuit, "Voting
/// Methods", Stanford Encyclopedia of Philosophy: A beats B by 41 to 40, and B has the most points
/// whatever points are given for places.
#[test]
fn condorcet_and_borda_differ() {
    let groups = [
        (30, "abc"),
        (1, "acb"),
        (29, "bac"),
        (10, "bca"),
        (10, "cab"),
        (1, "cba"),
    ];
    let ballots = poll(&groups);
    assert_eq!(order(&count("condorcet", "abc", &ballots)), "abc");
    let borda = count("borda", "abc", &ballots);
    assert_eq!(points(&borda, 81, 0.0), [101.0, 109.0, 33.0]);
    assert_eq!(order(&borda), "bac");
}

/// J. Malkevitch's 55 voters, for whom five methods elect five different candidates; in *For All
/// Practical Purposes* (COMAP), the chapter on social choice. Of his five, plurality elects A,
/// Borda's count D, and Condorcet E.
#[test]
fn malkevitch_each_method_its_own_winner() {
    let groups = [
        (18, "adecb"),
        (12, "bedca"),
        (10, "cbeda"),
        (9, "dceba"),
        (4, "ebdca"),
        (2, "ecdba"),
    ];
    let ballots = poll(&groups);
    let winner = |method, ballots: &[CastBallot]| {
        let tally = count(method, "abcde", ballots);
        order(&tally).chars().next()
    };
    assert_eq!(winner("plurality", &firsts(&ballots)), Some('a'));
    assert_eq!(winner("borda", &ballots), Some('d'));
    assert_eq!(winner("peer_ranking", &ballots), Some('d'));
    assert_eq!(winner("condorcet", &ballots), Some('e'));
}

#[test]
fn a_circle_below_the_winner_stands_level() {
    let ballots = poll(&[(1, "wabcz"), (1, "wbcaz"), (1, "wcabz")]);
    let tally = count("condorcet", "abcwz", &ballots);
    assert_eq!(order(&tally), "w(abc)z");
    assert_eq!(tally.cycle, names(""));
}

#[test]
fn who_is_outside_the_circle_is_not_in_it() {
    let ballots = poll(&[(1, "abcz"), (1, "bcaz"), (1, "cabz")]);
    let tally = count("condorcet", "zabc", &ballots);
    assert_eq!(tally.cycle, names("abc"));
    assert_eq!(tally.scores["z"], 0.0);
}

#[test]
fn who_loses_to_nobody_stands_level_at_the_top() {
    // a and b are level, and so are b and c, while a beats c: no circle.
    let ballots = poll(&[(1, "abc"), (1, "bac"), (1, "acb"), (1, "bca"), (1, "acb")]);
    let ballots = [ballots, poll(&[(1, "cba")])].concat();
    let tally = count("condorcet", "abc", &ballots);
    assert_eq!(order(&tally), "(ab)c");
    assert_eq!(
        count("condorcet", "ab", &poll(&[(1, "ab"), (1, "ba")])).levels,
        [names("ab")]
    );
}

#[test]
fn positions_are_averages_over_who_could_rank() {
    let ballots = [
        ballot("a", "bcd", "bcd"),
        ballot("b", "acd", "cad"),
        ballot("x", "abcd", "cd"),
    ];
    let tally = count("peer_ranking", "abcd", &ballots);
    let told: Vec<(f64, u64)> = tally
        .positions
        .values()
        .map(|position| (position.average, position.count))
        .collect();
    // x leaves out a and b: they share places 3 and 4.
    assert_eq!(told, [(2.75, 2), (2.25, 2), (4.0 / 3.0, 3), (8.0 / 3.0, 3)]);
    assert_eq!(tally.scores, count("borda", "abcd", &ballots).scores);
}

fn sure(choice: &str, confidence: Option<f64>) -> CastBallot {
    CastBallot {
        confidence,
        ..vote("abc", choice)
    }
}

#[test]
fn the_mean_is_drawn_by_one_voter_and_the_median_is_not() {
    let mut ballots: Vec<CastBallot> = [0.6, 0.6, 0.0].map(|stated| sure("a", Some(stated))).into();
    ballots.push(sure("b", Some(0.5)));
    assert_eq!(order(&count("mean", "abc", &ballots)), "bac");
    assert_eq!(order(&count("median", "abc", &ballots)), "abc");
    // Of an even number the middle of the two in the middle.
    ballots.push(sure("b", Some(0.9)));
    assert_eq!(count("median", "abc", &ballots).scores["b"], 0.7);
}

#[test]
fn who_states_no_confidence_neither_helps_nor_harms_its_choice() {
    let stated = [sure("a", Some(0.8)), sure("b", Some(0.7))];
    let silent = [
        sure("b", None),
        sure("a", Some(7.0)),
        sure("a", Some(f64::NAN)),
    ];
    for method in ["mean", "median"] {
        let all = [&stated[..], &silent[..]].concat();
        assert_eq!(count(method, "abc", &all), count(method, "abc", &stated));
        assert_eq!(count(method, "abc", &silent), Tally::default());
    }
}

#[test]
fn weight_decides_and_no_weight_counts_one() {
    let of = |choice, weight| CastBallot {
        weight,
        ..vote("ab", choice)
    };
    let ballots = [of("a", Some(2.5)), of("b", None), of("b", Some(1.0))];
    assert_eq!(order(&count("plurality", "ab", &ballots)), "ba");
    assert_eq!(order(&count("weighted_plurality", "ab", &ballots)), "ab");
    // Weights that no spec can hold.
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let ballots = [of("a", Some(weight)), of("b", None)];
        let tally = count("weighted_plurality", "ab", &ballots);
        assert_eq!(tally.scores["b"], 1.0, "{weight}");
    }
    let huge = [of("a", Some(f64::MAX)), of("b", Some(f64::MAX))];
    assert_eq!(order(&count("weighted_plurality", "ab", &huge)), "(ab)");
}
