//! A run as its row tells it, for lists.

use super::sql::Row;
use crate::event::{
    At, Calls, Dissent, Missing, Outcome, Record, RecordState, RunError, RunId, RunResult,
    RunStatus, Usage, VERSION,
};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A run in a list. As JSON it has the names of a [`RunResult`]; a key is always there, null
/// where a row does not know it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
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
    /// Who gave no usable reply in some round.
    pub missing: Option<Vec<Missing>>,
    /// The winner of the last round with ballots.
    pub vote: Option<String>,
    /// The scores of that round.
    pub scores: Option<IndexMap<String, f64>>,
    /// The agreement of that round.
    pub agreement: Option<f64>,
    /// Who disagreed with that winner.
    pub dissent: Option<Vec<Dissent>>,
    /// What the gate said.
    pub gate: Option<Value>,
    /// The run's own error first, then its members'.
    pub errors: Option<Vec<RunError>>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// Calls.
    pub calls: Option<Calls>,
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
    /// When its row was written.
    #[serde(skip)]
    pub created_at: At,
    /// Whether it is known that the run goes on, where it has no outcome; if not, people are told
    /// `running (unverified)`.
    #[serde(skip)]
    pub verified: bool,
}

impl Summary {
    /// What a row says; its outcome may be unreadable.
    pub(super) fn of_row(row: &Row, verified: bool) -> Result<Self, serde_json::Error> {
        let mut summary = Self::open(row, verified);
        if let Some(outcome) = &row.outcome {
            summary.ended(serde_json::from_str(outcome)?);
        }
        Ok(summary)
    }

    /// A run of which the row alone, or a part of it, can be read.
    pub(super) fn unreadable(row: &Row, why: &str) -> Self {
        Self {
            status: RunStatus::Crashed,
            reason: Some(format!("its record cannot be read: {why}")),
            ..Self::open(row, true)
        }
    }

    /// A run without an outcome.
    fn open(row: &Row, verified: bool) -> Self {
        Self {
            v: VERSION,
            run_id: row.run_id.clone(),
            parent: row.parent.clone(),
            origin: row.origin.clone(),
            council: row.council.clone(),
            status: if row.status == RunStatus::Pending.name() {
                RunStatus::Pending
            } else {
                RunStatus::Running
            },
            degraded: false,
            reason: None,
            input: row.input.clone(),
            answer: None,
            answer_by: None,
            missing: None,
            vote: None,
            scores: None,
            agreement: None,
            dissent: None,
            gate: None,
            errors: None,
            usage: None,
            cost_usd: None,
            calls: None,
            labels: row.labels.clone(),
            seed: row.seed,
            started_at: row.started_at,
            ended_at: row.ended_at,
            duration_ms: row
                .started_at
                .and_then(|from| Some(row.ended_at?.ms_since(from))),
            record: row
                .record
                .clone()
                .unwrap_or_else(|| Record::of(RecordState::Complete)),
            created_at: row.created_at,
            verified,
        }
    }

    fn ended(&mut self, outcome: Outcome) {
        self.status = outcome.status;
        self.degraded = outcome.degraded;
        self.reason = outcome.reason;
        self.answer = outcome.answer;
        self.answer_by = outcome.answer_by;
        self.missing = Some(outcome.missing);
        self.vote = outcome.vote;
        self.scores = outcome.scores;
        self.agreement = outcome.agreement;
        self.dissent = Some(outcome.dissent);
        self.gate = outcome.gate;
        self.errors = Some(outcome.errors);
        self.usage = Some(outcome.totals.usage);
        self.cost_usd = outcome.totals.cost_usd;
        self.calls = Some(outcome.totals.calls);
    }

    pub(super) fn of_result(result: RunResult, created_at: At) -> Self {
        Self {
            v: result.v,
            run_id: result.run_id,
            parent: result.parent,
            origin: result.origin,
            council: result.council,
            status: result.status,
            degraded: result.degraded,
            reason: result.reason,
            input: result.input,
            answer: result.answer,
            answer_by: result.answer_by,
            missing: Some(result.missing),
            vote: result.vote,
            scores: result.scores,
            agreement: result.agreement,
            dissent: Some(result.dissent),
            gate: result.gate,
            errors: Some(result.errors),
            usage: Some(result.usage),
            cost_usd: result.cost_usd,
            calls: Some(result.calls),
            labels: result.labels,
            seed: result.seed,
            started_at: result.started_at,
            ended_at: result.ended_at,
            duration_ms: result.duration_ms,
            record: result.record,
            created_at,
            verified: true,
        }
    }
}
