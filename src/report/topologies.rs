//! The ready-made lists of rounds.

use std::fmt::Write as _;

/// A ready-made list of rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// Its name in specs.
    pub name: String,
    /// Its rounds, as a spec would write them on one line.
    pub rounds: Vec<String>,
}

/// One line a topology: its name and its rounds.
#[must_use]
pub fn table(topologies: &[Topology]) -> String {
    let widest = topologies
        .iter()
        .map(|one| one.name.len())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for one in topologies {
        let _ = writeln!(out, "{:<widest$}  {}", one.name, one.rounds.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn names_stand_beside_their_rounds() {
        let one = |name: &str, rounds: &[&str]| Topology {
            name: name.to_owned(),
            rounds: rounds.iter().map(|&round| round.to_owned()).collect(),
        };
        let all = [
            one("panel", &["independent_analysis", "synthesis"]),
            one("voting", &["independent_analysis", "vote", "synthesis"]),
        ];
        assert_data_eq!(
            table(&all),
            str![[r#"
panel   independent_analysis, synthesis
voting  independent_analysis, vote, synthesis

"#]]
        );
    }
}
