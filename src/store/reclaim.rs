//! What was spilled comes back into the store, at the next open for writing.
//!
//! One transaction for each file, then the file goes: a process that dies in between leaves events
//! that are in both, which changes nothing. A file that does not fit what is stored is left where
//! it is, and who opens the store is told.

use super::crash;
use super::error::is_lock;
use super::live::{Life, LiveFolder};
use super::spill::{self, Spilled, Spills};
use super::sql::{self, Ending, Line, Wrote};
use crate::event::Record;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// What became of one file.
enum Fate {
    /// Its events are in the store.
    Back,
    /// The run goes on, and so may the file.
    Waits,
    /// It does not belong to what is stored; why.
    Foreign(String),
}

/// Takes back what was spilled, then records every run that has crashed. Gives a sentence for each
/// file that was left.
pub(super) fn settle_all(
    conn: &Connection,
    path: &Path,
    live: &LiveFolder,
) -> rusqlite::Result<Vec<String>> {
    let spills = Spills::of(path);
    let mut left = Vec::new();
    let mut open = HashSet::new();
    for file in spills.files() {
        let why = match &spill::read_named(&file) {
            Ok(spilled) => match take_back(conn, live, spilled) {
                Ok(Fate::Back) => {
                    spill::remove(&file);
                    continue;
                }
                Ok(Fate::Waits) => continue,
                Ok(Fate::Foreign(why)) => why.clone(),
                Err(fault) if is_lock(&fault) => return Err(fault),
                Err(fault) => {
                    // Its run keeps its place for a later try.
                    open.insert(spilled.run_id.clone());
                    format!("the store does not take it now: {fault}")
                }
            },
            // Another process was faster.
            Err(_) if fs::symlink_metadata(&file).is_err() => continue,
            Err(why) => why.clone(),
        };
        left.push(left_at(&file, &why));
    }
    crash::record_all(conn, path, live, |tx, run_id| {
        if open.contains(run_id) {
            return Ok(false);
        }
        // It may have come since the folders were read; its process is dead now.
        if let Some(spilled) = spills.read(run_id) {
            let why = match put_back_whole(tx, &spilled) {
                Ok(Fate::Foreign(why)) => why,
                Ok(Fate::Back | Fate::Waits) => return Ok(true),
                Err(fault) if sql::is_unreadable(&fault) => fault.to_string(),
                Err(fault) => return Err(fault),
            };
            let sentence = left_at(&spilled.path, &why);
            if !left.contains(&sentence) {
                left.push(sentence);
            }
        }
        Ok(true)
    })?;
    Ok(left)
}

fn left_at(file: &Path, why: &str) -> String {
    format!("{} was left where it is: {why}", file.display())
}

fn take_back(conn: &Connection, live: &LiveFolder, spilled: &Spilled) -> rusqlite::Result<Fate> {
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    let Some(row) = sql::row(&tx, &spilled.run_id)? else {
        return Ok(Fate::Foreign("the store has no such run".to_owned()));
    };
    if row.outcome.is_none()
        && spilled.ending.is_none()
        && live.probe(row.live.as_deref()) != Life::Dead
    {
        return Ok(Fate::Waits);
    }
    let fate = put_back(&tx, spilled)?;
    if let Fate::Back = fate {
        #[cfg(test)]
        super::testing::tick();
        tx.commit()?;
        #[cfg(test)]
        super::testing::tick();
    }
    Ok(fate)
}

/// Writes what the store lacks of `spilled` into a transaction that has more in it; nothing where
/// it does not fit.
fn put_back_whole(tx: &Connection, spilled: &Spilled) -> rusqlite::Result<Fate> {
    tx.execute_batch("SAVEPOINT spilled")?;
    let fate = put_back(tx, spilled);
    match &fate {
        Ok(Fate::Back | Fate::Waits) => {}
        Err(fault) if !sql::is_unreadable(fault) => return fate,
        Ok(Fate::Foreign(_)) | Err(_) => tx.execute_batch("ROLLBACK TO spilled")?,
    }
    tx.execute_batch("RELEASE spilled")?;
    fate
}

/// Writes what the store lacks of `spilled`. Where it does not fit, what was written is to be
/// rolled back.
fn put_back(tx: &Connection, spilled: &Spilled) -> rusqlite::Result<Fate> {
    let run_id = &spilled.run_id;
    let next = sql::first_missing(tx, run_id)?;
    let first = spilled.all().next().map_or(next, |line| line.seq);
    if first > next {
        return Ok(Fate::Foreign(format!(
            "it begins with event {first}, and the store lacks event {next}"
        )));
    }
    for line in &spilled.lines {
        let is_in = match sql::body(tx, run_id, line.seq)? {
            None => sql::insert_event(tx, line)? == Wrote::Done,
            Some(stored) => stored == line.body,
        };
        if !is_in {
            return Ok(taken(line));
        }
    }
    if let Some(ending) = &spilled.ending {
        match sql::body(tx, run_id, ending.line.seq)? {
            None => return end(tx, ending),
            Some(stored) if stored == ending.line.body => {}
            Some(_) => return Ok(taken(&ending.line)),
        }
    }
    // Of a run that has ended, the record is now known to be better.
    let missing = sql::first_missing(tx, run_id)?;
    let lacks = sql::last(tx, run_id)? > Some(missing);
    let record = lacks.then(|| Record::incomplete(missing));
    sql::correct_record(tx, run_id, record.as_ref())?;
    Ok(Fate::Back)
}

fn end(tx: &Connection, ending: &Ending) -> rusqlite::Result<Fate> {
    Ok(match sql::end_run(tx, ending, None)? {
        Wrote::Done => Fate::Back,
        Wrote::Refused => Fate::Foreign("the run has another end already".to_owned()),
    })
}

fn taken(line: &Line) -> Fate {
    Fate::Foreign(format!("the store has another event {}", line.seq))
}

#[cfg(test)]
mod tests;
