//! What the handles and the thread that writes tell each other besides the queue.

use crate::event::RunId;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the handles and the thread both see.
#[derive(Debug, Default)]
pub(in crate::store) struct Board {
    /// Nothing more is taken in; what is queued is written.
    pub(in crate::store) is_closing: AtomicBool,
    /// The first event of each run that goes on that is not yet known to be on disk.
    durable: Mutex<HashMap<RunId, u64>>,
    /// Runs whose end waits for a commit no longer.
    hurried: Mutex<HashSet<RunId>>,
    /// Runs of which something could not be written into the store.
    failing: Mutex<HashSet<RunId>>,
}

impl Board {
    pub(in crate::store) fn durable_to(&self, run_id: &RunId) -> u64 {
        self.durable().get(run_id).copied().unwrap_or(0)
    }

    /// Asks for the run to be spilled rather than wait for a commit.
    pub(in crate::store) fn hurry(&self, run_id: &RunId) {
        lock(&self.hurried).insert(run_id.clone());
    }

    pub(super) fn fail(&self, run_id: &RunId) {
        lock(&self.failing).insert(run_id.clone());
    }

    /// The runs that have been hurried since this was last asked.
    pub(super) fn take_hurried(&self) -> Vec<RunId> {
        lock(&self.hurried).drain().collect()
    }

    pub(in crate::store) fn is_failing(&self, run_id: &RunId) -> bool {
        lock(&self.failing).contains(run_id)
    }

    #[cfg(test)]
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.durable().is_empty()
            && lock(&self.hurried).is_empty()
            && lock(&self.failing).is_empty()
    }

    pub(super) fn durable(&self) -> MutexGuard<'_, HashMap<RunId, u64>> {
        lock(&self.durable)
    }

    pub(super) fn forget(&self, run_id: &RunId) {
        self.durable().remove(run_id);
        lock(&self.hurried).remove(run_id);
        lock(&self.failing).remove(run_id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
