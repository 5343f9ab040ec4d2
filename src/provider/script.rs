//! The `script` provider: replies, delays and faults from a file.
//!
//! The file holds a list of `[[reply]]`; each request gets the first one that fits its call and
//! attempt, so a script says the same however calls interleave.

use super::{CallError, Piece, Pieces, Provider, Request, Stop};
use crate::event::{CallKey, ErrorKind, Usage};
use crate::spec::ProviderSpec;
use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use serde::{Deserialize, Deserializer, de};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Reads a script, and throws it away.
///
/// # Errors
/// What is wrong, beginning with the line.
pub fn check(content: &str) -> Result<(), String> {
    Sheet::read(content).map(drop)
}

/// Plays a file.
pub(super) struct Script {
    replies: Vec<Arc<Reply>>,
}

impl Script {
    pub(super) fn open(spec: &ProviderSpec) -> Result<Self, String> {
        let content = spec
            .script
            .as_deref()
            .ok_or("its `file` has not been read")?;
        let sheet =
            Sheet::read(content).map_err(|fault| format!("its script is wrong: {fault}"))?;
        Ok(Self {
            replies: sheet.reply.into_iter().map(Arc::new).collect(),
        })
    }
}

#[async_trait]
impl Provider for Script {
    async fn send(&self, request: Request) -> Result<Pieces, CallError> {
        let Request { call, attempt, .. } = request;
        let reply = self
            .replies
            .iter()
            .find(|reply| reply.fits(&call, attempt))
            .ok_or_else(|| {
                CallError::new(
                    ErrorKind::InvalidRequest,
                    format!("the script has no reply for `{call}`, attempt {attempt}"),
                )
            })?;
        pause(reply.delay).await;
        if reply.texts().next().is_none() {
            if reply.panic {
                panicked(&call);
            }
            if let Some(fault) = &reply.error {
                return Err(fault.error());
            }
        }
        Ok(play(Arc::clone(reply), call))
    }
}

/// The pieces of `reply`, then the end that it names.
fn play(reply: Arc<Reply>, call: CallKey) -> Pieces {
    let texts: VecDeque<String> = reply.texts().map(str::to_owned).collect();
    let every = reply.every;
    let texts = stream::iter(texts.into_iter().enumerate()).then(move |(index, text)| async move {
        if index > 0 {
            pause(every).await;
        }
        Ok(Piece::Text(text))
    });
    let end = stream::once(async move {
        if reply.panic {
            panicked(&call);
        }
        if reply.stall {
            std::future::pending::<()>().await;
        }
        let end: Vec<Result<Piece, CallError>> = match &reply.error {
            Some(fault) => vec![Err(fault.error())],
            None => {
                let usage = reply.usage.map(Piece::Usage);
                let stop = reply.stop.piece();
                usage.into_iter().chain(stop).map(Ok).collect()
            }
        };
        stream::iter(end)
    });
    texts.chain(end.flatten()).boxed()
}

fn panicked(call: &CallKey) -> ! {
    panic!("the script lets `{call}` panic")
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    #[serde(default)]
    reply: Vec<Reply>,
}

impl Sheet {
    fn read(content: &str) -> Result<Self, String> {
        toml::from_str(content).map_err(|fault| {
            let message = fault.message();
            match fault.span() {
                Some(span) => {
                    let before = content.get(..span.start).unwrap_or(content);
                    format!("line {}: {message}", before.matches('\n').count() + 1)
                }
                None => message.to_owned(),
            }
        })
    }
}

/// One `[[reply]]`.
#[derive(Deserialize)]
#[serde(try_from = "Raw")]
struct Reply {
    call: String,
    attempt: Option<u32>,
    delay: Duration,
    every: Duration,
    texts: Vec<String>,
    usage: Option<Usage>,
    stop: End,
    error: Option<Fault>,
    stall: bool,
    panic: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default = "any")]
    call: String,
    attempt: Option<u32>,
    #[serde(default, deserialize_with = "duration")]
    delay: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    every: Option<Duration>,
    pieces: Option<Vec<String>>,
    text: Option<String>,
    usage: Option<Tokens>,
    stop: Option<End>,
    error: Option<Fault>,
    #[serde(default)]
    stall: bool,
    #[serde(default)]
    panic: bool,
}

