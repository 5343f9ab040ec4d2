//! What the handles ask of the thread that writes.

use crate::event::{Record, RunId};
use crate::store::StoreError;
use crate::store::sql::{Ending, Line, NewRun};
use crate::store::stake::Stake;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Something to write, or to look up.
#[derive(Debug)]
pub(in crate::store) enum Job {
    /// Void when nobody waits for the answer any more.
    Begin(Box<NewRun>, oneshot::Sender<Result<(), StoreError>>),
    Event(
        Line,
        #[expect(
            dead_code,
            reason = "the room in the queue, which is free again with the job"
        )]
        OwnedSemaphorePermit,
    ),
    Finish(Box<Ending>, Decision),
    Crash(RunId, String, Decision),
    /// Whether somebody wants the run to end.
    IsCancelled(RunId, oneshot::Sender<bool>),
    /// Wakes the thread to look at the board.
    Wake,
}

impl Job {
    /// The run that this is a part of the record of.
    pub(super) fn run_id(&self) -> Option<&RunId> {
        match self {
            Self::Event(line, _) => Some(&line.run_id),
            Self::Finish(ending, _) => Some(&ending.line.run_id),
            Self::Crash(run_id, ..) => Some(run_id),
            Self::Begin(..) | Self::IsCancelled(..) | Self::Wake => None,
        }
    }
}

/// Where the record of a run that ends is settled.
#[derive(Debug)]
pub(in crate::store) struct Decision {
    pub(in crate::store) reply: oneshot::Sender<Record>,
    pub(in crate::store) stake: Stake,
}

impl Decision {
    /// One that nobody waits for any more.
    pub(super) fn for_nobody(stake: Stake) -> Self {
        let (reply, _nobody) = oneshot::channel();
        Self { reply, stake }
    }
}
