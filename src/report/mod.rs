//! Text of a run, for people and for programs. Nothing here prints, and nothing asks whether
//! there is a terminal: callers hand in columns where a layout needs them.
//!
//! Model and server text is kept byte for byte; whoever prints it on a terminal escapes it.
//! Only tables and lines of one row tidy it, because their layout depends on its width.

pub mod detail;
pub mod diagram;
#[cfg(test)]
pub(crate) mod fixture;
pub mod json;
mod lack;
mod lines;
pub mod list;
pub mod markdown;
pub mod standing;
pub mod terminal;
pub mod text;
pub mod topologies;
pub mod words;

use crate::event::{RunResult, RunStatus};

/// The forms in which a run can be printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// The answer alone.
    #[default]
    Text,
    /// A document with the answers and how each round came out.
    Markdown,
    /// One object.
    Json,
    /// The events, one a line.
    Ndjson,
}

/// A run as text, and what kind of text it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// What was asked for: it goes to standard output.
    Data(String),
    /// There is no answer to print: `run` says this on standard error, `show` on standard output.
    Account(String),
}

/// `result` in `format`; none for [`Format::Ndjson`], which is made of events by [`json::event`].
#[must_use]
pub fn page(format: Format, result: &RunResult) -> Option<Page> {
    Some(match format {
        Format::Text if result.status == RunStatus::Completed => Page::Data(text::answer(result)),
        Format::Text => Page::Account(text::account(result)),
        Format::Markdown => Page::Data(markdown::document(result)),
        Format::Json => Page::Data(json::object(result)),
        Format::Ndjson => return None,
    })
}
