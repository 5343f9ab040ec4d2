//! What a server says when it refuses: status, headers and body become a [`CallError`].
//!
//! Pure. The provider's own words are taken out of JSON, HTML and plain text, and cut short.

use crate::event::ErrorKind;
use crate::provider::CallError;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

/// How much of a provider's message is kept, in characters.
const LONGEST_MESSAGE: usize = 600;

/// A reply with a status that is no success.
pub(super) fn refused(status: u16, headers: &HeaderMap, body: &str) -> CallError {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let error = json.as_ref().map(in_body);
    let said = match (300..400).contains(&status) {
        true => redirected(headers),
        false => match error {
            Some(error) => message(error),
            None => plain(body),
        },
    };
    let said = said.unwrap_or_else(|| "the server gave no reason".to_owned());
    let wait = retry_after(headers, Timestamp::now());
    CallError {
        kind: by_status(status, &Marks::of(error, &said)),
        http_status: Some(status),
        url: None,
        retry_after: wait.or_else(|| error.and_then(retry_delay)),
        message: said,
    }
}

/// The error object in a frame or a reply that is an error, whatever its status said.
pub(super) fn error_in(value: &Value) -> Option<&Value> {
    let error = value.get(0).unwrap_or(value).get("error")?;
    (!matches!(error, Value::Null | Value::Bool(false))).then_some(error)
}

/// An error within a reply whose status was a success.
pub(super) fn within(error: &Value) -> CallError {
    let said = message(error).unwrap_or_else(|| "the server gave no reason".to_owned());
    let marks = Marks::of(Some(error), &said);
    let status = ["code", "status"]
        .iter()
        .find_map(|key| {
            error[key]
                .as_u64()
                .or_else(|| error[key].as_str()?.parse().ok())
        })
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| (400..600).contains(status));
    let kind = match status {
        Some(status) => by_status(status, &marks),
        None => by_marks(&marks),
    };
    CallError::new(kind, said)
}

/// A reply with a status of success that is no JSON.
pub(super) fn no_json(body: &str) -> CallError {
    let said = plain(body).unwrap_or_else(|| "nothing".to_owned());
    CallError::new(
        ErrorKind::InvalidOutput,
        format!("the server sent no JSON, but: {said}"),
    )
}

/// A reply to a streamed request that is no stream, as far as its `body` came.
pub(super) fn no_stream(body: &str, provider: &str) -> CallError {
    let json: Option<Value> = serde_json::from_str(body).ok();
    if let Some(error) = json.as_ref().and_then(error_in) {
        return within(error);
    }
    let mut message = "the server was asked for a stream and sent something else".to_owned();
    let kind = if body.trim_start().starts_with(['{', '[']) {
        ErrorKind::InvalidRequest
    } else {
        if let Some(said) = plain(body) {
            message.push_str(&format!(" ({said})"));
        }
        ErrorKind::InvalidOutput
    };
    message.push_str(&format!(
        "; if it cannot stream, set `stream = false` in [providers.{provider}]"
    ));
    CallError::new(kind, message)
}

/// The error object of a body, or the body itself.
fn in_body(body: &Value) -> &Value {
    error_in(body).unwrap_or_else(|| body.get(0).unwrap_or(body))
}

/// The provider's words in an error object.
fn message(error: &Value) -> Option<String> {
    let text = error
        .as_str()
        .or_else(|| {
            [
                "/message",
                "/error/message",
                "/detail",
                "/detail/0/msg",
                "/msg",
            ]
            .iter()
            .find_map(|place| error.pointer(place)?.as_str())
        })
        .map(str::to_owned)
        .or_else(|| (error.is_object() || error.is_array()).then(|| error.to_string()))?;
    // A router names the provider behind it, and hands on its words.
    let behind = error["metadata"]["raw"].as_str().map(|raw| {
        let inner: Option<Value> = serde_json::from_str(raw).ok();
        let inner = inner.as_ref().map(in_body).and_then(message);
        let said = inner.unwrap_or_else(|| raw.to_owned());
        match error["metadata"]["provider_name"].as_str() {
            Some(name) => format!("{text} ({name}: {said})"),
            None => format!("{text} ({said})"),
        }
    });
    plain(&behind.unwrap_or(text))
}

/// Plain text, or what a person would read of HTML: on one line, cut short.
fn plain(body: &str) -> Option<String> {
    let lower = body.to_ascii_lowercase();
    let html = ["<html", "<!doctype html", "<body", "<head"];
    let bare = body.trim();
    let is_marked_up = html.iter().any(|tag| lower.contains(tag))
        || (bare.starts_with('<') && bare.ends_with('>'));
    let readable = if is_marked_up {
        between(body, &lower, "<title", "</title").unwrap_or_else(|| without_tags(body, &lower))
    } else {
        body.to_owned()
    };
    let mut words = readable.split_whitespace();
    let mut line = words.next()?.to_owned();
    for word in words {
        line.push(' ');
        line.push_str(word);
    }
    if line.chars().count() > LONGEST_MESSAGE {
        line = line.chars().take(LONGEST_MESSAGE).collect::<String>() + "…";
    }
    Some(line)
}

