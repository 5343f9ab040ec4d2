//! Rounds and topologies: what a kind takes, whom a round names, what needs a chair.

use super::super::fault::{Fault, quoted};
use super::super::near::available;
use super::super::topology::Topology;
use super::super::tree::Node;
use super::members::{too_many, unknown_member};
use super::{Check, list};
use crate::round::{self, Kind};

/// How to mend the lack of a chair.
pub(super) const ADD_CHAIR: &str = "add `[chair]`; it may be empty";

/// The kind of a round, where it is known.
pub(super) fn kind_of(node: &Node<'_>) -> Option<&'static dyn Kind> {
    node.text_of("kind").and_then(round::kind)
}

impl Check<'_> {
    pub(super) fn rounds(&mut self) {
        let rounds = list(&self.root, "round");
        if self.root.has("topology") && !rounds.is_empty() {
            let message = "a council has a `topology` or `[[round]]`s, not both";
            let fault = self.root.fault_of_key("topology", "two_plans", message);
            let known = |name: &&str| Topology::find(name).is_some();
            let name = self.root.text_of("topology").filter(known);
            let name = name.unwrap_or("NAME");
            self.faults.push(fault.help(format!(
                "drop one of the two; `council topologies {name}` prints the rounds behind the word, to paste and change"
            )));
        }
        self.topology();
        self.answers(&rounds);
        for node in &rounds {
            self.any_round(node);
        }
    }

    /// One round, of the council or of an `iterate`.
    pub(super) fn any_round(&mut self, node: &Node<'_>) {
        self.prompt(node);
        match kind_of(node) {
            Some(kind) if kind.repeats() => self.repeat(node, kind),
            Some(kind) => self.round(node, kind),
            None => self.who(node),
        }
    }

    /// A topology that makes no sense without a chair.
    fn topology(&mut self) {
        let Some(node) = self.root.get("topology") else {
            return;
        };
        let topology = node.text().and_then(Topology::find);
        if topology.is_some_and(Topology::needs_chair) && self.chair().is_none() {
            let name = node.text().unwrap_or_default();
            let fault = node.fault("needs_chair", format!("a `{name}` needs a chair"));
            self.faults.push(fault.help(ADD_CHAIR));
        }
    }

    /// Reviews and syntheses work on answers: a round before them must gather some.
    fn answers(&mut self, rounds: &[Node<'_>]) {
        let Some(first) = rounds.first() else { return };
        let repeated = list(first, "rounds");
        let Some(kind) = kind_of(first) else { return };
        let inner = repeated
            .first()
            .filter(|_| kind.repeats())
            .and_then(kind_of);
        if !inner.unwrap_or(kind).gathers_answers() {
            let name = kind.name();
            let message = format!("`{name}` shows answers, and no round before it gathers any");
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
        if kind.is_for_chair() && self.chair().is_none() {
            let message = format!("`{name}` rounds need a chair");
            let fault = Fault {
                path: node.path_of("kind"),
                ..node
                    .get("kind")
                    .unwrap_or_else(|| node.clone())
                    .fault("needs_chair", message)
            };
            self.faults.push(fault.help(ADD_CHAIR));
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
        self.choices(node, kind);
        for key in ["rounds", "until", "max_iterations"] {
            if node.has(key) {
                let message = format!("`{name}` rounds are held once, so they take no `{key}`");
                let fault = node.fault_of_key(key, "wrong_kind", message);
                self.faults
                    .push(fault.help("`kind = \"iterate\"` repeats rounds"));
            }
        }
    }

    /// What may be voted for.
    fn choices(&mut self, node: &Node<'_>, kind: &dyn Kind) {
        let Some(choices) = node.get("choices") else {
            return;
        };
        if !kind.takes_choices() {
            let message = format!("`{}` rounds take no `choices`", kind.name());
            let fault = node.fault_of_key("choices", "wrong_kind", message);
            self.faults.push(fault.help("`vote` rounds do"));
            return;
        }
        let named: Vec<Node<'_>> = choices.items().collect();
        if choices.value().is_array() && named.len() < 2 {
            let message = "a vote needs two `choices` at least";
            self.faults.push(choices.fault("too_few_choices", message));
        }
        let same = |text: &str| text.trim().to_lowercase();
        for (index, choice) in named.iter().enumerate() {
            let Some(text) = choice.text() else { continue };
            let mut earlier = named[..index].iter().filter_map(Node::text);
            if text.trim().is_empty() {
                let message = "a choice must not be empty";
                self.faults.push(choice.fault("empty", message));
            } else if earlier.any(|earlier| same(earlier) == same(text)) {
                // Ballots are read without regard to case.
                let message = format!("{} is a choice twice", quoted(text));
                self.faults.push(choice.fault("duplicate_choice", message));
            }
        }
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
        let known = |name: &str| crate::aggregate::aggregator(name).is_some();
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
            self.faults.push(fault.help(ADD_CHAIR));
        }
    }
}
