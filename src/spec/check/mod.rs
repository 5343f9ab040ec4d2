//! A document becomes a council, or all of its faults.
//!
//! Three steps. A document that is no TOML gives its syntax faults alone. Then the walker finds
//! what is wrong with the shape, and the checks here what is wrong with the meaning, both on the
//! same tree, so that one look shows everything. A document without faults is read by serde, which
//! has the last word.

mod command;
mod members;
mod prompts;
mod providers;
mod repeat;
mod rounds;

pub(super) use providers::{BuiltIn, built_in};

use super::build;
use super::council::Council;
use super::edit::Edits;
use super::fault::{Fault, InvalidCouncil};
use super::file::Spec;
use super::files::Files;
use super::overrides::Overrides;
use super::secret;
use super::shape::spec_shape;
use super::tree::Node;
use super::walk::walk;
use serde::Deserialize as _;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

impl Council {
    /// Checks a spec. Files that it names are taken from `files`; nothing else is read.
    ///
    /// # Errors
    /// All faults of the spec.
    pub fn check(
        document: &str,
        files: &dyn Files,
        overrides: &Overrides,
    ) -> Result<Self, InvalidCouncil> {
        check(document, files, overrides).map_err(|faults| InvalidCouncil::of(document, faults))
    }

    /// Makes a council again from [`Source::resolved`](super::Source::resolved) and the content of
    /// the files that it names. Its [`Source::bytes`](super::Source::bytes) are another way to
    /// write the same spec; whoever has the first ones may put them there.
    ///
    /// # Errors
    /// The faults of the spec, which has none unless a newer version of the program wrote it.
    pub fn from_resolved(resolved: &str, files: &dyn Files) -> Result<Self, InvalidCouncil> {
        Self::check(&document_of(resolved)?, files, &Overrides::default())
    }
}

/// A resolved spec as a document.
pub(super) fn document_of(resolved: &str) -> Result<String, InvalidCouncil> {
    let unreadable = |error: &dyn std::fmt::Display| {
        let message = format!("the resolved spec cannot be read: {error}");
        let fault = Fault::elsewhere("resolved", String::new(), message);
        InvalidCouncil::of("", vec![fault])
    };
    let value: serde_json::Value =
        serde_json::from_str(resolved).map_err(|error| unreadable(&error))?;
    toml::to_string(&value).map_err(|error| unreadable(&error))
}

fn check(document: &str, files: &dyn Files, overrides: &Overrides) -> Result<Council, Vec<Fault>> {
    let (root, errors) = DeTable::parse_recoverable(document);
    if !errors.is_empty() {
        return Err(syntax(document, &errors));
    }
    let span = root.span();
    let mut root = root.into_inner();
    let mut edits = Edits::apply(overrides, &mut root, document.len());
    let tree = Spanned::new(span, DeValue::Table(root));
    let node = Node::root(&tree);
    let mut faults = std::mem::take(&mut edits.faults);
    faults.extend(secret::find(&node));
    match spec_shape() {
        Ok(shape) => faults.extend(walk(shape, &node)),
        Err(error) => faults.push(internal(error.to_string())),
    }
    let mut check = Check {
        document,
        root: node,
        files,
        faults: Vec::new(),
        named: BTreeMap::new(),
    };
    check.providers();
    check.members();
    check.rounds();
    let Check {
        faults: more,
        named,
        ..
    } = check;
    faults.extend(more);
    // What looks like a key is refused as that, whatever else is wrong with it.
    let keys: Vec<_> = faults
        .iter()
        .filter(|fault| fault.code == "literal_key")
        .map(|fault| fault.path.clone())
        .collect();
    faults.retain(|fault| fault.code == "literal_key" || !keys.contains(&fault.path));
    if !faults.is_empty() {
        edits.name_flags(&mut faults);
        return Err(faults);
    }
    let DeValue::Table(table) = tree.into_inner() else {
        return Err(vec![internal("a document is a table".to_owned())]);
    };
    let table = Spanned::new(0..document.len(), table);
    let spec = Spec::deserialize(toml::de::Deserializer::from(table)).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let mut faults = vec![Fault::new(
            "unreadable",
            String::new(),
            span,
            error.message(),
        )];
        edits.name_flags(&mut faults);
        faults
    })?;
    build::council(spec, document, named).map_err(|message| vec![internal(message)])
}

/// What only a fault of the program itself can bring about.
fn internal(message: String) -> Fault {
    Fault::elsewhere("internal", String::new(), message)
        .help("this is a fault of the program; please report it")
}

/// Syntax faults, the first of each line: those after it are mostly its echo.
fn syntax(document: &str, errors: &[toml::de::Error]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut spans: Vec<_> = errors
        .iter()
        .map(|error| (error.span().unwrap_or(0..0), error.message()))
        .collect();
    spans.sort_by_key(|(span, _)| span.start);
    let mut seen_to = None;
    for (span, message) in spans {
        let at = span.start.min(document.len());
        if seen_to.is_some_and(|end| at <= end) {
            continue;
        }
        seen_to = document.as_bytes()[at..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(Some(document.len()), |length| Some(at + length));
        faults.push(Fault::new("syntax", String::new(), span, message));
    }
    faults
}

/// The checks of meaning, with what they share.
struct Check<'a> {
    document: &'a str,
    root: Node<'a>,
    files: &'a dyn Files,
    faults: Vec<Fault>,
    /// Files that the spec names, as far as they could be read.
    named: BTreeMap<String, Vec<u8>>,
}

impl<'a> Check<'a> {
    /// The `[[member]]` tables.
    fn member_tables(&self) -> Vec<Node<'a>> {
        list(&self.root, "member")
    }

    /// Ids of the members that have one, in order.
    fn member_ids(&self) -> Vec<&'a str> {
        self.member_tables()
            .iter()
            .filter_map(|member| member.text_of("id"))
            .collect()
    }

    fn chair(&self) -> Option<Node<'a>> {
        self.root.get("chair")
    }
}

/// The values of the list under `key`; none where there is no such list.
fn list<'a>(node: &Node<'a>, key: &str) -> Vec<Node<'a>> {
    node.get(key)
        .map(|list| list.items().collect())
        .unwrap_or_default()
}
