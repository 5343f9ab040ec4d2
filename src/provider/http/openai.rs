//! The chat completions protocol: OpenAI's own, OpenRouter's, Ollama's, and that of most servers.
//!
//! Reference: <https://platform.openai.com/docs/api-reference/chat>. Servers differ in where usage
//! comes, in what a frame lacks and in what they call the end; the reading is as patient as it can
//! be without guessing.

use super::protocol::{self, Form, Path, Protocol, Said, Tally};
use super::schema;
use crate::event::{MessageRole, Usage};
use crate::provider::{CallError, Request, Stop};
use crate::spec::Effort;
use reqwest::header::{AUTHORIZATION, HeaderName};
use serde_json::{Map, Value, json};

/// Whose dialect it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI's own server.
    OpenAi,
    /// Any other.
    Common,
    /// OpenRouter's, which has one key for the thinking of all models.
    OpenRouter,
    /// Ollama's, which knows no effort below `low`.
    Ollama,
}

/// The chat completions protocol.
#[derive(Debug)]
pub(super) struct OpenAi(pub(super) Dialect);

impl OpenAi {
    /// OpenAI's thinking models refuse `max_tokens`, and many other servers know nothing else.
    fn limit_key(&self, model: &str) -> &'static str {
        let begins = |prefix: &str, from: u8| {
            model
                .strip_prefix(prefix)
                .and_then(|rest| rest.bytes().next())
                .is_some_and(|digit| digit.is_ascii_digit() && digit >= from)
        };
        match self.0 {
            Dialect::OpenAi => "max_completion_tokens",
            Dialect::Common if begins("gpt-", b'5') || begins("o", b'1') => "max_completion_tokens",
            Dialect::Common | Dialect::OpenRouter | Dialect::Ollama => "max_tokens",
        }
    }

    fn effort(&self, effort: Effort) -> (&'static str, Value) {
        let word = match (effort, self.0) {
            (Effort::Minimal, Dialect::Ollama) | (Effort::Low, _) => "low",
            (Effort::Minimal, _) => "minimal",
            (Effort::Medium, _) => "medium",
            (Effort::High, _) => "high",
        };
        match self.0 {
            Dialect::OpenRouter => ("reasoning", json!({ "effort": word })),
            _ => ("reasoning_effort", json!(word)),
        }
    }
}

impl Protocol for OpenAi {
    fn key(&self) -> (HeaderName, &'static str) {
        (AUTHORIZATION, "Bearer ")
    }

    fn path(&self, _model: &str, _stream: bool) -> Result<Path, CallError> {
        Ok(Path::of(&["chat", "completions"]))
    }

    fn body(&self, request: &Request, stream: bool) -> Map<String, Value> {
        let messages: Vec<Value> = request
            .messages
            .iter()
            .map(|message| {
                let role = match message.role {
                    MessageRole::System => "system",
                    MessageRole::User => "user",
                    MessageRole::Assistant => "assistant",
                };
                json!({ "role": role, "content": message.content })
            })
            .collect();
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| {
            body.insert(key.to_owned(), value);
        };
        put("model", json!(request.model));
        put("messages", json!(messages));
        put("stream", json!(stream));
        if stream {
            put("stream_options", json!({ "include_usage": true }));
        }
        let sampling = &request.sampling;
        if let Some(temperature) = sampling.temperature {
            put("temperature", json!(temperature));
        }
        if let Some(top_p) = sampling.top_p {
            put("top_p", json!(top_p));
        }
        if let Some(limit) = sampling.max_output_tokens {
            put(self.limit_key(&request.model), json!(limit));
        }
        if let Some(effort) = sampling.effort {
            let (key, value) = self.effort(effort);
            put(key, value);
        }
        if !sampling.stop.is_empty() {
            put("stop", json!(sampling.stop));
        }
        if let Some(schema) = request.expect.schema() {
            let schema = schema::closed(schema);
            let strict = schema::is_strict(&schema);
            put(
                "response_format",
                json!({ "type": "json_schema", "json_schema": {
                    "name": "reply",
                    "strict": strict,
                    "schema": schema,
                }}),
            );
        }
        body
    }

    fn read(&self, value: &Value, form: Form) -> Result<Said, CallError> {
        let choice = first_choice(value);
        let part = match form {
            Form::Frame => "delta",
            Form::Whole => "message",
        };
        let reason = choice
            .and_then(|choice| choice["finish_reason"].as_str())
            .filter(|reason| !reason.is_empty());
        let stop = match (reason, form) {
            (Some(reason), _) => Some(stop(reason)?),
            (None, Form::Frame) => None,
            (None, Form::Whole) => Some(Stop::Done),
        };
        if choice.is_none() && form == Form::Whole {
            return Err(protocol::no_reply("choices"));
        }
        Ok(Said {
            text: choice.map(|choice| text(&choice[part])).unwrap_or_default(),
            tally: tally(value),
            stop,
            last: false,
        })
    }

    fn usage(&self, tally: &Tally) -> Usage {
        Usage {
            input_tokens: tally.input,
            output_tokens: tally.output,
            cached_tokens: tally.cached,
            reasoning_tokens: tally.thought,
        }
    }
}

/// The first of several replies to one request; later ones were not asked for.
fn first_choice(value: &Value) -> Option<&Value> {
    value["choices"]
        .as_array()?
        .iter()
        .find(|choice| choice["index"].as_u64().unwrap_or(0) == 0)
}

/// The text of a message or of a piece of one: a string, or a list of typed parts.
fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        // A refusal is a reply too, in a field of its own.
        _ => message["refusal"].as_str().unwrap_or_default().to_owned(),
    }
}

fn stop(reason: &str) -> Result<Stop, CallError> {
    match reason {
        "length" | "max_tokens" | "model_length" => Ok(Stop::TokenLimit),
        "content_filter" | "safety" => Err(protocol::withheld(reason, None)),
        "error" | "abort" | "network_error" | "insufficient_system_resource" => {
            Err(protocol::broken_off(reason, None))
        }
        _ => Ok(Stop::Done),
    }
}

fn tally(value: &Value) -> Tally {
    let counts = [value.get("usage"), value.pointer("/x_groq/usage")];
    let Some(counts) = counts.into_iter().flatten().find(|it| it.is_object()) else {
        return Tally::default();
    };
    let count = |places: &[&str]| {
        places
            .iter()
            .find_map(|place| counts.pointer(place)?.as_u64())
    };
    Tally {
        input: count(&["/prompt_tokens", "/input_tokens"]),
        output: count(&["/completion_tokens", "/output_tokens"]),
        cached: count(&[
            "/prompt_tokens_details/cached_tokens",
            "/prompt_cache_hit_tokens",
        ]),
        stored: None,
        thought: count(&["/completion_tokens_details/reasoning_tokens"]),
    }
}
