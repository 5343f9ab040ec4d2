//! Overrides, applied to the tree of a document: what a flag sets stands there as if it had been
//! written, and a fault of it points at the flag.
//!
//! Each flag has a place of its own behind the end of the document. Whatever the checks then find
//! there is turned into a fault of that flag by [`Edits::name_flags`].

use super::fault::{Fault, quoted};
use super::near::{available, meant, nearest};
use super::overrides::{Overrides, Setting, Step};
use super::tree::Node;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// What was done to a tree.
pub(super) struct Edits {
    /// The flags as messages name them, each at its place.
    flags: Vec<String>,
    /// The first place behind the document.
    base: usize,
    /// Whether members were left out.
    only: bool,
    pub(super) faults: Vec<Fault>,
}

impl Edits {
    /// Applies `overrides` to the root table of a document of `length` bytes.
    pub(super) fn apply<'t>(
        overrides: &'t Overrides,
        root: &mut DeTable<'t>,
        length: usize,
    ) -> Self {
        let mut edits = Self {
            flags: Vec::new(),
            base: length + 1,
            only: false,
            faults: Vec::new(),
        };
        if let Some(model) = &overrides.model {
            let span = edits.flag("--model".to_owned());
            for owner in speakers(root) {
                put(owner, "model", DeValue::String(model.into()), &span);
            }
        }
        for setting in &overrides.set {
            let span = edits.flag(format!("--set {}", setting.path));
            let done = set(root, setting, &span);
            edits.faults.extend(done.err().map(|fault| *fault));
        }
        edits.keep(&overrides.only, root);
        edits
    }

    /// The place of a new flag.
    fn flag(&mut self, name: String) -> Range<usize> {
        let start = self.base + self.flags.len();
        self.flags.push(name);
        start..start + 1
    }

    /// Leaves the members that `only` names, and takes the others' names out of rounds and
    /// fallbacks.
    fn keep<'t>(&mut self, only: &'t [String], root: &mut DeTable<'t>) {
        if only.is_empty() {
            return;
        }
        let ids: Vec<String> = match root.get("member").map(Spanned::get_ref) {
            Some(DeValue::Array(members)) => members.iter().filter_map(id_of).collect(),
            _ => return,
        };
        let before = self.faults.len();
        for id in only {
            let span = self.flag(format!("--only {id}"));
            if !ids.contains(id) {
                let known = || ids.iter().map(String::as_str);
                let message = format!("there is no member {}", quoted(id));
                let fault = Fault::new("unknown_member", String::new(), span, message);
                self.faults
                    .push(fault.meant(meant(id, known()), || available(known())));
            }
        }
        if self.faults.len() > before {
            return;
        }
        self.only = true;
        let left_out: Vec<&String> = ids.iter().filter(|id| !only.contains(id)).collect();
        let goes = |value: &Spanned<DeValue<'_>>, prefix: &str| {
            let name = value.get_ref().as_str();
            let id = name.and_then(|name| name.strip_prefix(prefix));
            id.is_some_and(|id| left_out.iter().any(|left| *left == id))
        };
        if let Some(members) = list_mut(root, "member") {
            retain(members, |member| {
                id_of(member).is_none_or(|id| only.contains(&id))
            });
        }
        if let Some(DeValue::Table(chair)) = root.get_mut("chair").map(Spanned::get_mut)
            && let Some(fallback) = list_mut(chair, "fallback")
        {
            retain(fallback, |name| !goes(name, "member:"));
        }
        if let Some(rounds) = list_mut(root, "round") {
            leave_out(rounds, "round", &|name| goes(name, ""), &mut self.faults);
        }
    }

    /// Turns what was found behind the document into faults of the flag that stands there.
    pub(super) fn name_flags(&self, faults: &mut Vec<Fault>) {
        for fault in &mut *faults {
            let place = fault.span.as_ref().map(|span| span.start);
            let flag = place
                .and_then(|place| place.checked_sub(self.base))
                .and_then(|index| self.flags.get(index));
            if let Some(flag) = flag {
                fault.span = None;
                fault.path.clone_from(flag);
            }
            if self.only && fault.code == "min_members" && fault.help.is_none() {
                fault.help = Some(format!(
                    "`--only` leaves fewer than the spec has; `--set {}=1` asks for fewer",
                    fault.path.trim_start_matches("--set ")
                ));
            }
        }
        // One flag may set many places, all with the same fault.
        let mut seen: Vec<Fault> = Vec::new();
        faults.retain(|fault| {
            let again = fault.span.is_none() && seen.contains(fault);
            if fault.span.is_none() && !again {
                seen.push(fault.clone());
            }
            !again
        });
    }
}