fn any() -> String {
    "*".to_owned()
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct Tokens {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

/// How a reply ends that neither fails nor stalls.
#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
enum End {
    #[default]
    Done,
    TokenLimit,
    /// The stream ends without a stop reason.
    None,
}

impl End {
    fn piece(self) -> Option<Piece> {
        match self {
            Self::Done => Some(Piece::Stop(Stop::Done)),
            Self::TokenLimit => Some(Piece::Stop(Stop::TokenLimit)),
            Self::None => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    kind: ErrorKind,
    http_status: Option<u16>,
    #[serde(default, deserialize_with = "duration")]
    retry_after: Option<Duration>,
    message: Option<String>,
}

impl Fault {
    fn error(&self) -> CallError {
        let message = self.message.as_deref().unwrap_or("as the script says");
        CallError {
            http_status: self.http_status,
            url: None,
            retry_after: self.retry_after,
            ..CallError::new(self.kind, message)
        }
    }
}

impl TryFrom<Raw> for Reply {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let ends = [
            raw.stall,
            raw.panic,
            raw.error.is_some(),
            raw.stop.is_some(),
        ];
        if ends.iter().filter(|end| **end).count() > 1 {
            return Err("a reply has one of `stop`, `stall`, `panic` and `error`");
        }
        let texts = match (raw.text, raw.pieces) {
            (Some(_), Some(_)) => return Err("a reply has `text` or `pieces`, not both"),
            (Some(text), None) => vec![text],
            (None, Some(pieces)) => pieces,
            (None, None) if ends.contains(&true) => Vec::new(),
            (None, None) => {
                return Err(
                    "a reply needs one of `text`, `pieces`, `stop`, `stall`, `panic` and `error`",
                );
            }
        };
        Ok(Self {
            call: raw.call,
            attempt: raw.attempt,
            delay: raw.delay.unwrap_or_default(),
            every: raw.every.unwrap_or_default(),
            texts,
            usage: raw.usage.map(|tokens| Usage {
                input_tokens: tokens.input_tokens,
                output_tokens: tokens.output_tokens,
                cached_tokens: tokens.cached_tokens,
                reasoning_tokens: tokens.reasoning_tokens,
            }),
            stop: raw.stop.unwrap_or_default(),
            error: raw.error,
            stall: raw.stall,
            panic: raw.panic,
        })
    }
}

impl Reply {
    fn fits(&self, call: &CallKey, attempt: u32) -> bool {
        self.attempt.is_none_or(|wanted| wanted == attempt)
            && matches(self.call.as_bytes(), call.to_string().as_bytes())
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }
}

/// Whether `glob` fits the whole of `name`: `*` stands for any text, `?` for one byte.
fn matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut at, mut done) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while done < name.len() {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at, done));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == name[done] => {
                at += 1;
                done += 1;
            }
            _ => {
                let Some((place, taken)) = star else {
                    return false;
                };
                star = Some((place, taken + 1));
                (at, done) = (place + 1, taken + 1);
            }
        }
    }
    glob[at..].iter().all(|rest| *rest == b'*')
}

fn duration<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(source)?;
    parsed(&text).map(Some).ok_or_else(|| {
        de::Error::custom(format!(
            "`{text}` is no duration; write it as `250ms`, `20s` or `1h30m`"
        ))
    })
}

/// A duration of numbers and units; zero is one.
fn parsed(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    loop {
        let unit = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: u32 = rest.get(..unit)?.parse().ok()?;
        rest = rest.get(unit..)?;
        let end = rest
            .find(|letter: char| letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let one = match rest.get(..end)? {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            _ => return None,
        };
        sum = sum.checked_add(one.checked_mul(number)?)?;
        rest = rest.get(end..)?;
        if rest.is_empty() {
            return Some(sum);
        }
    }
}

#[cfg(test)]
mod tests;
