//! One question to one model. A request is plain data, then it is sent; the reply is a stream.
//!
//! An adapter makes one attempt: it does not wait, retry or limit, and dropping its future or its
//! stream ends the call at once. A new adapter is one file here and one line in [`open`].

mod command;
mod context;
mod http;
mod rehearsal;
mod script;
mod secrets;
mod told;

pub use command::{UnsetVariable, unset_variables};
pub use context::{Context, MissingKey, WireTap, missing_keys};
pub use script::check as check_script;

use crate::event::{CallKey, ErrorKind, Expect, Message, Usage};
use crate::spec::{Effort, ProviderKind, ProviderSpec};
use async_trait::async_trait;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::time::Duration;
use told::told;

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
    /// The model has ended its reply, which is complete now; usage and notices may still follow.
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
    /// The address that gave this reply, without its query.
    pub url: Option<String>,
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
            url: None,
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
    /// Sends `request`, and comes back with the first sign of a reply.
    ///
    /// # Errors
    /// The request was refused, or could not be sent.
    async fn send(&self, request: Request) -> Result<Pieces, CallError>;
}

/// A provider of a spec that cannot be used as it stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("provider `{provider}` cannot be used: {message}")]
pub struct OpenError {
    /// Its name in the spec.
    pub provider: String,
    /// What is wrong, as a sentence.
    pub message: String,
}

/// The adapter of a provider. Nothing is connected and no key is read before a request is sent.
///
/// # Errors
/// A base URL, a header or a script that cannot be used.
pub fn open(spec: &ProviderSpec, context: &Context) -> Result<Arc<dyn Provider>, OpenError> {
    let provider: Result<Arc<dyn Provider>, String> = match spec.kind {
        ProviderKind::Openai
        | ProviderKind::Anthropic
        | ProviderKind::Gemini
        | ProviderKind::Openrouter
        | ProviderKind::Ollama => http::Http::open(spec, context).map(|http| Arc::new(http) as _),
        ProviderKind::Rehearsal => Ok(told(rehearsal::Rehearsal::open(spec), context)),
        ProviderKind::Script => script::Script::open(spec).map(|script| told(script, context)),
        ProviderKind::Command => Ok(Arc::new(command::Program::open(spec, context))),
    };
    provider.map_err(|message| OpenError {
        provider: spec.name.clone(),
        message,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::event::MessageRole;
    use futures::StreamExt as _;

    /// A provider of `kind` with nothing set.
    pub(crate) fn spec(name: &str, kind: ProviderKind) -> ProviderSpec {
        ProviderSpec {
            name: name.to_owned(),
            kind,
            base_url: None,
            api_key_env: None,
            max_concurrency: 16,
            stream: true,
            headers: std::collections::BTreeMap::new(),
            extra_body: serde_json::Map::new(),
            script: None,
            delay: None,
            command: Vec::new(),
            env: Vec::new(),
        }
    }

    /// A first attempt of `call` that asks `question`.
    pub(crate) fn request(call: &str, question: &str, expect: Expect) -> Request {
        Request {
            call: call.parse().expect("a call key"),
            attempt: 1,
            model: "m".to_owned(),
            messages: vec![Message::new(MessageRole::User, question)],
            expect,
            sampling: Sampling::default(),
            seed: 7,
        }
    }

    /// All pieces of a reply, and the error that ended it.
    pub(crate) async fn gather(pieces: Pieces) -> (Vec<Piece>, Option<CallError>) {
        let mut got = Vec::new();
        let mut pieces = pieces;
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => got.push(piece),
                Err(error) => return (got, Some(error)),
            }
        }
        (got, None)
    }

    /// The text among `pieces`.
    pub(crate) fn text(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}
