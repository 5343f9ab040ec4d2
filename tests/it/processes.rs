//! Whole processes: many at once, killed, stopped, interrupted, and with nobody who reads.

use crate::common::councils::{Begun, crowd, endless, scripted};
use rustix::process::Signal;
use std::process::Stdio;

#[test]
fn each_signal_ends_the_run_with_its_own_code_and_keeps_what_has_come() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let env = endless();
        let begun = Begun::start(&env);
        begun.signal(signal);
        let (ended, rest) = begun.end();
        assert_eq!(ended, Some(code));
        let last: serde_json::Value =
            serde_json::from_str(rest.lines().last().expect("a last event")).expect("an event");
        assert_eq!(
            (&last["kind"], &last["data"]["status"]),
            (&"run_failed".into(), &"cancelled".into())
        );
        let shown = env.run(["show", "r", "--format", "json"]).json();
        assert_eq!(shown["status"], "cancelled");
        assert_eq!(shown["members"]["quick"]["answer"], "Here.");
        assert_eq!(shown["members"]["endless"]["status"], "cancelled");
        assert_eq!(shown["record"]["state"], "complete");
    }
}

#[test]
fn a_killed_run_is_crashed_and_has_all_events_that_were_seen() {
    let env = endless();
    let begun = Begun::start(&env);
    // A kill may lose what came during one commit; this reply shall be in the store.
    let stored = || {
        env.run(["show", "r", "--format", "json"]).json()["members"]["quick"]["answer"] == "Here."
    };
    assert!(
        (0..500).any(|_| stored()),
        "the reply is stored while the run goes on"
    );
    begun.signal(Signal::KILL);
    begun.end();
    // The live file's lock is free, and nobody has recorded the crash: a copy shows the same.
    std::fs::create_dir(env.path("copy")).expect("a folder");
    for file in ["runs.db", "runs.db-wal"] {
        let from = env.path("data/council").join(file);
        if from.exists() {
            std::fs::copy(from, env.path("copy").join(file)).expect("a copy");
        }
    }
    let copy = env
        .run(["list", "--json", "--store", "copy/runs.db"])
        .json();
    assert_eq!(copy[0]["status"], "crashed");
    let before = env.run(["show", "r", "--format", "json"]);
    assert_eq!(before.json()["status"], "crashed");
    assert_eq!(before.json()["members"]["quick"]["answer"], "Here.");
    // The next process that writes records the crash, and nothing changes for who reads.
    env.run(["run", "quickstart", "--input", "x", "-q"])
        .assert_code(0);
    let after = env.run(["show", "r", "--format", "json"]);
    assert_eq!(after.stdout(), before.stdout());
    let live = env.listing("data/council/runs.db.live");
    assert!(live.is_empty(), "dead live files are swept: {live:?}");
}

#[test]
fn a_stopped_process_is_still_running() {
    let env = endless();
    let begun = Begun::start(&env);
    let status = || env.run(["list", "--json"]).json()[0]["status"].clone();
    assert!(
        (0..500).any(|_| status() == "running"),
        "its first events are committed"
    );
    begun.signal(Signal::STOP);
    let listed = env.run(["list", "--json"]).json();
    assert_eq!(listed[0]["status"], "running");
    assert_eq!(
        env.run(["show", "r", "--format", "json"]).json()["status"],
        "running"
    );
    begun.signal(Signal::CONT);
    begun.signal(Signal::TERM);
    assert_eq!(begun.end().0, Some(143));
}

#[test]
fn thirty_two_runs_at_once_on_a_new_store_are_all_whole() {
    let env = scripted();
    crowd(&env);
    let listed = env.run(["list", "--json", "--limit", "100"]).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(32));
    for n in 0..32 {
        let events = env.run(["events", &format!("run-{n}")]).events();
        for (seq, event) in events.iter().enumerate() {
            assert_eq!(event["seq"], seq, "no gap");
        }
        assert_eq!(events.last().expect("events")["kind"], "run_completed");
    }
    let mut left = env.listing("data/council");
    left.retain(|name| name.ends_with("-wal") || name.ends_with("-shm"));
    assert!(left.is_empty(), "one file that can be copied: {left:?}");
}

#[test]
fn a_closed_standard_output_changes_nothing() {
    let env = scripted();
    let args = [
        "run",
        "./trio.toml",
        "--input",
        "x",
        "--run-id",
        "r",
        "--format",
        "ndjson",
    ];
    let mut child = env
        .command(args)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let shown = env.run(["show", "r", "--format", "json"]).json();
    assert_eq!(shown["record"]["state"], "complete");
}

#[test]
fn a_deadline_fails_the_run_and_says_which() {
    let env = endless();
    let ran = env.run([
        "run",
        "./endless.toml",
        "--input",
        "x",
        "--run-id",
        "r",
        "--deadline",
        "300ms",
        "-q",
    ]);
    ran.assert_code(1);
    let shown = env.run(["show", "r", "--format", "json"]).json();
    assert_eq!(shown["reason"], "the deadline of 300ms passed");
    assert_eq!(shown["errors"][0]["kind"], "deadline");
    assert_eq!(shown["members"]["quick"]["answer"], "Here.");
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_can_not_be_written_is_told_and_kept() {
    let env = scripted();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("a full disk");
    let output = env
        .command(["run", "./trio.toml", "--input", "x", "--run-id", "r", "-q"])
        .stdout(full)
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("council show r"), "{told}");
    env.run(["show", "r"]).assert_code(0);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let mut show = env.command(["show", "r"]);
    let show = show.stdout(full.expect("a full disk")).output();
    let show = show.expect("the binary runs");
    assert_eq!(show.status.code(), Some(1));
    let told = String::from_utf8_lossy(&show.stderr);
    assert!(
        told.contains("error: the output could not be written"),
        "{told}"
    );
}

/// A pipe is opened once: its reader would take the first end for the end.
#[test]
fn an_output_pipe_gets_what_standard_output_would_get() {
    let env = scripted();
    let pipe = env.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let run = [
        "run",
        "./trio.toml",
        "--input",
        "x",
        "-q",
        "--output",
        "pipe",
    ];
    let child = env.command(run).spawn().expect("the binary starts");
    let read = std::fs::read_to_string(&pipe).expect("what it wrote");
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(read, env.run(["show", "latest"]).stdout());
}

#[test]
fn a_run_can_be_followed_and_ended_from_another_process() {
    let env = endless();
    let begun = Begun::start(&env);
    let follower = env
        .command(["events", "r", "--follow"])
        .spawn()
        .expect("the binary starts");
    env.run(["cancel", "r"]).assert_code(0);
    let (code, rest) = begun.end();
    assert_eq!(code, Some(6));
    assert!(
        rest.lines()
            .last()
            .is_some_and(|line| line.contains("council cancel")),
        "{rest}"
    );
    let followed = follower.wait_with_output().expect("it ends with the run");
    let followed = String::from_utf8(followed.stdout).expect("UTF-8");
    assert_eq!(
        followed,
        env.run(["show", "r", "--format", "ndjson"]).stdout()
    );
    assert_eq!(followed, env.run(["events", "r"]).stdout());
    let again = env.run(["cancel", "r"]);
    again.assert_code(1);
    assert!(
        again.stderr().contains("ended already"),
        "{}",
        again.stderr()
    );
    env.run(["cancel", "--all"]).assert_code(0);
}
