//! The thread that writes: whatever is queued goes into one transaction, and that is committed as
//! soon as nothing more is queued.
//!
//! A group that cannot be committed is tried again until its time is up; then its events are
//! spilled into files beside the store, and so is whatever comes after them of the same runs, so
//! that store and file together have no gap. Where no file takes them they are lost. The end of
//! such a run is stored all the same, with a later group if need be, and the row says what is
//! missing.

mod board;
mod divert;
mod job;

use super::StoreError;
use super::crash;
use super::live::{LiveFile, LiveFolder};
use super::open::{self, Opened};
use super::spill::{SpillFile, Spills};
use super::sql::{self, Wrote};
use crate::event::{At, Record, RecordState, RunId};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub(super) use board::Board;
pub(super) use job::{Decision, Job};

/// How much goes into one transaction at most.
const GROUP: usize = 512;

/// How long one try waits for a lock: then it is looked whether anybody still waits for it.
const TRY: Duration = Duration::from_millis(250);

/// How far a run is stored, or spilled.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// The event that comes next.
    next: u64,
    /// The first one that was lost.
    lost_from: Option<u64>,
    /// Whether the store refuses the next one: all that follows is to be spilled.
    is_refused: bool,
}

impl Progress {
    fn lose(&mut self) {
        self.lost_from.get_or_insert(self.next);
    }

    fn record(self) -> Record {
        self.lost_from
            .map_or(Record::of(RecordState::Complete), Record::incomplete)
    }
}

/// What became of one job of a group.
enum Verdict {
    Begun,
    Taken,
    Kept(Record),
    /// The store has no place for it.
    Refused,
    Nothing,
}

/// What a committed group has changed.
#[derive(Default)]
struct Settled {
    progress: HashMap<RunId, Progress>,
    verdicts: Vec<Verdict>,
}

