//! Councils that several topics hold: one from a script, and one that never ends.

use super::{Ran, TestEnv};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;

/// A council whose members say what its script has.
pub(crate) const SCRIPTED: &str = r#"
name = "trio"
[providers.stage]
kind = "script"
file = "replies.toml"
[defaults]
model = "stage/any"
retries = 0
[[member]]
id = "ada"
[[member]]
id = "bob"
[[member]]
id = "cyd"
[chair]
"#;

pub(crate) const REPLIES: &str = r#"
[[reply]]
call = "*.bob.*"
error = { kind = "auth", http_status = 401, message = "no such key" }
[[reply]]
call = "*.chair.*"
text = "North, says the chair.\n"
[[reply]]
call = "*"
text = "North."
"#;

/// Puts a question before the scripted council.
pub(crate) fn ask(env: &TestEnv, args: &[&str]) -> Ran {
    let fixed = ["run", "./trio.toml", "--input", "Which way?"];
    env.run(fixed.iter().chain(args))
}

pub(crate) fn scripted() -> TestEnv {
    let env = TestEnv::new();
    env.write("trio.toml", SCRIPTED);
    env.write("replies.toml", REPLIES);
    env
}

/// Makes 32 runs of the scripted council at once, `run-0` and so on, each to its end.
#[track_caller]
pub(crate) fn crowd(env: &TestEnv) {
    let children: Vec<Child> = (0..32)
        .map(|n| {
            let run_id = format!("run-{n}");
            let args = ["run", "./trio.toml", "--input", "x", "--run-id", &run_id];
            env.command(args).spawn().expect("the binary starts")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(!told.contains("locked") && !told.contains("left"), "{told}");
    }
}

/// One member answers, the other never ends.
const ENDLESS: &str = r#"
name = "endless"
[providers.stage]
kind = "script"
file = "replies.toml"
[defaults]
model = "stage/any"
[[member]]
id = "quick"
[[member]]
id = "endless"
[chair]
"#;

pub(crate) fn endless() -> TestEnv {
    let env = TestEnv::new();
    env.write("endless.toml", ENDLESS);
    env.write(
        "replies.toml",
        "[[reply]]\ncall = \"*.quick.*\"\ntext = \"Here.\"\n[[reply]]\ncall = \"*\"\npieces = [\"I begin\"]\nstall = true\n",
    );
    env
}

/// A run that has begun, and whose quick member has answered.
pub(crate) struct Begun {
    child: Child,
    events: BufReader<std::process::ChildStdout>,
}

impl Begun {
    pub(crate) fn start(env: &TestEnv) -> Self {
        let args = [
            "run",
            "./endless.toml",
            "--input",
            "x",
            "--run-id",
            "r",
            "--format",
            "ndjson",
        ];
        let mut child = env.command(args).spawn().expect("the binary starts");
        let mut events = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        while !line.contains("member_completed") {
            line.clear();
            assert!(
                events.read_line(&mut line).expect("a line") > 0,
                "it ended early"
            );
        }
        Self { child, events }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("our own process");
    }

    /// Its exit code and the rest of what it printed.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.events.read_to_string(&mut rest).expect("its output");
        (self.child.wait().expect("it ends").code(), rest)
    }
}
