//! `iterate` rounds: what they repeat, and what ends them.

use super::super::fault::Fault;
use super::super::tree::Node;
use super::super::walk::missing;
use super::rounds::kind_of;
use super::{Check, list};
use crate::round::Kind;

/// Keys of a round that say how members are asked: an `iterate` asks nobody itself.
const OF_THE_INNER: &[&str] = &[
    "members",
    "prompt",
    "aggregator",
    "tie_break",
    "choices",
    "min_members",
    "failure_mode",
];

/// The ways to end, as a spec writes them.
const WAYS: &str = "`{ agreement = 0.6 }`, `{ unanimous = true }`, `{ majority = true }` or \
`{ stable = true }`";

impl Check<'_> {
    /// An `iterate` and the rounds within.
    pub(super) fn repeat(&mut self, node: &Node<'_>, kind: &dyn Kind) {
        let name = kind.name();
        for key in OF_THE_INNER {
            if node.has(key) {
                let message = format!("an `{name}` asks nobody itself, so it takes no `{key}`");
                let fault = node.fault_of_key(key, "wrong_kind", message);
                self.faults
                    .push(fault.help("write it on a round of its `rounds`"));
            }
        }
        if !node.has("rounds") {
            let fault = missing(node, "rounds");
            let help = "such as `rounds = [{ kind = \"critique\" }]`";
            self.faults.push(fault.help(help));
        }
        let inner = list(node, "rounds");
        for round in &inner {
            self.repeated(round);
        }
        self.until(node, &inner);
    }

    fn repeated(&mut self, round: &Node<'_>) {
        if kind_of(round).is_some_and(Kind::repeats) {
            let kind = round.get("kind").unwrap_or_else(|| round.clone());
            let message = "an `iterate` cannot repeat another `iterate`";
            self.faults.push(kind.fault("wrong_kind", message));
        } else {
            self.any_round(round);
        }
    }

    /// Exactly one way to end, which the repeated rounds can bring about.
    fn until(&mut self, node: &Node<'_>, inner: &[Node<'_>]) {
        let kinds: Vec<&dyn Kind> = inner.iter().filter_map(kind_of).collect();
        // With a mistyped kind within, nothing is known of how it could end.
        if kinds.len() < inner.len() || inner.is_empty() {
            return;
        }
        let Some(until) = node.get("until") else {
            if !kinds.iter().any(|kind| kind.eliminates()) {
                let fault = missing(node, "until");
                self.faults.push(fault.help(format!("one of {WAYS}")));
            }
            return;
        };
        let ways: Vec<Node<'_>> = until.entries().map(|(_, _, way)| way).collect();
        if until.value().is_table() && ways.len() != 1 {
            let message = "`until` holds exactly one way to end";
            let fault = until.fault("until", message);
            self.faults.push(fault.help(format!("one of {WAYS}")));
        }
        for (name, _, way) in until.entries() {
            self.faults.extend(fault_of_way(name, &way, &kinds));
        }
    }
}

fn fault_of_way(name: &str, way: &Node<'_>, kinds: &[&dyn Kind]) -> Option<Fault> {
    let ballots = || kinds.iter().any(|kind| !kind.aggregators().is_empty());
    let revisions = || kinds.iter().any(|kind| kind.revises());
    if way.value().as_bool() == Some(false) {
        let message = format!("`{name} = false` is no way to end");
        let fault = way.fault("until", message);
        return Some(fault.help(format!("write `{name} = true`, or leave it out")));
    }
    let (is_possible, what, example) = match name {
        "agreement" | "unanimous" | "majority" => (ballots(), "ballots", "vote"),
        "stable" => (ballots() || revisions(), "ballots or revisions", "critique"),
        _ => return None,
    };
    let message = format!("`{name}` is about {what}, and no round of this `iterate` has any");
    let help = format!("add `{{ kind = \"{example}\" }}` to its `rounds`");
    (!is_possible).then(|| way.fault("until", message).help(help))
}
