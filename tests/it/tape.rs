//! The tape: runs that are taken up, tried again and played back, with a server that counts.

use crate::common::server::{Do, Server, reply};
use crate::common::{Ran, TestEnv};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const SPEC: &str = r#"
name = "pair"
[providers.lab]
kind = "openai"
base_url = "http://127.0.0.1:PORT/v1"
api_key_env = "LAB_KEY"
stream = false
[defaults]
retries = 0
[[member]]
id = "ada"
model = "lab/model-ada"
[[member]]
id = "bob"
model = "lab/model-bob"
[chair]
model = "lab/model-chair"
"#;

/// Makes the run `r`.
const ASK: &[&str] = &[
    "run",
    "./pair.toml",
    "--input",
    "Which way?",
    "--run-id",
    "r",
];

const KEY: &[(&str, &str)] = &[("LAB_KEY", "k-1")];

/// A council, and the server behind it, which can be made to behave.
struct Lab {
    env: TestEnv,
    server: Server,
    well: Arc<AtomicBool>,
}

impl Lab {
    /// While the server is not well it does `ill` for the member or chair that is asked; none is a
    /// good reply.
    fn new(rounds: &str, ill: fn(&str) -> Option<Do>) -> Self {
        let well = Arc::new(AtomicBool::new(false));
        let is_well = Arc::clone(&well);
        let server = Server::start(move |_, asked| {
            let who = who(&asked.body);
            let ill = if is_well.load(Ordering::Relaxed) {
                None
            } else {
                ill(who)
            };
            vec![ill.unwrap_or_else(|| said(who, "stop"))]
        });
        let env = TestEnv::new();
        let spec = SPEC.replace("PORT", &server.port.to_string());
        env.write("pair.toml", spec + rounds);
        Self { env, server, well }
    }

    fn get_well(&self) {
        self.well.store(true, Ordering::Relaxed);
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.env.run_as(KEY, args)
    }

    /// Makes the run `r` to its end.
    fn ask(&self) -> Ran {
        self.run(&[ASK, &["--format", "json"]].concat())
    }

    /// Makes the run `r`, and kills it once its first round is in the store.
    fn ask_and_kill(&self) {
        let mut child = self
            .env
            .command(ASK)
            .envs(KEY.iter().copied())
            .spawn()
            .expect("the binary starts");
        let is_stored = || {
            let events = self.env.run(["events", "r"]).stdout();
            events.contains("round_completed") && self.asked("chair") == 1
        };
        assert!((0..2_000).any(|_| is_stored()), "the first round is stored");
        kill_process(Pid::from_child(&child), Signal::KILL).expect("our own process");
        child.wait().expect("it ends");
    }

    /// How often the server was asked for a reply of `who`.
    fn asked(&self, who: &str) -> usize {
        let asked = self.server.asked();
        asked
            .iter()
            .filter(|asked| crate::tape::who(&asked.body) == who)
            .count()
    }

    fn counts(&self) -> [usize; 3] {
        ["ada", "bob", "chair"].map(|who| self.asked(who))
    }
}

fn who(body: &str) -> &'static str {
    ["ada", "bob", "chair"]
        .into_iter()
        .find(|who| body.contains(&format!("\"model-{who}\"")))
        .expect("a model of the council")
}

fn said(who: &str, finish: &str) -> Do {
    let body = json!({
        "id": "x",
        "object": "chat.completion",
        "model": "m",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": format!("{who} says north.") },
            "finish_reason": finish,
        }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 3 },
    });
    Do::Send(reply(200, "", "application/json", &body.to_string()))
}

fn refuse(status: u16) -> Do {
    let body = json!({ "error": { "message": "not today" } }).to_string();
    Do::Send(reply(status, "", "application/json", &body))
}

fn chair_hangs(who: &str) -> Option<Do> {
    (who == "chair").then_some(Do::Hang)
}

fn bob_fails(who: &str) -> Option<Do> {
    (who == "bob").then(|| refuse(500))
}

