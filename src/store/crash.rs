//! The end of a run whose process died without an outcome.
//!
//! It follows from the row and the events alone, at the last sign of life: the same event whoever
//! finds the crash and whenever, whether it is only shown or recorded.

use super::StoreError;
use super::live::{Life, LiveFolder};
use super::sql::{self, Ending, Row, Wrote};
use crate::event::{End, Event, Fold, Record, RunId};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;

/// Why such a run did not complete.
pub(super) const REASON: &str = "its process ended before the run did";

/// The events behind `bodies`.
pub(super) fn events(path: &Path, row: &Row, bodies: &[String]) -> Result<Vec<Event>, StoreError> {
    let parse = |(index, body): (usize, &String)| {
        serde_json::from_str(body).map_err(|fault| StoreError::Unreadable {
            path: path.to_owned(),
            run_id: row.run_id.to_string(),
            why: format!("line {} of its events: {fault}", index + 1),
        })
    };
    bodies.iter().enumerate().map(parse).collect()
}

/// The state of the run after `events`; what only a first event would tell comes from the row.
pub(super) fn fold(row: &Row, events: &[Event]) -> Fold {
    let mut fold = Fold::new(row.run_id.clone());
    for event in events {
        fold.apply(event);
    }
    fold
}

/// The terminal event of a run that died after `events`.
pub(super) fn terminal(row: &Row, events: &[Event], reason: &str) -> Event {
    let fold = fold(row, events);
    if fold.last_at().is_some() {
        return fold.conclude_crashed(reason);
    }
    // Its row is then the only sign of life.
    let end = End::Crashed {
        reason: reason.to_owned(),
        error: None,
    };
    let seq = fold.next_seq();
    fold.conclude(&end)
        .stamp(row.run_id.clone(), seq, row.created_at)
}

/// Records that the run has crashed, inside the caller's transaction.
///
/// A run that has an outcome, no row, or events that this program cannot read is left as it is.
/// `missing` is what its owner knows to be missing of its record.
pub(super) fn record(
    conn: &Connection,
    path: &Path,
    run_id: &RunId,
    reason: &str,
    missing: Option<&Record>,
) -> rusqlite::Result<Wrote> {
    let Some(row) = sql::row(conn, run_id)?.filter(|row| row.outcome.is_none()) else {
        return Ok(Wrote::Refused);
    };
    let Ok(events) = events(path, &row, &sql::bodies(conn, run_id)?) else {
        return Ok(Wrote::Refused);
    };
    let terminal = terminal(&row, &events, reason);
    let ending = terminal
        .outcome()
        .map(|outcome| Ending::of(&terminal, outcome));
    match ending {
        Some(Ok(ending)) => sql::end_run(conn, &ending, missing.or(row.record.as_ref())),
        _ => Ok(Wrote::Refused),
    }
}

/// Records every run that has crashed, and removes what dead processes left beside the store.
/// `may_end` is asked about each in the same transaction, and may write what it knows of the run.
pub(super) fn record_all(
    conn: &Connection,
    path: &Path,
    live: &LiveFolder,
    mut may_end: impl FnMut(&Connection, &RunId) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    for (name, runs) in unended(conn)? {
        if live.probe(name.as_deref()) != Life::Dead {
            continue;
        }
        let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
        for run_id in runs {
            if !may_end(&tx, &run_id)? {
                continue;
            }
            match record(&tx, path, &run_id, REASON, None) {
                // One row that was changed by hand keeps nobody from recording.
                Err(fault) if !sql::is_unreadable(&fault) => return Err(fault),
                _ => {}
            }
        }
        tx.commit()?;
    }
    live.sweep();
    Ok(())
}

