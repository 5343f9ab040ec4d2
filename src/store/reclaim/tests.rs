use crate::event::{Record, RecordState, RunId, RunResult, RunStatus};
use crate::store::spill::Spills;
use crate::store::testing::{
    AGES, Blocked, block_on, child, crash as end_as_crashed, events, finish, is_child, output, run,
    write_open, write_whole,
};
use crate::store::{Reader, Writer};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(50);

fn new_store() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = fs::canonicalize(dir.path()).expect("it").join("runs.db");
    (dir, store)
}

fn reader(store: &Path) -> Reader {
    Reader::open(store).expect("it opens").expect("a store")
}

fn locked(store: &Path) -> Connection {
    let other = Connection::open(store).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    other
}

/// Writes `count` events of a run and its end, with a lasting lock after `stored` of them.
fn spill(writer: &Writer, id: &str, stored: u64, count: u64) -> Record {
    let mut all = events(&run(id), count);
    let terminal = all.pop().expect("a last event");
    block_on(async {
        write_open(writer, run(id), stored).await;
        let other = locked(writer.path());
        for event in &all[stored as usize..] {
            writer.event(event.clone()).await.expect("it is queued");
        }
        let record = finish(writer, terminal, SOON).await;
        other.execute_batch("COMMIT").expect("the lock is free");
        record.expect("the run is ended")
    })
}

fn file_of(record: &Record) -> PathBuf {
    assert_eq!(record.state, RecordState::Spilled, "{record:?}");
    record.path.as_ref().expect("where it is").into()
}

/// What is read of a run, its record apart.
fn look(store: &Path, run_id: &RunId) -> (Vec<String>, RunResult, String, Record) {
    let reader = reader(store);
    let mut result = reader.result(run_id).expect("its result");
    let record = result.record.clone();
    result.record = Record::of(RecordState::Complete);
    let mut listed = reader.summaries(1, false).expect("the list");
    assert_eq!(listed[0].record, record, "the list says what the run says");
    listed[0].record = Record::of(RecordState::Complete);
    let listed = serde_json::to_string(&listed).expect("JSON");
    let bodies = reader.bodies(run_id).expect("its events");
    let mut followed = Vec::new();
    loop {
        let seq = 1 + followed.len() as u64;
        let news = reader.since(run_id, seq).expect("its events");
        let is_all = news.over || news.bodies.is_empty();
        followed.extend(news.bodies);
        if is_all {
            assert_eq!(news.over, result.status.is_ended());
            break;
        }
    }
    assert_eq!(followed, bodies[1..]);
    (bodies, result, listed, record)
}

fn mode(path: &Path) -> u32 {
    let there = fs::symlink_metadata(path).expect("it is there");
    there.permissions().mode() & 0o777
}

#[test]
fn what_a_lock_kept_out_is_beside_the_store_and_comes_back_with_the_next_open() {
    let (dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let run_id = run("a").run_id;
    let file = file_of(&spill(&writer, "a", 2, 9));
    assert_eq!(file, dir.path().join("runs.db.spill/a.ndjson"));
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().expect("a folder")), 0o700);
    let lines: Vec<String> = events(&run("a"), 9)
        .iter()
        .map(|event| serde_json::to_string(event).expect("a line"))
        .collect();
    assert_eq!(
        fs::read_to_string(&file).expect("its lines"),
        lines[2..].join("\n") + "\n"
    );

    let (bodies, result, listed, record) = look(&store, &run_id);
    assert_eq!(bodies, lines, "who reads the store reads the file too");
    assert_eq!(result.status, RunStatus::Completed);
    assert_eq!(file_of(&record), file);
    writer.close();

    let writer = Writer::open(&store).expect("the next process");
    assert_eq!(writer.left(), [""; 0]);
    writer.close();
    assert!(!file.exists() && !dir.path().join("runs.db.spill").exists());
    let after = look(&store, &run_id);
    assert_eq!(after.3, Record::of(RecordState::Complete));
    assert_eq!((after.0, after.1, after.2), (bodies, result, listed));
}

