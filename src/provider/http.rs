//! The `http` providers: one request to a server, and its reply as it comes.
//!
//! A request is data first ([`Outgoing`]), made by a [`protocol`], and then sent. Only what the
//! spec sets goes out; a key only where the spec names a variable for it; no redirect is followed.
//! What comes in is bounded wherever it is held, and nothing of it shows a key.

mod anthropic;
mod body;
mod client;
mod fault;
mod frames;
mod gemini;
mod openai;
mod protocol;
mod reply;
mod schema;
mod wire;

pub(super) use client::Clients;

use super::context::Wire;
use super::secrets::Secrets;
use super::{CallError, Context, Piece, Pieces, Provider, Request};
use crate::event::ErrorKind;
use crate::spec::{HeaderValue as SpecHeader, ProviderKind, ProviderSpec};
use anthropic::Anthropic;
use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use gemini::Gemini;
use openai::{Dialect, OpenAi};
use protocol::Protocol;
use reply::Reply;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::{Response, Url};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A server, and the protocol that it speaks.
pub(super) struct Http {
    provider: String,
    base: Url,
    protocol: Arc<dyn Protocol>,
    api_key_env: Option<String>,
    headers: Vec<(HeaderName, SpecHeader)>,
    extra_body: Map<String, Value>,
    stream: bool,
    context: Context,
}

/// A request as data, without secrets: a `POST`.
#[derive(Debug)]
struct Outgoing {
    url: Url,
    headers: HeaderMap,
    body: Value,
}

