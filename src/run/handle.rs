//! What the outside holds of a run.

use super::stop::{CancelledBy, Cause, Stop};
use crate::bus::{Subscribers, Subscription};
use crate::event::{At, Event, EventKind, RunId, RunResult, RunStatus};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Where a run stands, at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunState {
    /// The run.
    pub run_id: RunId,
    /// The council's name.
    pub council: String,
    /// Its status.
    pub status: RunStatus,
    /// Name and index of the round that is being held.
    pub round: Option<(String, u32)>,
    /// How many rounds are over.
    pub rounds_completed: u32,
    /// When it started.
    pub started_at: Option<At>,
}

impl RunState {
    pub(super) fn pending(run_id: RunId, council: String) -> Self {
        Self {
            run_id,
            council,
            status: RunStatus::Pending,
            round: None,
            rounds_completed: 0,
            started_at: None,
        }
    }

    pub(super) fn observe(&mut self, event: &Event) {
        match &event.body {
            EventKind::RunStarted(_) => {
                self.status = RunStatus::Running;
                self.started_at = Some(event.at);
            }
            EventKind::RoundStarted(_) => {
                self.round = event
                    .round
                    .as_ref()
                    .map(|round| (round.name.clone(), round.index));
            }
            EventKind::RoundCompleted(_) => {
                self.round = None;
                self.rounds_completed += 1;
            }
            _ => {}
        }
        if let Some(outcome) = event.outcome() {
            self.status = outcome.status;
            self.round = None;
        }
    }
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoResult {
    /// The time is up and the run goes on.
    #[error("the run is still going on")]
    StillRunning,
    /// The task that carried the run is gone and left no result.
    #[error("the run's own task is gone and left no result")]
    RunnerDead,
}

/// What all handles of one run share.
pub(super) struct Shared {
    pub(super) run_id: RunId,
    pub(super) state: Mutex<RunState>,
    pub(super) stop: Stop,
    pub(super) subscribers: Subscribers,
    pub(super) result: watch::Receiver<Option<Arc<RunResult>>>,
}

/// A run, from outside. Cheap to clone; dropping it never cancels the run.
#[derive(Clone)]
pub struct RunHandle(pub(super) Arc<Shared>);

impl fmt::Debug for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunHandle").field(&self.0.run_id).finish()
    }
}

impl RunHandle {
    /// The run's id.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.0.run_id
    }

    /// Where the run stands. Never waits for the run.
    #[must_use]
    pub fn state(&self) -> RunState {
        self.0
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// All events from now on, lossless: a subscriber that stops reading costs memory, never the
    /// run. Who needs the first event too subscribes through the start options.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.0.subscribers.subscribe()
    }

    /// Ends the run: calls in flight are dropped at once, what has come stays, and the outcome is
    /// recorded. The first reason wins; on a run that has ended it changes nothing.
    pub fn cancel(&self, by: CancelledBy) {
        self.0.stop.ask(Cause::Cancelled(by));
    }

    /// Cancels, and does not wait for tasks that do not end at once. The outcome is recorded all
    /// the same.
    pub fn terminate(&self, by: CancelledBy) {
        self.cancel(by);
        self.0.stop.hurry();
    }

    /// Who cancelled the run, if that is why it stops.
    #[must_use]
    pub fn cancelled_by(&self) -> Option<CancelledBy> {
        match self.0.stop.cause() {
            Some(Cause::Cancelled(by)) => Some(by.clone()),
            _ => None,
        }
    }

    /// The result, waited for at most `timeout`, or without limit.
    ///
    /// # Errors
    /// [`NoResult::StillRunning`] after `timeout`; [`NoResult::RunnerDead`] where no result can come.
    pub async fn result(&self, timeout: Option<Duration>) -> Result<Arc<RunResult>, NoResult> {
        let mut result = self.0.result.clone();
        let ended = async {
            match result.wait_for(Option::is_some).await {
                Ok(there) => there.clone().ok_or(NoResult::RunnerDead),
                Err(_gone) => Err(NoResult::RunnerDead),
            }
        };
        match timeout {
            None => ended.await,
            Some(limit) => tokio::time::timeout(limit, ended)
                .await
                .unwrap_or(Err(NoResult::StillRunning)),
        }
    }

    pub(super) fn is_runner_dead(&self) -> bool {
        self.0.result.has_changed().is_err() && self.0.result.borrow().is_none()
    }
}

/// A run that is cancelled when this is dropped.
#[derive(Debug)]
pub struct LinkedRun(RunHandle);

impl LinkedRun {
    pub(super) fn new(handle: RunHandle) -> Self {
        Self(handle)
    }

    /// The run; a clone of this handle does not keep it alive.
    #[must_use]
    pub fn handle(&self) -> &RunHandle {
        &self.0
    }
}

impl Drop for LinkedRun {
    fn drop(&mut self) {
        self.0.cancel(CancelledBy::Unlinked);
    }
}
