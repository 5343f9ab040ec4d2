//! `council watch`: a run of another process, from its first event to its end.

use crate::common::TestEnv;
use crate::common::councils::{Begun, ask, endless, scripted};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;

/// A watcher that has shown the quick member's end.
struct Watcher {
    child: Child,
    told: BufReader<std::process::ChildStderr>,
}

impl Watcher {
    fn start(env: &TestEnv) -> Self {
        let args = ["watch", "r", "--progress", "plain"];
        let mut child = env.command(args).spawn().expect("the binary starts");
        let mut told = BufReader::new(child.stderr.take().expect("its messages"));
        let mut line = String::new();
        while !line.starts_with("quick: answer ok") {
            line.clear();
            assert!(
                told.read_line(&mut line).expect("a line") > 0,
                "it ended early"
            );
        }
        Self { child, told }
    }

    /// Waits for its end: its exit code, what it printed, and what it said last.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut told) = (String::new(), String::new());
        self.told.read_to_string(&mut told).expect("UTF-8");
        let mut stdout = self.child.stdout.take().expect("its output");
        stdout.read_to_string(&mut out).expect("UTF-8");
        let status = self.child.wait().expect("it ends");
        (status.code(), out, told)
    }
}

#[test]
fn a_run_is_watched_to_its_end_from_another_process() {
    let env = endless();
    let run = Begun::start(&env);
    let watcher = Watcher::start(&env);
    env.run(["cancel", "r"]).assert_code(0);
    let (code, out, told) = watcher.end();
    assert_eq!(code, Some(0), "it was printed");
    assert!(told.contains("cancelled:"), "{told}");
    assert_eq!(out, env.run(["show", "r"]).stdout());
    assert!(out.contains("Here."), "{out}");
    run.end();
}

#[test]
fn whoever_stops_watching_stops_nothing() {
    let env = endless();
    let run = Begun::start(&env);
    let watcher = Watcher::start(&env);
    let pid = Pid::from_child(&watcher.child);
    kill_process(pid, Signal::INT).expect("our own process");
    let (code, out, told) = watcher.end();
    assert_eq!((code, out.as_str()), (Some(130), ""));
    assert!(told.contains("`council cancel r` ends it"), "{told}");
    let shown = env.run(["show", "r", "--format", "json"]).json();
    assert_eq!(shown["status"], "running");
    run.signal(Signal::KILL);
    run.end();
    let crashed = env.run(["watch", "r", "-q"]);
    let crashed = crashed.assert_code(0).stdout();
    assert!(crashed.starts_with("crashed"), "{crashed}");
}

#[test]
fn a_run_that_has_ended_is_shown_as_it_went() {
    let env = scripted();
    ask(&env, &["--run-id", "r1", "-q"]);
    let watched = env.run(["watch", "r1"]);
    assert_eq!(
        watched.assert_code(0).stdout(),
        env.run(["show", "r1"]).stdout()
    );
    let told = watched.stderr();
    assert!(told.contains("bob: answer error"), "{told}");
    assert!(told.contains("2 of 3 members heard"), "{told}");
    env.run(["watch", "r2"]).assert_code(1);
}
