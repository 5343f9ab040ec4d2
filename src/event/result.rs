//! A run as a whole: the object that `--format json` prints.

use super::{At, Calls, CastBallot, MemberId, Notice, RunError, RunId, Usage, VERSION};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Its row is written, nothing is asked yet.
    Pending,
    /// Members are being asked.
    Running,
    /// It has an answer.
    Completed,
    /// It ended without an answer.
    Failed,
    /// Somebody ended it.
    Cancelled,
    /// Its process or task died without an outcome.
    Crashed,
}

impl RunStatus {
    /// The name in events and stored rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Crashed => "crashed",
        }
    }

    /// Whether nothing more can happen in the run.
    #[must_use]
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a member fared in a call, a round or a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// It gave a usable reply.
    Ok,
    /// Its call failed.
    Error,
    /// Its call took too long.
    Timeout,
    /// It was not asked.
    Skipped,
    /// It replied, and the reply cannot be used.
    InvalidOutput,
    /// It lost its pair and is out.
    Eliminated,
    /// The run ended first.
    Cancelled,
}

impl MemberStatus {
    /// The name in events and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Skipped => "skipped",
            Self::InvalidOutput => "invalid_output",
            Self::Eliminated => "eliminated",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether a reply that was wanted is missing; such a round makes a completed run degraded.
    #[must_use]
    pub fn is_missing(self) -> bool {
        matches!(
            self,
            Self::Error | Self::Timeout | Self::Skipped | Self::InvalidOutput
        )
    }
}

impl fmt::Display for MemberStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Somebody who gave no usable reply in some round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// Who.
    pub member: MemberId,
    /// How its call ended.
    pub status: MemberStatus,
    /// Why.
    pub error: Option<RunError>,
}

/// Somebody who disagreed with the winner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dissent {
    /// Who.
    pub member: MemberId,
    /// What it put first.
    pub choice: Option<String>,
    /// Its rationale, verbatim.
    pub text: Option<String>,
}

/// What one member did in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberResult {
    /// How its last call ended; absent while it has not been asked.
    pub status: Option<MemberStatus>,
    /// Its last answer.
    pub answer: Option<String>,
    /// `PROVIDER/MODEL`.
    pub model: String,
    /// Its tokens, discarded replies included.
    pub usage: Usage,
    /// US dollars; null when a price is unknown.
    pub cost_usd: Option<f64>,
    /// How many calls it took part in.
    pub calls: u64,
    /// Its calls' time added up, in milliseconds.
    pub duration_ms: u64,
}

/// What one round came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoundResult {
    /// Counts rounds as held.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Which iteration, from 0.
    pub iteration: u32,
    /// How each one that takes part fared.
    pub statuses: IndexMap<MemberId, MemberStatus>,
    /// Who won.
    pub winner: Option<String>,
    /// Each candidate's score.
    pub scores: Option<IndexMap<String, f64>>,
    /// The final order, best first.
    pub order: Option<Vec<String>>,
    /// The ballots that were counted.
    pub ballots: Vec<CastBallot>,
    /// How far they agree, 0 to 1.
    pub agreement: Option<f64>,
}

/// How much of a run its recorder has kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// All of it.
    Complete,
    /// All of it, a part beside the store.
    Spilled,
    /// Not all of it.
    Incomplete,
    /// None, as asked.
    Off,
}

/// Where the record of a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// How much is kept.
    pub state: RecordState,
    /// The file beside the store, of a spilled record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The first event that is missing, of an incomplete record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_seq: Option<u64>,
}

impl Record {
    /// A record of which only the state is to be said.
    #[must_use]
    pub fn of(state: RecordState) -> Self {
        Self {
            state,
            path: None,
            from_seq: None,
        }
    }

    /// A record that lacks all events from `seq` on.
    #[must_use]
    pub fn incomplete(seq: u64) -> Self {
        Self {
            state: RecordState::Incomplete,
            path: None,
            from_seq: Some(seq),
        }
    }
}

/// A run as a whole. Every key is always written, null where it is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// The version of this form: 1.
    pub v: u32,
    /// The run.
    pub run_id: RunId,
    /// The run whose member this run is.
    pub parent: Option<RunId>,
    /// The run whose replies this run plays back.
    pub origin: Option<RunId>,
    /// The council's name.
    pub council: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Whether it completed with a part missing.
    pub degraded: bool,
    /// Why it did not complete.
    pub reason: Option<String>,
    /// The question.
    pub input: String,
    /// The answer.
    pub answer: Option<Value>,
    /// Whose it is.
    pub answer_by: Option<String>,
    /// Whether the one reply that it is ended at its token limit; a notice says so too. Not
    /// written.
    #[serde(skip)]
    pub is_answer_cut: bool,
    /// Whether the winner of the last ballots stood level with others, and was put first; a notice
    /// says so too. Not written.
    #[serde(skip)]
    pub is_level: bool,
    /// Who gave no usable reply in some round.
    pub missing: Vec<Missing>,
    /// Each member, in the spec's order.
    pub members: IndexMap<MemberId, MemberResult>,
    /// Each round, as held.
    pub rounds: Vec<RoundResult>,
    /// The winner of the last round with ballots.
    pub vote: Option<String>,
    /// The scores of that round.
    pub scores: Option<IndexMap<String, f64>>,
    /// The agreement of that round.
    pub agreement: Option<f64>,
    /// Who disagreed with that winner.
    pub dissent: Vec<Dissent>,
    /// What the gate said.
    pub gate: Option<Value>,
    /// The run's own error first, then its members'.
    pub errors: Vec<RunError>,
    /// What a reader must know.
    pub notices: Vec<Notice>,
    /// Tokens.
    pub usage: Usage,
    /// US dollars; null when a price is unknown.
    pub cost_usd: Option<f64>,
    /// Calls.
    pub calls: Calls,
    /// Labels that the caller gave.
    pub labels: BTreeMap<String, String>,
    /// What every draw of the run follows from.
    pub seed: u64,
    /// When it started.
    pub started_at: Option<At>,
    /// When it ended.
    pub ended_at: Option<At>,
    /// From start to end, in milliseconds.
    pub duration_ms: Option<u64>,
    /// How much of it is kept.
    pub record: Record,
}

impl RunResult {
    /// A run of which nothing has happened yet. Its `record` says `complete`; who knows better
    /// sets it.
    pub(super) fn pending(run_id: RunId) -> Self {
        Self {
            v: VERSION,
            run_id,
            parent: None,
            origin: None,
            council: String::new(),
            status: RunStatus::Pending,
            degraded: false,
            reason: None,
            input: String::new(),
            answer: None,
            answer_by: None,
            is_answer_cut: false,
            is_level: false,
            missing: Vec::new(),
            members: IndexMap::new(),
            rounds: Vec::new(),
            vote: None,
            scores: None,
            agreement: None,
            dissent: Vec::new(),
            gate: None,
            errors: Vec::new(),
            notices: Vec::new(),
            usage: Usage::default(),
            cost_usd: None,
            calls: Calls::default(),
            labels: BTreeMap::new(),
            seed: 0,
            started_at: None,
            ended_at: None,
            duration_ms: None,
            record: Record::of(RecordState::Complete),
        }
    }
}