/// The tables of the members and of the chair.
fn speakers<'a, 't>(root: &'a mut DeTable<'t>) -> Vec<&'a mut DeTable<'t>> {
    let mut found = Vec::new();
    for (key, value) in root.iter_mut() {
        match (key.get_ref().as_ref(), value.get_mut()) {
            ("member", DeValue::Array(members)) => {
                for member in members.iter_mut() {
                    if let DeValue::Table(table) = member.get_mut() {
                        found.push(table);
                    }
                }
            }
            ("chair", DeValue::Table(table)) => found.push(table),
            _ => {}
        }
    }
    found
}

fn id_of(member: &Spanned<DeValue<'_>>) -> Option<String> {
    let id = member.get_ref().as_table()?.get("id")?.get_ref().as_str()?;
    Some(id.to_owned())
}

fn list_mut<'a, 't>(table: &'a mut DeTable<'t>, key: &str) -> Option<&'a mut DeArray<'t>> {
    match table.get_mut(key)?.get_mut() {
        DeValue::Array(list) => Some(list),
        _ => None,
    }
}

/// Takes names out of the `members` of rounds, and of the rounds that they repeat.
fn leave_out(
    rounds: &mut DeArray<'_>,
    path: &str,
    goes: &dyn Fn(&Spanned<DeValue<'_>>) -> bool,
    faults: &mut Vec<Fault>,
) {
    for (index, round) in rounds.iter_mut().enumerate() {
        let DeValue::Table(round) = round.get_mut() else {
            continue;
        };
        let path = format!("{path}[{index}]");
        if let Some(inner) = list_mut(round, "rounds") {
            leave_out(inner, &format!("{path}.rounds"), goes, faults);
        }
        let Some(span) = round.get("members").map(Spanned::span) else {
            continue;
        };
        let Some(members) = list_mut(round, "members") else {
            continue;
        };
        let named = members.len();
        retain(members, |name| !goes(name));
        if members.is_empty() && named > 0 {
            // Without its list the round would ask everybody: the fault is said here alone.
            round.remove("members");
            let message = "`--only` leaves nobody who takes part in this round";
            let fault = Fault::new("no_members", format!("{path}.members"), span, message);
            faults.push(fault.help("keep one of its members too, with one more `--only`"));
        }
    }
}

fn retain(list: &mut DeArray<'_>, keep: impl Fn(&Spanned<DeValue<'_>>) -> bool) {
    let all = std::mem::replace(list, DeArray::new());
    *list = all.into_iter().filter(|value| keep(value)).collect();
}

/// Writes a key anew, so that key and value stand at `span`.
fn put<'t>(table: &mut DeTable<'t>, key: &'t str, value: DeValue<'t>, span: &Range<usize>) {
    table.remove(key);
    table.insert(
        Spanned::new(span.clone(), Cow::Borrowed(key)),
        Spanned::new(span.clone(), value),
    );
}

/// Sets one value, making the tables on the way to it.
fn set<'t>(
    root: &mut DeTable<'t>,
    setting: &'t Setting,
    span: &Range<usize>,
) -> Result<(), Box<Fault>> {
    let Some((Step::Key(first), rest)) = setting.steps.split_first() else {
        return Ok(());
    };
    let value = value_of(&setting.value, span);
    within_table(root, String::new(), first, rest, value, span)
}

fn within_table<'t>(
    table: &mut DeTable<'t>,
    path: String,
    key: &'t str,
    rest: &'t [Step],
    value: DeValue<'t>,
    span: &Range<usize>,
) -> Result<(), Box<Fault>> {
    let fault = |code, message: String| Fault::new(code, String::new(), span.clone(), message);
    if rest.is_empty() {
        put(table, key, value, span);
        return Ok(());
    }
    if !table.contains_key(key) {
        if matches!(rest.first(), Some(Step::Place(_))) {
            let message = format!("the spec has no list `{}`", Node::path_within(&path, key));
            let known = table.keys().map(|known| known.get_ref().as_ref());
            return Err(fault("unknown_path", message)
                .meant(meant(key, known), String::new)
                .into());
        }
        // A new profile or provider may be meant, a slip in the name of one that is there not.
        if matches!(path.as_str(), "profiles" | "providers") {
            let known = table.keys().map(|known| known.get_ref().as_ref());
            if let Some(meant) = nearest(key, known) {
                let message = format!("there is no {} in `[{path}]`", quoted(key));
                return Err(fault("unknown_path", message)
                    .meant(Some(meant), String::new)
                    .into());
            }
        }
        put(table, key, DeValue::Table(DeTable::new()), span);
    }
    let path = Node::path_within(&path, key);
    match table.get_mut(key) {
        Some(next) => within(next.get_mut(), path, rest, value, span),
        None => Ok(()),
    }
}

