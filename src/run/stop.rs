//! Why a run is to stop: the first reason wins.

use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// A signal that ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`.
    Terminate,
    /// The terminal went away.
    Hangup,
}

/// Who cancels a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelledBy {
    /// A signal to the process.
    Signal(Signal),
    /// `council cancel`, through the store.
    Request,
    /// A supervisor that ends its runs.
    Supervisor,
    /// Whoever holds the handle, in its own words.
    User(String),
    /// The owner of a linked run is gone.
    Unlinked,
}

impl fmt::Display for CancelledBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signal(Signal::Interrupt) => "cancelled by Ctrl-C (SIGINT)",
            Self::Signal(Signal::Terminate) => "cancelled by SIGTERM",
            Self::Signal(Signal::Hangup) => "cancelled by SIGHUP",
            Self::Request => "cancelled by `council cancel`",
            Self::Supervisor => "cancelled by its supervisor",
            Self::User(who) => return write!(f, "cancelled by {who}"),
            Self::Unlinked => "cancelled: the owner of the run is gone",
        })
    }
}

/// What makes a run stop before its last round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    Cancelled(CancelledBy),
    Deadline,
    /// The recorder fails, and the run is to be recorded.
    Unrecorded,
}

/// Tells the parts of a run to stop. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop {
    cause: Arc<OnceLock<Cause>>,
    asked: CancellationToken,
    hurry: CancellationToken,
}

impl Stop {
    /// Asks for the stop; a later cause changes nothing.
    pub(super) fn ask(&self, cause: Cause) {
        let _later = self.cause.set(cause);
        self.asked.cancel();
    }

    /// A stop for one step of the run: asked for with the run's, or alone by [`Self::end_step`].
    pub(super) fn child(&self) -> Self {
        Self {
            cause: Arc::clone(&self.cause),
            asked: self.asked.child_token(),
            hurry: self.hurry.clone(),
        }
    }

    /// Stops this step alone.
    pub(super) fn end_step(&self) {
        self.asked.cancel();
    }

    /// Gives up the patience with tasks that have not ended.
    pub(super) fn hurry(&self) {
        self.hurry.cancel();
    }

    pub(super) fn cause(&self) -> Option<&Cause> {
        self.cause.get()
    }

    pub(super) fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }

    pub(super) async fn asked(&self) {
        self.asked.cancelled().await;
    }

    pub(super) async fn hurried(&self) {
        self.hurry.cancelled().await;
    }
}
