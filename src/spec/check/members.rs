//! Members and the chair: their ids, the profiles they refer to, and whether a model is found.

use super::super::fault::{Fault, quoted};
use super::super::near::{available, meant};
use super::super::tree::Node;
use super::{Check, list};
use crate::event::CHAIR;
use std::collections::HashMap;

impl<'a> Check<'a> {
    pub(super) fn members(&mut self) {
        self.ids();
        self.profiles();
        self.models();
        for owner in self.member_tables().iter().chain(&self.chair()) {
            self.prompt(owner);
        }
        self.fallbacks();
        self.min_members();
    }

    fn ids(&mut self) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, member) in self.member_tables().iter().enumerate() {
            let (Some(node), Some(id)) = (member.get("id"), member.text_of("id")) else {
                continue;
            };
            if id == CHAIR {
                let fault = node.fault("reserved_id", "the id `chair` is the chair's");
                self.faults.push(fault.help("give the member another id"));
            }
            let first = *seen.entry(id).or_insert(index);
            if first != index {
                let message = format!("the id {} is taken by member[{first}]", quoted(id));
                let fault = node.fault("duplicate_id", message);
                self.faults
                    .push(fault.help("give each member an id of its own"));
            }
        }
    }

    /// Each `profile` names one of `[profiles]`.
    fn profiles(&mut self) {
        let known = self.profile_names();
        let defaults = self.root.get("defaults");
        let owners = self.member_tables().into_iter().chain(self.chair());
        for owner in owners.chain(defaults) {
            let (Some(node), Some(name)) = (owner.get("profile"), owner.text_of("profile")) else {
                continue;
            };
            if known.contains(&name) {
                continue;
            }
            let message = format!("there is no profile {}", quoted(name));
            let fault = node.fault("unknown_profile", message);
            self.faults
                .push(fault.meant(meant(name, known.iter().copied()), || {
                    if known.is_empty() {
                        format!("define it: `[{}]`", Node::path_within("profiles", name))
                    } else {
                        available(known.iter().copied())
                    }
                }));
        }
    }

    fn profile_names(&self) -> Vec<&'a str> {
        let profiles = self.root.get("profiles");
        profiles
            .iter()
            .flat_map(Node::entries)
            .map(|(name, ..)| name)
            .collect()
    }

    /// Each model that is named is one of a provider's, and each member and the chair has one.
    fn models(&mut self) {
        let defaults = self.root.get("defaults");
        let owners: Vec<_> = self
            .member_tables()
            .into_iter()
            .chain(self.chair())
            .collect();
        let profiles: Vec<_> = self
            .root
            .get("profiles")
            .iter()
            .flat_map(Node::entries)
            .map(|(_, _, node)| node)
            .collect();
        for table in owners.iter().chain(&profiles).chain(&defaults) {
            if let (Some(node), Some(model)) = (table.get("model"), table.text_of("model"))
                && let Some(fault) = self.model_fault(model)
            {
                self.faults.push(Fault {
                    path: node.path.clone(),
                    span: Some(node.span()),
                    ..fault
                });
            }
        }
        for owner in owners {
            if !self.has_model(&owner) {
                let who = owner
                    .text_of("id")
                    .map_or_else(|| "the chair".to_owned(), quoted);
                let who = if owner.path == CHAIR || owner.has("id") {
                    who
                } else {
                    "this member".to_owned()
                };
                let message = format!("no model is found for {who}");
                let help = "give it one, such as `model = \"openai/gpt-5-mini\"`, here, in its profile or in `[defaults]`";
                let fault = owner.fault("no_model", message).help(help);
                self.faults.push(fault);
            }
        }
    }

    /// Whether a model is found for a member or the chair. What is faulty counts as found: one
    /// fault is enough.
    fn has_model(&self, owner: &Node<'_>) -> bool {
        let defaults = self.root.get("defaults");
        if !owner.value().is_table() || owner.has("model") || owner.has("council") {
            return true;
        }
        if owner.mistypes(&["model", "profile"])
            || defaults
                .as_ref()
                .is_some_and(|defaults| defaults.has("model"))
        {
            return true;
        }
        let profile = owner
            .get("profile")
            .or_else(|| defaults.as_ref()?.get("profile"));
        match profile {
            None => false,
            Some(name) => name
                .text()
                .and_then(|name| self.root.get("profiles")?.get(name))
                .is_none_or(|profile| profile.has("model")),
        }
    }

    fn fallbacks(&mut self) {
        let ids = self.member_ids();
        for node in self
            .chair()
            .iter()
            .flat_map(|chair| list(chair, "fallback"))
        {
            let Some(text) = node.text() else { continue };
            let fault = match text.strip_prefix("member:") {
                _ if text == "top_ranked" => continue,
                Some(id) if ids.contains(&id) => continue,
                Some(id) => unknown_member(&node, id, &ids, "member:"),
                None => {
                    let message = format!("{} is no fallback", quoted(text));
                    let meant = meant(text, ["top_ranked"]);
                    node.fault("bad_fallback", message).meant(meant, || {
                        "a fallback is `top_ranked` or `member:ID`".to_owned()
                    })
                }
            };
            self.faults.push(fault);
        }
    }

    fn min_members(&mut self) {
        let members = self.member_tables().len();
        if let Some(node) = self.root.get("min_members") {
            self.faults.extend(too_many(&node, members));
        }
    }
}

/// A `min_members` above the number of those that there are.
pub(super) fn too_many(node: &Node<'_>, there: usize) -> Option<Fault> {
    let asked = node.integer()?;
    let there = i128::try_from(there).ok()?;
    (asked > there && there > 0).then(|| {
        let members = if there == 1 { "member" } else { "members" };
        let message = format!("`min_members` is {asked}, but there are only {there} {members}");
        let message = message.replace("are only 1 ", "is only 1 ");
        node.fault("min_members", message)
    })
}

/// A reference to a member that there is not.
pub(super) fn unknown_member(node: &Node<'_>, id: &str, ids: &[&str], prefix: &str) -> Fault {
    let message = format!("there is no member {}", quoted(id));
    let meant = meant(id, ids.iter().copied()).map(|id| format!("{prefix}{id}"));
    node.fault("unknown_member", message)
        .meant(meant.as_deref(), || {
            if ids.is_empty() || ids.len() > 20 {
                return String::new();
            }
            available(ids.iter().copied())
        })
}
