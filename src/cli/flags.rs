//! Flags that several commands take, read and checked.

use super::error::CliError;
use crate::spec::{Overrides, Setting};
use crate::store::Label;
use std::collections::BTreeMap;

/// What a spec is changed by before it is checked.
#[derive(Debug, clap::Args)]
pub(super) struct Changes {
    /// Ask this model, PROVIDER/MODEL, in place of every member's and the chair's
    #[arg(long, value_name = "REF")]
    model: Option<String>,
    /// Ask only this member; may be given again. Rounds and fallbacks that name others go on without them
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Set a value of the spec, such as min_members=2 or member.security.model=openai/gpt-5-mini; may be given again
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<Setting>,
}

impl Changes {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            model: self.model.clone(),
            set: self.set.clone(),
            only: self.only.clone(),
        }
    }

    /// These flags to be typed again, each behind a space.
    pub(super) fn typed(&self) -> String {
        let model = self.model.iter().map(|model| ("--model", model.clone()));
        let set = self.set.iter().map(|set| ("--set", set.to_string()));
        let only = self.only.iter().map(|only| ("--only", only.clone()));
        let flags = model.chain(set).chain(only);
        flags
            .map(|(flag, value)| format!(" {flag} {}", quoted(&value)))
            .collect()
    }
}

/// `word` as a shell takes it for one word.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// One label, `KEY=VALUE`.
///
/// # Errors
/// There is no `=`, or nothing before it, or the key holds what cannot be seen.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("`=` is missing: write KEY=VALUE, such as team=infra")?;
    if key.trim().is_empty() {
        return Err("there is no key before `=`: write KEY=VALUE, such as team=infra".to_owned());
    }
    if key.trim() != key || key.chars().any(char::is_control) {
        return Err("a key has no white space around it and no control characters".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// A label that is looked for: `KEY=VALUE`, or `KEY` of any value.
///
/// # Errors
/// There is no key, or it holds what cannot be seen.
pub(super) fn label_sought(text: &str) -> Result<Label, String> {
    if text.contains('=') {
        let (key, value) = label(text)?;
        return Ok(Label {
            key,
            value: Some(value),
        });
    }
    let (key, _) = label(&format!("{text}="))?;
    Ok(Label { key, value: None })
}

/// All labels of a run.
///
/// # Errors
/// A key that is given twice.
pub(super) fn labels(given: &[(String, String)]) -> Result<BTreeMap<String, String>, CliError> {
    let mut labels = BTreeMap::new();
    for (key, value) in given {
        if labels.insert(key.clone(), value.clone()).is_some() {
            return Err(
                CliError::usage(format_args!("the label `{key}` is given twice"))
                    .hint("give each label a key of its own"),
            );
        }
    }
    Ok(labels)
}
