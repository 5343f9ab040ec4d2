//! The `http` providers: one request to a server that speaks the chat completions protocol.
//!
//! genai shapes the request and cuts the stream into frames; its types go no further than this
//! file. What the frames say is read by [`wire`], what a refusal means by [`fault`].
//! Only what the spec sets is sent, a key only where the spec names a variable for it, and no
//! error shows one.

mod client;
mod fault;
mod secrets;
mod wire;

pub(super) use client::Clients;

use super::{CallError, Context, Piece, Pieces, Provider, Request};
use crate::event::{ErrorKind, MessageRole};
use crate::spec::{Effort, HeaderValue, ProviderSpec};
use async_trait::async_trait;
use futures::stream::{self, Stream, StreamExt as _};
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatStream, ChatStreamEvent, JsonSpec, ReasoningEffort,
};
use genai::resolver::{AuthData, Endpoint};
use genai::{ModelIden, ServiceTarget};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderName};
use secrecy::ExposeSecret as _;
use secrets::Secrets;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll};

/// Where the `openai` kind goes when the spec names no other place.
const OPENAI: &str = "https://api.openai.com/v1";

/// The name that genai is told. It takes some real names apart (`qwen-max` becomes `qwen` with an
/// effort) and adds keys for others, so the real one goes into the body behind its back.
const UNNAMED: &str = "~";

/// A server that speaks the chat completions protocol.
pub(super) struct Http {
    provider: String,
    url: Url,
    api_key_env: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    extra_body: Map<String, Value>,
    stream: bool,
    context: Context,
}

impl Http {
    pub(super) fn open(spec: &ProviderSpec, context: &Context) -> Result<Self, String> {
        let headers = spec.headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("`{name}` is no name of a header"))?;
            Ok((name, value.clone()))
        });
        Ok(Self {
            provider: spec.name.clone(),
            url: endpoint(spec.base_url.as_deref().unwrap_or(OPENAI))?,
            api_key_env: spec.api_key_env.clone(),
            headers: headers.collect::<Result<_, String>>()?,
            extra_body: spec.extra_body.clone(),
            stream: spec.stream,
            context: context.clone(),
        })
    }

    /// The headers of a request, with the secrets that stand in them.
    fn headers(&self) -> Result<(HashMap<String, String>, Secrets), CallError> {
        let mut headers = HashMap::new();
        let mut secrets = Secrets::default();
        let mut secret = |variable: &str| {
            let value = self.context.secret(variable).ok_or_else(|| {
                CallError::new(
                    ErrorKind::Auth,
                    format!("the environment variable `{variable}` is not set"),
                )
            })?;
            if !value
                .expose_secret()
                .bytes()
                .all(|b| matches!(b, b' '..=b'~'))
            {
                return Err(CallError::new(
                    ErrorKind::Auth,
                    format!("the value of `{variable}` holds characters that no header may have"),
                ));
            }
            let text = value.expose_secret().to_owned();
            secrets.add(value);
            Ok(text)
        };
        if let Some(variable) = &self.api_key_env {
            let bearer = format!("Bearer {}", secret(variable)?);
            headers.insert(AUTHORIZATION.to_string(), bearer);
        }
        for (name, value) in &self.headers {
            let value = match value {
                HeaderValue::Plain(text) => text.clone(),
                HeaderValue::Env(variable) => secret(variable)?,
            };
            headers.insert(name.to_string(), value);
        }
        Ok((headers, secrets))
    }

    /// The keys that go into the body past genai; the spec's own come last and win.
    fn body(&self, request: &Request) -> Value {
        let mut body = Map::new();
        body.insert("model".to_owned(), json!(request.model));
        if let Some(limit) = request.sampling.max_output_tokens {
            body.insert(limit_key(&request.model).to_owned(), json!(limit));
        }
        body.extend(self.extra_body.clone());
        Value::Object(body)
    }

    fn options(&self, request: &Request) -> ChatOptions {
        let sampling = &request.sampling;
        let mut options = ChatOptions {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            stop_sequences: sampling.stop.clone(),
            reasoning_effort: sampling.effort.map(|effort| match effort {
                Effort::Minimal => ReasoningEffort::Minimal,
                Effort::Low => ReasoningEffort::Low,
                Effort::Medium => ReasoningEffort::Medium,
                Effort::High => ReasoningEffort::High,
            }),
            capture_usage: Some(true),
            capture_raw_body: Some(true),
            extra_body: Some(self.body(request)),
            ..ChatOptions::default()
        };
        if let Some(schema) = request.expect.schema() {
            options = options.with_response_format(JsonSpec::new("reply", schema));
        }
        options
    }

    async fn streamed(&self, request: Request) -> Result<Pieces, CallError> {
        let (client, target, secrets) = self.prepare()?;
        let frames = Frames::default();
        let sink = frames.clone();
        let options = self
            .options(&request)
            .with_raw_frame_fn(move |_, frame| sink.put(frame.data));
        let events = client
            .exec_chat_stream(target, messages(&request), Some(&options))
            .await
            .map_err(|error| fault_of(error, &self.url, &secrets))?;
        let mut reply = Reply {
            provider: self.provider.clone(),
            url: self.url.clone(),
            secrets,
            events: events.stream,
            frames,
            reader: wire::Reader::default(),
            ready: VecDeque::new(),
            over: false,
        };
        // genai connects at the first poll: wait for the first frame, so that a refusal is one.
        match reply.next().await {
            Some(Ok(first)) => Ok(stream::once(async { Ok(first) }).chain(reply).boxed()),
            Some(Err(error)) => Err(error),
            None => Ok(stream::empty().boxed()),
        }
    }

    async fn whole(&self, request: Request) -> Result<Pieces, CallError> {
        let (client, target, secrets) = self.prepare()?;
        let options = self.options(&request);
        let reply = client
            .exec_chat(target, messages(&request), Some(&options))
            .await;
        let body = match reply {
            Ok(reply) => reply.captured_raw_body.unwrap_or_default(),
            // Read by genai to the end, and not to its taste: it may be to ours.
            Err(genai::Error::ChatResponseGeneration { response_body, .. }) => *response_body,
            Err(genai::Error::WebModelCall {
                webc_error: genai::webc::Error::ResponseFailedNotJson { body, .. },
                ..
            }) => serde_json::from_str(&body)
                .map_err(|_| fault::no_json(&secrets.strip_text(fault::beginning(body))))?,
            Err(error) => return Err(fault_of(error, &self.url, &secrets)),
        };
        let pieces = wire::Reader::default()
            .whole(&body)
            .map_err(|error| secrets.strip(error))?;
        Ok(stream::iter(pieces.into_iter().map(Ok)).boxed())
    }

    fn prepare(&self) -> Result<(genai::Client, ServiceTarget, Secrets), CallError> {
        let (headers, secrets) = self.headers()?;
        let client = self.context.clients().get(self.url.scheme())?;
        let client = genai::Client::builder()
            .with_reqwest(client)
            .build()
            .map_err(|error| fault_of(error, &self.url, &secrets))?;
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(self.url.as_str()),
            // The one form in which genai sends no key where there is none.
            auth: AuthData::RequestOverride {
                url: self.url.to_string(),
                headers: headers.into(),
            },
            model: ModelIden::new(AdapterKind::OpenAI, UNNAMED),
        };
        Ok((client, target, secrets))
    }
}

