use super::*;
use crate::event::{Record, RecordState, RunStatus};
use crate::store::Reader;
use crate::store::testing::{
    AGES, Blocked, block_on, crash as end_as_crashed, events, finish, run, write_open, write_whole,
};
use futures::FutureExt as _;
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
        finish(&writer, terminal, AGES)
            .await
            .expect("the run is ended")
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
    let _blocked = Blocked::new(&store, 2);
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
        finish(&writer, terminal, AGES)
            .await
            .expect("the run is ended")
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
        finish(&writer, terminal, AGES)
            .await
            .expect("the thread lives")
    });
    assert_eq!(record, Record::incomplete(0));
    let fault = block_on(writer.begin(run("b"))).expect_err("nobody would find it");
    assert!(matches!(fault, StoreError::Gone { .. }), "{fault:?}");
    writer.close();
}

/// A store with `patience`, and another connection that holds its lock.
fn locked(store: &Path, patience: Duration) -> (Writer, Connection) {
    let writer = Writer::open_with(store, patience).expect("a store");
    let other = Connection::open(store).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    (writer, other)
}

#[test]
fn a_row_that_nobody_waits_for_any_more_is_not_written() {
    let (_dir, store) = new_store();
    let (writer, other) = locked(&store, PATIENCE);
    assert!(writer.begin(run("a")).now_or_never().is_none());
    assert!(writer.begin(run("b")).now_or_never().is_none());
    other.execute_batch("COMMIT").expect("the lock is free");
    block_on(writer.begin(run("b"))).expect("nothing has taken its id");
    let listed = reader(&store).summaries(20, true).expect("the list");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].run_id, run("b").run_id);
    let conn = Connection::open(&store).expect("the file");
    crate::store::sql::remove_run(&conn, &run("b").run_id).expect("it is taken back");
    let left = "SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM files)";
    let left: i64 = conn.query_row(left, [], |row| row.get(0)).expect("a sum");
    assert_eq!(left, 0);
}

#[test]
fn a_row_that_a_lasting_lock_keeps_out_is_refused_with_the_file_named() {
    let (_dir, store) = new_store();
    let (writer, other) = locked(&store, Duration::from_millis(50));
    let fault = block_on(writer.begin(run("a"))).expect_err("it is locked");
    assert!(matches!(fault, StoreError::Locked { .. }), "{fault:?}");
    assert!(fault.to_string().contains("runs.db"), "{fault}");
    other.execute_batch("COMMIT").expect("the lock is free");
    writer.close();
    assert!(reader(&store).summaries(1, true).expect("none").is_empty());
}

#[test]
fn an_end_that_is_waited_for_no_longer_is_stored_as_it_was_said() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let _blocked = Blocked::new(&store, 2);
    for (id, crashes) in [("a", false), ("b", true)] {
        let mut all = events(&run(id), 6);
        let terminal = all.pop().expect("a last event");
        let other = Connection::open(&store).expect("the file");
        let record = block_on(async {
            let run_id = write_open(&writer, run(id), 4).await;
            other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
            for event in &all[4..] {
                writer.event(event.clone()).await.expect("it is queued");
            }
            let wait = Duration::from_millis(20);
            if crashes {
                end_as_crashed(&writer, &run_id, "it fell over", wait).await
            } else {
                finish(&writer, terminal, wait).await
            }
        });
        assert_eq!(record.expect("the thread lives"), Record::incomplete(4));
        other.execute_batch("COMMIT").expect("the lock is free");
    }
    writer.close();
    let reader = reader(&store);
    for (id, status) in [("a", RunStatus::Completed), ("b", RunStatus::Crashed)] {
        let result = reader.result(&run(id).run_id).expect("its result");
        assert_eq!(result.record, Record::incomplete(4));
        assert_eq!(result.status, status);
        // What could be kept is kept all the same.
        assert_eq!(reader.bodies(&run(id).run_id).expect("all").len(), 7);
    }
    for summary in reader.summaries(2, false).expect("the list") {
        assert_eq!(summary.record, Record::incomplete(4));
    }
}

#[test]
fn an_end_that_is_given_up_at_once_is_stored_as_it_was_said() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let mut all = events(&run("a"), 6);
    let terminal = all.pop().expect("a last event");
    let other = Connection::open(&store).expect("the file");
    let run_id = block_on(write_open(&writer, run("a"), 4));
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    for event in &all[4..] {
        block_on(writer.event(event.clone())).expect("it is queued");
    }
    let settling = writer.finish(&terminal).expect("it is queued");
    let said = settling.give_up();
    assert_eq!(said, Record::incomplete(4));
    other.execute_batch("COMMIT").expect("the lock is free");
    writer.close();
    let result = reader(&store).result(&run_id).expect("its result");
    assert_eq!(result.status, RunStatus::Completed);
    assert_eq!(result.record, said);
    assert_eq!(settling.give_up(), said, "it stays said");
}

#[test]
fn an_end_that_was_stored_before_it_is_given_up_is_complete() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let terminal = events(&run("a"), 3).pop().expect("a last event");
    block_on(write_open(&writer, run("a"), 3));
    let settling = writer.finish(&terminal).expect("it is queued");
    writer.close();
    assert_eq!(settling.give_up(), Record::of(RecordState::Complete));
    let result = reader(&store).result(&run("a").run_id).expect("its result");
    assert_eq!(result.record, Record::of(RecordState::Complete));
}

