//! The way of events past a store that does not take them, into files beside it.

use super::{Decision, Job, Scribe};
use crate::event::{Record, RunId};
use crate::store::crash;
use crate::store::spill;
use crate::store::sql::{self, Ending, Line};
use std::path::Path;

impl Scribe<'_> {
    /// Takes out of `group` what belongs to runs that are spilled, and spills it. Runs whose end
    /// waits for a commit no longer are spilled from here on.
    pub(super) fn divert(&mut self, group: &mut Vec<Job>) {
        let hurried = self.board.take_hurried();
        for run_id in &hurried {
            self.begin_to_spill(run_id);
        }
        if !hurried.is_empty() {
            // Their ends are queued, perhaps behind a group that is long to be waited for.
            while let Ok(job) = self.jobs.try_recv() {
                group.push(job);
            }
            self.look_up(group);
        }
        if self.spilling.is_empty() {
            return;
        }
        let is_spilled = |job: &mut Job| {
            job.run_id()
                .is_some_and(|run_id| self.spilling.contains_key(run_id))
        };
        let diverted = group.extract_if(.., is_spilled).collect();
        self.spill(diverted);
    }

    /// From here on a run goes into a file, where there is a place for one, unless something of it
    /// was lost already.
    pub(super) fn begin_to_spill(&mut self, run_id: &RunId) {
        let Some(progress) = self.progress.get(run_id) else {
            return;
        };
        if progress.lost_from.is_some() || self.spilling.contains_key(run_id) {
            return;
        }
        self.board.fail(run_id);
        if let Ok(file) = self.spills.create(run_id) {
            self.spilling.insert(run_id.clone(), file);
        }
    }

    /// Puts `jobs` into the files of their runs.
    pub(super) fn spill(&mut self, jobs: Vec<Job>) {
        let mut touched = Vec::new();
        for job in jobs {
            match job {
                Job::Event(line, _) => {
                    self.spill_line(&line);
                    if touched.last() != Some(&line.run_id) {
                        touched.push(line.run_id);
                    }
                }
                Job::Finish(ending, decision) => self.spill_end(*ending, decision),
                Job::Crash(run_id, reason, decision) => match self.crashed(&run_id, &reason) {
                    Some(ending) => self.spill_end(ending, decision),
                    None => drop(self.decided_without(&run_id, decision)),
                },
                Job::Begin(..) | Job::IsCancelled(..) | Job::Wake => {}
            }
        }
        for run_id in touched {
            self.sync(&run_id);
        }
    }

    fn spill_line(&mut self, line: &Line) {
        let run_id = &line.run_id;
        let Some(progress) = self.progress.get_mut(run_id) else {
            return;
        };
        if progress.lost_from.is_some() || line.seq < progress.next {
            return;
        }
        let file = self.spilling.get_mut(run_id);
        let kept =
            line.seq == progress.next && file.is_some_and(|file| file.append(&line.body).is_ok());
        if kept {
            progress.next += 1;
        } else {
            progress.lose();
        }
    }

    /// Makes sure that what was spilled of a run is on disk; the first that is not is lost.
    fn sync(&mut self, run_id: &RunId) {
        let durable = self.board.durable_to(run_id);
        let (Some(progress), Some(file)) =
            (self.progress.get_mut(run_id), self.spilling.get_mut(run_id))
        else {
            return;
        };
        if file.sync().is_err() {
            progress.next = durable;
            progress.lost_from = Some(durable);
        }
        let durable = progress.lost_from.unwrap_or(progress.next);
        self.board.durable().insert(run_id.clone(), durable);
    }

    fn spill_end(&mut self, ending: Ending, decision: Decision) {
        let run_id = ending.line.run_id.clone();
        // From here on nobody else settles it.
        let _said = decision.stake.take();
        self.spill_line(&ending.line);
        self.sync(&run_id);
        let known = self.progress.get(&run_id).copied();
        let whole = known.is_some_and(|progress| progress.lost_from.is_none());
        match self.spilling.get(&run_id) {
            Some(file) if whole => {
                let (record, path) = (file.record(), file.record().path);
                // A file alone is little where what stood before it is gone.
                let record = match self.is_sound() {
                    true => record,
                    false => Record {
                        path,
                        ..Record::incomplete(0)
                    },
                };
                let stake = decision.stake.clone();
                if self.decided(&run_id, decision, record).is_some() {
                    // The file tells more than was said; the row is to say the same as was said.
                    let decision = Decision::for_nobody(stake);
                    self.late.push(Job::Finish(Box::new(ending), decision));
                }
            }
            _ => {
                let decision = self.decided_without(&run_id, decision);
                // Who is not known any more has been tried before.
                if known.is_some() {
                    self.late.push(Job::Finish(Box::new(ending), decision));
                }
            }
        }
    }

    /// The end of a run that has crashed, as its events in the store and in its file make it.
    fn crashed(&self, run_id: &RunId, reason: &str) -> Option<Ending> {
        let row = sql::row(&self.conn, run_id).ok()??;
        let mut bodies = sql::bodies(&self.conn, run_id).ok()?;
        if let Some(file) = self.spilling.get(run_id) {
            let folder = file.path().parent().unwrap_or(Path::new(""));
            let spilled = spill::read(folder, file.path(), run_id).ok()?;
            bodies.extend(spilled.lines.into_iter().map(|line| line.body));
        }
        let events = crash::events(&self.path, &row, &bodies).ok()?;
        let terminal = crash::terminal(&row, &events, reason);
        Ending::of(&terminal, terminal.outcome()?).ok()
    }

    /// What is said of a run that a part of is spilled and the rest is lost.
    pub(super) fn lacking(&self, run_id: &RunId, record: Record) -> Record {
        match self.spilling.get(run_id) {
            Some(file) => Record {
                path: file.record().path,
                ..record
            },
            None => record,
        }
    }
}
