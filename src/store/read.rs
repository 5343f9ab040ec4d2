//! What is stored, as it stands: a run's events, its result, and whether it still goes on.

use super::StoreError;
use super::crash;
use super::live::{Life, LiveFolder};
use super::open::{self, PATIENCE};
use super::spill::{Mark, Spilled, Spills};
use super::sql::{self, Line, Row};
use crate::event::{Event, Fold, RunId, RunResult};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// A store that is open for reading.
#[derive(Debug)]
pub struct Reader {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
    pub(super) live: LiveFolder,
    pub(super) spills: Spills,
    /// Of which run, from which event on and in which files nothing new was found.
    idle: RefCell<Option<(RunId, u64, Vec<Mark>)>>,
}

/// Whether the process of a run is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The run has an outcome.
    Ended,
    /// It goes on.
    Alive,
    /// It has no outcome, and nobody can tell.
    Unverified,
    /// Its process is gone, and nobody has recorded that.
    Dead,
}

/// A run as it stood at one moment.
pub(super) struct View {
    pub(super) row: Row,
    bodies: Vec<String>,
    standing: Standing,
}

/// What has come of a run since one has looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Its events, each as the JSON line that was written.
    pub bodies: Vec<String>,
    /// Whether nothing more can come.
    pub over: bool,
}

impl Reader {
    /// Opens the store at `path`; none where there is no store, and then no file is made.
    /// A store that may not be written can be read.
    ///
    /// # Errors
    /// The file is no store, a newer one, or cannot be read.
    pub fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        let opened = open::for_reading(path, PATIENCE)?;
        Ok(opened.map(|opened| Self {
            live: LiveFolder::of(&opened.path),
            spills: Spills::of(&opened.path),
            conn: opened.conn,
            path: opened.path,
            idle: RefCell::new(None),
        }))
    }

    /// The events of a run, in order, each as the JSON line that was written, spilled ones too. A
    /// run whose process died has its terminal event also before that is recorded.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn bodies(&self, run_id: &RunId) -> Result<Vec<String>, StoreError> {
        self.bodies_of(self.look(run_id)?)
    }

    fn bodies_of(&self, mut view: View) -> Result<Vec<String>, StoreError> {
        if view.standing == Standing::Dead {
            let terminal = crash::terminal(&view.row, &self.parse(&view)?, crash::REASON);
            let line = serde_json::to_string(&terminal);
            let unreadable =
                |fault: serde_json::Error| self.unreadable(&view.row.run_id, fault.to_string());
            view.bodies.push(line.map_err(unreadable)?);
        }
        Ok(view.bodies)
    }

    /// What has come of a run from the event `seq` on, as [`Reader::bodies`] gives it, and whether
    /// more can come. Costs what is new, however long the run is; of a run that is spilled beside
    /// the store, all of it whenever its file has changed.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn since(&self, run_id: &RunId, seq: u64) -> Result<News, StoreError> {
        let read = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?;
            let Some(row) = sql::row(&tx, run_id)? else {
                return Ok(None);
            };
            Ok(Some((row, sql::bodies_from(&tx, run_id, seq)?)))
        };
        let (row, bodies) = read()
            .map_err(|fault| self.fault_of(run_id, &fault))?
            .ok_or_else(|| StoreError::UnknownRun(run_id.clone()))?;
        if row.outcome.is_some() || !bodies.is_empty() {
            return Ok(News {
                bodies,
                over: row.outcome.is_some(),
            });
        }
        let is_dead = self.live.probe(row.live.as_deref()) == Life::Dead;
        let marks = self.spills.marks(run_id);
        let seen = (run_id.clone(), seq, marks);
        let is_known = seen.2.is_empty() || self.idle.borrow().as_ref() == Some(&seen);
        if !is_dead && is_known {
            return Ok(News {
                bodies,
                over: false,
            });
        }
        // What is beside the store, or the end of a dead process's run that nobody has recorded.
        let view = self.look(run_id)?;
        let over = matches!(view.standing, Standing::Ended | Standing::Dead);
        let known = usize::try_from(seq).unwrap_or(usize::MAX);
        let bodies: Vec<String> = self.bodies_of(view)?.into_iter().skip(known).collect();
        if bodies.is_empty() && !over {
            self.idle.replace(Some(seen));
        }
        Ok(News { bodies, over })
    }

    /// The events of a run, in order, as [`Reader::bodies`] gives them.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn events(&self, run_id: &RunId) -> Result<Vec<Event>, StoreError> {
        Ok(self.look_whole(run_id)?.1)
    }

    /// A run as a whole: the fold of its events, and where it stands now.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn result(&self, run_id: &RunId) -> Result<RunResult, StoreError> {
        if let Some((row, fold)) = self.ended(run_id) {
            return Ok(result_of(row, fold));
        }
        let (view, events) = self.look_whole(run_id)?;
        let fold = crash::fold(&view.row, &events);
        Ok(result_of(view.row, fold))
    }

    /// Whether a run that has no outcome is known to go on, or one that is crashed to be dead.
    /// Where it is not, people are told `running (unverified)`.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn is_verified(&self, run_id: &RunId) -> Result<bool, StoreError> {
        let row = sql::row(&self.conn, run_id)
            .map_err(|fault| self.fault_of(run_id, &fault))?
            .ok_or_else(|| StoreError::UnknownRun(run_id.clone()))?;
        Ok(row.outcome.is_some() || self.live.probe(row.live.as_deref()) != Life::Unknown)
    }

    /// Asks the process of a run to end it; says whether the run had not ended.
    ///
    /// # Errors
    /// There is no such run, or the store cannot be written.
    pub fn request_cancel(&self, run_id: &RunId) -> Result<bool, StoreError> {
        let ask = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
            let asked = tx.execute(
                "UPDATE runs SET cancel_requested = 1 WHERE run_id = ?1 AND outcome IS NULL",
                [run_id.as_str()],
            )?;
            let known = asked > 0 || sql::row(&tx, run_id)?.is_some();
            tx.commit()?;
            Ok((known, asked > 0))
        };
        match ask().map_err(|fault| self.fault(&fault))? {
            (true, asked) => Ok(asked),
            (false, _) => Err(StoreError::UnknownRun(run_id.clone())),
        }
    }

    /// A run as its rows and what was spilled beside the store tell it. A dead process's row is
    /// read again after the probe: the run may have ended, or its file have come back, in between.
    ///
    /// What was spilled is always read before the rows: who takes it back commits it first and
    /// removes the file then, so what is in the file no longer is in the rows already.
    fn look(&self, run_id: &RunId) -> Result<View, StoreError> {
        self.look_with(run_id, self.spills.read(run_id))
    }

    /// The same with what has just been read of the spilled part.
    pub(super) fn look_with(
        &self,
        run_id: &RunId,
        spilled: Option<Spilled>,
    ) -> Result<View, StoreError> {
        let first = with_spilled(self.snapshot(run_id)?, spilled);
        if first.standing == Standing::Ended {
            return Ok(first);
        }
        let standing = match self.live.probe(first.row.live.as_deref()) {
            Life::Alive => Standing::Alive,
            Life::Unknown => Standing::Unverified,
            Life::Dead => {
                let spilled = self.spills.read(run_id);
                let again = with_spilled(self.snapshot(run_id)?, spilled);
                let standing = match again.standing {
                    Standing::Ended => Standing::Ended,
                    _ => Standing::Dead,
                };
                return Ok(View { standing, ..again });
            }
        };
        Ok(View { standing, ..first })
    }

    /// A run with its events, and with the terminal event of a dead one.
    fn look_whole(&self, run_id: &RunId) -> Result<(View, Vec<Event>), StoreError> {
        self.whole(self.look(run_id)?)
    }

    pub(super) fn whole(&self, view: View) -> Result<(View, Vec<Event>), StoreError> {
        let mut events = self.parse(&view)?;
        if view.standing == Standing::Dead {
            events.push(crash::terminal(&view.row, &events, crash::REASON));
        }
        Ok((view, events))
    }

    /// Row and events of one transaction, so that they belong together.
    fn snapshot(&self, run_id: &RunId) -> Result<View, StoreError> {
        let read = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?;
            let Some(row) = sql::row(&tx, run_id)? else {
                return Ok(None);
            };
            let bodies = sql::bodies(&tx, run_id)?;
            Ok(Some((row, bodies)))
        };
        let (row, bodies) = read()
            .map_err(|fault| self.fault_of(run_id, &fault))?
            .ok_or_else(|| StoreError::UnknownRun(run_id.clone()))?;
        let standing = if row.outcome.is_some() {
            Standing::Ended
        } else {
            Standing::Unverified
        };
        Ok(View {
            row,
            bodies,
            standing,
        })
    }

    fn parse(&self, view: &View) -> Result<Vec<Event>, StoreError> {
        crash::events(&self.path, &view.row, &view.bodies)
    }

    pub(super) fn fault(&self, fault: &rusqlite::Error) -> StoreError {
        StoreError::of(&self.path, PATIENCE, fault)
    }

    pub(super) fn fault_of(&self, run_id: &RunId, fault: &rusqlite::Error) -> StoreError {
        if sql::is_unreadable(fault) {
            return self.unreadable(run_id, fault.to_string());
        }
        self.fault(fault)
    }

    pub(super) fn unreadable(&self, run_id: &RunId, why: String) -> StoreError {
        StoreError::Unreadable {
            path: self.path.clone(),
            run_id: run_id.to_string(),
            why,
        }
    }
}

