//! Recorders: side effects of one run, which see every event in order and then one outcome.
//!
//! A failing recorder never kills its run.

mod process;
mod sqlite;

use crate::event::{Event, Record, RunId, RunResult};
use crate::store::StoreError;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub use process::RecorderProcess;
pub use sqlite::SqliteRecorder;

/// Something that keeps, or acts on, what happens in one run.
#[async_trait]
pub trait Recorder: Send {
    /// Is told, before anything else, how long a call of `handle_finalize` may take.
    fn set_grace(&mut self, _grace: Duration) {}

    /// Is called before anything of the run exists; once, but for calls that were dropped while
    /// [`Recorder::is_waiting_for_room`], which are made again.
    ///
    /// # Errors
    /// The recorder refuses: then the run does not start.
    async fn init(&mut self, run_id: &RunId) -> Result<(), RecorderError>;

    /// Is called for each event in order, the terminal one too. A call that was dropped while
    /// [`Recorder::is_waiting_for_room`] has kept nothing and is made again.
    ///
    /// # Errors
    /// The event could not be kept.
    async fn handle_event(&mut self, event: Arc<Event>) -> Result<(), RecorderError>;

    /// Is called exactly once, last. Says how much of the run is kept.
    ///
    /// # Errors
    /// It is not known how much is kept.
    async fn handle_finalize(&mut self, outcome: Finalize) -> Result<Record, RecorderError>;

    /// Is asked after a call of `handle_finalize` that was dropped or has panicked: how much of the
    /// run is kept, for good. None where that is not known.
    fn give_up(&mut self) -> Option<Record> {
        None
    }

    /// Whether a call of `init` or `handle_event` that takes long waits, for room (back-pressure)
    /// or for a lock of another process, rather than hangs. The wait has an end of its own.
    fn is_waiting_for_room(&self) -> bool {
        false
    }

    /// Whether something of the run could not be kept where it belongs, though no call has failed.
    fn is_failing(&self) -> bool {
        false
    }
}

/// How a run ended, as its recorders are told.
#[derive(Debug, Clone)]
pub enum Finalize {
    /// It has an answer.
    Completed(Box<RunResult>),
    /// It ended without an answer; the result holds what there was.
    Failed(Box<RunResult>),
    /// Somebody ended it; the result holds what there was.
    Cancelled(Box<RunResult>),
    /// Its task died, or it never started after `init`; why, as a sentence.
    Crashed(String),
}

/// Why a recorder refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// There is a run of this id.
    #[error("there is a run `{0}` already; name another id, or none to have one drawn")]
    TakenRunId(RunId),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Another fault, as a sentence.
    #[error("{0}")]
    Other(String),
}

impl From<StoreError> for RecorderError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TakenRunId(run_id) => Self::TakenRunId(run_id),
            other => Self::Store(other),
        }
    }
}
