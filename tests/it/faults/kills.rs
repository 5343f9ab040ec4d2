//! A run that is killed anywhere: what was stored stays, and no stored reply is asked for again.

use super::{Draws, assert_sound, hash_of, tell};
use crate::common::TestEnv;
use crate::common::server::{Asked, Server, say};
use council::event::{Event, EventKind, RunStatus};
use council::store::Reader;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const KILLS: usize = 200;

/// What a kill met that came after the run's end.
const LATE: &str = "after the end";

/// How many are killed at a time.
const WORKERS: usize = 2;

/// Names a call by all that is asked in it.
fn name_of(asked: &Asked) -> String {
    format!("call{:016x}", hash_of(asked))
}

/// A server that answers each call with the call's own name, in several pieces.
fn server() -> Server {
    Server::start(|_, asked| {
        let name = name_of(asked);
        say(&format!(
            r#"{{"revised": true, "answer": "North, says {name}."}}"#
        ))
    })
}

fn write_spec(env: &TestEnv, name: &str, server: &Server) {
    let spec = format!(
        r#"
name = "lab"
seed = 7
[providers.lab]
kind = "openai"
base_url = "http://127.0.0.1:{}/v1"
[defaults]
model = "lab/m"
retries = 0
[[member]]
id = "ada"
prompt = "You are Ada."
[[member]]
id = "bob"
prompt = "You are Bob."
[chair]
[[round]]
kind = "independent_analysis"
[[round]]
kind = "peer_review"
[[round]]
kind = "synthesis"
"#,
        server.port
    );
    env.write(name, spec);
}

/// How often each call was made.
fn counted(server: &Server) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    // A process that is killed while it connects has asked nothing.
    let whole = |asked: &Asked| !asked.body.is_empty();
    for asked in server.asked().into_iter().filter(whole) {
        *calls.entry(name_of(&asked)).or_default() += 1;
    }
    calls
}

/// What the run comes to when nobody disturbs it.
struct Unbroken {
    events: usize,
    calls: BTreeSet<String>,
    answer: String,
}

impl Unbroken {
    fn made() -> Self {
        let (env, server) = (TestEnv::new(), server());
        write_spec(&env, "lab.toml", &server);
        let ran = env.run(["run", "./lab.toml", "--input", "Which way?", "-q"]);
        ran.assert_code(0);
        let calls = counted(&server);
        assert_eq!(calls.len(), 7, "{calls:?}");
        assert!(calls.values().all(|count| *count == 1), "{calls:?}");
        let events = env.run(["events", "latest"]).stdout().lines().count();
        Self {
            events,
            calls: calls.into_keys().collect(),
            answer: ran.stdout(),
        }
    }
}

/// Kills a run when the line `last` of its events came; gives the kind of that event, none where
/// the run was over before.
fn kill(env: &TestEnv, spec: &str, run_id: &str, last: usize) -> Option<String> {
    let spec = format!("./{spec}");
    let args = [
        "run",
        &spec,
        "--input",
        "Which way?",
        "--run-id",
        run_id,
        "--format",
        "ndjson",
    ];
    let mut child = env.command(args).spawn().expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let line = lines.nth(last).map(|line| line.expect("a line"));
    child.kill().expect("our own process");
    child.wait().expect("it ends");
    let event: serde_json::Value = serde_json::from_str(&line?).expect("an event");
    Some(event["kind"].as_str().expect("a kind").to_owned())
}

/// The calls whose replies are in the store.
fn stored(events: &[Event], names: &BTreeSet<String>) -> BTreeSet<String> {
    let replies = events.iter().filter_map(|event| match &event.body {
        EventKind::MemberCompleted(done) => done.text.as_deref(),
        _ => None,
    });
    replies
        .map(|text| {
            let name = names
                .iter()
                .find(|name| text.contains(&format!("says {name}.")));
            name.expect("the reply to a call").clone()
        })
        .collect()
}

fn kill_and_resume(env: &TestEnv, number: usize, last: usize, unbroken: &Unbroken) -> String {
    let (server, run_id) = (server(), format!("killed-{number}"));
    let spec = format!("lab-{number}.toml");
    write_spec(env, &spec, &server);
    let Some(kind) = kill(env, &spec, &run_id, last) else {
        return LATE.to_owned();
    };
    assert_sound(&env.store());
    let id = run_id.parse().expect("an id");
    let kept = {
        let reader = Reader::open(&env.store()).expect("it opens");
        let reader = reader.expect("a store");
        let result = reader.result(&id).expect("its row");
        if result.status == RunStatus::Completed {
            return LATE.to_owned();
        }
        assert_eq!(result.status, RunStatus::Crashed, "{run_id}");
        stored(&reader.events(&id).expect("its events"), &unbroken.calls)
    };
    let resumed = env.run(["resume", &run_id, "-q"]);
    resumed.assert_code(0);
    assert_eq!(resumed.stdout(), unbroken.answer, "{run_id}");
    assert_sound(&env.store());
    for (call, count) in counted(&server) {
        assert!(unbroken.calls.contains(&call), "{run_id}: a new question");
        let most = if kept.contains(&call) { 1 } else { 2 };
        assert!(count <= most, "{run_id}: {call} was made {count} times");
    }
    let asked: BTreeSet<String> = counted(&server).into_keys().collect();
    assert_eq!(asked, unbroken.calls, "{run_id}: all was asked");
    kind
}

fn in_time(met: &BTreeMap<String, usize>) -> usize {
    let late = met.get(LATE).copied().unwrap_or(0);
    met.values().sum::<usize>() - late
}

#[test]
fn a_run_that_is_killed_anywhere_is_resumed_and_pays_for_nothing_twice() {
    let mut draws = Draws::seeded("kills");
    let unbroken = Unbroken::made();
    // Each event has its turn, but for the last, after which there is nothing to resume.
    // Some runs are over before they are killed; those are not counted, so there are more.
    let mut cuts: Vec<usize> = (0..KILLS * 2).map(|n| n % (unbroken.events - 1)).collect();
    draws.shuffle(&mut cuts[..KILLS]);
    let (next, met) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let env = TestEnv::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&last) = cuts.get(number) else {
                        return;
                    };
                    let kind = kill_and_resume(&env, number, last, &unbroken);
                    let mut met = met.lock().expect("the count");
                    *met.entry(kind).or_insert(0) += 1;
                    if in_time(&met) >= KILLS {
                        return;
                    }
                }
            });
        }
    });
    let met = met.into_inner().expect("the count");
    tell(&format!("kills met: {met:?}"));
    assert!(in_time(&met) >= KILLS, "{met:?}");
    for kind in [
        "run_started",
        "member_token",
        "member_completed",
        "round_completed",
    ] {
        assert!(met.contains_key(kind), "no kill met {kind}: {met:?}");
    }
}