#[test]
fn a_lock_that_lasts_spills_a_run_that_goes_on_and_leaves_its_siblings_alone() {
    let (_dir, store) = new_store();
    let writer = Writer::open_with(&store, SOON).expect("a store");
    let all = events(&run("a"), 6);
    let run_id = run("a").run_id;
    block_on(async {
        write_open(&writer, run("b"), 2).await;
        write_open(&writer, run("a"), 2).await;
        assert!(!writer.is_failing(&run_id));
        let other = locked(&store);
        writer.event(all[2].clone()).await.expect("it is queued");
        while !writer.is_failing(&run_id) {
            // The thread answers when it is done with what came before.
            writer.cancel_requested(&run_id).await.expect("it looks");
        }
        other.execute_batch("COMMIT").expect("the lock is free");
        for event in &all[3..6] {
            writer.event(event.clone()).await.expect("it is queued");
        }
        // A run that had nothing queued goes on in the store.
        let sibling = events(&run("b"), 2).pop().expect("a last event");
        let record = finish(&writer, sibling, AGES).await.expect("its end");
        assert_eq!(record, Record::of(RecordState::Complete));
    });
    assert_eq!(writer.durable_to(&run_id), 6);
    let running = reader(&store).result(&run_id).expect("its result");
    assert_eq!(running.status, RunStatus::Running);
    assert_eq!(running.notices.len(), 5);
    // Another process leaves the file of a run that goes on where it is.
    let other = Writer::open(&store).expect("another process");
    assert_eq!(other.left(), [""; 0]);
    other.close();
    let follower = reader(&store);
    let news = || follower.since(&run_id, 6).expect("its events");
    for _ in 0..2 {
        assert_eq!((news().bodies.len(), news().over), (0, false));
    }
    let record = block_on(finish(&writer, all[6].clone(), AGES)).expect("its end");
    assert_eq!((news().bodies.len(), news().over), (1, true));
    let file = file_of(&record);
    // With its end the run is over, whether or not its process is.
    Writer::open(&store).expect("another process").close();
    assert!(!file.exists());
    assert_eq!(look(&store, &run_id).3, Record::of(RecordState::Complete));
    assert!(writer.is_alive());
}

#[test]
fn a_process_that_dies_while_it_spills_leaves_what_it_spilled() {
    const NAME: &str =
        "store::reclaim::tests::a_process_that_dies_while_it_spills_leaves_what_it_spilled";
    let run_id = run("a").run_id;
    if let Some(store) = is_child() {
        let writer = Writer::open_with(&store, SOON).expect("a store");
        let all = events(&run("a"), 9);
        block_on(async {
            write_open(&writer, run("a"), 3).await;
            let _other = locked(&store);
            for event in &all[3..7] {
                writer.event(event.clone()).await.expect("it is queued");
            }
            while writer.durable_to(&run_id) < 7 {
                writer.cancel_requested(&run_id).await.expect("it looks");
            }
            std::process::abort();
        });
    }
    for torn in [false, true] {
        let (dir, store) = new_store();
        assert!(!output(child(NAME, &store, None)).status.success());
        let file = dir.path().join("runs.db.spill/a.ndjson");
        if torn {
            let whole = fs::read_to_string(&file).expect("its lines");
            fs::write(&file, &whole[..whole.len() - 20]).expect("a torn line");
        }
        let before = look(&store, &run_id);
        assert_eq!(before.1.status, RunStatus::Crashed);
        assert_eq!(before.0.len(), if torn { 7 } else { 8 });
        let writer = Writer::open(&store).expect("the next process");
        assert_eq!(writer.left(), [""; 0]);
        assert!(!file.exists());
        assert_eq!(look(&store, &run_id), before, "the same when it is back");
    }
}

#[test]
fn wherever_a_process_dies_while_it_takes_a_file_back_the_next_one_does() {
    const NAME: &str = "store::reclaim::tests::wherever_a_process_dies_while_it_takes_a_file_back_the_next_one_does";
    if let Some(store) = is_child() {
        Writer::open(&store).expect("a store").close();
        return;
    }
    let mut died = 0;
    for statements in 0..14 {
        let (dir, store) = new_store();
        let writer = Writer::open(&store).expect("a store");
        spill(&writer, "a", 2, 9);
        let before = look(&store, &run("a").run_id);
        writer.close();
        let killed = output(child(NAME, &store, Some(statements)));
        died += usize::from(!killed.status.success());
        let between = look(&store, &run("a").run_id);
        assert_eq!((&between.0, &between.1), (&before.0, &before.1));
        let writer = Writer::open(&store).expect("the next process");
        assert_eq!(writer.left(), [""; 0]);
        let after = look(&store, &run("a").run_id);
        assert_eq!(after.3, Record::of(RecordState::Complete));
        assert_eq!((after.0, after.1, after.2), (before.0, before.1, before.2));
        assert!(!dir.path().join("runs.db.spill").exists());
    }
    assert!(died >= 8, "{died}");
}

/// A store with a run of which all but two events are in a file beside it.
fn spilled() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let file = file_of(&spill(&writer, "a", 2, 9));
    writer.close();
    (dir, store, file)
}

