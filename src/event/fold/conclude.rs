//! The end of a run: its terminal event, computed from the events before it.

use super::Fold;
use crate::event::{
    At, Draft, Event, EventKind, MemberStatus, Outcome, RunError, RunStatus, Totals,
};
use serde_json::Value;

/// The code of the notice that a jury came to no majority: the run is degraded by it.
pub const HUNG_JURY: &str = "hung_jury";

/// How a run comes to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// All rounds were held.
    Completed,
    /// It cannot go on.
    Failed {
        /// Why, as a sentence.
        reason: String,
        /// The run's own error, where the cause is not its members' errors alone.
        error: Option<RunError>,
    },
    /// Somebody ended it.
    Cancelled {
        /// Why, as a sentence.
        reason: String,
    },
    /// Its process or task died.
    Crashed {
        /// Why, as a sentence.
        reason: String,
        /// The fault, where it is known.
        error: Option<RunError>,
    },
}

impl End {
    /// The status that the run ends in.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        match self {
            Self::Completed => RunStatus::Completed,
            Self::Failed { .. } => RunStatus::Failed,
            Self::Cancelled { .. } => RunStatus::Cancelled,
            Self::Crashed { .. } => RunStatus::Crashed,
        }
    }
}

impl Fold {
    /// The terminal event of a run that comes to `end` now, from the events so far.
    #[must_use]
    pub fn conclude(&self, end: &End) -> Draft {
        let status = end.status();
        let completed = status == RunStatus::Completed;
        let (answer, answer_by) = if completed {
            self.answer()
        } else {
            (None, None)
        };
        let (reason, own_error) = match end {
            End::Completed => (None, None),
            End::Failed { reason, error } | End::Crashed { reason, error } => {
                (Some(reason.clone()), error.clone())
            }
            End::Cancelled { reason } => (Some(reason.clone()), None),
        };
        let mut errors = self.result.errors.clone();
        if let Some(error) = own_error {
            errors.insert(0, error);
        }
        let outcome = Outcome {
            status,
            degraded: completed && self.is_degraded(),
            reason,
            answer,
            answer_by,
            missing: self.result.missing.clone(),
            vote: self.result.vote.clone(),
            scores: self.result.scores.clone(),
            agreement: self.result.agreement,
            dissent: self.result.dissent.clone(),
            gate: self.result.gate.clone(),
            errors,
            totals: Totals {
                usage: self.totals.usage,
                cost_usd: self.totals.known_cost(),
                calls: self.totals.calls,
                usage_then: (self.totals.calls.from_tape > 0).then_some(self.then.usage),
                cost_usd_then: self.then.known_cost(),
            },
        };
        Draft::of_run(if completed {
            EventKind::RunCompleted(outcome)
        } else {
            EventKind::RunFailed(outcome)
        })
    }

    /// The terminal event of a run whose process died: at the last sign of life, so that it is
    /// the same event whoever finds the crash, and whenever.
    #[must_use]
    pub fn conclude_crashed(&self, reason: &str) -> Event {
        let end = End::Crashed {
            reason: reason.to_owned(),
            error: None,
        };
        let at = self.last_at.unwrap_or_else(At::now);
        self.conclude(&end)
            .stamp(self.result.run_id.clone(), self.next_seq(), at)
    }

    /// The synthesis; without one the last winner; else the only answer; else all under their ids.
    fn answer(&self) -> (Option<Value>, Option<String>) {
        if let Some((text, by)) = &self.synthesis {
            return (Some(text.clone()), Some(by.to_string()));
        }
        let answers = || {
            self.result
                .members
                .iter()
                .filter_map(|(id, member)| Some((id, member.answer.as_ref()?)))
        };
        if let Some(winner) = &self.result.vote {
            let text = answers()
                .find(|(id, _)| id.as_str() == winner)
                .map_or(winner, |(_, text)| text);
            return (
                Some(Value::String(text.clone())),
                Some("aggregate".to_owned()),
            );
        }
        let mut all = answers();
        match (all.next(), all.next()) {
            (None, _) => (None, None),
            (Some((id, only)), None) => (Some(Value::String(only.clone())), Some(id.to_string())),
            _ => {
                let sections: Vec<String> = answers()
                    .map(|(id, text)| format!("## {id}\n\n{}", text.trim()))
                    .collect();
                (
                    Some(Value::String(sections.join("\n\n"))),
                    Some("members".to_owned()),
                )
            }
        }
    }

    fn is_degraded(&self) -> bool {
        let statuses = self
            .result
            .rounds
            .iter()
            .flat_map(|round| round.statuses.values());
        statuses.copied().any(MemberStatus::is_missing)
            || self
                .result
                .notices
                .iter()
                .any(|notice| notice.code == HUNG_JURY)
    }
}
