//! A store read back: runs that ended, go on, died, or cannot be read.

use super::*;
use crate::event::{RecordState, RunStatus};
use crate::store::Summary;
use crate::store::Writer;
use crate::store::list::newest_first;
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
