//! Runs by their ids. A value, not a global: each supervisor has its own.

use super::handle::{RunHandle, Shared};
use crate::event::RunId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Runs by their ids; it keeps an ended run while a handle lives. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Registry(Arc<Mutex<HashMap<RunId, Entry>>>);

#[derive(Debug)]
enum Entry {
    /// Its start has begun.
    Reserved,
    There(Weak<Shared>),
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("run_id", &self.run_id)
            .finish_non_exhaustive()
    }
}

/// Why a run can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// There is no such run here.
    #[error("no run `{0}` here")]
    UnknownRun(RunId),
    /// The run's own task died and left no result.
    #[error("the task of run `{0}` is dead")]
    RunnerDead(RunId),
}

impl Registry {
    /// The handle of a run.
    ///
    /// # Errors
    /// There is no such run, or its task is dead.
    pub fn lookup(&self, run_id: &RunId) -> Result<RunHandle, LookupError> {
        let unknown = || LookupError::UnknownRun(run_id.clone());
        let handle = match self.lock().get(run_id) {
            Some(Entry::There(shared)) => shared.upgrade().map(RunHandle).ok_or_else(unknown)?,
            Some(Entry::Reserved) | None => return Err(unknown()),
        };
        if handle.is_runner_dead() {
            return Err(LookupError::RunnerDead(run_id.clone()));
        }
        Ok(handle)
    }

    /// Takes `run_id`; none where it is taken. Dropping the place without filling it gives it back.
    pub(super) fn reserve(&self, run_id: &RunId) -> Option<Place> {
        let mut runs = self.lock();
        runs.retain(|_, entry| match entry {
            Entry::Reserved => true,
            Entry::There(shared) => shared.strong_count() > 0,
        });
        if runs.contains_key(run_id) {
            return None;
        }
        runs.insert(run_id.clone(), Entry::Reserved);
        Some(Place {
            registry: self.clone(),
            run_id: run_id.clone(),
            filled: false,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An id that was reserved.
pub(super) struct Place {
    registry: Registry,
    run_id: RunId,
    filled: bool,
}

impl Place {
    pub(super) fn fill(mut self, handle: &RunHandle) {
        let entry = Entry::There(Arc::downgrade(&handle.0));
        self.registry.lock().insert(self.run_id.clone(), entry);
        self.filled = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.filled {
            self.registry.lock().remove(&self.run_id);
        }
    }
}
