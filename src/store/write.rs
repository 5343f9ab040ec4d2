//! The handle to the one thread of a process that writes.

use super::StoreError;
use super::crash;
use super::live::LiveFolder;
use super::open::{self, PATIENCE};
use super::scribe::{Board, Job, Scribe};
use super::sql::{Ending, Line, NewRun};
use crate::event::{Event, Record, RunId};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How much may be queued: one transaction under way and the next one gathering.
const QUEUE: usize = 1024;

/// A store that is open for writing. Clones share one thread, which ends with the last of them or
/// by [`Writer::close`].
#[derive(Debug, Clone)]
pub struct Writer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
    board: Arc<Board>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Opens the store at `path`, which is made if there is none, brings its tables up to date,
    /// and records the runs whose processes have died. Blocks; a lock is waited for, 30 s at most.
    ///
    /// # Errors
    /// The file is no store, a newer one, or cannot be made, reached or written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, PATIENCE)
    }

    pub(super) fn open_with(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let opened = open::for_writing(path, patience)?;
        let path = opened.path.clone();
        crash::record_all(&opened.conn, &path, &LiveFolder::of(&path))
            .map_err(|fault| StoreError::of(&path, patience, &fault))?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let board = Arc::new(Board::default());
        let thread = std::thread::Builder::new().name("council-store".to_owned());
        let thread = {
            let board = Arc::clone(&board);
            thread.spawn(move || Scribe::new(opened, &board, patience).run(queue))
        };
        let thread = thread.map_err(|source| StoreError::Unreachable {
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                jobs,
                board,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// The store's file, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Writes the row of a run, `pending`, and waits until it is on disk.
    ///
    /// # Errors
    /// [`StoreError::TakenRunId`] where the store has a run of this id, which is not touched;
    /// others where nothing could be written.
    pub async fn begin(&self, run: NewRun) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Begin(Box::new(run), reply)).await?;
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
        self.send(Job::Event(line)).await
    }

    /// Writes the terminal event and the outcome in one transaction and waits until they are on
    /// disk. The record says which event is the first that is missing, if any.
    ///
    /// # Errors
    /// `terminal` is no terminal event, or the thread has ended.
    pub async fn finish(&self, terminal: Arc<Event>) -> Result<Record, StoreError> {
        let ending = match terminal.outcome() {
            Some(outcome) => Ending::of(&terminal, outcome),
            None => return Err(self.no_end(&terminal)),
        };
        let ending = ending.map_err(|fault| self.unwritable(&terminal, &fault))?;
        let (reply, answer) = oneshot::channel();
        self.send(Job::Finish(Box::new(ending), reply)).await?;
        answer.await.map_err(|_| self.closed())
    }

    /// Ends a run that this process has begun and that has no terminal event: it is `crashed` for
    /// `reason`, after the events so far. Waits until that is on disk.
    ///
    /// # Errors
    /// The thread has ended.
    pub async fn crash(&self, run_id: &RunId, reason: &str) -> Result<Record, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Crash(run_id.clone(), reason.to_owned(), reply))
            .await?;
        answer.await.map_err(|_| self.closed())
    }

    /// Whether somebody wants the run to end.
    ///
    /// # Errors
    /// The thread has ended.
    pub async fn cancel_requested(&self, run_id: &RunId) -> Result<bool, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::IsCancelled(run_id.clone(), reply)).await?;
        answer.await.map_err(|_| self.closed())
    }

    /// The first event of the run that is not known to be on disk.
    #[must_use]
    pub fn durable_to(&self, run_id: &RunId) -> u64 {
        self.inner.board.durable_to(run_id)
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
        // A full queue wakes the thread as well.
        drop(self.inner.jobs.try_send(Job::Wake));
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

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        self.inner.jobs.send(job).await.map_err(|_| self.closed())
    }

    fn closed(&self) -> StoreError {
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
mod tests {
    use super::*;
    use crate::event::RecordState;
    use crate::store::Reader;
    use crate::store::testing::{block_on, events, run, write_open, write_whole};
    use rusqlite::Connection;

    fn new_store() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        (dir, store)
    }

    fn reader(store: &Path) -> Reader {
        Reader::open(store).expect("it opens").expect("a store")
    }

    #[test]
    fn what_was_written_is_read_back_as_it_was() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        // More than the queue and a group hold.
        let record = block_on(write_whole(&writer, run("a"), 3_000));
        assert_eq!(record, Record::of(RecordState::Complete));
        let written = events(&run("a"), 3_000);
        let run_id = run("a").run_id;
        let reader = reader(&store);
        let lines: Vec<String> = written
            .iter()
            .map(|event| serde_json::to_string(event).expect("a line"))
            .collect();
        assert_eq!(reader.bodies(&run_id).expect("its events"), lines);
        let events = reader.events(&run_id).expect("its events");
        assert!(events.iter().eq(written.iter().map(Arc::as_ref)));
    }

    #[test]
    fn runs_that_write_at_once_each_stay_in_order() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        std::thread::scope(|scope| {
            for index in 0..8 {
                let writer = writer.clone();
                scope.spawn(move || block_on(write_whole(&writer, run(&format!("r{index}")), 300)));
            }
        });
        writer.close();
        let reader = reader(&store);
        for index in 0..8 {
            let run_id = run(&format!("r{index}")).run_id;
            let seqs: Vec<u64> = reader
                .events(&run_id)
                .expect("its events")
                .iter()
                .map(|event| event.seq)
                .collect();
            assert_eq!(seqs, (0..=300).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn the_row_holds_all_that_makes_the_run_again() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        block_on(writer.begin(run("a"))).expect("the row is written");
        let conn = Connection::open(&store).expect("the file");
        let row: (String, Vec<u8>, String, i64, String, String) = conn
            .query_row(
                "SELECT status, spec, resolved, seed, labels, limits FROM runs \
                 WHERE run_id = 'a' AND outcome IS NULL AND degraded = 0",
                [],
                |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                    ))
                },
            )
            .expect("one row");
        let new = run("a");
        assert_eq!(row.0, "pending");
        assert_eq!((row.1, row.2), (new.spec, new.resolved));
        assert_eq!(row.3.cast_unsigned(), new.seed);
        assert_eq!(row.4, r#"{"team":"infra"}"#);
        assert_eq!(row.5, r#"{"deadline_ms":60000}"#);
        let file: Vec<u8> = conn
            .query_row(
                "SELECT content FROM files WHERE name = 'a.txt'",
                [],
                |row| row.get(0),
            )
            .expect("one file");
        assert_eq!(file, b"\xff\x00");
    }

    #[test]
    fn a_taken_id_is_refused_and_nothing_is_touched() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        block_on(write_whole(&writer, run("a"), 5));
        let fault = block_on(writer.begin(run("a"))).expect_err("it is taken");
        assert!(matches!(fault, StoreError::TakenRunId(_)), "{fault:?}");
        let events = reader(&store).events(&run("a").run_id).expect("its events");
        assert_eq!(events.len(), 6);
    }

    #[test]
    fn closing_leaves_one_file_and_refuses_what_comes_later() {
        let (dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        block_on(write_whole(&writer, run("a"), 5));
        assert!(writer.is_alive());
        writer.close();
        writer.close();
        let left: Vec<_> = std::fs::read_dir(dir.path())
            .expect("the folder")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(left, ["runs.db"]);
        assert!(!writer.is_alive());
        let fault = block_on(writer.begin(run("b"))).expect_err("it is closed");
        assert!(matches!(fault, StoreError::Closed { .. }), "{fault:?}");
    }

    #[test]
    fn a_missing_event_ends_the_record_there_and_the_row_says_so() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        let mut all = events(&run("a"), 6);
        all.remove(3);
        let terminal = all.pop().expect("a last event");
        let record = block_on(async {
            writer.begin(run("a")).await.expect("the row is written");
            for event in all {
                writer.event(event).await.expect("the event is queued");
            }
            writer.finish(terminal).await.expect("the run is ended")
        });
        assert_eq!(record, Record::incomplete(3));
        let reader = reader(&store);
        let result = reader.result(&run("a").run_id).expect("its result");
        assert_eq!(result.record, Record::incomplete(3));
        assert_eq!(result.status, crate::event::RunStatus::Completed);
        let seqs = reader.events(&run("a").run_id).expect("its events");
        let seqs: Vec<u64> = seqs.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, [0, 1, 2, 6]);
    }

    #[test]
    fn a_lock_is_waited_for_and_a_lasting_one_loses_events_but_not_the_run() {
        let (_dir, store) = new_store();
        let writer = Writer::open_with(&store, Duration::from_millis(50)).expect("a store");
        let mut all = events(&run("a"), 4);
        let terminal = all.pop().expect("a last event");
        let other = Connection::open(&store).expect("the file");
        let record = block_on(async {
            writer.begin(run("a")).await.expect("the row is written");
            writer.event(all[0].clone()).await.expect("it is queued");
            while writer.durable_to(&terminal.run_id) < 1 {
                writer
                    .cancel_requested(&terminal.run_id)
                    .await
                    .expect("it looks");
            }
            other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
            writer.event(all[1].clone()).await.expect("it is queued");
            // The thread answers again when it has given the group up.
            for _ in 0..2 {
                writer
                    .cancel_requested(&terminal.run_id)
                    .await
                    .expect("it looks");
            }
            other.execute_batch("COMMIT").expect("the lock is free");
            for event in &all[2..] {
                writer.event(event.clone()).await.expect("it is queued");
            }
            writer.finish(terminal).await.expect("the run is ended")
        });
        assert_eq!(record, Record::incomplete(1));
        let result = reader(&store).result(&run("a").run_id).expect("its result");
        assert_eq!(result.status, crate::event::RunStatus::Completed);
    }

    #[test]
    fn a_store_that_is_deleted_under_a_run_is_said_to_be_lost() {
        let (dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        let terminal = events(&run("a"), 2).pop().expect("a last event");
        let record = block_on(async {
            write_open(&writer, run("a"), 2).await;
            std::fs::remove_dir_all(dir.path()).expect("it is deleted");
            writer.finish(terminal).await.expect("the thread lives")
        });
        assert_eq!(record, Record::incomplete(0));
        let fault = block_on(writer.begin(run("b"))).expect_err("nobody would find it");
        assert!(matches!(fault, StoreError::Gone { .. }), "{fault:?}");
        writer.close();
    }
}
