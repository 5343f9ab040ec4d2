//! Protocols, as servers speak them on good days and bad ones.

use crate::common::server::{Do, stream_head};
use serde_json::{Value, json};

/// A protocol, as its servers speak it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Speaks {
    Openai,
    Anthropic,
    Gemini,
}

use Speaks::{Anthropic, Gemini, Openai};

pub(super) const ALL: [Speaks; 3] = [Openai, Anthropic, Gemini];

impl Speaks {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Openai => "openai",
            Anthropic => "anthropic",
            Gemini => "gemini",
        }
    }

    pub(super) fn base(self) -> &'static str {
        match self {
            Openai | Anthropic => "/v1",
            Gemini => "/v1beta",
        }
    }

    pub(super) fn frame(self, event: &str, data: &Value) -> String {
        match self {
            Anthropic => format!("event: {event}\ndata: {data}\n\n"),
            Openai | Gemini => format!("data: {data}\n\n"),
        }
    }

    /// What comes before the first piece of text.
    pub(super) fn opening(self) -> String {
        match self {
            Openai | Gemini => String::new(),
            Anthropic => {
                let message = json!({
                    "type": "message_start",
                    "message": { "id": "m", "type": "message", "role": "assistant", "content": [],
                        "model": "m", "stop_reason": null, "stop_sequence": null,
                        "usage": { "input_tokens": 3, "output_tokens": 1 } }
                });
                let block = json!({
                    "type": "content_block_start", "index": 0,
                    "content_block": { "type": "text", "text": "" }
                });
                self.frame("message_start", &message) + &self.frame("content_block_start", &block)
            }
        }
    }

    pub(super) fn text(self, text: &str) -> String {
        let data = match self {
            Openai => json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }),
            Anthropic => json!({
                "type": "content_block_delta", "index": 0,
                "delta": { "type": "text_delta", "text": text }
            }),
            Gemini => json!({
                "candidates": [{ "content": { "parts": [{ "text": text }], "role": "model" } }]
            }),
        };
        self.frame("content_block_delta", &data)
    }

    /// The stop reason with its usage, and what follows it.
    pub(super) fn closing(self) -> String {
        match self {
            Openai => {
                let stop =
                    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
                let usage = json!({
                    "choices": [], "usage": { "prompt_tokens": 3, "completion_tokens": 2 }
                });
                self.frame("", &stop) + &self.frame("", &usage) + "data: [DONE]\n\n"
            }
            Anthropic => {
                let end = json!({ "type": "content_block_stop", "index": 0 });
                let delta = json!({
                    "type": "message_delta",
                    "delta": { "stop_reason": "end_turn", "stop_sequence": null },
                    "usage": { "output_tokens": 2 }
                });
                let stop = json!({ "type": "message_stop" });
                self.frame("content_block_stop", &end)
                    + &self.frame("message_delta", &delta)
                    + &self.frame("message_stop", &stop)
            }
            Gemini => {
                let stop = json!({
                    "candidates": [{ "content": { "parts": [{ "text": "" }], "role": "model" },
                        "finishReason": "STOP" }],
                    "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": 2 }
                });
                self.frame("", &stop)
            }
        }
    }

    /// The steps of a server that begins to answer, and then does `rest`.
    pub(super) fn begun(self, rest: &[Do]) -> Vec<Do> {
        let begun = self.opening() + &self.text("I begin");
        let head = stream_head("text/event-stream");
        [&[Do::Send(head), Do::Send(begun.into_bytes())], rest].concat()
    }

    pub(super) fn whole(self, text: &str) -> Vec<u8> {
        let stream = self.opening() + &self.text(text) + &self.closing();
        [stream_head("text/event-stream"), stream.into_bytes()].concat()
    }

    pub(super) fn error(self, message: &str) -> String {
        match self {
            Openai => json!({ "error": { "message": message, "type": "t", "code": null } }),
            Anthropic => json!({ "type": "error", "error": { "type": "t", "message": message } }),
            Gemini => json!({ "error": { "code": 0, "message": message, "status": "S" } }),
        }
        .to_string()
    }
}
