//! Google's Gemini protocol.
//!
//! Reference: <https://ai.google.dev/api/generate-content>. The model stands in the path, a reply
//! is complete only with a finish reason, and what was thought is counted apart from the reply.

use super::protocol::{self, Form, Path, Protocol, Said, Tally};
use super::schema;
use crate::event::{ErrorKind, MessageRole, Usage};
use crate::provider::{CallError, Request, Stop};
use crate::spec::Effort;
use reqwest::header::HeaderName;
use serde_json::{Map, Value, json};

/// Google's Gemini protocol.
#[derive(Debug)]
pub(super) struct Gemini;

impl Protocol for Gemini {
    fn key(&self) -> (HeaderName, &'static str) {
        (HeaderName::from_static("x-goog-api-key"), "")
    }

    fn path(&self, model: &str, stream: bool) -> Result<Path, CallError> {
        let (folder, name) = match model.split_once('/') {
            Some((folder @ ("models" | "tunedModels"), name)) => (folder, name),
            _ => ("models", model),
        };
        let unfit = |c: char| matches!(c, '/' | ':') || c.is_whitespace() || c.is_control();
        if name.is_empty() || name.contains(unfit) {
            return Err(CallError::new(
                ErrorKind::InvalidRequest,
                format!(
                    "`{}` is no name of a Gemini model; such as `gemini-2.5-flash`",
                    model.escape_debug()
                ),
            ));
        }
        let method = if stream {
            "streamGenerateContent"
        } else {
            "generateContent"
        };
        Ok(Path {
            query: stream.then_some(("alt", "sse")),
            ..Path::of(&[folder, &format!("{name}:{method}")])
        })
    }

    fn body(&self, request: &Request, _stream: bool) -> Map<String, Value> {
        let (mut system, mut contents) = (Vec::new(), Vec::new());
        for message in request.messages.iter().filter(|it| !it.content.is_empty()) {
            let part = json!({ "text": message.content });
            let role = match message.role {
                MessageRole::System => {
                    system.push(part);
                    continue;
                }
                MessageRole::User => "user",
                MessageRole::Assistant => "model",
            };
            contents.push(json!({ "role": role, "parts": [part] }));
        }
        let mut body = Map::new();
        if !system.is_empty() {
            body.insert("systemInstruction".to_owned(), json!({ "parts": system }));
        }
        body.insert("contents".to_owned(), json!(contents));
        let config = config(request);
        if !config.is_empty() {
            body.insert("generationConfig".to_owned(), Value::Object(config));
        }
        body
    }

    fn read(&self, value: &Value, form: Form) -> Result<Said, CallError> {
        if let Some(reason) = value["promptFeedback"]["blockReason"].as_str() {
            let words = value["promptFeedback"]["blockReasonMessage"].as_str();
            return Err(protocol::withheld(reason, words));
        }
        let candidates = value["candidates"].as_array();
        let candidate = candidates.into_iter().flatten().find(|candidate| {
            // Of several replies the first; later ones were not asked for.
            candidate["index"].as_u64().unwrap_or(0) == 0
        });
        let Some(candidate) = candidate else {
            return match form {
                Form::Frame => Ok(Said {
                    tally: tally(value),
                    ..Said::default()
                }),
                Form::Whole => Err(protocol::no_reply("candidates")),
            };
        };
        let parts = candidate["content"]["parts"].as_array();
        let shown = parts
            .into_iter()
            .flatten()
            .filter(|part| part["thought"] != true);
        Ok(Said {
            text: shown.filter_map(|part| part["text"].as_str()).collect(),
            tally: tally(value),
            stop: stop(candidate)?,
            last: false,
        })
    }

    fn usage(&self, tally: &Tally) -> Usage {
        Usage {
            input_tokens: tally.input,
            output_tokens: protocol::sum(tally.output, &[tally.thought]).or(tally.thought),
            cached_tokens: tally.cached,
            reasoning_tokens: tally.thought,
        }
    }
}

/// How the model is to generate; only what is set.
fn config(request: &Request) -> Map<String, Value> {
    let mut config = Map::new();
    let mut put = |key: &str, value: Value| {
        config.insert(key.to_owned(), value);
    };
    let sampling = &request.sampling;
    if let Some(temperature) = sampling.temperature {
        put("temperature", json!(temperature));
    }
    if let Some(top_p) = sampling.top_p {
        put("topP", json!(top_p));
    }
    if let Some(limit) = sampling.max_output_tokens {
        put("maxOutputTokens", json!(limit));
    }
    if !sampling.stop.is_empty() {
        put("stopSequences", json!(sampling.stop));
    }
    if let Some(effort) = sampling.effort {
        put("thinkingConfig", thinking(effort, &request.model));
    }
    if let Some(schema) = request.expect.schema() {
        put("responseMimeType", json!("application/json"));
        put("responseJsonSchema", schema::closed(schema));
    }
    config
}

/// Models up to 2.5 take a number of tokens, later ones a level. The numbers are those that Google
/// gives the same words in <https://ai.google.dev/gemini-api/docs/openai#thinking>.
fn thinking(effort: Effort, model: &str) -> Value {
    let name = model.rsplit('/').next().unwrap_or(model);
    let takes_tokens = ["gemini-1", "gemini-2"]
        .iter()
        .any(|generation| name.starts_with(generation));
    if takes_tokens {
        let tokens = match effort {
            Effort::Minimal | Effort::Low => 1024,
            Effort::Medium => 8192,
            Effort::High => 24576,
        };
        json!({ "thinkingBudget": tokens })
    } else {
        let level = match effort {
            Effort::Minimal => "MINIMAL",
            Effort::Low => "LOW",
            Effort::Medium => "MEDIUM",
            Effort::High => "HIGH",
        };
        json!({ "thinkingLevel": level })
    }
}

/// Why the candidate ended, if it has.
fn stop(candidate: &Value) -> Result<Option<Stop>, CallError> {
    let words = candidate["finishMessage"].as_str();
    match candidate["finishReason"].as_str() {
        None | Some("" | "FINISH_REASON_UNSPECIFIED") => Ok(None),
        Some("STOP") => Ok(Some(Stop::Done)),
        Some("MAX_TOKENS") => Ok(Some(Stop::TokenLimit)),
        Some(
            reason @ ("SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT"
            | "SPII" | "IMAGE_SAFETY" | "ESCALATION" | "MODEL_ARMOR"),
        ) => Err(protocol::withheld(reason, words)),
        Some(reason) => Err(protocol::broken_off(reason, words)),
    }
}

fn tally(value: &Value) -> Tally {
    let count = |key: &str| value["usageMetadata"][key].as_u64();
    Tally {
        input: count("promptTokenCount"),
        output: count("candidatesTokenCount"),
        cached: count("cachedContentTokenCount"),
        stored: None,
        thought: count("thoughtsTokenCount"),
    }
}