/// Opens the store, which leaves one file and says why.
fn leaves(store: &Path, name: &str, why: &str) {
    let writer = Writer::open(store).expect("it opens all the same");
    assert_eq!(writer.left().len(), 1, "{name}: {:?}", writer.left());
    let said = &writer.left()[0];
    assert!(said.contains(why) && said.contains(name), "{said}");
    writer.close();
    let again = reader(store).result(&run("a").run_id);
    again.expect("what is stored is read all the same");
}

#[test]
fn files_that_do_not_belong_there_harm_nobody_and_stay() {
    type Change = fn(&str) -> String;
    fn line(all: &str, place: usize) -> &str {
        all.lines().nth(place).expect("a line")
    }
    let cases: [(&str, &str, Change); 9] = [
        ("notes.txt", "not that of a run", str::to_owned),
        ("-x.ndjson", "not that of a run", str::to_owned),
        ("b.ndjson", "line 1 is of another run", str::to_owned),
        ("none.ndjson", "no such run", |_| String::new()),
        ("none.ndjson", "no such run", |all| {
            all.replace("\"run_id\":\"a\"", "\"run_id\":\"none\"")
        }),
        ("a.ndjson", "lacks event 2", |all| {
            all.lines()
                .skip(1)
                .map(|line| format!("{line}\n"))
                .collect()
        }),
        ("a.ndjson", "is event 4 after event 2", |all| {
            format!("{}\n{}\n", line(all, 0), line(all, 2))
        }),
        ("a.ndjson", "follows the end", |all| {
            format!("{all}{}\n", line(all, 0))
        }),
        ("a.ndjson", "line 1 is no event", |all| format!("{{\n{all}")),
    ];
    for (name, why, change) in cases {
        let (_dir, store, file) = spilled();
        let good = fs::read_to_string(&file).expect("its lines");
        fs::remove_file(&file).expect("it goes");
        let path = file.with_file_name(name);
        fs::write(&path, change(&good)).expect("a file");
        leaves(&store, name, why);
        assert_eq!(
            fs::read_to_string(&path).expect("it is there"),
            change(&good)
        );
    }
}

#[test]
fn an_end_that_is_spilled_after_it_was_given_up_is_stored_as_it_was_said_until_it_is_taken_back() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let mut all = events(&run("a"), 6);
    let terminal = all.pop().expect("a last event");
    let run_id = block_on(write_open(&writer, run("a"), 4));
    let other = locked(&store);
    for event in &all[4..] {
        block_on(writer.event(event.clone())).expect("it is queued");
    }
    let said = writer.finish(&terminal).expect("it is queued").give_up();
    assert_eq!(said, Record::incomplete(4));
    writer.hurry(&run_id);
    let is_spilled = || {
        let spilled = Spills::of(&store).read(&run_id);
        spilled.is_some_and(|spilled| spilled.ending.is_some())
    };
    let end = Instant::now() + AGES;
    while !is_spilled() {
        assert!(Instant::now() < end, "it is spilled");
        std::thread::yield_now();
    }
    other.execute_batch("COMMIT").expect("the lock is free");
    writer.close();
    let result = || reader(&store).result(&run_id).expect("its result");
    assert_eq!(
        (result().status, result().record),
        (RunStatus::Completed, said)
    );
    let bodies = reader(&store).bodies(&run_id).expect("its events");
    assert_eq!(bodies.len(), 7);
    Writer::open(&store).expect("the next process").close();
    assert_eq!(result().record, Record::of(RecordState::Complete));
    assert_eq!(reader(&store).bodies(&run_id).expect("its events"), bodies);
}

#[test]
fn a_file_that_fits_only_in_part_leaves_nothing_in_the_store() {
    let (_dir, store, file) = spilled();
    let all = fs::read_to_string(&file).expect("its lines");
    let fourth = all.lines().nth(2).expect("a line");
    let other = fourth.replace("number 4", "another number");
    assert_ne!(other, fourth);
    let conn = Connection::open(&store).expect("the file");
    let insert = "INSERT INTO events SELECT 'a', 4, kind, at, ?1 FROM events WHERE seq = 1";
    assert_eq!(conn.execute(insert, [other]).expect("it is written"), 1);
    leaves(&store, "a.ndjson", "another event 4");
    let seqs = "SELECT group_concat(seq) FROM (SELECT seq FROM events ORDER BY seq)";
    let seqs: String = conn.query_row(seqs, [], |row| row.get(0)).expect("a list");
    assert_eq!(seqs, "0,1,4,5", "what stood there, and the crash");
    assert_eq!(fs::read_to_string(&file).expect("it stays"), all);
}

