//! One question to one model. A request is plain data, then it is sent; the reply is a stream.

use crate::event::{CallKey, ErrorKind, Expect, Message, Usage};
use crate::spec::Effort;
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::time::Duration;

/// A request as plain data: what one attempt of one call asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Which call.
    pub call: CallKey,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The model, as the provider calls it.
    pub model: String,
    /// The prompt.
    pub messages: Vec<Message>,
    /// What the reply is to be.
    pub expect: Expect,
    /// How the model is to be asked.
    pub sampling: Sampling,
    /// The run's seed.
    pub seed: u64,
}

/// Sampling keys; each is sent only where it is set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// The longest reply, in tokens.
    pub max_output_tokens: Option<u32>,
    /// How hard the model thinks.
    pub effort: Option<Effort>,
    /// Texts at which the reply ends.
    pub stop: Vec<String>,
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Text of the reply.
    Text(String),
    /// A sign of life without text, such as a ping or hidden thinking.
    Alive,
    /// Tokens so far; a later one replaces an earlier one.
    Usage(Usage),
    /// The model has ended its reply.
    Stop(Stop),
    /// Something that a reader must know: a notice's code and text.
    Notice(&'static str, String),
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The model was done.
    Done,
    /// It met the limit of its length.
    TokenLimit,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct CallError {
    /// Its class.
    pub kind: ErrorKind,
    /// What happened; the provider's own words where it gave any.
    pub message: String,
    /// The status of the HTTP reply.
    pub http_status: Option<u16>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
}

impl CallError {
    /// An error of which only the class and the message are known.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            http_status: None,
            retry_after: None,
        }
    }
}

/// The pieces of a reply, in order. A reply without a [`Piece::Stop`] is not complete; after an
/// error nothing more comes. Dropping it ends the call.
pub type Pieces = BoxStream<'static, Result<Piece, CallError>>;

/// Something that answers requests.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Sends `request`.
    ///
    /// # Errors
    /// The request was refused, or could not be sent.
    async fn send(&self, request: Request) -> Result<Pieces, CallError>;
}
