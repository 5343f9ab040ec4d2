//! A streamed reply as it comes in, and how it may end.
//!
//! It is complete with the model's reason to stop, however its connection ends after that.
//! Dropping it closes the connection.

use super::body;
use super::fault;
use super::frames::{self, Frame, Frames};
use super::wire::Reader;
use crate::event::ErrorKind;
use crate::provider::context::Wire;
use crate::provider::secrets::Secrets;
use crate::provider::{CallError, Piece, Pieces};
use futures::stream::{self, StreamExt as _};
use reqwest::{Response, Url};
use serde::de::IgnoredAny;
use std::collections::VecDeque;
use std::time::Duration;

/// What has come of a body until it is known to be a stream.
const BEGINNING: usize = 4 << 10;

/// How long a connection whose stream has said its last is kept open for its proper end, which
/// lets the next request use it.
const LINGER: Duration = Duration::from_secs(1);

/// A reply as it comes in.
pub(super) struct Reply {
    provider: String,
    url: Url,
    secrets: Secrets,
    /// None after the last that is to be read of it.
    response: Option<Response>,
    reader: Reader,
    wire: Wire,
    frames: Frames,
    /// The first bytes, until a frame was found in them.
    beginning: Vec<u8>,
    came: bool,
    ready: VecDeque<Result<Piece, CallError>>,
    /// The end of the text so far, where it may be the beginning of a secret.
    held: String,
    over: bool,
}

impl Reply {
    pub(super) fn new(
        provider: String,
        url: Url,
        secrets: Secrets,
        response: Response,
        reader: Reader,
        wire: Wire,
    ) -> Self {
        Self {
            provider,
            url,
            secrets,
            response: Some(response),
            reader,
            wire,
            frames: Frames::default(),
            beginning: Vec::new(),
            came: false,
            ready: VecDeque::new(),
            held: String::new(),
            over: false,
        }
    }

    /// Its pieces, read as they are asked for.
    pub(super) fn pieces(self) -> Pieces {
        stream::unfold(self, |mut reply| async {
            let piece = reply.next().await?;
            Some((piece, reply))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<Piece, CallError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(piece);
            }
            if self.over {
                return None;
            }
            let chunk = match &mut self.response {
                Some(response) => response.chunk().await,
                None => Ok(None),
            };
            match chunk {
                Ok(Some(bytes)) => self.take(&bytes).await,
                Ok(None) => self.ended(),
                Err(error) => self.fail(body::connection(&error, &self.url)),
            }
        }
    }

    async fn take(&mut self, bytes: &[u8]) {
        if !self.came && self.beginning.len() < BEGINNING {
            self.beginning.extend_from_slice(bytes);
            let first = self
                .beginning
                .iter()
                .find(|byte| !byte.is_ascii_whitespace());
            // No field of an event begins so: this is JSON or HTML.
            if first.is_some_and(|first| b"{[<".contains(first))
                && let Some(mut response) = self.response.take()
            {
                let body = body::other(&mut response, &self.beginning).await;
                return self.fail_other(body);
            }
        }
        if self.frames.feed(bytes).is_err() {
            self.read();
            return self.fail(body::too_long("frame", frames::LIMIT));
        }
        self.read();
    }

    /// Reads the frames that are whole.
    fn read(&mut self) {
        while !self.over
            && let Some(frame) = self.frames.next()
        {
            self.came = true;
            self.read_one(frame);
            if self.reader.ended {
                self.finish();
            }
        }
    }

    fn read_one(&mut self, frame: Frame) {
        let data = match frame {
            Frame::Data(data) => data,
            Frame::Comment => String::new(),
        };
        self.wire
            .tell(|| format!("< {}", self.secrets.strip_text(data.clone())));
        match self.reader.frame(&data) {
            Ok(pieces) => pieces.into_iter().for_each(|piece| self.give(piece)),
            Err(error) => self.fail(error),
        }
    }

    fn give(&mut self, piece: Piece) {
        let piece = match piece {
            Piece::Text(text) => match self.secrets.strip_piece(&mut self.held, &text) {
                text if text.is_empty() => Piece::Alive,
                text => Piece::Text(text),
            },
            Piece::Stop(_) => {
                self.release();
                piece
            }
            other => other,
        };
        self.ready.push_back(Ok(piece));
    }

    /// Gives what was held back, for nothing comes after it that would make it a secret.
    fn release(&mut self) {
        if !self.held.is_empty() {
            let text = std::mem::take(&mut self.held);
            self.ready.push_back(Ok(Piece::Text(text)));
        }
    }

    /// Nothing comes after this. A reply whose end was told stands in spite of it.
    fn fail(&mut self, error: CallError) {
        self.over = true;
        self.release();
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

    fn fail_other(&mut self, body: String) {
        let body = self.secrets.strip_text(body);
        self.wire.tell(|| format!("< {body}"));
        self.fail(fault::no_stream(&body, &self.provider));
    }

    /// The connection has ended, and with it what it sent last.
    fn ended(&mut self) {
        self.frames.end();
        while let Some(frame) = self.frames.next() {
            // Half a frame says no more than that the stream was cut.
            let whole = match &frame {
                Frame::Data(data) => serde_json::from_str::<IgnoredAny>(data).is_ok(),
                Frame::Comment => false,
            };
            self.came = true;
            if whole && !self.over {
                self.read_one(frame);
            }
        }
        self.finish();
    }

    /// The server has nothing more to say.
    fn finish(&mut self) {
        if self.over || self.reader.stopped {
            self.over = true;
            self.release();
            if let Some(mut response) = self.response.take() {
                drop(tokio::spawn(async move {
                    drop(tokio::time::timeout(LINGER, response.chunk()).await);
                }));
            }
        } else if self.came || self.beginning.iter().all(u8::is_ascii_whitespace) {
            self.fail(CallError::new(
                ErrorKind::Network,
                "the stream ended before the reply was complete",
            ));
        } else {
            let body = String::from_utf8_lossy(&self.beginning).into_owned();
            self.fail_other(body);
        }
    }
}
