//! The ready-made lists of rounds.

use super::lines::Lines;

/// A ready-made list of rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// Its name in specs.
    pub name: String,
    /// Its rounds, as a spec would write them on one line.
    pub rounds: Vec<String>,
}

/// One line a topology, its name and its rounds; broken where a terminal has fewer columns, and
/// below its name where they would not fit beside it.
#[must_use]
pub fn table(topologies: &[Topology], columns: Option<usize>) -> String {
    let widest = topologies
        .iter()
        .map(|one| one.name.len())
        .max()
        .unwrap_or(0);
    let columns = columns.unwrap_or(usize::MAX);
    let rounds = topologies.iter().flat_map(|one| &one.rounds);
    let longest = rounds.map(String::len).max().unwrap_or(0);
    let fit_beside = widest + 2 + longest < columns;
    let mut out = Lines::within(columns);
    for one in topologies {
        let rounds = one.rounds.join(", ");
        if fit_beside {
            let name = format!("{:<widest$}  ", one.name);
            out.hanging(&name, &rounds, name.len());
        } else {
            out.line(0, &one.name);
            out.line(4, &rounds);
        }
    }
    out.finish()
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
            table(&all, None),
            str![[r#"
panel   independent_analysis, synthesis
voting  independent_analysis, vote, synthesis

"#]]
        );
        assert_data_eq!(
            table(&all, Some(24)),
            str![[r#"
panel
    independent_analysis,
        synthesis
voting
    independent_analysis,
        vote, synthesis

"#]]
        );
        assert_data_eq!(
            table(&all, Some(40)),
            str![[r#"
panel   independent_analysis, synthesis
voting  independent_analysis, vote,
        synthesis

"#]]
        );
    }
}