/// `view` with what was spilled of its run in its place.
fn with_spilled(mut view: View, spilled: Option<Spilled>) -> View {
    let is_ended = view.standing == Standing::Ended;
    if is_ended && view.row.record.is_none() {
        return view;
    }
    let Some(spilled) = spilled else {
        return view;
    };
    let place = view.bodies.len() - usize::from(is_ended && !view.bodies.is_empty());
    let next = place as u64;
    let fits = |line: &Line| {
        let stored = usize::try_from(line.seq).ok();
        let stored = stored.filter(|seq| *seq < place);
        stored.is_none_or(|seq| view.bodies[seq] == line.body)
    };
    if spilled.all().next().is_none_or(|line| line.seq > next) || !spilled.all().all(fits) {
        return view;
    }
    let record = spilled.record();
    let new = spilled.lines.into_iter().filter(|line| line.seq >= next);
    let new: Vec<String> = new.map(|line| line.body).collect();
    view.bodies.splice(place..place, new);
    if let Some(ending) = spilled.ending
        && !is_ended
    {
        view.bodies.push(ending.line.body);
        view.standing = Standing::Ended;
        view.row.record = Some(record);
    }
    view
}

pub(super) fn result_of(row: Row, fold: Fold) -> RunResult {
    let mut result = fold.into_result();
    if result.started_at.is_none() {
        // Only the first event would tell, and it was lost or the run never came to it.
        result.parent = row.parent;
        result.origin = row.origin;
        result.council = row.council;
        result.input = row.input;
        result.labels = row.labels;
        result.seed = row.seed;
        result.started_at = row.started_at;
        result.duration_ms = row
            .started_at
            .and_then(|from| Some(result.ended_at?.ms_since(from)));
    }
    if let Some(record) = row.record {
        result.record = record;
    }
    result
}

#[cfg(test)]
mod tests;
