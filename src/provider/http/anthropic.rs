//! Anthropic's messages protocol.
//!
//! Reference: <https://platform.claude.com/docs/en/api/messages>. It demands a limit of the reply's
//! length, takes standing orders beside the messages, refuses empty messages, and counts tokens
//! that were cached apart from those of the prompt.

use super::protocol::{self, Form, Path, Protocol, Said, Tally};
use super::schema;
use crate::event::{Expect, MessageRole, Usage};
use crate::provider::{CallError, Request, Stop};
use crate::spec::Effort;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

/// The version of the protocol.
const VERSION: &str = "2023-06-01";

/// The longest reply, in tokens, where a spec sets no limit.
const LIMIT: u32 = 4096;

/// Anthropic's messages protocol.
#[derive(Debug)]
pub(super) struct Anthropic;

impl Protocol for Anthropic {
    fn key(&self) -> (HeaderName, &'static str) {
        (HeaderName::from_static("x-api-key"), "")
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let name = HeaderName::from_static("anthropic-version");
        vec![(name, HeaderValue::from_static(VERSION))]
    }

    fn path(&self, _model: &str, _stream: bool) -> Result<Path, CallError> {
        Ok(Path::of(&["messages"]))
    }

    fn body(&self, request: &Request, stream: bool) -> Map<String, Value> {
        let (mut system, mut messages) = (Vec::new(), Vec::new());
        for message in request.messages.iter().filter(|it| !it.content.is_empty()) {
            let role = match message.role {
                MessageRole::System => {
                    system.push(message.content.as_str());
                    continue;
                }
                MessageRole::User => "user",
                MessageRole::Assistant => "assistant",
            };
            messages.push(json!({ "role": role, "content": message.content }));
        }
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| {
            body.insert(key.to_owned(), value);
        };
        let sampling = &request.sampling;
        put("model", json!(request.model));
        put(
            "max_tokens",
            json!(sampling.max_output_tokens.unwrap_or(LIMIT)),
        );
        if !system.is_empty() {
            put("system", json!(system.join("\n\n")));
        }
        put("messages", json!(messages));
        put("stream", json!(stream));
        if let Some(temperature) = sampling.temperature {
            put("temperature", json!(temperature));
        }
        if let Some(top_p) = sampling.top_p {
            put("top_p", json!(top_p));
        }
        if !sampling.stop.is_empty() {
            put("stop_sequences", json!(sampling.stop));
        }
        let mut output = Map::new();
        if let Some(effort) = sampling.effort {
            output.insert("effort".to_owned(), json!(word(effort)));
        }
        if let Some(schema) = request.expect.schema() {
            let mut schema = schema::closed(schema);
            // Names of answers hold spaces, which no key may; whoever reads them knows both forms.
            if matches!(request.expect, Expect::Ranking { .. }) {
                schema = schema::plain_keys(schema);
            }
            let format = json!({ "type": "json_schema", "schema": schema });
            output.insert("format".to_owned(), format);
        }
        if !output.is_empty() {
            put("output_config", Value::Object(output));
        }
        body
    }

    fn read(&self, value: &Value, form: Form) -> Result<Said, CallError> {
        match form {
            Form::Frame => frame(value),
            Form::Whole => {
                let parts = value["content"].as_array();
                let parts = parts.ok_or_else(|| protocol::no_reply("content"))?;
                let text = parts.iter().filter(|part| part["type"] == "text");
                Ok(Said {
                    text: text.filter_map(|part| part["text"].as_str()).collect(),
                    tally: tally(&value["usage"]),
                    stop: stop(value)?,
                    last: true,
                })
            }
        }
    }

    fn usage(&self, tally: &Tally) -> Usage {
        Usage {
            input_tokens: protocol::sum(tally.input, &[tally.cached, tally.stored]),
            output_tokens: tally.output,
            cached_tokens: tally.cached,
            reasoning_tokens: tally.thought,
        }
    }
}

fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

fn frame(value: &Value) -> Result<Said, CallError> {
    let text = |place: &str| value.pointer(place).and_then(Value::as_str);
    let text = |place: &str| text(place).unwrap_or_default().to_owned();
    let mut said = Said::default();
    match value["type"].as_str().unwrap_or_default() {
        "message_start" => said.tally = tally(&value["message"]["usage"]),
        "content_block_start" if value["content_block"]["type"] == "text" => {
            said.text = text("/content_block/text");
        }
        "content_block_delta" if value["delta"]["type"] == "text_delta" => {
            said.text = text("/delta/text");
        }
        "message_delta" => {
            said.tally = tally(&value["usage"]);
            said.stop = stop(&value["delta"])?;
        }
        "message_stop" => said.last = true,
        _ => {}
    }
    Ok(said)
}

/// Why the message ended, if it has.
fn stop(message: &Value) -> Result<Option<Stop>, CallError> {
    let Some(reason) = message["stop_reason"].as_str() else {
        return Ok(None);
    };
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Ok(Some(Stop::TokenLimit)),
        "refusal" => {
            let words = message.pointer("/stop_details/explanation");
            Err(protocol::withheld(reason, words.and_then(Value::as_str)))
        }
        _ => Ok(Some(Stop::Done)),
    }
}

fn tally(usage: &Value) -> Tally {
    let count = |place: &str| usage.pointer(place).and_then(Value::as_u64);
    Tally {
        input: count("/input_tokens"),
        output: count("/output_tokens"),
        cached: count("/cache_read_input_tokens"),
        stored: count("/cache_creation_input_tokens"),
        thought: count("/output_tokens_details/thinking_tokens"),
    }
}
