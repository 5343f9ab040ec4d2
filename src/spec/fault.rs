//! What is wrong with a spec: each fault with its path, code, message and place.

use super::render::harmless;
use super::secret;
use std::fmt;
use std::ops::Range;

/// More faults than this are counted, not listed.
const MOST: usize = 200;

/// One thing that is wrong with a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the spec, such as `member[1].profile`; empty for the document as a whole.
    pub path: String,
    /// What class of fault, such as `unknown_key`. Stable.
    pub code: &'static str,
    /// What is wrong, as a sentence. It never holds a key.
    pub message: String,
    /// The line, from 1; absent for what does not come from the document, such as a flag.
    pub line: Option<usize>,
    /// The column, in characters, from 1.
    pub column: Option<usize>,
    /// The bytes of the document that it is about.
    pub span: Option<Range<usize>>,
    /// What to do about it.
    pub help: Option<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Fault {
    pub(super) fn new(
        code: &'static str,
        path: String,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            span: Some(span),
            ..Self::elsewhere(code, path, message)
        }
    }

    /// A fault of something that is not in the document.
    pub(super) fn elsewhere(code: &'static str, path: String, message: impl Into<String>) -> Self {
        Self {
            path,
            code,
            message: message.into(),
            line: None,
            column: None,
            span: None,
            help: None,
            suggestion: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what was probably meant, where something is near enough, else `otherwise` as help.
    pub(super) fn meant(
        self,
        suggestion: Option<&str>,
        otherwise: impl FnOnce() -> String,
    ) -> Self {
        match suggestion {
            Some(suggestion) => Self {
                suggestion: Some(suggestion.to_owned()),
                ..self
            },
            None => {
                let help = otherwise();
                if help.is_empty() {
                    self
                } else {
                    self.help(help)
                }
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{line}:{column}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        Ok(())
    }
}

/// All faults of a spec, in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCouncil(pub Vec<Fault>);

impl fmt::Display for InvalidCouncil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidCouncil {}

impl InvalidCouncil {
    /// Sorts, counts and places the faults of `document`, and makes sure that their texts are fit
    /// to be shown: no keys, no control characters.
    pub(super) fn of(document: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| {
            fault
                .span
                .as_ref()
                .map_or((1, 0, 0), |s| (0, s.start, s.end))
        });
        if faults.len() > MOST {
            let message = format!("{} more faults are not listed", faults.len() - MOST);
            faults.truncate(MOST);
            faults.push(Fault::elsewhere("too_many", String::new(), message));
        }
        let clean = |text: &mut String| {
            *text = harmless(&secret::mask_words(text)).replace('\t', "\\t");
        };
        for fault in &mut faults {
            clean(&mut fault.path);
            clean(&mut fault.message);
            fault.help.iter_mut().for_each(clean);
            fault.suggestion.iter_mut().for_each(clean);
            if let Some(span) = &fault.span {
                let before = document.get(..span.start).unwrap_or(document);
                let line_start = before.rfind('\n').map_or(0, |at| at + 1);
                fault.line = Some(before.matches('\n').count() + 1);
                fault.column = Some(before[line_start..].chars().count() + 1);
            }
        }
        Self(faults)
    }
}

/// A word of the spec as messages show it, shortened.
pub(super) fn quoted(word: &str) -> String {
    let short: String = word.chars().take(60).collect();
    let dots = if short.len() < word.len() { "…" } else { "" };
    format!("`{short}{dots}`")
}