/// The object of a run without what a replay changes: ids, times, totals.
fn lasting(mut result: Value) -> Value {
    let object = result.as_object_mut().expect("an object");
    for key in [
        "run_id",
        "origin",
        "usage",
        "cost_usd",
        "calls",
        "started_at",
        "ended_at",
        "duration_ms",
    ] {
        assert!(object.remove(key).is_some(), "{key}");
    }
    let members = object["members"].as_object_mut().expect("members");
    for member in members.values_mut() {
        let member = member.as_object_mut().expect("a member");
        for key in ["usage", "cost_usd", "duration_ms"] {
            assert!(member.remove(key).is_some(), "{key}");
        }
    }
    result
}

#[test]
fn a_killed_run_is_resumed_and_no_recorded_call_is_made_again() {
    let lab = Lab::new("", chair_hangs);
    lab.ask_and_kill();
    assert_eq!(lab.counts(), [1, 1, 1]);
    lab.get_well();
    let keyless = lab.env.run(["resume", "r"]);
    let told = keyless.assert_code(2).stderr();
    assert!(told.contains("LAB_KEY"), "{told}");
    // All that it takes is in the store.
    std::fs::remove_file(lab.env.path("pair.toml")).expect("the spec is there");
    let resumed = lab.run(&["resume", "r", "--run-id", "s", "--format", "json"]);
    let json = resumed.assert_code(0).json();
    assert_eq!(lab.counts(), [1, 1, 2], "the chair's call was in flight");
    assert_eq!(json["answer"], "chair says north.");
    assert_eq!(json["origin"], "r");
    assert_eq!(
        json["calls"],
        json!({ "made": 1, "from_tape": 2, "retries": 0 })
    );
    assert_eq!(json["usage"]["input_tokens"], 10, "what was paid now");
    let seed = |run: &str| lab.env.run(["show", run, "--format", "json"]).json()["seed"].clone();
    assert_eq!(seed("r"), seed("s"));
    let events = lab.env.run(["events", "s"]).stdout();
    let last: Value = serde_json::from_str(events.lines().last().expect("an event")).expect("json");
    assert_eq!(
        last["data"]["totals"]["usage_then"]["input_tokens"], 20,
        "what the played replies took then"
    );
    assert!(
        !events
            .lines()
            .any(|line| line.contains("member_token") && line.contains(".ada.")),
        "a played call has no pieces"
    );
    let shown = lab.env.run(["show", "s", "--round", "0"]).stdout();
    assert_eq!(shown.matches("played back").count(), 2, "{shown}");

    // What was resumed can itself be played, without a key and without anybody to ask.
    let replayed = lab.env.run(["replay", "s", "--format", "json"]);
    assert_eq!(
        lasting(replayed.assert_code(0).json()),
        lasting(json.clone())
    );
    let refused = lab.run(&["resume", "s"]);
    assert!(
        refused.assert_code(2).stderr().contains("council retry s"),
        "{}",
        refused.stderr()
    );
    assert_eq!(lab.counts(), [1, 1, 2]);
}

#[test]
fn a_run_that_goes_on_is_not_taken_up() {
    let lab = Lab::new("", chair_hangs);
    let mut child = lab
        .env
        .command(["run", "./pair.toml", "--input", "x", "--run-id", "r"])
        .envs(KEY.iter().copied())
        .spawn()
        .expect("the binary starts");
    let goes_on = || lab.env.run(["list"]).stdout().contains("running");
    assert!((0..2_000).any(|_| goes_on()), "it begins");
    for command in ["resume", "retry", "replay"] {
        let refused = lab.run(&[command, "r"]);
        let told = refused.assert_code(2).stderr();
        assert!(told.contains("council watch r"), "{told}");
    }
    kill_process(Pid::from_child(&child), Signal::KILL).expect("our own process");
    child.wait().expect("it ends");
}