#[async_trait]
impl Provider for Http {
    async fn send(&self, request: Request) -> Result<Pieces, CallError> {
        if self.stream {
            Box::pin(self.streamed(request)).await
        } else {
            Box::pin(self.whole(request)).await
        }
    }
}

/// The URL that requests go to.
fn endpoint(base: &str) -> Result<Url, String> {
    let mut url: Url = base
        .parse()
        .map_err(|fault| format!("its `base_url` is no URL: {fault}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its `base_url` begins with neither `http://` nor `https://`".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its `base_url` holds a user name or a password".to_owned());
    }
    url.path_segments_mut()
        .map_err(|()| "its `base_url` has no path".to_owned())?
        .pop_if_empty()
        .extend(["chat", "completions"]);
    Ok(url)
}

fn messages(request: &Request) -> ChatRequest {
    ChatRequest::from_messages(
        request
            .messages
            .iter()
            .map(|message| match message.role {
                MessageRole::System => ChatMessage::system(&message.content),
                MessageRole::User => ChatMessage::user(&message.content),
                MessageRole::Assistant => ChatMessage::assistant(&message.content),
            })
            .collect(),
    )
}

/// OpenAI's thinking models refuse `max_tokens`, and many other servers know nothing else.
fn limit_key(model: &str) -> &'static str {
    let begins = |prefix: &str, from: u8| {
        model
            .strip_prefix(prefix)
            .and_then(|rest| rest.bytes().next())
            .is_some_and(|digit| digit.is_ascii_digit() && digit >= from)
    };
    if begins("gpt-", b'5') || begins("o", b'1') {
        "max_completion_tokens"
    } else {
        "max_tokens"
    }
}