/// The thread's own state.
pub(super) struct Scribe<'a> {
    conn: Connection,
    path: PathBuf,
    jobs: mpsc::UnboundedReceiver<Job>,
    identity: Option<(u64, u64)>,
    /// How long the file was when it was last looked at.
    len: u64,
    folder: LiveFolder,
    /// Made when the first run begins; none where the file system takes no locks.
    live: Option<Option<LiveFile>>,
    progress: HashMap<RunId, Progress>,
    spills: Spills,
    /// The files of runs that are spilled from some event on.
    spilling: HashMap<RunId, SpillFile>,
    /// Endings that could not be written in their time; nobody waits for them any more.
    late: Vec<Job>,
    board: &'a Board,
    patience: Duration,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(
        opened: Opened,
        jobs: mpsc::UnboundedReceiver<Job>,
        board: &'a Board,
        patience: Duration,
    ) -> Self {
        let Opened { mut conn, path } = opened;
        // Should it fail, one try waits as long as opening did.
        drop(open::wait_for_locks(&mut conn, TRY.min(patience)));
        Self {
            conn,
            jobs,
            identity: identity(&path).map(|(file, _)| file),
            len: identity(&path).map_or(0, |(_, len)| len),
            folder: LiveFolder::of(&path),
            spills: Spills::of(&path),
            path,
            live: None,
            progress: HashMap::new(),
            spilling: HashMap::new(),
            late: Vec::new(),
            board,
            patience,
        }
    }

    /// Works until no handle is left or the board says so, then closes the store.
    pub(super) fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP);
        while self.jobs.blocking_recv_many(&mut group, GROUP) > 0 {
            if self.board.is_closing.load(Ordering::Acquire) {
                self.jobs.close();
            }
            self.look_up(&mut group);
            self.write(&mut group);
            // What woke this thread to look may have been taken along by a write.
            if self.board.is_closing.load(Ordering::Acquire) {
                self.jobs.close();
            }
        }
        if !self.late.is_empty() {
            // The last chance; what is still in the way leaves runs that read as crashed.
            drop(self.attempt(&self.late));
        }
        // The last connection of all processes writes the -wal back into the file.
        drop(self.conn.close());
        if let Some(Some(live)) = self.live {
            live.release();
        }
    }

    fn look_up(&self, group: &mut Vec<Job>) {
        let lookups = group.extract_if(.., |job| matches!(job, Job::IsCancelled(..) | Job::Wake));
        for job in lookups {
            if let Job::IsCancelled(run_id, reply) = job {
                // What cannot be read now is asked again soon.
                let wanted = sql::cancel_requested(&self.conn, &run_id);
                let _ = reply.send(wanted.unwrap_or(false));
            }
        }
    }

    fn write(&mut self, group: &mut Vec<Job>) {
        self.divert(group);
        if !self.is_worth_a_try(group) {
            group.clear();
            return;
        }
        if group.iter().any(|job| matches!(job, Job::Begin(..))) && self.live.is_none() {
            self.live = Some(self.folder.hold().ok());
        }
        group.splice(0..0, self.late.drain(..));
        let until = Instant::now() + self.patience;
        loop {
            match self.attempt(group) {
                Ok(settled) => return self.settle(group, settled),
                Err(fault) if may_pass(&fault) && Instant::now() < until => {
                    for job in &*group {
                        if let Job::Finish(_, decision) | Job::Crash(_, _, decision) = job {
                            decision.stake.put_back();
                        }
                    }
                    open::pause(5_000..20_000);
                }
                Err(fault) => return self.give_up(group, &fault),
            }
            self.divert(group);
            if !self.is_worth_a_try(group) {
                group.clear();
                return;
            }
        }
    }

    fn is_worth_a_try(&self, group: &[Job]) -> bool {
        group.iter().any(|job| match job {
            Job::Begin(_, reply) => !reply.is_closed(),
            Job::Event(line, _) => self
                .progress
                .get(&line.run_id)
                .is_some_and(|progress| progress.lost_from.is_none()),
            _ => true,
        })
    }

    /// Writes all of `group` in one transaction; on an error nothing of it is written.
    fn attempt(&self, group: &[Job]) -> rusqlite::Result<Settled> {
        let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
        let mut settled = Settled::default();
        settled.verdicts.reserve(group.len());
        for job in group {
            let verdict = self.put(&tx, job, &mut settled.progress)?;
            settled.verdicts.push(verdict);
        }
        #[cfg(test)]
        super::testing::tick();
        tx.commit()?;
        #[cfg(test)]
        super::testing::tick();
        Ok(settled)
    }

    fn put(
        &self,
        tx: &Connection,
        job: &Job,
        touched: &mut HashMap<RunId, Progress>,
    ) -> rusqlite::Result<Verdict> {
        match job {
            Job::Begin(_, reply) if reply.is_closed() => Ok(Verdict::Nothing),
            Job::Begin(run, _) => {
                let live = self.live.as_ref().and_then(Option::as_ref);
                let created_at = At::now();
                if sql::insert_run(tx, run, created_at, live.map(LiveFile::name))? == Wrote::Refused
                {
                    return Ok(Verdict::Taken);
                }
                touched.insert(run.run_id.clone(), Progress::default());
                Ok(Verdict::Begun)
            }
            Job::Event(line, _) => {
                let Some(progress) = self.progress_of(&line.run_id, touched) else {
                    return Ok(Verdict::Nothing);
                };
                if progress.lost_from.is_some() || line.seq < progress.next {
                    return Ok(Verdict::Nothing);
                }
                if !progress.is_refused && line.seq > progress.next {
                    progress.lose();
                    return Ok(Verdict::Nothing);
                }
                if progress.is_refused || sql::insert_event(tx, line)? == Wrote::Refused {
                    progress.is_refused = true;
                    return Ok(Verdict::Refused);
                }
                progress.next += 1;
                Ok(Verdict::Nothing)
            }
            Job::Finish(ending, decision) => {
                let said = decision.stake.take();
                let mut begun = Progress::default();
                let progress = self
                    .progress_of(&ending.line.run_id, touched)
                    .unwrap_or(&mut begun);
                if progress.is_refused {
                    return Ok(Verdict::Refused);
                }
                if ending.line.seq != progress.next {
                    progress.lose();
                }
                let record = said.or(progress.lost_from).map(Record::incomplete);
                if sql::end_run(tx, ending, record.as_ref())? == Wrote::Refused {
                    progress.is_refused = true;
                    return Ok(Verdict::Refused);
                }
                let record = said.map_or_else(|| progress.record(), Record::incomplete);
                Ok(Verdict::Kept(record))
            }
            Job::Crash(run_id, reason, decision) => {
                let said = decision.stake.take();
                let mut begun = Progress::default();
                let progress = self.progress_of(run_id, touched).unwrap_or(&mut begun);
                let record = said.or(progress.lost_from).map(Record::incomplete);
                let kept = crash::record(tx, &self.path, run_id, reason, record.as_ref())?;
                if kept == Wrote::Refused {
                    progress.lose();
                }
                let record = said.map_or_else(|| progress.record(), Record::incomplete);
                Ok(Verdict::Kept(record))
            }
            Job::IsCancelled(..) | Job::Wake => Ok(Verdict::Nothing),
        }
    }

    /// The progress of a run that this process has begun, as of this transaction.
    fn progress_of<'t>(
        &self,
        run_id: &RunId,
        touched: &'t mut HashMap<RunId, Progress>,
    ) -> Option<&'t mut Progress> {
        if !touched.contains_key(run_id) {
            touched.insert(run_id.clone(), *self.progress.get(run_id)?);
        }
        touched.get_mut(run_id)
    }

    fn settle(&mut self, group: &mut Vec<Job>, settled: Settled) {
        let is_sound = self.is_sound();
        self.advance(settled.progress);
        let mut refused = Vec::new();
        for (job, verdict) in group.drain(..).zip(settled.verdicts) {
            match (job, verdict) {
                (Job::Begin(run, reply), Verdict::Taken) => {
                    drop(reply.send(Err(StoreError::TakenRunId(run.run_id))));
                }
                (Job::Begin(run, reply), Verdict::Begun) => {
                    let path = self.path.clone();
                    let begun = reply.send(if is_sound {
                        Ok(())
                    } else {
                        Err(StoreError::Gone { path })
                    });
                    if begun.is_err() {
                        self.take_back(&run.run_id);
                    }
                }
                (Job::Finish(ending, decision), Verdict::Kept(record)) => {
                    let record = self.kept(&ending.line.run_id, record, is_sound);
                    self.committed(&ending.line.run_id, decision, record);
                }
                (Job::Crash(run_id, _, decision), Verdict::Kept(record)) => {
                    let record = self.kept(&run_id, record, is_sound);
                    self.committed(&run_id, decision, record);
                }
                (job, Verdict::Refused) => refused.push(job),
                _ => {}
            }
        }
        for run_id in refused.iter().filter_map(Job::run_id) {
            self.begin_to_spill(run_id);
        }
        self.spill(refused);
    }

    /// What is said of the record of a run whose end was committed. What went into a store that is
    /// damaged counts as lost, and the row says so too, for the -wal may yet bring it back.
    fn kept(&self, run_id: &RunId, record: Record, is_sound: bool) -> Record {
        if is_sound {
            return record;
        }
        let lost = Record::incomplete(0);
        // Should it fail, there is no row to be read either, or it tells of more than was said.
        drop(sql::correct_record(&self.conn, run_id, Some(&lost)));
        lost
    }

    /// Whether what was committed can be found where the store is said to be.
    fn is_sound(&mut self) -> bool {
        let Some((file, len)) = identity(&self.path) else {
            return false;
        };
        if Some(file) != self.identity {
            return false;
        }
        if len >= self.len {
            self.len = len;
            return true;
        }
        // Somebody has cut it, or only made it smaller. What this connection has read before
        // tells nothing.
        let is_whole = len > 0 && open::is_whole(&self.path, TRY);
        if is_whole {
            self.len = len;
        }
        is_whole
    }

    /// Says what became of the end of a run. Gives what has been said otherwise meanwhile.
    fn decided(&mut self, run_id: &RunId, decision: Decision, record: Record) -> Option<u64> {
        let said = decision.stake.settle(&record);
        // Nobody waits for what was given up.
        drop(decision.reply.send(record));
        self.forget(run_id);
        said
    }

    /// The same after a commit: if the end was given up during it, the row comes to say so too.
    fn committed(&mut self, run_id: &RunId, decision: Decision, record: Record) {
        let stored = record.clone();
        let said = self.decided(run_id, decision, record);
        if let Some(said) = said.map(Record::incomplete)
            && said != stored
        {
            // Should it fail, more is kept than was said, and the row tells so.
            drop(sql::correct_record(&self.conn, run_id, Some(&said)));
        }
    }

    /// Removes a row whose run was given up while the row was committed.
    fn take_back(&mut self, run_id: &RunId) {
        self.forget(run_id);
        let remove = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
            sql::remove_run(&tx, run_id)?;
            tx.commit()
        };
        // What is left then is a run that crashed before it started, as that is what it did.
        drop(remove());
    }

    fn forget(&mut self, run_id: &RunId) {
        self.progress.remove(run_id);
        self.spilling.remove(run_id);
        self.board.forget(run_id);
    }

    fn advance(&mut self, touched: HashMap<RunId, Progress>) {
        let mut durable = self.board.durable();
        for (run_id, progress) in touched {
            durable.insert(run_id.clone(), progress.lost_from.unwrap_or(progress.next));
            self.progress.insert(run_id, progress);
        }
    }

    fn give_up(&mut self, group: &mut Vec<Job>, fault: &rusqlite::Error) {
        if !may_pass(fault) {
            // The file may be damaged; it is looked at before anything is said of it.
            self.len = u64::MAX;
        }
        for run_id in group.iter().filter_map(Job::run_id) {
            self.begin_to_spill(run_id);
        }
        self.divert(group);
        for job in group.drain(..) {
            match job {
                Job::Begin(_, reply) => {
                    let fault = StoreError::of(&self.path, self.patience, fault);
                    drop(reply.send(Err(fault)));
                }
                Job::Event(line, _) => {
                    if let Some(progress) = self.progress.get_mut(&line.run_id) {
                        progress.lose();
                    }
                }
                Job::Finish(ending, decision) => {
                    let decision = self.decided_without(&ending.line.run_id, decision);
                    if may_pass(fault) {
                        self.late.push(Job::Finish(ending, decision));
                    }
                }
                Job::Crash(run_id, reason, decision) => {
                    let decision = self.decided_without(&run_id, decision);
                    if may_pass(fault) {
                        self.late.push(Job::Crash(run_id, reason, decision));
                    }
                }
                Job::IsCancelled(..) | Job::Wake => {}
            }
        }
    }

    /// Settles the record of a run whose ending could not be written. Gives what the ending is to
    /// be written with later, so that the row will say the same.
    fn decided_without(&mut self, run_id: &RunId, decision: Decision) -> Decision {
        let mut progress = self.progress.get(run_id).copied().unwrap_or_default();
        progress.lose();
        let stake = decision.stake.clone();
        stake.put_back();
        if let Some(seq) = progress.lost_from {
            // It may have been said before; then that stands.
            stake.give_up(seq);
        }
        let record = self.lacking(run_id, progress.record());
        self.decided(run_id, decision, record);
        Decision::for_nobody(stake)
    }
}

/// Which file a path leads to, and how long it is.
fn identity(path: &Path) -> Option<((u64, u64), u64)> {
    let file = fs::metadata(path).ok()?;
    Some(((file.dev(), file.ino()), file.len()))
}

/// Whether the same transaction may succeed a little later.
fn may_pass(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
        )
    )
}
