//! Ballots for tests, each candidate a letter.

use crate::event::CastBallot;

/// A ballot over `candidates` that ranks `ranking`.
pub(super) fn ballot(member: &str, candidates: &str, ranking: &str) -> CastBallot {
    CastBallot {
        member: member.parse().expect("an id"),
        candidates: names(candidates),
        ranking: names(ranking),
        choice: None,
        confidence: None,
        weight: None,
        rationale: None,
    }
}

/// A ballot over `candidates` that chooses one.
pub(super) fn vote(candidates: &str, choice: &str) -> CastBallot {
    CastBallot {
        choice: Some(choice.to_owned()),
        ..ballot("x", candidates, "")
    }
}

/// `count` ballots that rank all of their candidates.
pub(super) fn times(count: usize, ranking: &str) -> Vec<CastBallot> {
    vec![ballot("x", ranking, ranking); count]
}

pub(super) fn names(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}
