//! A council that was checked: every reference resolves, every default is in place.

use super::argument::Argument;
use crate::event::{MemberId, Plan, PlannedMember, PlannedRound};
use crate::prompt::Template;
use crate::round::{Fallback, InputMode, RoundPlan, Seat};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A council that can be run as it is.
#[derive(Debug, Clone)]
pub struct Council {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What the input of a run is to it.
    pub input: InputMode,
    /// How many members must have given an answer.
    pub min_members: usize,
    /// What a degraded run exits with.
    pub on_partial: OnPartial,
    /// How long a run may take.
    pub deadline: Option<Duration>,
    /// What every draw follows from, where the spec fixes it.
    pub seed: Option<u64>,
    /// The endpoints that members and chair use, by name.
    pub providers: BTreeMap<String, ProviderSpec>,
    /// The members, in the spec's order.
    pub members: Vec<Member>,
    /// Who writes the synthesis.
    pub chair: Option<Chair>,
    /// The rounds, in order; topologies are expanded.
    pub rounds: Vec<RoundPlan>,
    /// What it was made from.
    pub source: Source,
}

impl Council {
    /// The members as rounds see them, in the spec's order.
    #[must_use]
    pub fn seats(&self) -> Vec<Seat> {
        self.members
            .iter()
            .map(|member| Seat {
                id: member.id.clone(),
                role: member.role.clone(),
                prompt: member.prompt.clone(),
                weight: member.weight,
            })
            .collect()
    }

    /// The chair as rounds see it.
    #[must_use]
    pub fn chair_seat(&self) -> Option<Seat> {
        self.chair.as_ref().map(|chair| Seat {
            id: MemberId::chair(),
            role: chair.role.clone(),
            prompt: chair.prompt.clone(),
            weight: None,
        })
    }

    /// Who speaks, in order, where the chair does not.
    #[must_use]
    pub fn fallback(&self) -> &[Fallback] {
        self.chair.as_ref().map_or(&[], |chair| &chair.fallback)
    }

    /// What a run of it sets out to do.
    #[must_use]
    pub fn planned(&self) -> Plan {
        let members = self.members.iter().map(|member| PlannedMember {
            id: member.id.clone(),
            role: member.role.clone(),
            model: member.profile.model.to_string(),
            weight: member.weight,
        });
        let chair = self.chair.as_ref().map(|chair| PlannedMember {
            id: MemberId::chair(),
            role: chair.role.clone(),
            model: chair.profile.model.to_string(),
            weight: None,
        });
        let rounds = self.rounds.iter().map(|round| self.planned_round(round));
        Plan {
            members: members.collect(),
            chair,
            rounds: rounds.collect(),
        }
    }

    fn planned_round(&self, round: &RoundPlan) -> PlannedRound {
        let repeated = || round.repeat.iter().flat_map(|repeat| &repeat.rounds);
        PlannedRound {
            name: round.name.clone(),
            kind: round.kind.name().to_owned(),
            members: match &round.members {
                _ if round.kind.repeats() => Vec::new(),
                _ if round.kind.is_for_chair() => vec![MemberId::chair()],
                Some(members) => members.clone(),
                None => self
                    .members
                    .iter()
                    .map(|member| member.id.clone())
                    .collect(),
            },
            rounds: repeated().map(|inner| self.planned_round(inner)).collect(),
            max_iterations: round.repeat.as_ref().map(|repeat| repeat.max_iterations),
        }
    }

    /// The environment variables that its providers read, keys and `env:` headers, each with the
    /// name of the provider. Several variables of one provider are several entries.
    #[must_use]
    pub fn key_variables(&self) -> BTreeSet<(String, String)> {
        let mut variables = BTreeSet::new();
        for (name, provider) in &self.providers {
            let headers = provider.headers.values().filter_map(|value| match value {
                HeaderValue::Env(variable) => Some(variable),
                HeaderValue::Plain(_) => None,
            });
            for variable in provider.api_key_env.iter().chain(headers) {
                variables.insert((name.clone(), variable.clone()));
            }
        }
        variables
    }
}

