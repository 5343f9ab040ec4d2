//! Rounds and topologies: what a kind takes, whom a round names, what needs a chair.

use super::super::fault::{Fault, quoted};
use super::super::near::available;
use super::super::tree::Node;
use super::members::{too_many, unknown_member};
use super::{Check, list};
use crate::round::{self, Kind};

impl Check<'_> {
    pub(super) fn rounds(&mut self) {
        let rounds = list(&self.root, "round");
        if self.root.has("topology") && !rounds.is_empty() {
            let message = "a council has a `topology` or `[[round]]`s, not both";
            let fault = self.root.fault_of_key("topology", "two_plans", message);
            let help =
                "drop one of the two; `council topologies NAME` prints the rounds of a topology";
            self.faults.push(fault.help(help));
        }
        self.answers(&rounds);
        for node in &rounds {
            self.prompt(node);
            if let Some(kind) = node.text_of("kind").and_then(round::kind) {
                self.round(node, kind);
            } else {
                self.who(node);
            }
        }
    }

    /// Reviews and syntheses work on answers: a round before them must gather some.
    fn answers(&mut self, rounds: &[Node<'_>]) {
        let kind = |node: &Node<'_>| node.text_of("kind").and_then(round::kind);
        let Some(first) = rounds.first() else { return };
        if let Some(kind) = kind(first)
            && !kind.gathers_answers()
        {
            let name = kind.name();
            let message = format!("`{name}` works on answers, and no round before it gathers any");
            let fault = Fault {
                path: first.path_of("kind"),
                ..first
                    .get("kind")
                    .unwrap_or_else(|| first.clone())
                    .fault("no_answers", message)
            };
            self.faults
                .push(fault.help("begin with `kind = \"independent_analysis\"`"));
        }
    }

    fn round(&mut self, node: &Node<'_>, kind: &dyn Kind) {
        let name = kind.name();
        if kind.needs_chair() && self.chair().is_none() {
            let message = format!("`{name}` rounds need a chair");
            let fault = Fault {
                path: node.path_of("kind"),
                ..node
                    .get("kind")
                    .unwrap_or_else(|| node.clone())
                    .fault("needs_chair", message)
            };
            self.faults
                .push(fault.help("add `[chair]`; it may be empty"));
        }
        if kind.is_for_chair() {
            for key in ["members", "min_members"] {
                if node.has(key) {
                    let message = format!("in `{name}` rounds the chair alone is asked");
                    self.faults
                        .push(node.fault_of_key(key, "wrong_kind", message));
                }
            }
        } else {
            self.who(node);
        }
        self.ballots(node, kind);
    }

    /// The `members` of a round, and how many of them it needs.
    fn who(&mut self, node: &Node<'_>) {
        let ids = self.member_ids();
        let named = list(node, "members");
        for (index, member) in named.iter().enumerate() {
            let Some(id) = member.text() else { continue };
            if !ids.contains(&id) {
                self.faults.push(unknown_member(member, id, &ids, ""));
            } else if named[..index]
                .iter()
                .any(|earlier| earlier.text() == Some(id))
            {
                let message = format!("{} is named twice", quoted(id));
                self.faults.push(member.fault("duplicate_member", message));
            }
        }
        let there = if named.is_empty() {
            self.member_tables().len()
        } else {
            named.len()
        };
        if let Some(least) = node.get("min_members") {
            self.faults.extend(too_many(&least, there));
        }
    }

    fn ballots(&mut self, node: &Node<'_>, kind: &dyn Kind) {
        let takes = kind.aggregators();
        for key in ["aggregator", "tie_break"] {
            if takes.is_empty() && node.has(key) {
                let message = format!("`{}` rounds have no ballots, so no `{key}`", kind.name());
                self.faults
                    .push(node.fault_of_key(key, "no_ballots", message));
            }
        }
        if takes.is_empty() {
            return;
        }
        let known = |name: &str| {
            round::KINDS
                .iter()
                .any(|kind| kind.aggregators().contains(&name))
        };
        if let Some(aggregator) = node.get("aggregator")
            && let Some(name) = aggregator.text()
            && known(name)
            && !takes.contains(&name)
        {
            let message = format!("`{}` rounds do not take `{name}`", kind.name());
            let help = available(takes.iter().copied());
            self.faults
                .push(aggregator.fault("wrong_aggregator", message).help(help));
        }
        if let Some(tie_break) = node.get("tie_break")
            && tie_break.text() == Some("chair")
            && self.chair().is_none()
        {
            let fault = tie_break.fault("needs_chair", "`tie_break = \"chair\"` needs a chair");
            self.faults
                .push(fault.help("add `[chair]`; it may be empty"));
        }
    }
}
