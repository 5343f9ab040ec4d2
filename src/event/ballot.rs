//! Ballots as read, and what an aggregator made of them. Ids are real, never labels.

use super::MemberId;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One member's readable ballot: an order or a choice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ballot {
    /// All that this member could rank or choose from.
    pub candidates: Vec<String>,
    /// Its order, best first; candidates that it left out are absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranking: Vec<String>,
    /// Its choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Why, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
    /// What it said of each candidate.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub comments: IndexMap<String, String>,
    /// What was mended while reading it, such as labels that were struck.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

/// A ballot with the member that cast it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CastBallot {
    /// Who cast it.
    pub member: MemberId,
    /// Who or what it could rank or choose from.
    pub candidates: Vec<String>,
    /// Its order, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranking: Vec<String>,
    /// Its choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// How sure it said it is of its choice, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// How much it counts for, where the method weighs: the member's `weight`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Why, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
}

impl CastBallot {
    /// Whether it makes a choice, not an order.
    #[must_use]
    pub fn is_vote(&self) -> bool {
        self.choice.is_some()
    }
}

/// Candidates that stood level, and how their order was settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tie {
    /// Who stood level, in the order that was settled on.
    pub among: Vec<String>,
    /// What settled it: `first`, `random` or `chair`.
    pub by: String,
}

/// Where a candidate stood on the ballots that could rank it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// Its average place, 1 the best; where a ballot leaves it out, the middle of the places left.
    pub average: f64,
    /// How many ballots could rank it.
    pub count: u64,
}

/// What a round's ballots came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Aggregate {
    /// The aggregator's name.
    pub method: String,
    /// Who won; none where the method has no winner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
    /// Each candidate's score.
    pub scores: IndexMap<String, f64>,
    /// The final order, best first; empty where the method gives none.
    pub order: Vec<String>,
    /// The ballots that were counted.
    pub ballots: Vec<CastBallot>,
    /// Where candidates stood level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ties: Vec<Tie>,
    /// Where the majorities run in a circle, so that nobody wins: who is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cycle: Vec<String>,
    /// Each candidate's place on the ballots, where the method tells it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub positions: IndexMap<String, Position>,
}

impl Aggregate {
    /// The tie that the winner stood in, and was put first of.
    #[must_use]
    pub fn tie_at_the_top(&self) -> Option<&Tie> {
        let winner = self.winner.as_ref()?;
        self.ties.iter().find(|tie| tie.among.contains(winner))
    }

    /// Whether what was counted are votes, not rankings.
    #[must_use]
    pub fn are_votes(&self) -> bool {
        self.ballots.iter().any(CastBallot::is_vote)
    }
}
