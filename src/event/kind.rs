//! The event and its kinds: version 1 of what is streamed, stored and exported.

use super::{
    Aggregate, At, Attached, Ballot, CallKey, Dissent, MemberId, MemberStatus, Message, Missing,
    Purpose, RunError, RunId, RunStatus,
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The version that events carry in `v`.
pub const VERSION: u32 = 1;

/// One thing that happened in one run.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct Event {
    /// The version of this form: 1.
    pub v: u32,
    /// The run it belongs to.
    pub run_id: RunId,
    /// Its place in the run, from 0, without gaps.
    pub seq: u64,
    /// When it was stamped; never earlier than the event before it.
    pub at: At,
    /// The round it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<RoundRef>,
    /// The member it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// The call it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallKey>,
    /// What happened: `kind` names it, `data` holds it.
    #[serde(flatten)]
    pub body: EventKind,
}

impl Event {
    /// Whether this is the last event of its run.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.outcome().is_some()
    }

    /// The outcome that a terminal event names.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.body {
            EventKind::RunCompleted(outcome) | EventKind::RunFailed(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// An event before the bus gives it its place and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The round it belongs to.
    pub round: Option<RoundRef>,
    /// The member it is about.
    pub member: Option<MemberId>,
    /// The call it belongs to.
    pub call: Option<CallKey>,
    /// What happened.
    pub body: EventKind,
}

impl Draft {
    /// An event of the run as a whole.
    #[must_use]
    pub fn of_run(body: EventKind) -> Self {
        Self {
            round: None,
            member: None,
            call: None,
            body,
        }
    }

    /// An event of one round.
    #[must_use]
    pub fn of_round(round: RoundRef, body: EventKind) -> Self {
        Self {
            round: Some(round),
            member: None,
            call: None,
            body,
        }
    }

    /// An event of one call.
    #[must_use]
    pub fn of_call(round: RoundRef, call: CallKey, body: EventKind) -> Self {
        Self {
            round: Some(round),
            member: Some(call.member.clone()),
            call: Some(call),
            body,
        }
    }

    /// A notice to whoever reads the run.
    #[must_use]
    pub fn notice(round: Option<RoundRef>, code: &str, text: impl Into<String>) -> Self {
        let body = EventKind::Notice(Notice {
            code: code.to_owned(),
            text: text.into(),
        });
        Self {
            round,
            member: None,
            call: None,
            body,
        }
    }

    /// The event that this draft becomes at `seq` and `at`.
    #[must_use]
    pub fn stamp(self, run_id: RunId, seq: u64, at: At) -> Event {
        let Self {
            round,
            member,
            call,
            body,
        } = self;
        Event {
            v: VERSION,
            run_id,
            seq,
            at,
            round,
            member,
            call,
            body,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($data:ty) = $name:literal,)*) => {
        /// What happened, with its data.
        #[derive(Debug, Clone, PartialEq, JsonSchema)]
        #[serde(tag = "kind", content = "data")]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $name)] $kind($data),)*
            /// A kind that this program does not know: a newer council wrote it.
            #[schemars(skip)]
            Unknown(UnknownKind),
        }

        impl EventKind {
            /// All names that this program knows, in the order in which a run meets them.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name that events carry in `kind`.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$kind(_) => $name,)*
                    Self::Unknown(unknown) => unknown.kind(),
                }
            }

            fn read(name: &str, data: &str) -> Result<Self, serde_json::Error> {
                match name {
                    $($name => serde_json::from_str(data).map(Self::$kind),)*
                    // What was written stays as it was written, byte for byte.
                    other => RawValue::from_string(data.to_owned()).map(|data| {
                        Self::Unknown(UnknownKind { kind: other.to_owned(), data })
                    }),
                }
            }
        }

        /// The data alone, as events carry it in `data`.
        impl Serialize for EventKind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$kind(data) => data.serialize(serializer),)*
                    Self::Unknown(unknown) => unknown.data.serialize(serializer),
                }
            }
        }
    };
}

kinds! {
    /// Once, first.
    RunStarted(RunStarted) = "run_started",
    /// Once for each round as held.
    RoundStarted(RoundStarted) = "round_started",
    /// Once for each call.
    MemberStarted(MemberStarted) = "member_started",
    /// A piece of a reply, gathered.
    MemberToken(MemberToken) = "member_token",
    /// An attempt failed and is made again.
    MemberRetry(MemberRetry) = "member_retry",
    /// A model asks for a tool.
    ToolCallRequest(ToolCallRequest) = "tool_call_request",
    /// What the tool gave.
    ToolCallResult(ToolCallResult) = "tool_call_result",
    /// The end of a call, good or bad.
    MemberCompleted(MemberCompleted) = "member_completed",
    /// The end of a round.
    RoundCompleted(RoundCompleted) = "round_completed",
    /// What a reader must know.
    Notice(Notice) = "notice",
    /// The end of a completed run.
    RunCompleted(Outcome) = "run_completed",
    /// The end of a failed, cancelled or crashed run.
    RunFailed(Outcome) = "run_failed",
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let optional = [
            self.round.is_some(),
            self.member.is_some(),
            self.call.is_some(),
        ];
        let fields = 6 + optional.into_iter().filter(|there| *there).count();
        let mut event = serializer.serialize_struct("Event", fields)?;
        event.serialize_field("v", &self.v)?;
        event.serialize_field("run_id", &self.run_id)?;
        event.serialize_field("seq", &self.seq)?;
        event.serialize_field("at", &self.at)?;
        event.serialize_field("kind", self.body.name())?;
        if let Some(round) = &self.round {
            event.serialize_field("round", round)?;
        }
        if let Some(member) = &self.member {
            event.serialize_field("member", member)?;
        }
        if let Some(call) = &self.call {
            event.serialize_field("call", call)?;
        }
        event.serialize_field("data", &self.body)?;
        event.end()
    }
}

/// The form that is read: `data` waits until `kind` is known, wherever the two stand.
#[derive(Deserialize)]
struct Written<'a> {
    v: u32,
    run_id: RunId,
    seq: u64,
    at: At,
    kind: String,
    round: Option<RoundRef>,
    member: Option<MemberId>,
    call: Option<CallKey>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written {
            v,
            run_id,
            seq,
            at,
            kind,
            round,
            member,
            call,
            data,
        } = Written::deserialize(deserializer)?;
        let body = EventKind::read(&kind, data.get()).map_err(D::Error::custom)?;
        Ok(Self {
            v,
            run_id,
            seq,
            at,
            round,
            member,
            call,
            body,
        })
    }
}

/// An event of a kind that this program does not know. It only comes out of a line that was read,
/// and changes nothing that is folded or shown.
#[derive(Debug, Clone)]
pub struct UnknownKind {
    kind: String,
    data: Box<RawValue>,
}

impl UnknownKind {
    /// The name that the event carries in `kind`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The JSON text of `data`, as it was written.
    #[must_use]
    pub fn data(&self) -> &str {
        self.data.get()
    }
}

impl PartialEq for UnknownKind {
    fn eq(&self, other: &Self) -> bool {
        (self.kind(), self.data()) == (other.kind(), other.data())
    }
}

/// Which round, as held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundRef {
    /// Counts rounds as held, iterations too, from 0.
    pub index: u32,
    /// Its name; the kind's name where the spec gives none.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Which repetition, from 0.
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
