//! Disks that are full, stores that are locked, cut, deleted or written by others while a run goes
//! on: the run ends, and says how much of it is kept and where.

use super::{assert_sound, tell};
use crate::common::councils::scripted;
use crate::common::server::{Server, say};
use crate::common::{TestEnv, wait_until};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};

/// A run of a member and a chair that wait for their replies.
struct Waiting {
    env: TestEnv,
    child: Child,
    events: BufReader<ChildStdout>,
    seen: Vec<String>,
    go: Sender<()>,
    _server: Server,
}

/// How a run ended, as it said itself.
struct Ended {
    code: Option<i32>,
    events: Vec<String>,
    told: String,
}

impl Waiting {
    /// A run that has asked its member, with `flags`; its store has older runs in it.
    fn start(flags: &[&str]) -> Self {
        Self::begun(Self::start_with("[chair]", flags, |_, command| command))
    }

    /// The same, with its first events stored.
    fn begun(waiting: Self) -> Self {
        let conn = waiting.store();
        let stored = || -> i64 {
            let count = "SELECT count(*) FROM events WHERE run_id = 'r'";
            conn.query_row(count, [], |row| row.get(0))
                .expect("a count")
        };
        // What it has printed is on its way to the disk.
        wait_until("its first events are stored", || stored() == 3);
        drop(conn);
        waiting
    }

