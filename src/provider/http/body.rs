//! Bodies that are read as a whole, each up to a limit, and what a broken connection means.

use crate::event::ErrorKind;
use crate::provider::CallError;
use reqwest::{Response, Url};
use std::time::Duration;

/// The longest reply in one piece, in bytes.
const LONGEST_REPLY: usize = 8 << 20;

/// How much of a body that is no reply is looked at, in bytes.
pub(super) const LONGEST_OTHER: usize = 64 << 10;

/// How long such a body is waited for: what it says beyond its status is worth no more.
const PATIENCE: Duration = Duration::from_secs(5);

/// A whole reply.
pub(super) async fn reply(response: &mut Response, url: &Url) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| connection(&error, url))?
    {
        if body.len() + chunk.len() > LONGEST_REPLY {
            return Err(too_long("reply", LONGEST_REPLY));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The beginning of a body that is no reply, as far as it comes; `begun` is what has come of it.
pub(super) async fn other(response: &mut Response, begun: &[u8]) -> String {
    let mut body = begun.to_vec();
    let reading = async {
        while body.len() < LONGEST_OTHER
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
    };
    // Late or not, what has come is what there is.
    drop(tokio::time::timeout(PATIENCE, reading).await);
    body.truncate(LONGEST_OTHER);
    String::from_utf8_lossy(&body).into_owned()
}

/// More came than is taken.
pub(super) fn too_long(what: &str, limit: usize) -> CallError {
    CallError::new(
        ErrorKind::InvalidOutput,
        format!("the server sent a {what} longer than {} MiB", limit >> 20),
    )
}

/// A request that was not made, or whose connection failed.
pub(super) fn connection(error: &reqwest::Error, url: &Url) -> CallError {
    let cause = root(error);
    if error.is_builder() {
        return CallError::new(
            ErrorKind::InvalidRequest,
            format!("the request cannot be made: {cause}"),
        );
    }
    let is_refused = error.is_connect() && cause.contains("refused");
    let ask = if is_refused {
        " (is it running, and `base_url` right?)"
    } else {
        ""
    };
    let what = if error.is_connect() {
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        format!(
            "no connection to {}{port}",
            url.host_str().unwrap_or("the server")
        )
    } else {
        "the connection broke off".to_owned()
    };
    CallError::new(ErrorKind::Network, format!("{what}: {cause}{ask}"))
}

/// The innermost cause, which alone tells what happened, and names no URL.
pub(super) fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}
