//! One attempt of a call: send the request, read the reply to its end, within its times.

use super::clock::{Clock, Running};
use super::gather::Gatherer;
use super::stop::Stop;
use crate::event::{ErrorKind, Usage};
use crate::provider::{CallError, Piece, Provider, Request, Stop as StopReason};
use crate::spec::write_duration;
use futures::StreamExt as _;
use std::time::Duration;

/// The longest reply that is kept, in bytes.
pub(super) const MAX_REPLY_BYTES: usize = 8 << 20;

/// A reply with a stop reason is whole; what may follow, such as its usage, is waited for this
/// long.
const AFTER_STOP: Duration = Duration::from_secs(5);

/// The times of one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// From sending to the last byte.
    pub(super) timeout: Duration,
    /// Silence after the first byte.
    pub(super) idle: Duration,
}

/// What came, whether or not the attempt ended well.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) text: String,
    pub(super) usage: Option<Usage>,
    pub(super) stop: Option<StopReason>,
    pub(super) notices: Vec<(&'static str, String)>,
    /// When the last of it was read.
    pub(super) read_at: Option<Running>,
    /// From the start of the call to there.
    pub(super) took: Duration,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// A whole reply.
    Whole,
    /// It failed; what came may be in part.
    Failed(CallError),
    /// The run is to stop; the connection is closed.
    Stopped,
}

/// Makes one attempt. What was received stays in `received` however it ends.
pub(super) async fn make(
    provider: &dyn Provider,
    request: Request,
    limits: Limits,
    clock: &Clock,
    stop: &Stop,
    gatherer: &mut Gatherer,
    received: &mut Received,
) -> Ended {
    let attempt = request.attempt;
    let ended = {
        let reading = read(provider, request, limits.idle, clock, gatherer, received);
        tokio::select! {
            biased;
            () = stop.asked() => Ended::Stopped,
            ended = reading => ended,
            () = clock.sleep(limits.timeout) => Ended::Failed(CallError::new(
                ErrorKind::Timeout,
                format!(
                    "no whole reply within {}, its `timeout`",
                    write_duration(limits.timeout)
                ),
            )),
        }
    };
    let ended = match ended {
        Ended::Failed(error) if received.stop.is_some() => {
            received.notices.push((
                "stream_ended_badly",
                format!(
                    "the reply is whole, and its stream ended badly ({})",
                    error.message
                ),
            ));
            Ended::Whole
        }
        other => other,
    };
    received.read_at = Some(clock.now());
    if !matches!(ended, Ended::Stopped) {
        gatherer.flush(attempt).await;
    }
    ended
}

async fn read(
    provider: &dyn Provider,
    request: Request,
    idle: Duration,
    clock: &Clock,
    gatherer: &mut Gatherer,
    received: &mut Received,
) -> Ended {
    let attempt = request.attempt;
    let mut pieces = match provider.send(request).await {
        Ok(pieces) => pieces,
        Err(error) => return Ended::Failed(error),
    };
    let mut silent_until = None;
    loop {
        let piece = tokio::select! {
            biased;
            // First, so that a stream that never pauses can't hold back what has gathered.
            () = gatherer.ready(), if gatherer.has_text() => {
                gatherer.send(attempt);
                continue;
            }
            piece = pieces.next() => piece,
            () = wait_until(clock, silent_until) => {
                let message = format!("the reply stalled: nothing came for {}", write_duration(idle));
                return Ended::Failed(CallError::new(ErrorKind::Network, message));
            }
        };
        let patience = if received.stop.is_some() {
            idle.min(AFTER_STOP)
        } else {
            idle
        };
        silent_until = Some(clock.now() + patience);
        match piece {
            Some(Ok(Piece::Text(text))) => {
                if received.text.len() + text.len() > MAX_REPLY_BYTES {
                    let message = format!("the reply is longer than {} MiB", MAX_REPLY_BYTES >> 20);
                    return Ended::Failed(CallError::new(ErrorKind::InvalidOutput, message));
                }
                gatherer.push(&text);
                received.text.push_str(&text);
            }
            Some(Ok(Piece::Alive)) => {}
            Some(Ok(Piece::Usage(usage))) => received.usage = Some(usage),
            Some(Ok(Piece::Stop(reason))) => received.stop = Some(reason),
            Some(Ok(Piece::Notice(code, text))) => received.notices.push((code, text)),
            Some(Err(error)) => return Ended::Failed(error),
            None if received.stop.is_some() => return Ended::Whole,
            None => {
                let message = "the stream ended before the reply was complete";
                return Ended::Failed(CallError::new(ErrorKind::Network, message));
            }
        }
    }
}

async fn wait_until(clock: &Clock, end: Option<Duration>) {
    match end {
        Some(end) => clock.sleep_until(end).await,
        None => std::future::pending().await,
    }
}
