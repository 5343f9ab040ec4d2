//! A question to one member, before anybody knows how it travels.

use super::{CallKey, MemberId};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Who speaks in a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// Standing orders.
    System,
    /// The one who asks.
    User,
    /// The model itself, earlier.
    Assistant,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Who speaks.
    pub role: MessageRole,
    /// The text.
    pub content: String,
}

impl Message {
    /// A message of `role`.
    #[must_use]
    pub fn new(role: MessageRole, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

/// What kind of reply a question wants; providers may enforce it, rounds read it.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// Prose.
    Text,
    /// An order of `labels`, best first, with a comment on each where `comments` is set.
    Ranking {
        /// What is to be ordered, as the prompt names it.
        labels: Vec<String>,
        /// Whether each label also wants a comment.
        comments: bool,
    },
    /// One of `choices`, with a rationale and a confidence.
    Choice {
        /// The choices, as the prompt names them.
        choices: Vec<String>,
    },
    /// The better one of two.
    Pair {
        /// The first, as the prompt names it.
        left: String,
        /// The second.
        right: String,
    },
    /// Whether the own answer is revised, and if so its new text.
    Revision,
    /// An object that this JSON Schema accepts.
    Schema(Value),
}

impl Expect {
    /// The JSON Schema of the reply, for providers that can enforce one; none for prose.
    #[must_use]
    pub fn schema(&self) -> Option<Value> {
        let text = json!({ "type": "string" });
        match self {
            Self::Text => None,
            Self::Ranking { labels, comments } => {
                let ranking = json!({ "type": "array", "items": { "enum": labels } });
                Some(if *comments {
                    let each: serde_json::Map<String, Value> = labels
                        .iter()
                        .map(|label| (label.clone(), text.clone()))
                        .collect();
                    object(&[
                        ("comments", object_of(each)),
                        ("rationale", text),
                        ("ranking", ranking),
                    ])
                } else {
                    object(&[("rationale", text), ("ranking", ranking)])
                })
            }
            Self::Choice { choices } => Some(object(&[
                ("rationale", text),
                ("choice", json!({ "enum": choices })),
                ("confidence", json!({ "type": "number" })),
            ])),
            Self::Pair { left, right } => Some(object(&[
                ("rationale", text),
                ("choice", json!({ "enum": [left, right] })),
            ])),
            Self::Revision => Some(object(&[
                ("revised", json!({ "type": "boolean" })),
                ("answer", text),
            ])),
            Self::Schema(schema) => Some(schema.clone()),
        }
    }
}

fn object(properties: &[(&str, Value)]) -> Value {
    object_of(
        properties
            .iter()
            .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
            .collect(),
    )
}

/// Strict modes of providers want every property required and no other allowed.
fn object_of(properties: serde_json::Map<String, Value>) -> Value {
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// One question to one member: made by a round, sent by the run, carried by a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Its name, unique in the run.
    pub call: CallKey,
    /// The prompt.
    pub messages: Vec<Message>,
    /// What the reply is to be.
    pub expect: Expect,
    /// The real ids behind the labels, where answers are shown without names.
    pub labels: Option<IndexMap<String, MemberId>>,
}