#[test]
fn what_is_no_plain_file_of_this_user_is_not_opened() {
    let alone = "no file of this user alone";
    type Change = fn(&Path, &Path);
    let cases: [(&str, Change); 5] = [
        (alone, |file, moved| symlink(moved, file).expect("a link")),
        (alone, |file, _| fs::create_dir(file).expect("a folder")),
        (alone, |file, moved| {
            fs::copy(moved, file).expect("a copy");
            let all = fs::Permissions::from_mode(0o777);
            fs::set_permissions(file.parent().expect("a folder"), all).expect("open to all");
        }),
        (alone, |file, moved| {
            fs::copy(moved, file).expect("a copy");
            fs::set_permissions(file, fs::Permissions::from_mode(0o666)).expect("open to all");
        }),
        ("larger than any", |file, _| {
            let huge = fs::File::create(file).expect("a file");
            huge.set_len(1 << 40).expect("a hole");
        }),
    ];
    for (why, change) in cases {
        let (dir, store, file) = spilled();
        let moved = dir.path().join("elsewhere");
        fs::rename(&file, &moved).expect("it moves");
        change(&file, &moved);
        leaves(&store, "a.ndjson", why);
    }
}

#[test]
fn without_a_place_beside_the_store_it_is_the_temporary_folder_and_without_that_a_number() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let blocked = Blocked::new(&store, 1);
    let file = file_of(&spill(&writer, "a", 2, 9));
    assert_eq!(
        file.parent(),
        Some(Spills::of(&store).places()[1].as_path())
    );
    drop(blocked);
    writer.close();
    let writer = Writer::open(&store).expect("the next process");
    assert_eq!(
        look(&store, &run("a").run_id).3,
        Record::of(RecordState::Complete)
    );
    assert!(!file.exists());

    let _blocked = Blocked::new(&store, 2);
    assert_eq!(spill(&writer, "b", 2, 9), Record::incomplete(2));
}

#[test]
fn a_crash_that_can_not_be_stored_is_spilled_with_its_reason() {
    let (_dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    let run_id = run("a").run_id;
    let record = block_on(async {
        write_open(&writer, run("a"), 3).await;
        let _other = locked(&store);
        let event = events(&run("a"), 5)[3].clone();
        writer.event(event).await.expect("it is queued");
        end_as_crashed(&writer, &run_id, "it fell over", SOON).await
    });
    file_of(&record.expect("the run is ended"));
    writer.close();
    let before = look(&store, &run_id);
    assert_eq!(before.1.reason.as_deref(), Some("it fell over"));
    assert_eq!(before.0.len(), 5);
    Writer::open(&store).expect("the next process").close();
    assert_eq!(look(&store, &run_id).1, before.1);
}

/// A store with older runs in its file, open for writing.
fn aged() -> (tempfile::TempDir, PathBuf, Writer) {
    let (dir, store) = new_store();
    let writer = Writer::open(&store).expect("a store");
    for old in 0..20 {
        let id = format!("old-{old}");
        block_on(write_whole(&writer, run(&id), 40));
    }
    writer.close();
    let writer = Writer::open(&store).expect("a store");
    (dir, store, writer)
}

#[test]
fn a_store_that_is_cut_short_under_a_run_is_said_to_be_lost() {
    let (_dir, store, writer) = aged();
    let terminal = events(&run("a"), 2).pop().expect("a last event");
    let record = block_on(async {
        write_open(&writer, run("a"), 2).await;
        let file = fs::OpenOptions::new().write(true).open(&store);
        file.expect("the file").set_len(4096).expect("it is cut");
        finish(&writer, terminal, AGES).await
    });
    let record = record.expect("the thread lives");
    assert_eq!(
        (record.state, record.from_seq),
        (RecordState::Incomplete, Some(0))
    );
    writer.close();
}

#[test]
fn a_store_that_is_overwritten_under_a_run_is_said_to_be_lost() {
    let (_dir, store, writer) = aged();
    let length = fs::metadata(&store).expect("the file").len();
    let noise = vec![0xa5; usize::try_from(length).expect("small") - 4096];
    let file = fs::OpenOptions::new().write(true).open(&store);
    std::os::unix::fs::FileExt::write_all_at(&file.expect("the file"), &noise, 4096)
        .expect("it is overwritten");
    // What it had read before may carry it a while; it does not carry the truth away.
    let begun = block_on(writer.begin(run("a")));
    if let Err(fault) = begun {
        let told = fault.to_string();
        assert!(told.contains("runs.db"), "{told}");
        assert!(told.contains("malformed"), "{told}");
        return;
    }
    let all = events(&run("a"), 2);
    let record = block_on(async {
        for event in &all[..2] {
            writer.event(event.clone()).await.expect("it is queued");
        }
        finish(&writer, all[2].clone(), AGES).await
    });
    let record = record.expect("the thread lives");
    assert_eq!(
        (record.state, record.from_seq),
        (RecordState::Incomplete, Some(0))
    );
}
