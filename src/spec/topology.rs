//! Topologies: ready-made lists of rounds, each under a name. A topology is sugar, nothing more: its
//! rounds are written as a spec would write them, and are read as those of a spec are.

use super::file::{RepeatedRound, Round};
use crate::round::Kind;
use serde::Deserialize;

/// A ready-made list of rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topology {
    /// The name in specs.
    pub name: &'static str,
    /// What it is good for, in one line.
    pub summary: &'static str,
    /// Its rounds as a spec writes them.
    toml: &'static str,
}

macro_rules! topologies {
    ($($name:literal: $summary:literal;)*) => {
        /// All topologies, the default first.
        pub const TOPOLOGIES: &[Topology] = &[$(Topology {
            name: $name,
            summary: $summary,
            toml: include_str!(concat!("topology/", $name, ".toml")),
        }),*];
    };
}

topologies! {
    "panel": "Each member answers alone; the chair writes one answer.";
    "peer_review": "Members answer, comment on each other by name and may revise; the chair writes one answer.";
    "karpathy": "Members answer, then rank each other's answers without knowing whose they are; the chair writes one answer.";
    "voting": "Members answer, then each votes for the best of all answers; the chair writes one answer.";
    "specialist": "Members answer and comment, each from its own role alone; the chair puts the parts together.";
    "tournament": "Members answer; the chair judges the answers in pairs until one is left, and writes the last word.";
    "consensus": "Members answer, name each other's faults and revise until nobody changes anything; the chair writes one answer.";
    "weighted_consensus": "Members answer; the chair writes one answer that goes by their weights.";
    "jury_with_retry": "Members answer and vote; without a majority they review each other and vote again, three times at most. A jury without one is hung.";
    "debate": "Members answer, then comment on each other and revise, twice; the chair writes one answer.";
}

impl Topology {
    /// The topology of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TOPOLOGIES.iter().find(|topology| topology.name == name)
    }

    /// Its rounds as a spec writes them.
    #[must_use]
    pub fn as_toml(&self) -> &'static str {
        self.toml
    }

    /// Its rounds in short, in order: the name of each kind, and what an `iterate` repeats.
    #[must_use]
    pub fn outline(&self) -> Vec<String> {
        let rounds = self.rounds().unwrap_or_default();
        rounds.iter().map(outline).collect()
    }

    /// Whether it cannot be held without a chair, even without its last round.
    pub(super) fn needs_chair(&self) -> bool {
        let rounds = self.rounds().unwrap_or_default();
        rounds.iter().any(|round| {
            let mut inner = round.rounds.iter().flatten();
            inner.any(|round| kind(&round.kind.0).is_some_and(Kind::is_for_chair))
        })
    }

    /// Its rounds in a council that has, or has not, a chair: without one, a synthesis is left
    /// out.
    ///
    /// # Errors
    /// A fault of the program: what ships with it is no list of rounds.
    pub(super) fn expand(&self, chair: bool) -> Result<Vec<Round>, toml::de::Error> {
        let mut rounds = self.rounds()?;
        let concludes = |round: &Round| kind(&round.kind.0).is_some_and(Kind::concludes);
        rounds.retain(|round| chair || !concludes(round));
        Ok(rounds)
    }

    fn rounds(&self) -> Result<Vec<Round>, toml::de::Error> {
        #[derive(Deserialize)]
        struct Rounds {
            round: Vec<Round>,
        }
        toml::from_str(self.toml).map(|Rounds { round }| round)
    }
}

fn kind(name: &str) -> Option<&'static dyn Kind> {
    crate::round::kind(name)
}

fn outline(round: &Round) -> String {
    let name = &round.kind.0;
    let Some(rounds) = &round.rounds else {
        return name.clone();
    };
    let inner: Vec<&str> = rounds
        .iter()
        .map(|RepeatedRound { kind, .. }| kind.0.as_str())
        .collect();
    format!("{name}({})", inner.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topology_is_made_of_rounds_that_exist() {
        assert_eq!(TOPOLOGIES.len(), 10);
        for topology in TOPOLOGIES {
            let rounds = topology.rounds().expect(topology.name);
            assert!(rounds.iter().all(|round| kind(&round.kind.0).is_some()));
            let text = topology.as_toml();
            assert!(text.starts_with("[[round]]\n") && text.ends_with('\n'));
        }
    }

    #[test]
    fn their_rounds_are_these() {
        let all: Vec<String> = TOPOLOGIES
            .iter()
            .map(|topology| format!("{} = {}", topology.name, topology.outline().join(", ")))
            .collect();
        snapbox::assert_data_eq!(
            all.join("\n"),
            snapbox::str![[r#"
panel = independent_analysis, synthesis
peer_review = independent_analysis, peer_review, synthesis
karpathy = independent_analysis, anonymized_peer_review, synthesis
voting = independent_analysis, vote, synthesis
specialist = independent_analysis, peer_review, synthesis
tournament = independent_analysis, iterate(pairwise_elimination), synthesis
consensus = independent_analysis, iterate(critique), synthesis
weighted_consensus = independent_analysis, weighted_synthesis
jury_with_retry = independent_analysis, vote, iterate(peer_review, vote), synthesis
debate = independent_analysis, peer_review, peer_review, synthesis
"#]]
        );
    }

    #[test]
    fn without_a_chair_the_synthesis_is_left_out() {
        for topology in TOPOLOGIES {
            let whole = topology.expand(true).expect("rounds");
            let without = topology.expand(false).expect("rounds");
            assert_eq!(without.len(), whole.len() - 1, "{}", topology.name);
        }
    }

    #[test]
    fn only_a_tournament_needs_a_chair() {
        let need = TOPOLOGIES.iter().filter(|topology| topology.needs_chair());
        let names: Vec<&str> = need.map(|topology| topology.name).collect();
        assert_eq!(names, ["tournament"]);
    }
}