fn within<'t>(
    at: &mut DeValue<'t>,
    path: String,
    steps: &'t [Step],
    value: DeValue<'t>,
    span: &Range<usize>,
) -> Result<(), Box<Fault>> {
    let fault = |code, message: String| Fault::new(code, String::new(), span.clone(), message);
    let Some((step, rest)) = steps.split_first() else {
        *at = value;
        return Ok(());
    };
    match (at, step) {
        (DeValue::Table(table), Step::Key(key)) => {
            within_table(table, path, key, rest, value, span)
        }
        (DeValue::Array(list), step) => {
            let place = place_in(list, &path, step, span)?;
            let Some(item) = list.get_mut(place) else {
                return Ok(());
            };
            if rest.is_empty() {
                *item = Spanned::new(span.clone(), value);
                return Ok(());
            }
            within(
                item.get_mut(),
                format!("{path}[{place}]"),
                rest,
                value,
                span,
            )
        }
        (_, Step::Key(key)) => {
            let message = format!("`{path}` is no table, so it has no {}", quoted(key));
            Err(fault("unknown_path", message).into())
        }
        (_, Step::Place(place)) => {
            let message = format!("`{path}` is no list, so it has no [{place}]");
            Err(fault("unknown_path", message).into())
        }
    }
}

/// Which item of the list at `path` is meant: by its place, or a member by its id.
fn place_in(
    list: &DeArray<'_>,
    path: &str,
    step: &Step,
    span: &Range<usize>,
) -> Result<usize, Box<Fault>> {
    let fault = |code, message: String| Fault::new(code, String::new(), span.clone(), message);
    let id = match step {
        Step::Place(place) if *place < list.len() => return Ok(*place),
        Step::Place(place) => {
            let there = list.len();
            let message = format!("there is no `{path}[{place}]`: `{path}` has {there}");
            let fault = fault("unknown_path", message);
            return Err(Box::new(match there.checked_sub(1) {
                Some(last) => fault.help(format!("they are counted from 0, so to {last}")),
                None => fault,
            }));
        }
        Step::Key(id) => id,
    };
    if path != "member" {
        let message = format!("`{path}` is a list, which has no {}", quoted(id));
        let help = format!("name one of it by its place, from 0: `{path}[0]`");
        return Err(fault("unknown_path", message).help(help).into());
    }
    let ids: Vec<Option<String>> = list.iter().map(id_of).collect();
    let place = ids.iter().position(|found| found.as_ref() == Some(id));
    place.ok_or_else(|| {
        let known = || ids.iter().flatten().map(String::as_str);
        let message = format!("there is no member {}", quoted(id));
        fault("unknown_member", message)
            .meant(meant(id, known()), || available(known()))
            .into()
    })
}

/// A value of TOML, else the text as it stands, every part of it at `span`.
fn value_of<'t>(text: &'t str, span: &Range<usize>) -> DeValue<'t> {
    match DeValue::parse(text) {
        Ok(value) => moved(value.into_inner(), span),
        Err(_) => DeValue::String(text.into()),
    }
}

fn moved<'t>(value: DeValue<'t>, span: &Range<usize>) -> DeValue<'t> {
    let spanned =
        |value: Spanned<DeValue<'t>>| Spanned::new(span.clone(), moved(value.into_inner(), span));
    match value {
        DeValue::Array(list) => DeValue::Array(list.into_iter().map(spanned).collect()),
        DeValue::Table(table) => {
            let mut there = DeTable::new();
            for (key, value) in table {
                there.insert(Spanned::new(span.clone(), key.into_inner()), spanned(value));
            }
            DeValue::Table(there)
        }
        plain => plain,
    }
}