    /// A run by what `start` makes of its command; nothing of it may be stored yet.
    fn start_with(
        rest: &str,
        flags: &[&str],
        start: impl Fn(&TestEnv, Command) -> Command,
    ) -> Self {
        let env = TestEnv::new();
        for _ in 0..3 {
            env.run(["run", "quickstart", "--input", "older", "-q"])
                .assert_code(0);
        }
        let (go, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        let server = Server::start(move |_, _| {
            // Ends with the test, whatever comes of it.
            let _freed = gate.lock().expect("one call").recv();
            say(&"North. ".repeat(2_000))
        });
        env.write(
            "lab.toml",
            format!(
                "name = \"lab\"\n[providers.lab]\nkind = \"openai\"\n\
                 base_url = \"http://127.0.0.1:{}/v1\"\n\
                 [defaults]\nmodel = \"lab/m\"\n[[member]]\nid = \"ada\"\n{rest}\n",
                server.port
            ),
        );
        let fixed = [
            "run",
            "./lab.toml",
            "--input",
            "Which way?",
            "--run-id",
            "r",
            "--format",
            "ndjson",
        ];
        let command = start(&env, env.command(fixed.iter().chain(flags)));
        let mut child = in_the_folder_of(&env, command)
            .spawn()
            .expect("the binary starts");
        let events = BufReader::new(child.stdout.take().expect("its output"));
        let mut waiting = Self {
            env,
            child,
            events,
            seen: Vec::new(),
            go,
            _server: server,
        };
        while !waiting.next().contains("member_started") {}
        waiting
    }

    fn next(&mut self) -> &str {
        let mut line = String::new();
        let read = self.events.read_line(&mut line).expect("a line");
        assert!(read > 0, "it ended early");
        self.seen.push(line.trim_end().to_owned());
        &self.seen[self.seen.len() - 1]
    }

    fn store(&self) -> Connection {
        Connection::open(self.env.store()).expect("the file")
    }

    /// Lets the member and the chair answer and waits for the end of the run.
    fn end(self) -> (TestEnv, Ended) {
        self.end_after(2)
    }

    /// Lets so many calls be answered and waits for the end of the run.
    fn end_after(mut self, calls: usize) -> (TestEnv, Ended) {
        for _ in 0..calls {
            self.go.send(()).expect("the server waits");
        }
        let (mut rest, mut told) = (String::new(), String::new());
        self.events.read_to_string(&mut rest).expect("its output");
        let mut stderr = self.child.stderr.take().expect("its messages");
        stderr.read_to_string(&mut told).expect("its messages");
        let code = self.child.wait().expect("it ends").code();
        self.seen.extend(rest.lines().map(str::to_owned));
        let ended = Ended {
            code,
            events: self.seen,
            told,
        };
        (self.env, ended)
    }
}

fn in_the_folder_of(env: &TestEnv, mut command: Command) -> Command {
    command
        .current_dir(env.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A run as `show` gives it, its record apart.
fn shown(env: &TestEnv, run_id: &str) -> (Value, Value) {
    let mut shown = env.run(["show", run_id, "--format", "json"]).json();
    let record = shown["record"].take();
    (shown, record)
}

/// The next run of the store, which takes back what was spilled.
fn next_run(env: &TestEnv) -> String {
    let ran = env.run(["run", "quickstart", "--input", "the next one"]);
    ran.assert_code(0);
    ran.stderr()
}

#[test]
fn a_lock_past_the_end_of_a_run_spills_it_and_the_next_run_takes_it_back() {
    let waiting = Waiting::start(&[]);
    let lock = waiting.store();
    lock.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let (env, ended) = waiting.end();
    assert_eq!(ended.code, Some(5), "{}", ended.told);
    let file = env.path("data/council/runs.db.spill/r.ndjson");
    let named = format!("recorded in part in {}", file.display());
    assert!(ended.told.contains(&named), "{}", ended.told);
    assert!(ended.told.contains("takes it back"), "{}", ended.told);
    lock.execute_batch("COMMIT").expect("the lock is free");
    drop(lock);

    let (before, record) = shown(&env, "r");
    assert_eq!(before["status"], "completed");
    assert_eq!(record["state"], "spilled");
    assert_eq!(record["path"], file.display().to_string());
    let told = next_run(&env);
    assert!(!told.contains("left where it is"), "{told}");
    assert!(!file.exists());
    let (after, record) = shown(&env, "r");
    assert_eq!(record["state"], "complete");
    assert_eq!(after, before);
    let events = env.run(["events", "r"]).stdout();
    assert_eq!(events.lines().collect::<Vec<_>>(), ended.events);
    assert_sound(&env.store());
}

#[test]
fn a_place_that_somebody_else_has_taken_spills_the_run_or_fails_it_where_that_is_asked() {
    for (flags, code) in [(&[][..], 5), (&["--require-record"], 1)] {
        let waiting = Waiting::start(flags);
        let stranger = r#"{"v":1,"run_id":"r","seq":3,"at":"2026-11-20T10:00:00.000000Z","kind":"stranger","data":{}}"#;
        waiting
            .store()
            .execute(
                "INSERT INTO events VALUES ('r', 3, 'stranger', '2026-11-20T10:00:00.000000Z', ?1)",
                [stranger],
            )
            .expect("it is written");
        let (env, ended) = waiting.end_after(if code == 1 { 1 } else { 2 });
        assert_eq!(ended.code, Some(code), "{}", ended.told);
        let last: Value =
            serde_json::from_str(&ended.events[ended.events.len() - 1]).expect("an event");
        if code == 1 {
            assert_eq!(last["data"]["status"], "failed");
            assert_eq!(last["data"]["errors"][0]["kind"], "record");
        } else {
            assert_eq!(last["data"]["status"], "completed");
        }
        // It can never come back into its place, and stays where it is.
        let file = env.path("data/council/runs.db.spill/r.ndjson");
        let kept = fs::read_to_string(&file).expect("the rest of the run");
        assert_eq!(kept.lines().collect::<Vec<_>>(), ended.events[3..]);
        assert!(next_run(&env).contains("another event 3"));
        assert!(file.exists());
    }
}

#[test]
fn a_store_that_is_deleted_under_a_run_is_told() {
    let waiting = Waiting::start(&[]);
    fs::remove_dir_all(waiting.env.path("data/council")).expect("it is deleted");
    let (env, ended) = waiting.end();
    assert_eq!(ended.code, Some(5), "{}", ended.told);
    assert!(ended.told.contains("from event 0 on"), "{}", ended.told);
    env.run(["show", "r"]).assert_code(1);
    next_run(&env);
}

#[test]
fn a_store_that_is_cut_short_under_a_run_ends_it_with_the_truth() {
    for length in [0, 4096, 10_000] {
        let waiting = Waiting::start(&[]);
        let file = fs::OpenOptions::new().write(true).open(waiting.env.store());
        file.expect("the file").set_len(length).expect("it is cut");
        let (env, ended) = waiting.end();
        // Nothing of what stood in the part that is gone can be read again.
        assert_eq!(ended.code, Some(5), "{length}: {}", ended.told);
        // What came later may stand in a file beside it, which the words name then.
        let lost = "from event 0 on";
        assert!(ended.told.contains(lost), "{length}: {}", ended.told);
        let shown = env.run(["show", "r", "--format", "json"]);
        match shown.code() {
            // There is no store any more, or none that can be read.
            Some(1 | 2) => {}
            _ => {
                let record = &shown.assert_code(0).json()["record"];
                assert_ne!(record["state"], "complete", "{length}");
            }
        }
    }
}

/// Where there is room for what the store does not take.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Room {
    Beside,
    Temporary,
    Nowhere,
}

/// A run whose store is full before its member answers.
fn on_a_full_disk(room: Room) {
    // How much is written by then, of which a run like it has left the measure.
    let like = Waiting::begun(Waiting::start_with("", &[], |_, command| command));
    let wal = like.env.path("data/council/runs.db-wal");
    let limit = fs::metadata(wal).expect("the journal").len() + 8192;
    let (_, ended) = like.end();
    assert_eq!(ended.code, Some(0), "{}", ended.told);

    let waiting = Waiting::start_with("", &[], |env, plain| {
        if room != Room::Beside {
            env.write("data/council/runs.db.spill", "in the way");
        }
        let line = format!("ulimit -f {} && exec \"$0\" \"$@\"", limit / 512);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &line]).arg(plain.get_program());
        command.args(plain.get_args()).env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.expect("a value"));
        }
        if room == Room::Nowhere {
            command.env("TMPDIR", env.path("nowhere"));
        }
        command
    });
    let (env, ended) = waiting.end();
    assert_eq!(ended.code, Some(5), "{room:?}: {}", ended.told);
    let last = &ended.events[ended.events.len() - 1];
    assert!(last.contains("run_completed") && last.contains("North"));
    let (before, record) = shown(&env, "r");
    if room == Room::Nowhere {
        assert!(
            ended.told.contains("not recorded from event"),
            "{}",
            ended.told
        );
        // Nobody could write down the end; what came before it is there, and more is not claimed.
        let is_claimed = before["status"] == "completed" && record["state"] == "complete";
        assert!(!is_claimed, "{before} {record}");
        assert_sound(&env.store());
        return;
    }
    assert_eq!(record["state"], "spilled", "{record} {}", ended.told);
    let path = record["path"].as_str().expect("where it is").to_owned();
    assert_eq!(
        path.contains("runs.db.spill"),
        room == Room::Beside,
        "{path}"
    );
    assert!(ended.told.contains(&path), "{}", ended.told);
    let mode = |path: &str| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&path), 0o600);
    next_run(&env);
    assert!(!Path::new(&path).exists());
    let (after, record) = shown(&env, "r");
    assert_eq!((&after, &record["state"]), (&before, &"complete".into()));
    let events = env.run(["events", "r"]).stdout();
    assert_eq!(events.lines().collect::<Vec<_>>(), ended.events);
    assert_sound(&env.store());
}

