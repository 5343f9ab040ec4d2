//! What is stored, as it stands: a run's events, its result, and whether it still goes on.

use super::StoreError;
use super::crash;
use super::label::{self, Label};
use super::live::{Life, LiveFolder};
use super::open::{self, PATIENCE};
use super::spill::{Mark, Spilled, Spills};
use super::sql::{self, Line, Row};
use super::summary::Summary;
use crate::event::{Event, Fold, RunId, RunResult};
use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// A store that is open for reading.
#[derive(Debug)]
pub struct Reader {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
    live: LiveFolder,
    spills: Spills,
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

/// A row of a list, or what is left of it and what is wrong.
type Listed = Result<Row, (Row, String)>;

/// A run as it stood at one moment.
struct View {
    row: Row,
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

    /// The newest runs, newest first, `limit` at most; sub-runs only with `all`. Events are read
    /// only for runs whose process died and that nobody has recorded as crashed. A run that cannot
    /// be read is `crashed`, and its reason says so.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn summaries(&self, limit: usize, all: bool) -> Result<Vec<Summary>, StoreError> {
        self.labelled(limit, all, &[])
    }

    /// As [`Reader::summaries`], of the runs that have each of `labels`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn labelled(
        &self,
        limit: usize,
        all: bool,
        labels: &[Label],
    ) -> Result<Vec<Summary>, StoreError> {
        self.newest(limit, all, labels)
            .map_err(|fault| self.fault(&fault))?
            .into_iter()
            .map(|row| match row {
                Ok(row) => match self.summary_of(&row) {
                    Err(StoreError::Unreadable { why, .. }) => Ok(Summary::unreadable(&row, &why)),
                    done => done,
                },
                Err((row, why)) => Ok(Summary::unreadable(&row, &why)),
            })
            .collect()
    }

    fn summary_of(&self, row: &Row) -> Result<Summary, StoreError> {
        if row.outcome.is_some() {
            return self.summary(row, true);
        }
        let life = self.live.probe(row.live.as_deref());
        let spilled = self.spills.read(&row.run_id);
        if life != Life::Dead && spilled.is_none() {
            return self.summary(row, life == Life::Alive);
        }
        // It may have ended in between; what it was is in its events otherwise.
        let (view, events) = self.whole(self.look_with(&row.run_id, spilled)?)?;
        let fold = crash::fold(&view.row, &events);
        let result = result_of(view.row, fold);
        Ok(Summary {
            verified: life != Life::Unknown || result.status.is_ended(),
            ..Summary::of_result(result, row.created_at)
        })
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

    /// The newest rows; of one that cannot be read, what can be, and why. One without a readable
    /// id has no name to be listed under.
    fn newest(&self, limit: usize, all: bool, labels: &[Label]) -> rusqlite::Result<Vec<Listed>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.conn.prepare_cached(&newest_first(all, labels))?;
        let mut given: Vec<&dyn ToSql> = vec![&limit];
        for label in labels {
            given.extend([&label.key as &dyn ToSql, &label.value]);
        }
        let mut rows = statement.query(given.as_slice())?;
        let mut listed = Vec::new();
        while let Some(row) = rows.next()? {
            match (Row::read(row), Row::salvage(row)) {
                (Ok(row), _) => listed.push(Ok(row)),
                (Err(fault), Ok(rest)) => listed.push(Err((rest, fault.to_string()))),
                (Err(_), Err(_)) => {}
            }
        }
        Ok(listed)
    }

    fn summary(&self, row: &Row, verified: bool) -> Result<Summary, StoreError> {
        Summary::of_row(row, verified)
            .map_err(|fault| self.unreadable(&row.run_id, format!("its outcome: {fault}")))
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
    fn look_with(&self, run_id: &RunId, spilled: Option<Spilled>) -> Result<View, StoreError> {
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

    fn whole(&self, view: View) -> Result<(View, Vec<Event>), StoreError> {
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

    fn unreadable(&self, run_id: &RunId, why: String) -> StoreError {
        StoreError::Unreadable {
            path: self.path.clone(),
            run_id: run_id.to_string(),
            why,
        }
    }
}

/// Rows come in by time, so the newest has the highest rowid; VACUUM keeps the order.
pub(super) fn newest_first(all: bool, labels: &[Label]) -> String {
    let mut which = label::conditions(labels, 2);
    which.extend((!all).then(|| "parent IS NULL".to_owned()));
    let which = match which.join(" AND ") {
        none if none.is_empty() => none,
        some => format!("WHERE {some}"),
    };
    let columns = sql::COLUMNS;
    format!("SELECT {columns} FROM runs {which} ORDER BY rowid DESC LIMIT ?1")
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

fn result_of(row: Row, fold: Fold) -> RunResult {
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
mod tests {
    use super::*;
    use crate::event::{RecordState, RunStatus};
    use crate::store::Writer;
    use crate::store::testing::{block_on, events, finish, run, write_open, write_whole};

    fn new_store() -> (tempfile::TempDir, PathBuf, Writer) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        let writer = Writer::open(&store).expect("a store");
        (dir, store, writer)
    }

    fn reader(store: &Path) -> Reader {
        Reader::open(store).expect("it opens").expect("a store")
    }

    #[test]
    fn a_list_has_the_newest_first_and_each_as_its_result_says() {
        let (_dir, store, writer) = new_store();
        block_on(async {
            write_whole(&writer, run("b"), 3).await;
            let mut sub = run("sub");
            sub.parent = Some("b".parse().expect("an id"));
            write_whole(&writer, sub, 3).await;
            write_open(&writer, run("a"), 3).await;
            writer.begin(run("c")).await.expect("the row is written");
        });
        let reader = reader(&store);
        let list = |limit, all| {
            let list = reader.summaries(limit, all).expect("the list");
            let named = |summary: Summary| (summary.run_id.to_string(), summary.status.name());
            list.into_iter().map(named).collect::<Vec<_>>()
        };
        let all = [
            ("c".to_owned(), "pending"),
            ("a".to_owned(), "running"),
            ("sub".to_owned(), "completed"),
            ("b".to_owned(), "completed"),
        ];
        assert_eq!(list(20, true), all);
        assert_eq!(list(2, false), all[..2]);
        assert_eq!(list(20, false).len(), 3);

        for summary in reader.summaries(20, true).expect("the list") {
            let result = reader.result(&summary.run_id).expect("its result");
            let result = serde_json::to_value(result).expect("JSON");
            let summary = serde_json::to_value(summary).expect("JSON");
            let own = summary.as_object().expect("an object");
            for (name, value) in own {
                assert!(
                    value.is_null() || *value == result[name],
                    "{name}: {value} is not {}",
                    result[name]
                );
            }
            let left_out: Vec<&String> = result
                .as_object()
                .expect("an object")
                .keys()
                .filter(|name| !own.contains_key(*name))
                .collect();
            assert_eq!(left_out, ["members", "rounds", "notices"]);
            assert!(own["status"] != "completed" || !own["usage"].is_null());
        }
    }

    #[test]
    fn a_pending_run_shows_what_its_row_knows() {
        let (_dir, store, writer) = new_store();
        block_on(writer.begin(run("a"))).expect("the row is written");
        let reader = reader(&store);
        let result = reader.result(&run("a").run_id).expect("its result");
        assert_eq!(result.status, RunStatus::Pending);
        assert_eq!((result.input, result.seed), (run("a").input, run("a").seed));
        assert!(reader.bodies(&run("a").run_id).expect("none").is_empty());
    }

    #[test]
    fn an_unknown_run_is_said_to_be_unknown() {
        let (_dir, store, _writer) = new_store();
        let nobody: RunId = "nobody".parse().expect("an id");
        let reader = reader(&store);
        for fault in [
            reader.bodies(&nobody).map(drop),
            reader.result(&nobody).map(drop),
            reader.is_verified(&nobody).map(drop),
            reader.request_cancel(&nobody).map(drop),
        ] {
            assert!(matches!(fault, Err(StoreError::UnknownRun(_))), "{fault:?}");
        }
    }

    #[test]
    fn a_wish_to_cancel_reaches_the_writer_of_a_run_that_goes_on() {
        let (_dir, store, writer) = new_store();
        let run_id = block_on(write_open(&writer, run("a"), 2));
        let reader = reader(&store);
        let asked = || block_on(writer.cancel_requested(&run_id)).expect("it looks");
        assert!(!asked());
        assert!(reader.request_cancel(&run_id).expect("it is written"));
        assert!(asked());
        block_on(write_whole(&writer, run("b"), 2));
        assert!(
            !reader
                .request_cancel(&run("b").run_id)
                .expect("it has ended")
        );
    }

    #[test]
    fn a_run_that_cannot_be_read_is_listed_as_such_and_the_others_as_usual() {
        let (_dir, store, writer) = new_store();
        block_on(async {
            for id in ["whole", "outcome", "labels"] {
                write_whole(&writer, run(id), 3).await;
            }
            for id in ["body", "blob"] {
                write_open(&writer, run(id), 3).await;
            }
        });
        writer.close();
        let conn = Connection::open(&store).expect("the file");
        conn.execute_batch(
            "UPDATE runs SET outcome = '{' WHERE run_id = 'outcome'; \
             UPDATE runs SET labels = 'x', created_at = 'once' WHERE run_id = 'labels'; \
             UPDATE events SET body = '{' WHERE run_id = 'body' AND seq = 1; \
             UPDATE events SET body = x'00' WHERE run_id = 'blob' AND seq = 1;",
        )
        .expect("bad rows");
        Writer::open(&store)
            .expect("bad rows keep nobody out")
            .close();
        let list = reader(&store).summaries(20, false).expect("the list");
        let unreadable = |summary: &Summary| {
            let reason = summary.reason.as_deref().unwrap_or_default();
            reason.starts_with("its record cannot be read: ")
        };
        let told: Vec<_> = list
            .iter()
            .map(|summary| (summary.run_id.as_str(), summary.status, unreadable(summary)))
            .collect();
        let crashed = |id| (id, RunStatus::Crashed, true);
        let whole = ("whole", RunStatus::Completed, false);
        let bad = ["blob", "body", "labels", "outcome"].map(crashed);
        assert_eq!(told, [bad.as_slice(), &[whole]].concat());
        assert!(list.iter().all(|summary| summary.input == "why?"));
    }

    #[test]
    fn an_event_of_a_kind_that_is_not_known_is_kept_and_passed_over() {
        let (_dir, store, writer) = new_store();
        let run_id = block_on(write_open(&writer, run("a"), 3));
        let line = r#"{"v":1,"run_id":"a","seq":3,"at":"2026-11-20T10:00:00.123456Z","kind":"member_dreamt","data":{ "of": 1.0 }}"#;
        let conn = Connection::open(&store).expect("the file");
        conn.execute(
            "INSERT INTO events VALUES ('a', 3, 'member_dreamt', '2026-11-20T10:00:00.123456Z', ?1)",
            [line],
        )
        .expect("a later program's event");
        let before = reader(&store).result(&run_id).expect("its result");
        assert_eq!(before.status, RunStatus::Running);
        // Its process ends without an outcome.
        writer.close();
        let look = || {
            let reader = reader(&store);
            let bodies = reader.bodies(&run_id).expect("its lines");
            let events = reader.events(&run_id).expect("its events");
            (bodies, events, reader.result(&run_id).expect("its result"))
        };
        let dead = look();
        assert_eq!(dead.0[3], line);
        assert_eq!((dead.1[4].seq, dead.2.status), (4, RunStatus::Crashed));
        assert_eq!(dead.2.notices, before.notices);
        Writer::open(&store).expect("a process that writes").close();
        assert_eq!(look(), dead);
    }

    /// What a big store would make slow: looking at every row.
    #[test]
    fn no_question_looks_at_every_run() {
        let (_dir, store, _writer) = new_store();
        let reader = reader(&store);
        for sql in [
            newest_first(false, &[]),
            "SELECT run_id FROM runs WHERE parent IS NULL ORDER BY rowid DESC LIMIT 1".to_owned(),
            "SELECT run_id FROM runs WHERE run_id >= 'a' AND run_id < 'b' ORDER BY rowid DESC"
                .to_owned(),
            "SELECT body FROM events WHERE run_id = 'a' ORDER BY seq".to_owned(),
            "SELECT live, run_id FROM runs WHERE outcome IS NULL ORDER BY live".to_owned(),
        ] {
            let plan: Vec<String> = reader
                .conn
                .prepare(&format!("EXPLAIN QUERY PLAN {}", sql.replace("?1", "20")))
                .expect("a plan")
                .query_map([], |row| row.get(3))
                .expect("a plan")
                .collect::<Result<_, _>>()
                .expect("a plan");
            assert!(
                plan.iter().all(|step| step.contains("INDEX")
                    || step.contains("USE TEMP B-TREE FOR ORDER BY") && sql.contains("'b'")),
                "{sql}: {plan:?}"
            );
        }
    }

    #[test]
    fn an_ended_run_whose_file_is_taken_back_meanwhile_is_read_whole() {
        let (_dir, store, writer) = new_store();
        let mut all = events(&run("a"), 6);
        let terminal = all.pop().expect("a last event");
        let run_id = block_on(write_open(&writer, run("a"), 4));
        let other = Connection::open(&store).expect("the file");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        for event in &all[4..] {
            block_on(writer.event(event.clone())).expect("it is queued");
        }
        let soon = std::time::Duration::from_millis(50);
        let record = block_on(finish(&writer, terminal, soon)).expect("the run is ended");
        assert_eq!(record.state, RecordState::Spilled);
        other.execute_batch("COMMIT").expect("the lock is free");
        writer.close();

        let reader = reader(&store);
        let before = reader.bodies(&run_id).expect("its events");
        assert_eq!(before.len(), 7);
        let spilled = reader.spills.read(&run_id);
        assert!(spilled.is_some());
        // Another process commits what is in the file and removes it.
        Writer::open(&store).expect("the next process").close();
        assert!(reader.spills.read(&run_id).is_none());
        let view = reader.look_with(&run_id, spilled).expect("it is read");
        assert_eq!(view.standing, Standing::Ended);
        assert_eq!(view.bodies, before);
    }
}
