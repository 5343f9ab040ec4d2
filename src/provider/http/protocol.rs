//! What the protocols have in common: a question becomes a path, headers and a JSON body; a frame
//! of a stream, or a whole reply, becomes text, counts of tokens and a reason to stop.
//!
//! Pure. One protocol a file; which server it is spoken to, and with which key, is not its matter.

use crate::event::{ErrorKind, Usage};
use crate::provider::{CallError, Request, Stop};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// A protocol.
pub(super) trait Protocol: Send + Sync {
    /// The header that carries the key, and what stands before the key in it.
    fn key(&self) -> (HeaderName, &'static str);

    /// Headers that every request has.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        Vec::new()
    }

    /// Where the request goes, below the base URL.
    fn path(&self, model: &str, stream: bool) -> Result<Path, CallError>;

    /// The body of the request.
    fn body(&self, request: &Request, stream: bool) -> Map<String, Value>;

    /// What a frame or a reply says. Errors in it were looked for.
    fn read(&self, value: &Value, form: Form) -> Result<Said, CallError>;

    /// The counts as all providers are compared by: those of the prompt include what was cached,
    /// those of the reply what was thought.
    fn usage(&self, tally: &Tally) -> Usage;
}

/// A path below the base URL, and a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) segments: Vec<String>,
    pub(super) query: Option<(&'static str, &'static str)>,
}

impl Path {
    pub(super) fn of(segments: &[&str]) -> Self {
        Self {
            segments: segments.iter().map(|&segment| segment.into()).collect(),
            query: None,
        }
    }
}

/// How a reply comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In frames, of which this is one.
    Frame,
    /// In one piece.
    Whole,
}

/// What a frame or a reply says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) tally: Tally,
    pub(super) stop: Option<Stop>,
    /// Nothing comes after this frame.
    pub(super) last: bool,
}

/// Tokens as a provider counts them; what the counts include differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    /// Read from a cache.
    pub(super) cached: Option<u64>,
    /// Written to a cache.
    pub(super) stored: Option<u64>,
    pub(super) thought: Option<u64>,
}

impl Tally {
    /// These counts, replaced by those that `later` tells.
    pub(super) fn updated(&self, later: &Self) -> Self {
        Self {
            input: later.input.or(self.input),
            output: later.output.or(self.output),
            cached: later.cached.or(self.cached),
            stored: later.stored.or(self.stored),
            thought: later.thought.or(self.thought),
        }
    }
}

/// The sum of `count` and what there is of `more`; none where `count` was not told.
pub(super) fn sum(count: Option<u64>, more: &[Option<u64>]) -> Option<u64> {
    let more = more.iter().flatten();
    Some(more.fold(count?, |sum, more| sum.saturating_add(*more)))
}

/// A reply that lacks what makes it one.
pub(super) fn no_reply(what: &str) -> CallError {
    CallError::new(
        ErrorKind::InvalidOutput,
        format!("the server's reply holds no `{what}`; is `base_url` right?"),
    )
}

/// A reply that was held back, and the provider's reason.
pub(super) fn withheld(reason: &str, words: Option<&str>) -> CallError {
    let words = words.map_or(String::new(), |words| format!(": {words}"));
    CallError::new(
        ErrorKind::ContentFilter,
        format!("the provider withheld the reply (`{reason}`){words}"),
    )
}

/// A reply that the provider itself did not bring to its end.
pub(super) fn broken_off(reason: &str, words: Option<&str>) -> CallError {
    let words = words.map_or(String::new(), |words| format!(": {words}"));
    CallError::new(
        ErrorKind::Transient,
        format!("the provider broke the reply off (`{reason}`){words}"),
    )
}