/// What a council was made from: enough to make it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The spec's own bytes.
    pub bytes: Vec<u8>,
    /// The spec after all overrides, as JSON with a fixed order of keys.
    pub resolved: String,
    /// SHA-256 over the resolved form and the files it names, in hex.
    pub hash: String,
    /// Each file that the spec names, by the name it has there, with its content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The folder that relative paths in it start from.
    pub folder: PathBuf,
}

/// What a completed but degraded run exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnPartial {
    /// Exit code 3.
    #[default]
    Report,
    /// Exit code 0.
    Accept,
    /// Exit code 1.
    Fail,
}

/// One member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// Its role.
    pub role: Option<String>,
    /// Its own prompt.
    pub prompt: Option<Template>,
    /// Its weight, where the spec gives one.
    pub weight: Option<f64>,
    /// What it runs on.
    pub profile: Profile,
}

/// Who writes the synthesis.
#[derive(Debug, Clone)]
pub struct Chair {
    /// Its role.
    pub role: Option<String>,
    /// Its own prompt.
    pub prompt: Option<Template>,
    /// What it runs on.
    pub profile: Profile,
    /// Who speaks, in order, where it does not.
    pub fallback: Vec<Fallback>,
}

/// A capability: a model and how it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Which model, of which provider.
    pub model: ModelRef,
    /// Sampling temperature; sent only where set.
    pub temperature: Option<f64>,
    /// Nucleus sampling; sent only where set.
    pub top_p: Option<f64>,
    /// The longest reply, in tokens; sent only where set.
    pub max_output_tokens: Option<u32>,
    /// How hard the model thinks; sent only where set.
    pub effort: Option<Effort>,
    /// Texts at which a reply ends.
    pub stop: Vec<String>,
    /// One attempt, from sending to the last byte.
    pub timeout: Duration,
    /// Silence after the first byte.
    pub idle_timeout: Duration,
    /// Attempts beyond the first after a fault that may pass.
    pub retries: u32,
}

/// `PROVIDER/MODEL`: the first segment names a provider, the rest goes to it unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelRef {
    /// The provider's name.
    pub provider: String,
    /// The model, as the provider calls it.
    pub model: String,
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// How hard a model thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As little as it can.
    Minimal,
    /// Little.
    Low,
    /// As it sees fit.
    Medium,
    /// Much.
    High,
}

impl Effort {
    /// The name in specs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The protocol or program behind a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// The chat completions protocol.
    Openai,
    /// Anthropic's messages protocol.
    Anthropic,
    /// Google's Gemini protocol.
    Gemini,
    /// The chat completions protocol as OpenRouter speaks it.
    Openrouter,
    /// The chat completions protocol as an Ollama server speaks it.
    Ollama,
    /// Offline, deterministic, never fails.
    Rehearsal,
    /// Replies, delays and faults from a file.
    Script,
    /// A program.
    Command,
}

impl ProviderKind {
    /// Where its requests go unless a spec says otherwise; none where nothing is sent by HTTP.
    #[must_use]
    pub const fn base_url(self) -> Option<&'static str> {
        match self {
            Self::Openai => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com/v1"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com/v1beta"),
            Self::Openrouter => Some("https://openrouter.ai/api/v1"),
            Self::Ollama => Some("http://127.0.0.1:11434"),
            Self::Rehearsal | Self::Script | Self::Command => None,
        }
    }
}

/// A named endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderSpec {
    /// Its name in the spec.
    pub name: String,
    /// What it speaks.
    pub kind: ProviderKind,
    /// All before the method's own path, without a trailing slash.
    pub base_url: Option<String>,
    /// The variable that holds the key; none where no key is sent.
    pub api_key_env: Option<String>,
    /// Calls at a time.
    pub max_concurrency: usize,
    /// Whether replies are streamed.
    pub stream: bool,
    /// Headers to send besides.
    pub headers: BTreeMap<String, HeaderValue>,
    /// Keys to add to each request body.
    pub extra_body: Map<String, Value>,
    /// The content of a script provider's file.
    pub script: Option<String>,
    /// How long a rehearsal call takes; 100 to 400 ms by seed where absent.
    pub delay: Option<Duration>,
    /// The program of a command provider, and its arguments.
    pub command: Vec<Argument>,
    /// Names of environment variables that it sees besides.
    pub env: Vec<String>,
}

/// A header's value, or the variable that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// The value itself.
    Plain(String),
    /// The name of an environment variable.
    Env(String),
}
