//! What went wrong with a call or a run, as it is recorded.

use super::MemberId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The class of a fault; scripts may branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The server failed in a way that may pass (408, 409, 425, 5xx).
    Transient,
    /// The provider asked for fewer requests (429).
    RateLimited,
    /// One attempt took longer than its `timeout`.
    Timeout,
    /// The key is missing, wrong or not allowed (401, 403).
    Auth,
    /// The account has no credit or quota left (402).
    Billing,
    /// There is no such model or endpoint (404), or no such call on a tape.
    NotFound,
    /// The provider refused the request as it stands (400, 422).
    InvalidRequest,
    /// The messages are longer than the model's window.
    ContextLength,
    /// The provider withheld the reply.
    ContentFilter,
    /// The reply came, and cannot be read as what was asked for.
    InvalidOutput,
    /// The connection failed, stalled, or broke off.
    Network,
    /// The run's deadline passed.
    Deadline,
    /// The run's budget is spent.
    Budget,
    /// The run could not be recorded, and was to be.
    Record,
    /// The run was cancelled.
    Cancelled,
    /// A fault of this program.
    Internal,
}

impl ErrorKind {
    /// The name in events and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Auth => "auth",
            Self::Billing => "billing",
            Self::NotFound => "not_found",
            Self::InvalidRequest => "invalid_request",
            Self::ContextLength => "context_length",
            Self::ContentFilter => "content_filter",
            Self::InvalidOutput => "invalid_output",
            Self::Network => "network",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::Record => "record",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Transient | Self::RateLimited | Self::Network)
    }

    /// Whether asking the same member again in a later round is pointless.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        matches!(self, Self::Auth | Self::Billing | Self::NotFound)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fault with all that is known of where it arose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct RunError {
    /// Its class.
    pub kind: ErrorKind,
    /// What happened; the provider's own words where it gave any.
    pub message: String,
    /// The provider's name in the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The status of the HTTP reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The address that gave this reply, without its query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whose call it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// The index of the round it arose in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
}

impl RunError {
    /// A fault of which only the class and the message are known.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            provider: None,
            model: None,
            http_status: None,
            url: None,
            member: None,
            round: None,
        }
    }

    fn sentence(&self) -> String {
        use fmt::Write as _;
        let mut text = self.kind.name().to_owned();
        if let Some(status) = self.http_status {
            let _ = write!(text, " (HTTP {status})");
        }
        match (&self.provider, &self.model) {
            (Some(provider), Some(model)) => drop(write!(text, " from {provider}/{model}")),
            (Some(one), None) | (None, Some(one)) => drop(write!(text, " from {one}")),
            (None, None) => {}
        }
        // Where nothing was found, the place that was looked in says most.
        if let Some(url) = self
            .url
            .as_ref()
            .filter(|_| self.kind == ErrorKind::NotFound)
        {
            let _ = write!(text, " at {url}");
        }
        let _ = write!(text, ": {}", self.message);
        text
    }
}