#[test]
fn an_end_that_a_lasting_lock_keeps_out_comes_with_a_later_group() {
    let (_dir, store) = new_store();
    let writer = Writer::open_with(&store, Duration::from_millis(50)).expect("a store");
    let _blocked = Blocked::new(&store, 2);
    let other = Connection::open(&store).expect("the file");
    let status = |id: &str| {
        let reader = reader(&store);
        let result = reader.result(&run(id).run_id).expect("its result");
        (result.status, result.record)
    };
    let lost = Record::incomplete(4);
    for id in ["a", "b"] {
        block_on(async {
            write_open(&writer, run(id), 4).await;
            other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
            let terminal = events(&run(id), 4).pop().expect("a last event");
            let record = finish(&writer, terminal, AGES).await;
            assert_eq!(record.expect("the thread lives"), lost);
            other.execute_batch("COMMIT").expect("the lock is free");
        });
        assert_eq!(status(id).0, RunStatus::Running);
    }
    assert_eq!(status("a"), (RunStatus::Completed, lost.clone()));
    writer.close();
    assert_eq!(status("b"), (RunStatus::Completed, lost));
}

#[test]
fn an_end_behind_a_full_queue_is_stored_as_it_was_said() {
    let (_dir, store) = new_store();
    let (writer, other) = {
        let writer = Writer::open(&store).expect("a store");
        block_on(write_open(&writer, run("a"), 1));
        let other = Connection::open(&store).expect("the file");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        (writer, other)
    };
    let _blocked = Blocked::new(&store, 2);
    let mut all = events(&run("a"), 2_000);
    let terminal = all.pop().expect("a last event");
    let record = block_on(async {
        let mut queued = all[1..].iter();
        let refused = queued.find(|event| {
            let event = Arc::clone(event);
            writer.event(event).now_or_never().is_none()
        });
        assert!(refused.is_some(), "there is an end to the room");
        finish(&writer, terminal, Duration::from_millis(20)).await
    });
    assert_eq!(record.expect("the thread lives"), Record::incomplete(1));
    other.execute_batch("COMMIT").expect("the lock is free");
    writer.close();
    let result = reader(&store).result(&run("a").run_id).expect("its result");
    assert_eq!(result.status, RunStatus::Completed);
    assert_eq!(result.record, Record::incomplete(1));
}

#[test]
fn a_run_that_lost_its_first_event_shows_what_its_row_knows() {
    let (_dir, store) = new_store();
    let writer = Writer::open_with(&store, Duration::from_millis(50)).expect("a store");
    let _blocked = Blocked::new(&store, 2);
    let mut all = events(&run("a"), 3);
    let terminal = all.pop().expect("a last event");
    let other = Connection::open(&store).expect("the file");
    let record = block_on(async {
        writer.begin(run("a")).await.expect("the row is written");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        for event in &all {
            writer.event(event.clone()).await.expect("it is queued");
        }
        // The thread answers again when it has given the group up.
        for _ in 0..2 {
            let looked = writer.cancel_requested(&terminal.run_id).await;
            looked.expect("it looks");
        }
        other.execute_batch("COMMIT").expect("the lock is free");
        finish(&writer, terminal, AGES).await
    });
    let lost = Record::incomplete(0);
    assert_eq!(record.expect("the run is ended"), lost);
    let reader = reader(&store);
    let result = reader.result(&run("a").run_id).expect("its result");
    assert_eq!(
        (result.council, result.input),
        (run("a").council, run("a").input)
    );
    assert_eq!(
        (result.labels, result.seed),
        (run("a").labels, run("a").seed)
    );
    assert!(result.started_at.is_some() && result.ended_at.is_some());
    assert_eq!((result.status, result.record), (RunStatus::Completed, lost));
    let events = reader.events(&run("a").run_id).expect("its events");
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [3], "outcome and event stay together");
    let listed = reader.summaries(1, false).expect("the list");
    assert_eq!(listed[0].started_at, result.started_at);
    assert_eq!(listed[0].duration_ms, result.duration_ms);
}

#[test]
fn a_crash_after_a_loss_says_what_is_missing() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let all = events(&run("a"), 5);
    let record = block_on(async {
        let run_id = write_open(&writer, run("a"), 2).await;
        writer.event(all[3].clone()).await.expect("it is queued");
        end_as_crashed(&writer, &run_id, "it fell over", AGES).await
    });
    assert_eq!(record.expect("the run is ended"), Record::incomplete(2));
    let result = reader(&store).result(&run("a").run_id).expect("its result");
    assert_eq!(result.record, Record::incomplete(2));
}

#[test]
fn what_is_known_of_a_run_is_forgotten_with_its_end() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    block_on(async {
        write_whole(&writer, run("a"), 5).await;
        let run_id = write_open(&writer, run("b"), 5).await;
        assert_eq!(writer.durable_to(&run_id), 5);
        let ended = end_as_crashed(&writer, &run_id, "it fell over", AGES).await;
        ended.expect("the run is ended");
    });
    // The thread answers when it is done with all that came before.
    let looked = block_on(writer.cancel_requested(&run("a").run_id));
    assert!(!looked.expect("it looks"));
    assert!(writer.inner.board.is_empty());
}
