//! What events hold: the `data` of each kind, and the parts that they share.

use super::{
    Aggregate, Attached, Ballot, Dissent, MemberId, MemberStatus, Message, Missing, Purpose,
    RunError, RunId, RunStatus,
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Which round, as held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundRef {
    /// Counts rounds as held, iterations too, from 0.
    pub index: u32,
    /// Its name; the kind's name where the spec gives none.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Which iteration, from 0.
    pub iteration: u32,
}

/// A member as planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedMember {
    /// Its id.
    pub id: MemberId,
    /// Its role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `PROVIDER/MODEL`.
    pub model: String,
    /// Its weight, where the spec gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

/// A round as planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedRound {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Who would be asked; nobody by an `iterate` itself.
    pub members: Vec<MemberId>,
    /// Of an `iterate`: the rounds that it repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Self>,
    /// Of an `iterate`: how often at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_iterations: Option<u32>,
}

/// What a run set out to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The members, in the spec's order.
    pub members: Vec<PlannedMember>,
    /// The chair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chair: Option<PlannedMember>,
    /// The rounds, in order.
    pub rounds: Vec<PlannedRound>,
}

/// Data of `run_started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunStarted {
    /// The council's name.
    pub council: String,
    /// SHA-256 of the resolved spec, in hex.
    pub spec_hash: String,
    /// The question.
    pub input: String,
    /// Files that are shown beside the question, by name and size; the prompts hold their content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attached>,
    /// What every draw of the run follows from.
    pub seed: u64,
    /// Labels that the caller gave.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The run whose member this run is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunId>,
    /// The run whose replies this run plays back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<RunId>,
    /// Members and rounds.
    pub plan: Plan,
}

/// Data of `round_started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoundStarted {
    /// Who takes part.
    pub members: Vec<MemberId>,
}

/// Data of `round_completed`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoundCompleted {
    /// How each one that takes part fared.
    pub statuses: IndexMap<MemberId, MemberStatus>,
    /// What the ballots came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Aggregate>,
    /// How far the ballots agree, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
}

/// Data of `member_started`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberStarted {
    /// `PROVIDER/MODEL`.
    pub model: String,
    /// The full prompt.
    pub messages: Vec<Message>,
    /// The real ids behind the labels that the prompt shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_map: Option<IndexMap<String, MemberId>>,
    /// SHA-256 over model, messages, sampling and schema, in hex; no credentials.
    pub request_hash: String,
    /// The run that answers for this member, where it is a council.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_run_id: Option<RunId>,
}

/// Data of `member_token`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberToken {
    /// Which attempt it is of, from 1.
    pub attempt: u32,
    /// The text.
    pub text: String,
}

/// A reply that came and could not be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RejectedReply {
    /// Its text.
    pub text: String,
    /// What it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What it cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// Data of `member_retry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberRetry {
    /// The attempt that failed, from 1.
    pub attempt: u32,
    /// Why.
    pub error: RunError,
    /// How long the next attempt waits, in milliseconds.
    pub wait_ms: u64,
    /// The reply that is discarded, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discarded: Option<RejectedReply>,
}

/// Data of `tool_call_request` (reserved).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCallRequest {
    /// The tool's name.
    pub name: String,
    /// What it is called with.
    pub arguments: Value,
}

/// Data of `tool_call_result` (reserved): an output or an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolCallResult {
    /// What it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Tokens, where the provider tells them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: Option<u64>,
    /// Tokens of the reply.
    pub output_tokens: Option<u64>,
    /// Tokens of the prompt that the provider had in its cache.
    pub cached_tokens: Option<u64>,
    /// Tokens of the reply that were thought and not shown.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Adds `other`; a count stays null only while nobody has told it.
    pub fn add(&mut self, other: &Self) {
        let sum = |mine: &mut Option<u64>, theirs: Option<u64>| {
            if let Some(theirs) = theirs {
                *mine = Some(mine.unwrap_or(0).saturating_add(theirs));
            }
        };
        sum(&mut self.input_tokens, other.input_tokens);
        sum(&mut self.output_tokens, other.output_tokens);
        sum(&mut self.cached_tokens, other.cached_tokens);
        sum(&mut self.reasoning_tokens, other.reasoning_tokens);
    }
}

/// Data of `member_completed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberCompleted {
    /// How the call ended.
    pub status: MemberStatus,
    /// The reply as it came; a broken one as far as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The reply as an object, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parsed: Option<Value>,
    /// The ballot that was read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ballot: Option<Ballot>,
    /// How sure the member says it is, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Tokens of the reply that counts; of one that is played back, what it used when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What it cost, in US dollars, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// How many attempts were made; none of one that is played back.
    pub attempts: u32,
    /// From the call's start to its end, in milliseconds of running time.
    pub duration_ms: u64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// Whether the reply was played back instead of asked for.
    #[serde(default)]
    pub from_tape: bool,
}

impl MemberCompleted {
    /// The end of a call that took one attempt and no time, with nothing of a reply.
    #[must_use]
    pub fn new(status: MemberStatus) -> Self {
        Self {
            status,
            text: None,
            parsed: None,
            ballot: None,
            confidence: None,
            usage: None,
            cost_usd: None,
            attempts: 1,
            duration_ms: 0,
            error: None,
            from_tape: false,
        }
    }

    /// The member's new answer, where this is the end of a call that brings one: the text of an
    /// `answer`, or the new text of a `revise` that does not keep the old one.
    #[must_use]
    pub fn answer(&self, purpose: &Purpose) -> Option<&str> {
        if self.status != MemberStatus::Ok {
            return None;
        }
        match purpose {
            Purpose::Answer => self.text.as_deref(),
            Purpose::Revise => {
                let parsed = self.parsed.as_ref()?;
                let is_revised = parsed.get("revised")?.as_bool()?;
                is_revised.then(|| parsed.get("answer")?.as_str()).flatten()
            }
            _ => None,
        }
    }
}

/// Data of `notice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// A name that scripts may branch on.
    pub code: String,
    /// The sentence for people.
    pub text: String,
}

/// How many calls a run took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Calls {
    /// Calls that were sent to a provider.
    pub made: u64,
    /// Calls that were played back.
    pub from_tape: u64,
    /// Attempts beyond the first of a call.
    pub retries: u64,
}

/// What a run took in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Tokens, discarded replies included and replies that were played back left out.
    pub usage: Usage,
    /// US dollars that were paid; absent when a price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Calls.
    pub calls: Calls,
    /// Tokens of the replies that were played back, from when they were made; absent where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_then: Option<Usage>,
    /// US dollars that those replies cost then; absent when a price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd_then: Option<f64>,
}

/// Data of `run_completed` and `run_failed`: the outcome, complete in itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// How the run ended.
    pub status: RunStatus,
    /// Whether it completed with a part missing.
    #[serde(default)]
    pub degraded: bool,
    /// Why it did not complete, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The answer: a text, or an object where the chair has a schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// `chair`, `aggregate`, `members` or a member's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<String>,
    /// Who gave no usable reply in some round.
    #[serde(default)]
    pub missing: Vec<Missing>,
    /// The winner of the last round with ballots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<String>,
    /// The scores of that round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<IndexMap<String, f64>>,
    /// The agreement of that round, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    /// Who disagreed with that winner.
    #[serde(default)]
    pub dissent: Vec<Dissent>,
    /// What the gate said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Value>,
    /// The run's own error first, then its members'.
    #[serde(default)]
    pub errors: Vec<RunError>,
    /// What it took.
    #[serde(default)]
    pub totals: Totals,
}
