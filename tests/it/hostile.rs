//! Servers on bad days, met by the whole program: no fault of a server becomes a fault of the run.

mod speaks;
mod statuses;
mod streams;

use crate::common::TestEnv;
use crate::common::server::{Do, Server, reply};
use serde_json::Value;
use speaks::Speaks::{Anthropic, Gemini, Openai};
use speaks::{ALL, Speaks};

const KEY: &str = "canary-9f8e7d6c5b4a";

/// A council of a good member and one on `server`, run to its end.
fn run(speaks: Speaks, server: &Server, member: &str) -> (TestEnv, Value, String) {
    let env = council(speaks, server, member);
    let ran = env.run_as(
        &[("LAB_KEY", KEY)],
        [
            "run",
            "./bad-day.toml",
            "--input",
            "Which way?",
            "--format",
            "json",
        ],
    );
    let json = ran.json();
    let all = format!("{}{}", ran.stdout(), ran.stderr());
    assert!(!all.contains(KEY), "the key is in the output:\n{all}");
    env.assert_nowhere(KEY);
    (env, json, ran.stderr())
}

fn council(speaks: Speaks, server: &Server, member: &str) -> TestEnv {
    let env = TestEnv::new();
    env.write(
        "bad-day.toml",
        format!(
            r#"
name = "bad-day"
[providers.lab]
kind = "{}"
base_url = "http://127.0.0.1:{}{}"
api_key_env = "LAB_KEY"
[providers.stage]
kind = "script"
file = "replies.toml"
[[member]]
id = "good"
model = "stage/any"
[[member]]
id = "bad"
model = "lab/m-1"
{member}
"#,
            speaks.kind(),
            server.port,
            speaks.base(),
        ),
    );
    env.write(
        "replies.toml",
        "[[reply]]\ncall = \"*\"\ntext = \"Here.\"\n",
    );
    env
}

/// What a run tells of its bad member.
#[derive(Debug)]
struct Fault {
    status: String,
    kind: String,
    http_status: Option<u64>,
    message: String,
}

impl Fault {
    /// The member's status, and the kind of its error.
    fn words(&self) -> (&str, &str) {
        (&self.status, &self.kind)
    }
}

/// Runs the same council as [`run`], whose good member has to give the answer alone.
#[track_caller]
fn fault(speaks: Speaks, server: &Server, member: &str) -> Fault {
    let (_, json, _) = run(speaks, server, member);
    assert_eq!(json["status"], "completed", "{json:#}");
    assert_eq!(json["degraded"], true, "{json:#}");
    assert_eq!(json["answer"], "Here.", "{json:#}");
    let bad = &json["missing"][0];
    assert_eq!(bad["member"], "bad", "{json:#}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(bad["error"]["model"], "m-1");
    Fault {
        status: text(&bad["status"]),
        kind: text(&bad["error"]["kind"]),
        http_status: bad["error"]["http_status"].as_u64(),
        message: text(&bad["error"]["message"]),
    }
}

#[test]
fn a_good_day_is_a_whole_answer_with_usage() {
    for speaks in ALL {
        let server = Server::sending(speaks.whole("From the lab."));
        let (_, json, _) = run(speaks, &server, "");
        assert_eq!(json["degraded"], false, "{speaks:?} {json:#}");
        assert_eq!(json["members"]["bad"]["answer"], "From the lab.");
        assert_eq!(
            json["members"]["bad"]["usage"]["input_tokens"], 3,
            "{speaks:?}"
        );
        assert_eq!(
            json["members"]["bad"]["usage"]["output_tokens"], 2,
            "{speaks:?}"
        );
        assert!(server.asked()[0].body.contains("Which way?"), "{speaks:?}");
        assert!(
            server.asked()[0].head.contains(KEY),
            "the key goes to its own server"
        );
    }
}

/// Four members on four kinds of provider; whoever fails, the first line names it and why.
#[test]
fn whichever_provider_fails_the_first_line_names_the_cause() {
    for failing in 0..4 {
        let server = |place: usize, speaks: Speaks| {
            Server::start(move |_, _| {
                vec![Do::Send(if place == failing {
                    let body = speaks.error("no such account");
                    reply(403, "", "application/json", &body)
                } else {
                    speaks.whole("Here.")
                })]
            })
        };
        let servers = [server(0, Openai), server(1, Anthropic), server(2, Gemini)];
        let env = TestEnv::new();
        let program = if failing == 3 {
            "echo no such account >&2; exit 3"
        } else {
            "echo Here."
        };
        let mut spec = format!(
            "name = \"four\"\n[defaults]\nretries = 0\n[providers.program]\nkind = \"command\"\ncommand = [\"sh\", \"-c\", {program:?}]\n"
        );
        for (speaks, server) in ALL.iter().zip(&servers) {
            let (kind, port, base) = (speaks.kind(), server.port, speaks.base());
            spec.push_str(&format!(
                "[providers.lab-{kind}]\nkind = \"{kind}\"\nbase_url = \"http://127.0.0.1:{port}{base}\"\n"
            ));
        }
        let models = [
            "lab-openai/m",
            "lab-anthropic/m",
            "lab-gemini/m",
            "program/m",
        ];
        for (id, model) in ["a", "b", "c", "d"].iter().zip(models) {
            spec.push_str(&format!("[[member]]\nid = \"{id}\"\nmodel = \"{model}\"\n"));
        }
        env.write("four.toml", spec);
        let ran = env.run(["run", "./four.toml", "--input", "x", "-q"]);
        ran.assert_code(3);
        let printed = ran.stdout();
        let first = printed.lines().next().expect("a first line");
        let id = ["a", "b", "c", "d"][failing];
        assert!(
            first.starts_with(&format!("degraded: missing {id} (")),
            "{first}"
        );
        assert!(
            first.contains("no such account") && first.contains(models[failing]),
            "{first}"
        );
    }
}