/// The runs without an outcome, by the live file that they name.
fn unended(conn: &Connection) -> rusqlite::Result<Vec<(Option<String>, Vec<RunId>)>> {
    let mut statement =
        conn.prepare("SELECT live, run_id FROM runs WHERE outcome IS NULL ORDER BY live")?;
    let mut rows = statement.query([])?;
    let mut all: Vec<(Option<String>, Vec<RunId>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (Ok(live), Ok(run_id)) = (row.get(0), row.get::<_, String>(1)) else {
            continue;
        };
        let Ok(run_id) = run_id.parse() else {
            continue;
        };
        match all.last_mut() {
            Some((last, runs)) if *last == live => runs.push(run_id),
            _ => all.push((live, vec![run_id])),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RunStatus;
    use crate::store::testing::{
        AGES, block_on, child, events as made, finish, is_child, output, run, write_open,
        write_whole,
    };
    use crate::store::{Reader, Writer};
    use std::fs;
    use std::path::PathBuf;

    fn new_store() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = dir.path().join("runs.db");
        (dir, store)
    }

    fn reader(store: &Path) -> Reader {
        Reader::open(store).expect("it opens").expect("a store")
    }

    /// A store with a run whose process has died in the middle.
    fn killed(name: &str) -> Option<(tempfile::TempDir, PathBuf)> {
        if let Some(store) = is_child() {
            let writer = Writer::open(&store).expect("a store");
            block_on(write_open(&writer, run("a"), 7));
            std::process::abort();
        }
        let (dir, store) = new_store();
        assert!(!output(child(name, &store, None)).status.success());
        Some((dir, store))
    }

    #[test]
    fn a_killed_run_reads_the_same_before_and_after_it_is_recorded() {
        const NAME: &str =
            "store::crash::tests::a_killed_run_reads_the_same_before_and_after_it_is_recorded";
        let Some((dir, store)) = killed(NAME) else {
            return;
        };
        let live = dir.path().join("runs.db.live");
        assert_eq!(fs::read_dir(&live).expect("live files").count(), 1);
        let run_id = run("a").run_id;
        let look = || {
            let reader = reader(&store);
            let list = reader.summaries(20, false).expect("the list");
            (
                reader.bodies(&run_id).expect("its events"),
                reader.result(&run_id).expect("its result"),
                serde_json::to_string(&list).expect("JSON"),
            )
        };
        let before = look();
        assert_eq!(before.0.len(), 8);
        assert_eq!(before.1.status, RunStatus::Crashed);
        assert_eq!(before.1.reason.as_deref(), Some(REASON));

        let copy = dir.path().join("copy.db");
        fs::copy(&store, &copy).expect("a copy");
        fs::copy(
            dir.path().join("runs.db-wal"),
            dir.path().join("copy.db-wal"),
        )
        .map_or_else(drop, drop);
        let copied = reader(&copy).result(&run_id).expect("its result");
        assert_eq!(copied.status, RunStatus::Crashed);

        Writer::open(&store).expect("a process that writes").close();
        assert!(!live.exists());
        let conn = Connection::open(&store).expect("the file");
        let status: String = conn
            .query_row("SELECT status FROM runs WHERE outcome NOTNULL", [], |row| {
                row.get(0)
            })
            .expect("one row");
        assert_eq!(status, "crashed");
        assert_eq!(look(), before);
    }

    #[test]
    fn a_run_that_died_before_its_first_event_is_listed_with_what_it_was() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        block_on(writer.begin(run("a"))).expect("the row is written");
        // Ends the process's work without an outcome for the run.
        writer.close();
        let look = || {
            let reader = reader(&store);
            let result = reader.result(&run("a").run_id).expect("its result");
            let list = reader.summaries(20, false).expect("the list");
            (result, list)
        };
        let (result, list) = look();
        assert_eq!(result.status, RunStatus::Crashed);
        assert_eq!(
            (result.council.as_str(), result.input.as_str()),
            ("trio", "why?")
        );
        assert_eq!(result.labels, run("a").labels);
        assert_eq!(list[0].status, RunStatus::Crashed);
        assert_eq!(list[0].council, "trio");
        Writer::open(&store).expect("a process that writes").close();
        assert_eq!(look(), (result, list));
    }

    #[test]
    fn a_run_whose_process_lives_is_left_alone() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        let run_id = block_on(write_open(&writer, run("a"), 3));
        Writer::open(&store).expect("another process").close();
        let reader = reader(&store);
        let result = reader.result(&run_id).expect("its result");
        assert_eq!(result.status, RunStatus::Running);
        assert!(reader.is_verified(&run_id).expect("known"));
        let terminal = made(&run("a"), 3).pop().expect("a last event");
        block_on(finish(&writer, terminal, AGES)).expect("the run is ended");
        let result = reader.result(&run_id).expect("its result");
        assert_eq!(result.status, RunStatus::Completed);
    }

    #[test]
    fn where_nobody_can_tell_a_run_is_never_called_crashed() {
        let (_dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        let run_id = block_on(write_open(&writer, run("a"), 3));
        writer.close();
        let conn = Connection::open(&store).expect("the file");
        conn.execute_batch("UPDATE runs SET live = NULL")
            .expect("as where locks are refused");
        Writer::open(&store).expect("another process").close();
        let reader = reader(&store);
        let result = reader.result(&run_id).expect("its result");
        assert_eq!(result.status, RunStatus::Running);
        assert!(!reader.is_verified(&run_id).expect("known"));
        let list = reader.summaries(1, false).expect("the list");
        assert_eq!(
            (list[0].status, list[0].verified),
            (RunStatus::Running, false)
        );
    }

    #[test]
    fn an_owner_whose_run_was_recorded_as_crashed_writes_no_second_end() {
        let (dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        let run_id = block_on(write_open(&writer, run("a"), 3));
        fs::remove_dir_all(dir.path().join("runs.db.live")).expect("somebody tidies up");
        Writer::open(&store).expect("another process").close();
        let terminal = made(&run("a"), 3).pop().expect("a last event");
        let record = block_on(finish(&writer, terminal, AGES)).expect("the thread lives");
        assert_eq!(record.state, crate::event::RecordState::Spilled);
        let events = reader(&store).events(&run_id).expect("its events");
        assert_eq!(events.iter().filter(|event| event.is_terminal()).count(), 1);
        assert_eq!(events.len(), 4);
        // What it would have written is kept, and nobody takes it for the end that is stored.
        let spilled = record.path.expect("where it is");
        assert!(Path::new(&spilled).exists());
        writer.close();
        let again = Writer::open(&store).expect("another process");
        assert!(
            again.left()[0].contains("another event 3"),
            "{:?}",
            again.left()
        );
        assert!(Path::new(&spilled).exists());
    }

    #[test]
    fn wherever_a_process_dies_outcome_and_last_event_stand_together() {
        const NAME: &str =
            "store::crash::tests::wherever_a_process_dies_outcome_and_last_event_stand_together";
        if let Some(store) = is_child() {
            let writer = Writer::open(&store).expect("a store");
            for id in ["a", "b", "c"] {
                block_on(write_whole(&writer, run(id), 12));
            }
            writer.close();
            return;
        }
        let mut died = 0;
        for statements in 0..60 {
            let (_dir, store) = new_store();
            let status = output(child(NAME, &store, Some(statements))).status;
            died += usize::from(!status.success());
            together(&store);
            Writer::open(&store).expect("a process that writes").close();
            together(&store);
            let open = Connection::open(&store).expect("the file").query_row(
                "SELECT count(*) FROM runs WHERE outcome IS NULL",
                [],
                |row| row.get::<_, i64>(0),
            );
            assert_eq!(open.expect("a number"), 0);
        }
        assert!(died >= 50, "{died}");
    }

    /// No outcome without its event, no event without its outcome, no gap.
    fn together(store: &Path) {
        let conn = Connection::open(store).expect("the file");
        let count = |sql: &str| {
            conn.query_row(sql, [], |row| row.get::<_, i64>(0))
                .expect("a number")
        };
        let apart = "SELECT count(*) FROM runs WHERE (outcome IS NULL) = EXISTS \
             (SELECT 1 FROM events WHERE events.run_id = runs.run_id \
              AND kind IN ('run_completed', 'run_failed'))";
        let gaps = "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY run_id \
             HAVING count(*) <> max(seq) + 1)";
        assert_eq!((count(apart), count(gaps)), (0, 0));
    }
}