#[test]
fn a_request_that_differs_is_taken_with_a_notice() {
    let lab = Lab::new("", chair_hangs);
    lab.ask_and_kill();
    lab.get_well();
    let spec = std::fs::read_to_string(lab.env.path("pair.toml")).expect("the spec");
    let other = spec.replace("id = \"ada\"", "id = \"ada\"\nrole = \"Pilot\"");
    lab.env.write("other.toml", other);
    let refused = lab.run(&["resume", "r", "./other.toml"]);
    assert!(
        refused.assert_code(2).stderr().contains("--force"),
        "{}",
        refused.stderr()
    );
    let same = lab.run(&["resume", "r", "./pair.toml", "--format", "json"]);
    assert_eq!(same.assert_code(0).json()["notices"], json!([]));
    let args = ["resume", "r", "./other.toml", "--force", "--format", "json"];
    let json = lab.run(&args).assert_code(0).json();
    assert_eq!(lab.counts(), [1, 1, 3]);
    assert_eq!(json["notices"].as_array().expect("notices").len(), 1);
    assert_eq!(json["notices"][0]["code"], "request_differs");
    let text = json["notices"][0]["text"].as_str().expect("a text");
    assert!(text.starts_with("ada, answer in round 0: "), "{text}");
}

#[test]
fn a_retry_asks_again_what_failed_and_what_that_changes() {
    let lab = Lab::new("", bob_fails);
    lab.ask().assert_code(3);
    assert_eq!(lab.counts(), [1, 1, 1]);
    // It fails as before: the chair's question is the same, and so is its answer.
    let json = lab.run(&["retry", "r", "--format", "json"]);
    let json = json.assert_code(3).json();
    assert_eq!(lab.counts(), [1, 2, 1]);
    assert_eq!(json["calls"]["from_tape"], 2);
    lab.get_well();
    let json = lab.run(&["retry", "r", "--format", "json"]);
    let json = json.assert_code(0).json();
    assert_eq!(lab.counts(), [1, 3, 2]);
    assert_eq!(
        json["calls"],
        json!({ "made": 2, "from_tape": 1, "retries": 0 })
    );
    assert_eq!(json["members"]["bob"]["answer"], "bob says north.");
}

#[test]
fn a_run_from_another_asks_only_what_changed() {
    let lab = Lab::new("", |_| None);
    lab.ask().assert_code(0);
    assert_eq!(lab.counts(), [1, 1, 1]);
    let again = |more: &[&str]| {
        let args = ["run", "--from", "r", "--format", "json"];
        let ran = lab.run(&[&args[..], more].concat());
        let result = ran.assert_code(0).json();
        assert_eq!(result["origin"], "r");
        (result["calls"]["made"].clone(), lab.counts())
    };
    assert_eq!(again(&[]), (json!(0), [1, 1, 1]), "nothing changed");
    let chair = ["--set", "chair.prompt=Be brief."];
    assert_eq!(again(&chair), (json!(1), [1, 1, 2]), "the chair alone");
    let bob = ["--set", "member.bob.temperature=1"];
    assert_eq!(
        again(&bob),
        (json!(1), [1, 2, 2]),
        "his new answer is the old one, so the chair's question is"
    );
    let all = again(&["--input", "Which other way?", "--label", "try=2"]);
    assert_eq!(all, (json!(3), [2, 3, 3]), "another question");
    let shown = lab.env.run(["show", "latest", "--format", "json"]).json();
    assert_eq!(shown["input"], "Which other way?");
    assert_eq!(shown["labels"], json!({ "try": "2" }));
}

#[test]
fn a_change_that_is_a_fault_is_told_of_the_recorded_spec() {
    let lab = Lab::new("", |_| None);
    lab.ask().assert_code(0);
    let refused = lab.run(&["run", "--from", "r", "--set", "member.bob.modle=lab/x"]);
    let told = refused.assert_code(2).stderr();
    assert!(told.contains("in --set member.bob.modle"), "{told}");
    assert!(told.contains("the spec of run r"), "{told}");
    assert_eq!(lab.counts(), [1, 1, 1]);
    lab.run(&["run", "--from", "nobody"]).assert_code(1);
}

