//! Runs as a group: they survive whoever started them, and end with their supervisor.
//!
//! Children are never restarted, and one bad child never touches its siblings: each run is its own
//! tasks, its own bus and its own recorder.

use super::handle::RunHandle;
use super::registry::Registry;
use super::start::{StartError, StartOptions, start};
use super::stop::{CancelledBy, Cause, Stop};
use crate::event::{RunId, RunStatus};
use futures::future::join_all;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A group of runs. A value: there may be any number of supervisors. Dropping it cancels its runs
/// without waiting for them.
#[derive(Debug, Default)]
pub struct Supervisor(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    registry: Registry,
    children: Mutex<Children>,
}

#[derive(Debug, Default)]
struct Children {
    stopped: bool,
    /// By a number of our own: two starts may ask for the same id, and one is refused.
    runs: BTreeMap<u64, Entry>,
    next: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    run_id: RunId,
    stop: Stop,
    handle: Option<RunHandle>,
    /// Closed when the run has ended, or was never started.
    over: watch::Receiver<()>,
}

/// A run of a supervisor.
#[derive(Debug, Clone)]
pub struct Child {
    /// The run.
    pub run_id: RunId,
    /// Its status; `pending` while its start goes on.
    pub status: RunStatus,
    /// Its handle, once it has started.
    pub handle: Option<RunHandle>,
}

impl Supervisor {
    /// A supervisor without runs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The runs of this supervisor by their ids, ended ones too while somebody holds them.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Starts a run that survives its caller and ends with this supervisor.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_run(&self, options: StartOptions) -> Result<RunHandle, StartError> {
        let (open, over) = watch::channel(());
        let number = self.0.enter(&options, over)?;
        let inner = Arc::clone(&self.0);
        // A task of its own, so that a caller who gives up leaves no run half started.
        let started = tokio::spawn(async move {
            let started = start(options, &inner.registry).await;
            match &started {
                Err(_) => inner.forget(number),
                Ok(handle) => {
                    inner.started(number, handle);
                    let handle = handle.clone();
                    tokio::spawn(async move {
                        let _dead_or_ended = handle.result(None).await;
                        inner.forget(number);
                        drop(open);
                    });
                }
            }
            started
        });
        match started.await {
            Ok(started) => started,
            Err(error) => Err(StartError::RecorderRefused(format!(
                "its start was lost: {error}"
            ))),
        }
    }

    /// The runs that have not ended, in the order in which they were started.
    #[must_use]
    pub fn which_children(&self) -> Vec<Child> {
        let children = self.0.lock();
        let child = |entry: &Entry| Child {
            run_id: entry.run_id.clone(),
            status: entry
                .handle
                .as_ref()
                .map_or(RunStatus::Pending, |run| run.state().status),
            handle: entry.handle.clone(),
        };
        children.runs.values().map(child).collect()
    }

    /// Cancels all runs at once, those being started too, and returns when each has its recorded
    /// outcome, or after `grace` with the ids of those that have not. More runs may be started.
    pub async fn terminate_all(&self, grace: Duration) -> Vec<RunId> {
        let entries: Vec<Entry> = self.0.lock().runs.values().cloned().collect();
        for entry in &entries {
            entry.stop.ask(Cause::Cancelled(CancelledBy::Supervisor));
        }
        let all = join_all(entries.iter().map(|entry| {
            let mut over = entry.over.clone();
            async move { while over.changed().await.is_ok() {} }
        }));
        let _late = tokio::time::timeout(grace, all).await;
        entries
            .iter()
            .filter(|entry| entry.over.has_changed().is_ok())
            .map(|entry| entry.run_id.clone())
            .collect()
    }

    /// Takes no more runs, then [`Self::terminate_all`].
    pub async fn stop(&self, grace: Duration) -> Vec<RunId> {
        self.0.lock().stopped = true;
        self.terminate_all(grace).await
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let mut children = self.0.lock();
        children.stopped = true;
        for entry in children.runs.values() {
            entry.stop.ask(Cause::Cancelled(CancelledBy::Supervisor));
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, options: &StartOptions, over: watch::Receiver<()>) -> Result<u64, StartError> {
        let mut children = self.lock();
        if children.stopped {
            return Err(StartError::SupervisorStopped);
        }
        let number = children.next;
        children.next += 1;
        let (run_id, stop) = (options.run_id.clone(), options.stop.clone());
        children.runs.insert(
            number,
            Entry {
                run_id,
                stop,
                handle: None,
                over,
            },
        );
        Ok(number)
    }

    fn started(&self, number: u64, handle: &RunHandle) {
        if let Some(entry) = self.lock().runs.get_mut(&number) {
            entry.handle = Some(handle.clone());
        }
    }

    fn forget(&self, number: u64) {
        self.lock().runs.remove(&number);
    }
}