/// The text of the first element that `open` begins and `close` ends.
fn between(body: &str, lower: &str, open: &str, close: &str) -> Option<String> {
    let start = lower.find(open)?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find(close)?;
    let text = body.get(start..end)?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn without_tags(body: &str, lower: &str) -> String {
    let mut text = String::new();
    let mut at = 0;
    while let Some(open) = body[at..].find('<').map(|place| at + place) {
        text.push_str(&body[at..open]);
        text.push(' ');
        let hidden = ["script", "style"]
            .iter()
            .find(|name| lower[open + 1..].starts_with(**name))
            .and_then(|name| lower[open..].find(&format!("</{name}")));
        let from = open + hidden.unwrap_or(0);
        let Some(close) = body[from..].find('>') else {
            return text;
        };
        at = from + close + 1;
    }
    text.push_str(&body[at..]);
    text
}

fn redirected(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    let place = location.split(['?', '#']).next().unwrap_or(location);
    let place = without_user(place);
    Some(format!(
        "the server redirects to {place}, which is not followed; set `base_url` to where it leads"
    ))
}

/// The address without a user's name and password.
fn without_user(place: &str) -> String {
    let Some((scheme, rest)) = place.split_once("//") else {
        return place.to_owned();
    };
    let (server, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let server = server.rsplit('@').next().unwrap_or(server);
    format!("{scheme}//{server}{path}")
}

/// What an error object and its message tell beyond the status.
struct Marks {
    context_length: bool,
    content_filter: bool,
    quota: bool,
    bad_key: bool,
    code: String,
}

impl Marks {
    fn of(error: Option<&Value>, said: &str) -> Self {
        let code = |key: &str| error.and_then(|error| error[key].as_str()).unwrap_or("");
        let code = format!("{} {} {}", code("code"), code("type"), code("status"));
        let reasons = error.and_then(|error| error["details"].as_array());
        let bad_key = reasons.into_iter().flatten().any(|detail| {
            let reason = detail["reason"].as_str().unwrap_or_default();
            matches!(reason, "API_KEY_INVALID" | "API_KEY_EXPIRED")
        });
        let code = code.to_ascii_lowercase();
        let said = said.to_ascii_lowercase();
        let has = |text: &str, marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        Self {
            context_length: has(&code, &["context_length", "context_size", "context_window"])
                || has(
                    &said,
                    &[
                        "maximum context length",
                        "context length exceeded",
                        "exceeds the context",
                        "exceed the context",
                        "available context size",
                        "context window",
                        "prompt is too long",
                        "too many input tokens",
                        "exceeds the maximum number of tokens",
                    ],
                ),
            content_filter: has(&code, &["content_filter", "content_policy", "moderation"])
                || has(
                    &said,
                    &[
                        "content management policy",
                        "content policy",
                        "requires moderation",
                    ],
                ),
            quota: has(
                &code,
                &[
                    "insufficient_quota",
                    "billing",
                    "insufficient_credit",
                    "insufficient_balance",
                ],
            ) || has(
                &said,
                &[
                    "insufficient credit",
                    "insufficient balance",
                    "credit balance is too low",
                    "enable billing",
                ],
            ) || (said.contains("exceeded your current quota")
                // Gemini says so of a minute's quota too.
                && !code.contains("resource_exhausted")),
            bad_key,
            code,
        }
    }
}

fn by_status(status: u16, marks: &Marks) -> ErrorKind {
    match status {
        400 | 403 | 413 | 422 if marks.content_filter => ErrorKind::ContentFilter,
        400 | 413 | 422 if marks.context_length => ErrorKind::ContextLength,
        400 | 403 | 429 if marks.quota => ErrorKind::Billing,
        401 | 403 => ErrorKind::Auth,
        400 if marks.bad_key => ErrorKind::Auth,
        402 => ErrorKind::Billing,
        300..400 | 404 | 410 => ErrorKind::NotFound,
        408 | 409 | 425 | 500.. => ErrorKind::Transient,
        429 => ErrorKind::RateLimited,
        _ => ErrorKind::InvalidRequest,
    }
}

/// The class of an error without a status, which breaks into a stream: it may pass, unless its
/// code says otherwise.
fn by_marks(marks: &Marks) -> ErrorKind {
    let code = |names: &[&str]| names.iter().any(|name| marks.code.contains(name));
    if marks.content_filter {
        ErrorKind::ContentFilter
    } else if marks.context_length {
        ErrorKind::ContextLength
    } else if marks.quota {
        ErrorKind::Billing
    } else if code(&["rate_limit", "too_many_requests", "resource_exhausted"]) {
        ErrorKind::RateLimited
    } else if code(&["api_key", "authentication", "permission", "unauthorized"]) {
        ErrorKind::Auth
    } else if code(&["not_found"]) {
        ErrorKind::NotFound
    } else if code(&["invalid_request"]) {
        ErrorKind::InvalidRequest
    } else {
        ErrorKind::Transient
    }
}

/// How long the server asks to wait: in seconds, in milliseconds, or until a date, which is
/// measured by the server's own clock where it shows it.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, unit: f64| {
        let number = text.parse().ok().filter(|number: &f64| !number.is_nan())?;
        Duration::try_from_secs_f64((number * unit).max(0.0)).ok()
    };
    if let Some(wait) = text("retry-after-ms").and_then(|text| seconds(text, 0.001)) {
        return Some(wait);
    }
    let asked = text(RETRY_AFTER.as_str())?;
    if let Some(wait) = seconds(asked, 1.0) {
        return Some(wait);
    }
    let date = |text: &str| rfc2822::parse(text).ok().map(|date| date.timestamp());
    let now = text(DATE.as_str()).and_then(date).unwrap_or(now);
    let wait = date(asked)?.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// The wait in the body of Google's errors, such as `"retryDelay": "38.5s"`.
fn retry_delay(error: &Value) -> Option<Duration> {
    let details = error["details"].as_array()?;
    let delay = details
        .iter()
        .find_map(|detail| detail["retryDelay"].as_str())?;
    let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests;
