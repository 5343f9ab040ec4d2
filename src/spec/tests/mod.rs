//! What this room promises, seen from outside of its files.

mod agree;
mod broken;
mod fuzz;
mod loading;
mod overrides;
mod repeats;
mod rules;
mod shown;

use super::{Council, InvalidCouncil, Overrides};
use std::collections::BTreeMap;

/// Checks a spec that names no files.
fn check(document: &str) -> Result<Council, InvalidCouncil> {
    Council::check(document, &(), &Overrides::default())
}

/// A council without faults.
fn good(document: &str) -> Council {
    check(document)
        .unwrap_or_else(|faults| panic!("{}", faults.render("spec", document, false, None)))
}

/// Codes and paths of the faults of a spec, in order.
fn faults(document: &str) -> Vec<(&'static str, String)> {
    match check(document) {
        Ok(_) => Vec::new(),
        Err(InvalidCouncil(faults)) => faults
            .into_iter()
            .map(|fault| (fault.code, fault.path))
            .collect(),
    }
}

/// Files by name.
fn files(files: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    files
        .iter()
        .map(|(name, content)| ((*name).to_owned(), content.to_vec()))
        .collect()
}
