//! The handle to the one thread of a process that writes.

use super::StoreError;
use super::live::LiveFolder;
use super::open::{self, PATIENCE};
use super::reclaim;
use super::scribe::{Board, Decision, Job, Scribe};
use super::settling::Settling;
use super::sql::{Ending, Line, NewRun};
use super::stake::Stake;
use crate::event::{Event, RunId};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How many events may be queued: one transaction under way and the next one gathering. What else
/// is queued is little and always has room, so that the end of a run is never left outside.
const ROOM: usize = 1024;

/// A store that is open for writing. Clones share one thread, which ends with the last of them or
/// by [`Writer::close`].
#[derive(Debug, Clone)]
pub struct Writer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    board: Arc<Board>,
    thread: Mutex<Option<JoinHandle<()>>>,
    left: Vec<String>,
}

impl Writer {
    /// Opens the store at `path`, which is made if there is none, brings its tables up to date,
    /// takes back what was spilled beside it, and records the runs whose processes have died.
    /// Blocks; a lock is waited for, 30 s at most.
    ///
    /// # Errors
    /// The file is no store, a newer one, or cannot be made, reached or written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, PATIENCE)
    }

    pub(super) fn open_with(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let opened = open::for_writing(path, patience)?;
        let path = opened.path.clone();
        let left = reclaim::settle_all(&opened.conn, &path, &LiveFolder::of(&path))
            .map_err(|fault| StoreError::of(&path, patience, &fault))?;
        let (jobs, queue) = mpsc::unbounded_channel();
        let board = Arc::new(Board::default());
        let thread = std::thread::Builder::new().name("council-store".to_owned());
        let thread = {
            let board = Arc::clone(&board);
            thread.spawn(move || Scribe::new(opened, queue, &board, patience).run())
        };
        let thread = thread.map_err(|source| StoreError::Unreachable {
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                jobs,
                room: Arc::new(Semaphore::new(ROOM)),
                board,
                thread: Mutex::new(Some(thread)),
                left,
            }),
        })
    }

    /// The store's file, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// A sentence for each file of spilled events that was left where it is when the store was
    /// opened, as it does not belong to what is stored.
    #[must_use]
    pub fn left(&self) -> &[String] {
        &self.inner.left
    }

    /// Writes the row of a run, `pending`, and waits until it is on disk. Dropped before that, it
    /// leaves no row.
    ///
    /// # Errors
    /// [`StoreError::TakenRunId`] where the store has a run of this id, which is not touched;
    /// [`StoreError::Locked`] where another process held a lock for 30 s; others where nothing
    /// could be written.
    pub async fn begin(&self, run: NewRun) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Begin(Box::new(run), reply))?;
        answer.await.unwrap_or_else(|_| Err(self.closed()))
    }

    /// Queues an event that is not the last of its run. Waits while the queue is full; dropped
    /// while it waits, it has queued nothing. Events of runs that this process has not begun
    /// are ignored.
    ///
    /// # Errors
    /// The thread has ended.
    pub async fn event(&self, event: Arc<Event>) -> Result<(), StoreError> {
        let line = Line::of(&event).map_err(|fault| self.unwritable(&event, &fault))?;
        let room = Arc::clone(&self.inner.room).acquire_owned().await;
        self.send(Job::Event(line, room.map_err(|_| self.closed())?))
    }

    /// Queues the terminal event and the outcome, which go into one transaction.
    ///
    /// # Errors
    /// `terminal` is no terminal event, or the thread has ended.
    pub fn finish(&self, terminal: &Event) -> Result<Settling, StoreError> {
        let ending = match terminal.outcome() {
            Some(outcome) => Ending::of(terminal, outcome),
            None => return Err(self.no_end(terminal)),
        };
        let ending = ending.map_err(|fault| self.unwritable(terminal, &fault))?;
        self.settle(&terminal.run_id, |decision| {
            Job::Finish(Box::new(ending), decision)
        })
    }

    /// Queues the end of a run that this process has begun and that has no terminal event: it is
    /// `crashed` for `reason`, after the events so far.
    ///
    /// # Errors
    /// The thread has ended.
    pub fn crash(&self, run_id: &RunId, reason: &str) -> Result<Settling, StoreError> {
        self.settle(run_id, |decision| {
            Job::Crash(run_id.clone(), reason.to_owned(), decision)
        })
    }

    fn settle(
        &self,
        run_id: &RunId,
        job: impl FnOnce(Decision) -> Job,
    ) -> Result<Settling, StoreError> {
        let stake = Stake::default();
        let (reply, answer) = oneshot::channel();
        self.send(job(Decision {
            reply,
            stake: stake.clone(),
        }))?;
        Ok(Settling::new(self.clone(), run_id.clone(), stake, answer))
    }

    /// Asks for the end of a run to be spilled rather than wait for its commit.
    pub(super) fn hurry(&self, run_id: &RunId) {
        self.inner.board.hurry(run_id);
    }

    /// Whether somebody wants the run to end.
    ///
    /// # Errors
    /// The thread has ended.
    pub async fn cancel_requested(&self, run_id: &RunId) -> Result<bool, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::IsCancelled(run_id.clone(), reply))?;
        answer.await.map_err(|_| self.closed())
    }

    /// The first event of a run that goes on that is not known to be on disk; 0 of any other.
    #[must_use]
    pub fn durable_to(&self, run_id: &RunId) -> u64 {
        self.inner.board.durable_to(run_id)
    }

    /// Whether something of a run that goes on could not be written into the store.
    #[must_use]
    pub fn is_failing(&self, run_id: &RunId) -> bool {
        self.inner.board.is_failing(run_id)
    }

    /// Whether what is queued will be written.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.inner.jobs.is_closed()
    }

    /// Writes what is queued, closes the store so that its one file can be copied, and waits for
    /// that. Blocks. What is sent afterwards is refused.
    pub fn close(&self) {
        self.inner.board.is_closing.store(true, Ordering::Release);
        drop(self.inner.jobs.send(Job::Wake));
        let thread = {
            let mut thread = self
                .inner
                .thread
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            thread.take()
        };
        if let Some(thread) = thread {
            // A panic there has left the store as a killed process would.
            drop(thread.join());
        }
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        self.inner.jobs.send(job).map_err(|_| self.closed())
    }

    pub(super) fn closed(&self) -> StoreError {
        StoreError::Closed {
            path: self.inner.path.clone(),
        }
    }

    fn no_end(&self, event: &Event) -> StoreError {
        self.fault_of(event, "it is not the last one of a run")
    }

    fn unwritable(&self, event: &Event, fault: &serde_json::Error) -> StoreError {
        self.fault_of(event, &fault.to_string())
    }

    fn fault_of(&self, event: &Event, why: &str) -> StoreError {
        StoreError::Failed {
            path: self.inner.path.clone(),
            why: format!(
                "event {} of run `{}` cannot be written: {why}",
                event.seq, event.run_id
            ),
        }
    }
}

#[cfg(test)]
mod tests;