/// A fault in one downcast: a refusal with status, headers and body, or a broken connection.
fn fault_of(error: genai::Error, url: &Url, secrets: &Secrets) -> CallError {
    use genai::Error;
    use genai::webc::Error as Web;
    let shown = |body: String| secrets.strip_text(fault::beginning(body));
    let fault = match error {
        Error::WebStream { error, cause, .. } => match error.downcast::<Error>() {
            Ok(inner) => fault_of(*inner, url, secrets),
            Err(error) => match error.downcast::<reqwest::Error>() {
                Ok(error) => connection(&error, url),
                Err(_) => CallError::new(
                    ErrorKind::Network,
                    format!("the reply cannot be read: {cause}"),
                ),
            },
        },
        Error::HttpError {
            status,
            body,
            headers,
            ..
        }
        | Error::WebModelCall {
            webc_error:
                Web::ResponseFailedStatus {
                    status,
                    body,
                    headers,
                },
            ..
        } => fault::refused(status.as_u16(), &headers, &shown(body)),
        Error::WebModelCall {
            webc_error: Web::ResponseFailedInvalidJson { body, .. },
            ..
        } => fault::no_json(&shown(body)),
        Error::WebModelCall {
            webc_error: Web::Reqwest(error),
            ..
        } => connection(&error, url),
        other => CallError::new(ErrorKind::Internal, other.to_string()),
    };
    secrets.strip(fault)
}

fn connection(error: &reqwest::Error, url: &Url) -> CallError {
    let cause = root(error);
    if error.is_builder() {
        return CallError::new(
            ErrorKind::InvalidRequest,
            format!("the request cannot be made: {cause}"),
        );
    }
    let what = if error.is_connect() {
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        format!(
            "no connection to {}{port}",
            url.host_str().unwrap_or("the server")
        )
    } else {
        "the connection broke off".to_owned()
    };
    CallError::new(ErrorKind::Network, format!("{what}: {cause}"))
}

/// The innermost cause, which alone tells what happened, and names no URL.
fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

/// The data of frames that have come and were not read yet.
#[derive(Clone, Default)]
struct Frames(Arc<Mutex<VecDeque<String>>>);

impl Frames {
    fn put(&self, data: &str) {
        let mut frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        frames.push_back(data.to_owned());
    }

    fn take(&self) -> VecDeque<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A reply as it comes in.
struct Reply {
    provider: String,
    url: Url,
    secrets: Secrets,
    events: ChatStream,
    frames: Frames,
    reader: wire::Reader,
    ready: VecDeque<Result<Piece, CallError>>,
    over: bool,
}

impl Reply {
    /// Reads the frames that the last poll brought; whether the last of them held no data.
    fn read(&mut self) -> bool {
        let mut blank = false;
        for data in self.frames.take() {
            blank = data.is_empty();
            match self.reader.frame(&data) {
                Ok(pieces) => self.ready.extend(pieces.into_iter().map(Ok)),
                Err(error) => {
                    self.fail(error);
                    break;
                }
            }
        }
        blank
    }

    /// Nothing comes after this. A reply whose end was told stands in spite of it.
    fn fail(&mut self, error: CallError) {
        self.over = true;
        let error = self.secrets.strip(error);
        self.ready.push_back(if self.reader.stopped {
            Ok(Piece::Notice(
                "stream_broken",
                format!(
                    "provider `{}` broke the stream after the end of the reply, which counts: {error}",
                    self.provider
                ),
            ))
        } else {
            Err(error)
        });
    }

    fn ended(&mut self, blank: bool) {
        self.over = true;
        if self.reader.stopped {
            return;
        }
        self.fail(if blank && !self.reader.began {
            CallError::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the server was asked for a stream and sent something else; if it cannot stream, set `stream = false` in [providers.{}]",
                    self.provider
                ),
            )
        } else {
            CallError::new(
                ErrorKind::Network,
                "the stream ended before the reply was complete",
            )
        });
    }
}

impl Stream for Reply {
    type Item = Result<Piece, CallError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(piece) = this.ready.pop_front() {
                return Poll::Ready(Some(piece));
            }
            if this.over {
                return Poll::Ready(None);
            }
            let polled = Pin::new(&mut this.events).poll_next(cx);
            let blank = this.read();
            if this.over {
                continue;
            }
            match polled {
                Poll::Pending if this.ready.is_empty() => return Poll::Pending,
                Poll::Ready(None | Some(Ok(ChatStreamEvent::End(_)))) => this.ended(blank),
                // The frame was read above, with more patience than genai has.
                Poll::Pending
                | Poll::Ready(Some(
                    Ok(_)
                    | Err(genai::Error::StreamParse { .. } | genai::Error::ChatResponse { .. }),
                )) => {}
                Poll::Ready(Some(Err(error))) => {
                    let fault = fault_of(error, &this.url, &this.secrets);
                    this.fail(fault);
                }
            }
        }
    }
}

#[cfg(test)]
mod loopback;
#[cfg(test)]
mod tests;