#[test]
fn a_replay_needs_neither_key_nor_network() {
    let lab = Lab::new("", |who| match who {
        "ada" => Some(said(who, "length")),
        other => bob_fails(other),
    });
    let ran = lab.ask();
    let made = ran.assert_code(3).json();
    assert_eq!(made["notices"][0]["code"], "token_limit");
    let ndjson = lab.env.run(["show", "r", "--format", "ndjson"]).stdout();
    lab.env.write("r.ndjson", &ndjson);
    let text = lab.env.run(["show", "r"]).stdout();
    let Lab { env, server, .. } = lab;
    let before = server.asked().len();
    for what in ["r", "./r.ndjson", "r.ndjson"] {
        let replayed = env.run(["replay", what, "--format", "json", "-q"]);
        let json = replayed.assert_code(3).json();
        assert_eq!(json["origin"], "r");
        assert_eq!(
            json["calls"],
            json!({ "made": 0, "from_tape": 3, "retries": 0 })
        );
        assert_eq!(json["cost_usd"], 0.0);
        assert_eq!(lasting(json), lasting(made.clone()), "{what}");
        assert_eq!(env.run(["replay", what, "-q"]).stdout(), text);
    }
    assert_eq!(server.asked().len(), before);

    // Another store does not have the run: the file holds no spec.
    let args = ["replay", "./r.ndjson", "--store", "other.db"];
    let refused = env.run(args);
    assert!(
        refused.assert_code(2).stderr().contains("--spec"),
        "{}",
        refused.stderr()
    );
    let with_spec = args.iter().chain(&["--spec", "./pair.toml", "-q"]);
    assert_eq!(env.run(with_spec).assert_code(3).stdout(), text);
}

#[test]
fn a_replay_that_misses_a_reply_fails_and_asks_nobody() {
    let lab = Lab::new("", chair_hangs);
    lab.ask_and_kill();
    lab.get_well();
    let json = lab.run(&["replay", "r", "--format", "json"]);
    let json = json.assert_code(1).json();
    assert_eq!(json["status"], "failed");
    assert_eq!(json["errors"][0]["kind"], "not_found");
    let reason = json["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("the tape has no reply to 1.chair.synthesis"),
        "{reason}"
    );
    assert_eq!(json["members"]["ada"]["answer"], "ada says north.");
    assert_eq!(lab.counts(), [1, 1, 1]);
}

#[test]
fn who_was_ended_by_a_recorded_failure_is_not_asked() {
    let rounds = "[[round]]\nkind = \"independent_analysis\"\nfailure_mode = \"fail_fast\"\n\
                  [[round]]\nkind = \"synthesis\"\n";
    let lab = Lab::new(rounds, |who| match who {
        "ada" => Some(Do::Hang),
        other => bob_fails(other),
    });
    let made = lab.ask().assert_code(1).json();
    assert_eq!(made["members"]["ada"]["status"], "cancelled");
    lab.get_well();
    let before = lab.counts();
    for command in ["resume", "replay"] {
        // All that it wants is recorded, so no key is asked for.
        let json = lab.env.run([command, "r", "--format", "json"]);
        assert_eq!(
            lasting(json.assert_code(1).json()),
            lasting(made.clone()),
            "{command}"
        );
    }
    assert_eq!(lab.counts(), before);
    // A retry asks the one who failed, and so the other one too.
    lab.run(&["retry", "r"]).assert_code(0);
}

#[test]
fn what_is_no_tape_is_refused() {
    let lab = Lab::new("", bob_fails);
    let json = lab.ask().stdout();
    lab.env.write("r.ndjson", &json);
    lab.env.write("empty.ndjson", "");
    let spec = lab.env.path("pair.toml");
    for file in [
        "./r.ndjson",
        "empty.ndjson",
        "missing.ndjson",
        spec.to_str().expect("a path"),
    ] {
        let refused = lab.env.run(["replay", file]);
        let told = refused.assert_code(2).stderr();
        assert!(told.contains(file), "{told}");
        assert_eq!(refused.stdout(), "");
    }
    let listed = lab.env.run(["list", "--json"]).json();
    assert_eq!(listed.as_array().expect("a list").len(), 1);
}