#[test]
fn a_full_disk_loses_nothing_that_another_place_can_take() {
    std::thread::scope(|scope| {
        for room in [Room::Beside, Room::Temporary, Room::Nowhere] {
            scope.spawn(move || on_a_full_disk(room));
        }
    });
}

#[test]
fn where_nothing_can_be_written_nothing_is_started() {
    let env = scripted();
    env.write("file", "no folder");
    fs::create_dir(env.path("shut")).expect("a folder");
    fs::set_permissions(env.path("shut"), fs::Permissions::from_mode(0o500)).expect("shut");
    let mut stores = vec!["file/runs.db"];
    if rustix::process::geteuid().is_root() {
        tell("a read-only folder is not tried: permissions bind no superuser");
    } else {
        stores.push("shut/runs.db");
    }
    for store in stores {
        let ran = env.run(["run", "./trio.toml", "--input", "x", "--store", store]);
        ran.assert_code(2);
        assert!(ran.stderr().contains(store), "{}", ran.stderr());
        assert!(ran.stderr().contains("--store"), "{}", ran.stderr());
        assert_eq!(ran.stdout(), "");
        let without = [
            "run",
            "./trio.toml",
            "--input",
            "x",
            "--store",
            store,
            "--no-record",
        ];
        env.run(without).assert_code(3);
    }
    fs::set_permissions(env.path("shut"), fs::Permissions::from_mode(0o700)).expect("open");
}

#[test]
fn what_must_be_recorded_can_not_be_kept_out_of_the_store() {
    let env = scripted();
    for maker in [
        &["run", "./trio.toml", "--input", "x"][..],
        &["resume", "latest"],
        &["retry", "latest"],
        &["replay", "latest"],
    ] {
        let both = [maker, &["--require-record", "--no-record"]].concat();
        let ran = env.run(both);
        ran.assert_code(2);
        assert!(
            ran.stderr().contains("cannot be used with"),
            "{}",
            ran.stderr()
        );
        let code = if maker[0] == "resume" { 2 } else { 3 };
        env.run([maker, &["--require-record"]].concat())
            .assert_code(code);
    }
}