impl Http {
    pub(super) fn open(spec: &ProviderSpec, context: &Context) -> Result<Self, String> {
        let own = spec.kind.base_url().ok_or("it is not reached by HTTP")?;
        let base = base_url(spec.base_url.as_deref().unwrap_or(own), spec.kind)?;
        let dialect = match spec.kind {
            ProviderKind::Openrouter => Dialect::OpenRouter,
            ProviderKind::Ollama => Dialect::Ollama,
            _ if base_url(own, spec.kind).is_ok_and(|own| own == base) => Dialect::OpenAi,
            _ => Dialect::Common,
        };
        let headers = spec.headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("`{name}` is no name of a header"))?;
            Ok((name, value.clone()))
        });
        Ok(Self {
            provider: spec.name.clone(),
            base,
            protocol: match spec.kind {
                ProviderKind::Anthropic => Arc::new(Anthropic),
                ProviderKind::Gemini => Arc::new(Gemini),
                _ => Arc::new(OpenAi(dialect)),
            },
            api_key_env: spec.api_key_env.clone(),
            headers: headers.collect::<Result<_, String>>()?,
            extra_body: spec.extra_body.clone(),
            stream: spec.stream,
            context: context.clone(),
        })
    }

    /// The request, all but what the environment holds.
    fn outgoing(&self, request: &Request) -> Result<Outgoing, CallError> {
        let path = self.protocol.path(&request.model, self.stream)?;
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&path.segments);
        }
        if let Some((name, value)) = path.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(self.protocol.headers());
        for (name, value) in &self.headers {
            if let SpecHeader::Plain(text) = value {
                headers.insert(name, header(text, false, name.as_str())?);
            }
        }
        let mut body = self.protocol.body(request, self.stream);
        merge(&mut body, &self.extra_body);
        Ok(Outgoing {
            url,
            headers,
            body: Value::Object(body),
        })
    }

    /// Adds what the environment holds to the headers, and tells which of it is secret.
    fn unlock(&self, headers: &mut HeaderMap) -> Result<Secrets, CallError> {
        let mut secrets = Secrets::default();
        let mut secret = |variable: &str, before: &str| {
            let value = self.context.secret(variable).ok_or_else(|| {
                CallError::new(
                    ErrorKind::Auth,
                    format!("the environment variable `{variable}` is not set"),
                )
            })?;
            let text = format!("{before}{}", value.expose_secret());
            let fits = text.bytes().all(|b| matches!(b, b' '..=b'~'));
            let header = header(&text, true, variable).ok().filter(|_| fits);
            let header = header.ok_or_else(|| {
                CallError::new(
                    ErrorKind::Auth,
                    format!("the value of `{variable}` holds characters that no header may have"),
                )
            })?;
            secrets.add(value);
            Ok::<_, CallError>(header)
        };
        if let Some(variable) = &self.api_key_env {
            let (name, before) = self.protocol.key();
            headers.insert(name, secret(variable, before)?);
        }
        for (name, value) in &self.headers {
            if let SpecHeader::Env(variable) = value {
                headers.insert(name, secret(variable, "")?);
            }
        }
        Ok(secrets)
    }

    /// Sends the request, and comes back with the head of a reply whose status is a success.
    async fn reply(&self, request: &Request) -> Result<(Response, Url, Secrets), CallError> {
        let Outgoing {
            mut url,
            mut headers,
            body,
        } = self.outgoing(request)?;
        let secrets = self.unlock(&mut headers)?;
        let client = self.context.clients().get(url.scheme())?;
        let wire = self.context.wire(&request.call);
        wire.tell(|| secrets.strip_text(format!("> POST {url}")));
        tell_headers(&wire, &secrets, '>', &headers);
        let body = body.to_string();
        wire.tell(|| secrets.strip_text(format!("> {body}")));
        let sent = client.post(url.clone()).headers(headers).body(body).send();
        let mut response = sent
            .await
            .map_err(|error| secrets.strip(body::connection(&error, &url)))?;
        let status = response.status();
        wire.tell(|| format!("< {status}"));
        tell_headers(&wire, &secrets, '<', response.headers());
        if status.is_success() {
            return Ok((response, url, secrets));
        }
        let body = secrets.strip_text(body::other(&mut response, b"").await);
        wire.tell(|| format!("< {body}"));
        let refused = fault::refused(status.as_u16(), response.headers(), &body);
        url.set_query(None);
        Err(secrets.strip(CallError {
            url: Some(secrets.strip_text(url.into())),
            ..refused
        }))
    }

    async fn streamed(&self, request: Request) -> Result<Pieces, CallError> {
        let (response, url, secrets) = self.reply(&request).await?;
        let reader = wire::Reader::new(Arc::clone(&self.protocol));
        let wire = self.context.wire(&request.call);
        let reply = Reply::new(self.provider.clone(), url, secrets, response, reader, wire);
        Ok(reply.pieces())
    }

    async fn whole(&self, request: Request) -> Result<Pieces, CallError> {
        let (mut response, url, secrets) = self.reply(&request).await?;
        let bytes = body::reply(&mut response, &url).await;
        let bytes = bytes.map_err(|error| secrets.strip(error))?;
        let body = String::from_utf8_lossy(&bytes);
        let wire = self.context.wire(&request.call);
        wire.tell(|| secrets.strip_text(format!("< {body}")));
        let Ok(value) = serde_json::from_str(&body) else {
            let beginning = body.chars().take(body::LONGEST_OTHER).collect();
            return Err(fault::no_json(&secrets.strip_text(beginning)));
        };
        let pieces = wire::Reader::new(Arc::clone(&self.protocol))
            .whole(&value)
            .map_err(|error| secrets.strip(error))?;
        let pieces = pieces.into_iter().map(move |piece| {
            Ok(match piece {
                Piece::Text(text) => Piece::Text(secrets.strip_text(text)),
                other => other,
            })
        });
        Ok(stream::iter(pieces).boxed())
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

fn tell_headers(wire: &Wire, secrets: &Secrets, way: char, headers: &HeaderMap) {
    for (name, value) in headers {
        wire.tell(|| {
            let hidden = value.is_sensitive() || name == SET_COOKIE;
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = if hidden { "[redacted]" } else { &*text };
            secrets.strip_text(format!("{way} {name}: {text}"))
        });
    }
}

/// What all paths begin with.
fn base_url(base: &str, kind: ProviderKind) -> Result<Url, String> {
    let mut url: Url = base
        .parse()
        .map_err(|fault| format!("its `base_url` is no URL: {fault}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its `base_url` begins with neither `http://` nor `https://`".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its `base_url` holds a user name or a password".to_owned());
    }
    let last = url.path_segments().and_then(|segments| {
        let mut segments = segments.rev().filter(|segment| !segment.is_empty());
        segments.next().map(str::to_owned)
    });
    let mut segments = url
        .path_segments_mut()
        .map_err(|()| "its `base_url` has no path".to_owned())?;
    segments.pop_if_empty();
    if kind == ProviderKind::Ollama && last.as_deref() != Some("v1") {
        segments.push("v1");
    }
    drop(segments);
    Ok(url)
}

/// A header's value. `what` is its name, or that of the variable it came from.
fn header(text: &str, secret: bool, what: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        CallError::new(
            ErrorKind::InvalidRequest,
            format!("the header `{what}` holds characters that no header may have"),
        )
    })?;
    value.set_sensitive(secret);
    Ok(value)
}

/// Puts `more` into `body`: tables into tables, and all else in the place of what stands there.
fn merge(body: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in more {
        match (body.get_mut(key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more),
            _ => {
                body.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod loopback;
#[cfg(test)]
mod tests;
