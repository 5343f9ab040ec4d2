//! Members that misbehave in every way at once, and councils of which every server has a bad day.

use super::{Draws, assert_sound, hash_of, tell};
use crate::common::TestEnv;
use crate::common::server::{Do, Server, reply, say, stream_head};
use serde_json::Value;

#[test]
fn no_member_can_take_the_others_with_it() {
    let env = TestEnv::new();
    env.write(
        "council.toml",
        r#"
name = "misfits"
[providers.stage]
kind = "script"
file = "replies.toml"
[providers.flood]
kind = "command"
command = ["/bin/sh", "-c", "head -c 52428800 /dev/zero | tr '\\0' x"]
[providers.nothing]
kind = "command"
command = ["/bin/sh", "-c", "exit 0"]
[providers.deaf]
kind = "command"
command = ["/bin/sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1; done"]
[defaults]
retries = 0
timeout = "2s"
idle_timeout = "1s"
[[member]]
id = "good"
model = "stage/any"
[[member]]
id = "panics"
model = "stage/any"
[[member]]
id = "hangs"
model = "stage/any"
[[member]]
id = "floods"
model = "flood/any"
timeout = "60s"
[[member]]
id = "silent"
model = "nothing/any"
[[member]]
id = "deaf"
model = "deaf/any"
[chair]
model = "stage/any"
"#,
    );
    env.write(
        "replies.toml",
        "[[reply]]\ncall = \"*.panics.*\"\npanic = true\n\
         [[reply]]\ncall = \"*.hangs.*\"\npieces = [\"I begin\"]\nstall = true\n\
         [[reply]]\ncall = \"*\"\ntext = \"North.\"\n",
    );
    let ran = env.run(["run", "./council.toml", "--input", "x", "--format", "json"]);
    let json = ran.assert_code(3).json();
    assert_eq!(json["answer"], "North.");
    assert_eq!(json["record"]["state"], "complete");
    let missing: Vec<(&str, &str)> = json["missing"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (
                one["member"].as_str().expect("an id"),
                one["status"].as_str().expect("a word"),
            )
        })
        .collect();
    assert_eq!(
        missing,
        [
            ("panics", "error"),
            ("hangs", "error"),
            ("floods", "invalid_output"),
            ("silent", "invalid_output"),
            ("deaf", "timeout"),
        ]
    );
    assert_sound(&env.store());
}

/// Something that a server does on a bad day; now and then it is a good one.
fn bad_day(draw: usize) -> Vec<Do> {
    let error = |status| {
        let body = r#"{"error":{"message":"not today","type":"t","code":null}}"#;
        vec![Do::Send(reply(status, "", "application/json", body))]
    };
    let begun = || Do::Send(stream_head("text/event-stream"));
    let frame = |text: &str| Do::Send(format!("data: {text}\n\n").into_bytes());
    let piece = r#"{"choices":[{"index":0,"delta":{"content":"Nor"}}]}"#;
    match draw {
        0 => error(500),
        1 => error(429),
        2 => error(401),
        3 => error(400),
        4 => vec![Do::Reset],
        5 => vec![begun(), Do::Reset],
        6 => vec![begun(), frame(piece), Do::Reset],
        7 => vec![begun(), frame(piece)],
        8 => vec![begun(), frame("{ no json")],
        9 => vec![Do::Send(b"not even http\r\n\r\n".to_vec())],
        10 => vec![Do::Send(reply(503, "", "text/html", "<h1>down</h1>"))],
        11 => vec![begun(), frame("[DONE]")],
        12 => say(""),
        13 => say("\u{1b}[2J\u{202e}no JSON, no ranking\u{0007}"),
        14 => vec![
            begun(),
            Do::Flood {
                chunk: vec![b'x'; 1 << 16],
                times: 300,
            },
        ],
        _ => say(r#"{"revised": true, "answer": "North.", "ranking": ["A", "B"]}"#),
    }
}

#[test]
fn whole_councils_under_hostile_servers_end_in_one_recorded_outcome() {
    let mut draws = Draws::seeded("hostile councils");
    let env = TestEnv::new();
    let mut codes = std::collections::BTreeMap::new();
    for number in 0..24 {
        let seed = draws.next();
        // Calls come in any order; what each of them meets follows from the seed and the call.
        let server = Server::start(move |_, asked| {
            let mut draws = Draws(seed.wrapping_add(hash_of(asked)));
            bad_day(draws.below(24))
        });
        let members = ["ada", "bob", "cyd"]
            .map(|id| format!("[[member]]\nid = \"{id}\"\nprompt = \"You are {id}.\"\n"))
            .concat();
        let topology = ["peer_review", "karpathy", "panel"][number % 3];
        let spec = format!(
            "name = \"lab\"\nseed = 7\ntopology = \"{topology}\"\n[providers.lab]\nkind = \"openai\"\n\
             base_url = \"http://127.0.0.1:{}/v1\"\n[defaults]\nmodel = \"lab/m\"\nretries = 0\n\
             {members}[chair]\n",
            server.port
        );
        env.write("lab.toml", spec);
        let run_id = format!("r{number}");
        let args = [
            "run",
            "./lab.toml",
            "--input",
            "Which way?",
            "--run-id",
            &run_id,
            "--format",
            "ndjson",
        ];
        let ran = env.run(args);
        let code = ran.code().expect("it ends by itself");
        assert!([0, 1, 3].contains(&code), "{topology}: {}", ran.snapshot());
        *codes.entry(code).or_insert(0) += 1;
        let events = ran.events();
        let is_end =
            |event: &&Value| event["kind"] == "run_completed" || event["kind"] == "run_failed";
        assert_eq!(events.iter().filter(is_end).count(), 1);
        assert!(events.last().as_ref().is_some_and(is_end));
        assert_eq!(env.run(["events", &run_id]).stdout(), ran.stdout());
        let shown = env.run(["show", &run_id, "--format", "json"]).json();
        assert_eq!(shown["record"]["state"], "complete");
    }
    tell(&format!("exit codes: {codes:?}"));
    assert_sound(&env.store());
}
