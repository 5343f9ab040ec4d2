//! Topologies: ready-made lists of rounds, each under a name. A topology is sugar, nothing more.

use crate::round::Kind;

/// A ready-made list of rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topology {
    /// The name in specs.
    pub name: &'static str,
    /// What it is good for, in one line.
    pub summary: &'static str,
    /// The kinds of its rounds, in order.
    pub rounds: &'static [&'static str],
}

/// All topologies, the default first.
pub const TOPOLOGIES: &[Topology] = &[
    Topology {
        name: "panel",
        summary: "Each member answers alone; the chair writes one answer.",
        rounds: &["independent_analysis", "synthesis"],
    },
    Topology {
        name: "peer_review",
        summary: "Members answer, comment on each other by name and may revise; the chair writes one answer.",
        rounds: &["independent_analysis", "peer_review", "synthesis"],
    },
    Topology {
        name: "karpathy",
        summary: "Members answer, then rank each other's answers without knowing whose they are; the chair writes one answer.",
        rounds: &[
            "independent_analysis",
            "anonymized_peer_review",
            "synthesis",
        ],
    },
];

/// Names that later versions give a meaning to.
pub(super) const PLANNED: &[&str] = &[
    "voting",
    "specialist",
    "tournament",
    "consensus",
    "weighted_consensus",
    "jury_with_retry",
    "debate",
];

impl Topology {
    /// The topology of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TOPOLOGIES.iter().find(|topology| topology.name == name)
    }

    /// Its rounds in a council that has, or has not, a chair: without one, what needs a chair is
    /// left out.
    pub fn expand(&self, chair: bool) -> impl Iterator<Item = &'static dyn Kind> {
        self.rounds
            .iter()
            .filter_map(|name| crate::round::kind(name))
            .filter(move |kind| chair || !kind.needs_chair())
    }

    /// Its rounds as a spec would write them.
    #[must_use]
    pub fn as_toml(&self) -> String {
        self.rounds
            .iter()
            .map(|kind| format!("[[round]]\nkind = \"{kind}\"\n"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topology_expands_to_rounds_that_exist() {
        for topology in TOPOLOGIES {
            let kinds: Vec<_> = topology.expand(true).map(Kind::name).collect();
            assert_eq!(kinds, topology.rounds, "{}", topology.name);
        }
    }

    #[test]
    fn without_a_chair_the_synthesis_is_left_out() {
        let karpathy = Topology::find("karpathy").expect("it is there");
        let kinds: Vec<_> = karpathy.expand(false).map(Kind::name).collect();
        assert_eq!(kinds, ["independent_analysis", "anonymized_peer_review"]);
    }

    #[test]
    fn its_toml_is_what_one_would_write() {
        let panel = Topology::find("panel").expect("it is there");
        assert_eq!(
            panel.as_toml(),
            "[[round]]\nkind = \"independent_analysis\"\n\n[[round]]\nkind = \"synthesis\"\n"
        );
    }
}
