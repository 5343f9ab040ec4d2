//! Programs as members, through the real binary.

use crate::common::{TestEnv, wait_for, wait_until};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs;
use std::path::Path;

/// The process ids in a file, once there are `count`.
fn pids(file: &Path, count: usize) -> Vec<Pid> {
    wait_for("the program tells its ids", || {
        let text = fs::read_to_string(file).ok()?;
        let whole = text.ends_with('\n').then_some(text)?;
        let ids = whole.split_whitespace().map(|id| id.parse().ok());
        let ids: Option<Vec<Pid>> = ids.map(|id| Pid::from_raw(id?)).collect();
        ids.filter(|ids| ids.len() == count)
    })
}

fn is_gone(pid: Pid) -> bool {
    let id = pid.as_raw_nonzero();
    match fs::read_to_string(format!("/proc/{id}/stat")) {
        // A zombie whose parent is in no hurry runs no more.
        Ok(stat) => stat
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with(['Z', 'X'])),
        Err(_) => test_kill_process(pid).is_err(),
    }
}

#[test]
fn a_council_of_programs_runs_to_its_end() {
    let env = TestEnv::new();
    env.write(
        "council.toml",
        r#"
name = "programs"

[providers.stdin]
kind = "command"
command = ["/bin/sh", "-c", "grep -c Why"]

[providers.argument]
kind = "command"
command = ["/bin/sh", "-c", 'printf "%s" "$1" | grep -c Why', "sh", "{{ prompt }}"]

[providers.env]
kind = "command"
command = ["/bin/sh", "-c", 'echo "<$CANARY> <$LISTED> <{{ model }}>"']
env = ["LISTED"]

[[member]]
id = "reader"
model = "stdin/any"
[[member]]
id = "argued"
model = "argument/any"
[[member]]
id = "surroundings"
model = "env/a/model"
[chair]
model = "stdin/any"
"#,
    );
    let variables = [("CANARY", "hunter2"), ("LISTED", "welcome")];
    let args = [
        "run",
        "./council.toml",
        "--input",
        "Why?",
        "--format",
        "json",
    ];
    let ran = env.run_as(&variables, args);
    let result = ran.assert_code(0).json();
    let answer = |member: &str| result["members"][member]["answer"].clone();
    assert_ne!(answer("reader"), "0");
    assert_eq!(answer("reader"), answer("argued"), "the same prompt");
    assert_eq!(answer("surroundings"), "<> <welcome> <a/model>");
    assert_eq!(result["answer_by"], "chair");
    env.assert_nowhere("hunter2");
}

#[test]
fn a_failing_program_is_told_in_its_own_words() {
    let env = TestEnv::new();
    env.write(
        "council.toml",
        r#"
name = "programs"
[providers.good]
kind = "command"
command = ["/bin/sh", "-c", "echo Yes."]
[providers.bad]
kind = "command"
command = ["/bin/sh", "-c", "echo 'please log in' >&2; exit 3"]
[providers.none]
kind = "command"
command = ["council-no-such-program"]
[[member]]
id = "a"
model = "good/any"
[[member]]
id = "b"
model = "bad/any"
[[member]]
id = "c"
model = "none/any"
[[round]]
kind = "independent_analysis"
"#,
    );
    let run = ["run", "./council.toml", "--input", "Why?"];
    let ran = env.run(run);
    ran.assert_code(3);
    let page = ran.stdout();
    let first = page.lines().next().expect("a line");
    assert!(first.contains("please log in"), "{page}");
    assert!(page.ends_with("\n\nYes.\n"), "{page}");

    let result = env.run(run.into_iter().chain(["--format", "json"])).json();
    let error = |index: usize| result["missing"][index]["error"].clone();
    assert_eq!(error(0)["kind"], "invalid_request");
    assert_eq!(
        error(0)["message"],
        "`/bin/sh` failed (exit status: 3): please log in"
    );
    assert_eq!(error(0)["provider"], "bad");
    assert_eq!(error(1)["kind"], "not_found");
    assert_eq!(result["calls"]["retries"], 0);
}

/// A council whose only member starts a child, tells both ids and waits for ever.
fn endless(env: &TestEnv, keys: &str) {
    let file = env.path("pids");
    let file = file.display();
    env.write(
        "council.toml",
        format!(
            r#"
name = "endless"
[providers.lab]
kind = "command"
command = ["/bin/sh", "-c", 'sleep 600 & echo $$ $! > "$1"; wait', "sh", '{file}']
[[member]]
id = "a"
model = "lab/any"
{keys}
"#
        ),
    );
}

#[test]
fn ctrl_c_ends_a_program_and_its_children() {
    let env = TestEnv::new();
    endless(&env, "");
    let mut council = env
        .command(["run", "./council.toml", "--input", "Why?"])
        .spawn()
        .expect("it starts");
    let started = pids(&env.path("pids"), 2);
    kill_process(Pid::from_child(&council), Signal::INT).expect("it runs");
    let status = council.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    for pid in started {
        wait_until("the process is gone", || is_gone(pid));
    }
    let shown = env.run(["show", "latest", "--format", "json"]).json();
    assert_eq!(shown["status"], "cancelled");
}

#[test]
fn a_timeout_ends_a_program_and_its_children() {
    let env = TestEnv::new();
    endless(&env, "timeout = \"2s\"");
    let ran = env.run([
        "run",
        "./council.toml",
        "--input",
        "Why?",
        "--format",
        "json",
    ]);
    let result = ran.assert_code(1).json();
    assert_eq!(result["members"]["a"]["status"], "timeout");
    for pid in pids(&env.path("pids"), 2) {
        wait_until("the process is gone", || is_gone(pid));
    }
}

#[test]
fn validate_names_the_listed_variables_that_are_not_set() {
    let env = TestEnv::new();
    env.write(
        "council.toml",
        r#"
name = "programs"
[providers.lab]
kind = "command"
command = ["council-no-such-program"]
env = ["LISTED", "NOT_SET"]
[[member]]
id = "a"
model = "lab/any"
"#,
    );
    let ran = env.run_as(&[("LISTED", "welcome")], ["validate", "./council.toml"]);
    ran.assert_code(0);
    let said = ran.stderr();
    assert!(
        said.contains("`lab`") && said.contains("`NOT_SET`"),
        "{said}"
    );
    assert!(!said.contains("LISTED"), "{said}");
}
