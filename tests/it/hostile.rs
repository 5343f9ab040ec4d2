//! Servers on bad days, met by the whole program: no fault of a server becomes a fault of the run.

mod speaks;

use crate::common::TestEnv;
use crate::common::server::{Do, Server, reply, stream_head};
use serde_json::{Value, json};
use speaks::Speaks::{Anthropic, Gemini, Openai};
use speaks::{ALL, Speaks};
use std::time::Duration;

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
    for file in env.files() {
        let bytes = std::fs::read(&file).expect("a file of the test");
        let found = bytes
            .windows(KEY.len())
            .any(|window| window == KEY.as_bytes());
        assert!(!found, "the key is in {}", file.display());
    }
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

/// What a run tells of its bad member: status, error kind, HTTP status and message.
#[track_caller]
fn missing(json: &Value) -> (String, String, Option<u64>, String) {
    assert_eq!(json["status"], "completed", "{json:#}");
    assert_eq!(json["degraded"], true, "{json:#}");
    assert_eq!(json["answer"], "Here.", "{json:#}");
    let bad = &json["missing"][0];
    assert_eq!(bad["member"], "bad", "{json:#}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(bad["error"]["model"], "m-1");
    (
        text(&bad["status"]),
        text(&bad["error"]["kind"]),
        bad["error"]["http_status"].as_u64(),
        text(&bad["error"]["message"]),
    )
}

#[test]
fn a_good_day_is_a_whole_answer_with_usage() {
    for speaks in ALL {
        let server = Server::start(move |_, _| vec![Do::Send(speaks.whole("From the lab."))]);
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

#[test]
fn refusals_keep_their_status_and_the_servers_own_words() {
    let cases: [(u16, &str); 7] = [
        (400, "invalid_request"),
        (401, "auth"),
        (402, "billing"),
        (403, "auth"),
        (404, "not_found"),
        (422, "invalid_request"),
        (500, "transient"),
    ];
    for speaks in ALL {
        for (status, kind) in cases {
            let bodies = [
                ("application/json", speaks.error("the lab's own words")),
                (
                    "text/html",
                    "<html><body><h1>the lab's own words</h1></body></html>".to_owned(),
                ),
                ("text/plain", "the lab's own words".to_owned()),
            ];
            for (content_type, body) in bodies {
                let bytes = reply(status, "", content_type, &body);
                let server = Server::start(move |_, _| vec![Do::Send(bytes.clone())]);
                let (_, json, _) = run(speaks, &server, "retries = 0");
                let (of_member, of_error, http, message) = missing(&json);
                assert_eq!(
                    (of_member.as_str(), of_error.as_str()),
                    ("error", kind),
                    "{speaks:?} {status}"
                );
                assert_eq!(http, Some(u64::from(status)));
                let url = json["missing"][0]["error"]["url"].as_str();
                let ours = format!("http://127.0.0.1:{}/", server.port);
                assert!(url.is_some_and(|url| url.starts_with(&ours)), "{url:?}");
                assert!(
                    message.contains("the lab's own words"),
                    "{speaks:?} {status}: {message}"
                );
                assert!(!message.contains("<h1>"), "{message}");
                assert_eq!(server.asked().len(), 1, "asked once");
            }
        }
    }
}

#[test]
fn passing_faults_are_tried_again_until_they_pass() {
    for speaks in ALL {
        for status in [408, 409, 425, 429, 500, 502, 529] {
            let server = Server::start(move |n, _| {
                vec![Do::Send(match n {
                    0 => reply(status, "", "application/json", &speaks.error("busy")),
                    _ => speaks.whole("At last."),
                })]
            });
            let (_, json, _) = run(speaks, &server, "");
            assert_eq!(json["degraded"], false, "{speaks:?} {status}: {json:#}");
            assert_eq!(json["members"]["bad"]["answer"], "At last.");
            assert_eq!(json["calls"]["retries"], 1);
        }
    }
}

#[test]
fn retry_after_is_honoured_in_seconds_and_as_a_date_and_summed_at_the_end() {
    let date = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&date)
        .expect("a date");
    for header in [
        "Retry-After: 1\r\n".to_owned(),
        format!("Retry-After: {date}\r\n"),
    ] {
        let server = Server::start(move |n, _| {
            vec![Do::Send(match n {
                0 => reply(
                    429,
                    &header,
                    "application/json",
                    &Openai.error("slower, please"),
                ),
                _ => Openai.whole("At last."),
            })]
        });
        let (env, json, told) = run(Openai, &server, "");
        assert_eq!(json["degraded"], false, "{json:#}");
        let events = env.run(["show", "latest", "--format", "ndjson"]).stdout();
        let retry: Value = events
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("an event"))
            .find(|event| event["kind"] == "member_retry")
            .expect("the retry is an event");
        assert_eq!(retry["data"]["error"]["kind"], "rate_limited");
        let wait = retry["data"]["wait_ms"].as_u64().expect("a wait");
        assert!((500..=2_000).contains(&wait), "{wait}");
        assert!(
            told.contains("rate limits met: lab/m-1 1 attempt"),
            "{told}"
        );
    }
}

#[test]
fn a_wait_past_the_deadline_or_five_minutes_is_given_up_at_once() {
    let bytes = reply(
        429,
        "Retry-After: 86400\r\n",
        "application/json",
        &Openai.error("tomorrow"),
    );
    let server = Server::start(move |_, _| vec![Do::Send(bytes.clone())]);
    let (_, json, _) = run(Openai, &server, "");
    let (_, kind, http, message) = missing(&json);
    assert_eq!((kind.as_str(), http), ("rate_limited", Some(429)));
    assert!(
        message.contains("tomorrow") && message.contains("given up"),
        "{message}"
    );
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn an_exhausted_quota_is_billing_and_not_tried_again() {
    let body = json!({ "error": {
        "message": "You exceeded your current quota", "type": "insufficient_quota",
        "code": "insufficient_quota" } });
    let bytes = reply(429, "", "application/json", &body.to_string());
    let server = Server::start(move |_, _| vec![Do::Send(bytes.clone())]);
    let (_, json, _) = run(Openai, &server, "");
    let (_, kind, http, _) = missing(&json);
    assert_eq!((kind.as_str(), http), ("billing", Some(429)));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn silence_before_the_first_byte_is_a_timeout() {
    for speaks in ALL {
        let server = Server::start(|_, _| vec![Do::Hang]);
        let (_, json, _) = run(speaks, &server, "timeout = \"500ms\"");
        let (status, kind, _, message) = missing(&json);
        assert_eq!(
            (status.as_str(), kind.as_str()),
            ("timeout", "timeout"),
            "{speaks:?}"
        );
        assert!(message.contains("500ms"), "{message}");
        assert_eq!(server.asked().len(), 1, "a timeout is not tried again");
        server.wait_until_gone();
    }
}

#[test]
fn a_stall_after_the_first_byte_is_a_connection_fault_that_is_tried_again() {
    for speaks in ALL {
        let server = Server::start(move |_, _| {
            let begun = speaks.opening() + &speaks.text("I begin");
            vec![
                Do::Send(stream_head("text/event-stream")),
                Do::Send(begun.into_bytes()),
                Do::Hang,
            ]
        });
        let (_, json, _) = run(speaks, &server, "idle_timeout = \"300ms\"\nretries = 1");
        let (status, kind, _, message) = missing(&json);
        assert_eq!(
            (status.as_str(), kind.as_str()),
            ("error", "network"),
            "{speaks:?}"
        );
        assert!(message.contains("300ms"), "{message}");
        assert_eq!(server.asked().len(), 2);
    }
}

#[test]
fn a_reply_that_breaks_off_is_no_answer() {
    for speaks in ALL {
        for end in [vec![Do::Reset], vec![]] {
            let steps = end.clone();
            let server = Server::start(move |_, _| {
                let begun = speaks.opening() + &speaks.text("I begin");
                let mut plan = vec![
                    Do::Send(stream_head("text/event-stream")),
                    Do::Send(begun.into_bytes()),
                ];
                plan.extend(steps.clone());
                plan
            });
            let (_, json, _) = run(speaks, &server, "retries = 0");
            let (status, kind, _, _) = missing(&json);
            assert_eq!(
                (status.as_str(), kind.as_str()),
                ("error", "network"),
                "{speaks:?} {end:?}"
            );
        }
    }
}

#[test]
fn a_malformed_chunk_is_a_fault_of_its_member() {
    for speaks in ALL {
        let server = Server::start(move |_, _| {
            let stream =
                speaks.opening() + &speaks.text("I begin") + "data: {\"choices\": [oops\n\n";
            vec![
                Do::Send(stream_head("text/event-stream")),
                Do::Send(stream.into_bytes()),
            ]
        });
        let (_, json, _) = run(speaks, &server, "retries = 0");
        let (status, _, _, _) = missing(&json);
        assert_eq!(status, "error", "{speaks:?}");
    }
}

#[test]
fn characters_may_be_split_anywhere() {
    for speaks in ALL {
        let server = Server::start(move |_, _| {
            let whole = speaks.whole("Grüße 🦀 漢字");
            let every = Duration::from_micros(200);
            vec![Do::Drip {
                bytes: whole,
                every,
            }]
        });
        let (_, json, _) = run(speaks, &server, "");
        assert_eq!(
            json["members"]["bad"]["answer"], "Grüße 🦀 漢字",
            "{speaks:?}"
        );
    }
}

#[test]
fn a_plain_reply_to_a_streamed_request_says_what_to_set() {
    let body = json!({ "choices": [{ "index": 0, "finish_reason": "stop",
        "message": { "role": "assistant", "content": "At once." } }] });
    let bytes = reply(200, "", "application/json", &body.to_string());
    let server = Server::start(move |_, _| vec![Do::Send(bytes.clone())]);
    let (_, json, _) = run(Openai, &server, "");
    let (_, _, _, message) = missing(&json);
    assert!(message.contains("stream = false"), "{message}");
    assert_eq!(server.asked().len(), 1, "never a silent second call");
}

#[test]
fn oddities_of_real_servers_change_nothing() {
    let null =
        json!({ "choices": [{ "index": 0, "delta": { "role": "assistant", "content": null } }] });
    let with = json!({ "choices": [{ "index": 0, "delta": { "content": "" } }],
        "usage": { "prompt_tokens": 5, "completion_tokens": 7 } });
    let stop = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let text = Openai.text("Fine.");
    let streams = [
        (
            format!("data: {null}\n\n{text}data: {stop}\n\ndata: [DONE]\n\n"),
            Value::Null,
        ),
        (
            format!(": ping\n\n{text}data: {with}\n\ndata: {stop}\n\n"),
            json!(7),
        ),
        (format!("{text}data: {stop}\n\n"), Value::Null),
    ];
    for (stream, output_tokens) in streams {
        let bytes = [
            stream_head("text/event-stream"),
            stream.clone().into_bytes(),
        ]
        .concat();
        let server = Server::start(move |_, _| vec![Do::Send(bytes.clone())]);
        let (_, json, _) = run(Openai, &server, "");
        assert_eq!(json["members"]["bad"]["answer"], "Fine.", "{stream}");
        assert_eq!(
            json["members"]["bad"]["usage"]["output_tokens"], output_tokens,
            "{stream}"
        );
    }
}

#[test]
fn no_key_follows_a_redirect_to_another_origin() {
    for speaks in ALL {
        let other = Server::start(move |_, _| vec![Do::Send(speaks.whole("stolen"))]);
        let to = format!("Location: http://127.0.0.1:{}/v1/elsewhere\r\n", other.port);
        let server = Server::start(move |_, _| vec![Do::Send(reply(307, &to, "text/plain", ""))]);
        let (_, json, _) = run(speaks, &server, "retries = 0");
        let (status, _, http, _) = missing(&json);
        assert_eq!((status.as_str(), http), ("error", Some(307)), "{speaks:?}");
        assert_eq!(other.asked().len(), 0, "nothing reaches the other origin");
    }
}

#[test]
fn a_reply_without_end_is_cut_off() {
    for speaks in ALL {
        let server = Server::start(move |_, _| {
            let chunk = speaks.text(&"x".repeat(100_000)).into_bytes();
            let opening = speaks.opening().into_bytes();
            vec![
                Do::Send(stream_head("text/event-stream")),
                Do::Send(opening),
                Do::Flood {
                    chunk,
                    times: 1_000,
                },
            ]
        });
        let (_, json, _) = run(speaks, &server, "");
        let (status, kind, _, message) = missing(&json);
        assert_eq!(
            (status.as_str(), kind.as_str()),
            ("invalid_output", "invalid_output"),
            "{speaks:?}"
        );
        assert!(message.contains("8 MiB"), "{message}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn one_line_without_end_is_cut_off() {
    let server = Server::start(|_, _| {
        let begun = b"data: {\"choices\": [{\"delta\": {\"content\": \"".to_vec();
        let chunk = vec![b'x'; 100_000];
        vec![
            Do::Send(stream_head("text/event-stream")),
            Do::Send(begun),
            Do::Flood {
                chunk,
                times: 1_000,
            },
        ]
    });
    let (_, json, _) = run(Openai, &server, "");
    let (status, _, _, _) = missing(&json);
    assert_eq!(status, "invalid_output");
}

#[test]
fn an_error_page_without_end_is_cut_off() {
    let server = Server::start(|_, _| {
        let head = b"HTTP/1.1 500 Status\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nthe beginning ".to_vec();
        vec![
            Do::Send(head),
            Do::Flood {
                chunk: vec![b'x'; 100_000],
                times: 1_000,
            },
        ]
    });
    let (_, json, _) = run(Openai, &server, "retries = 0");
    let (_, kind, http, message) = missing(&json);
    assert_eq!((kind.as_str(), http), ("transient", Some(500)));
    assert!(message.contains("the beginning") && message.len() < 100_000);
}

#[test]
fn a_drip_is_life_until_the_timeout() {
    let server = Server::start(|_, _| {
        let bytes = Openai.whole("far too slow to be of use to anybody who waits");
        vec![Do::Drip {
            bytes,
            every: Duration::from_millis(50),
        }]
    });
    let (_, json, _) = run(
        Openai,
        &server,
        "idle_timeout = \"400ms\"\ntimeout = \"1s\"",
    );
    let (status, kind, _, _) = missing(&json);
    assert_eq!((status.as_str(), kind.as_str()), ("timeout", "timeout"));
}

#[test]
fn keys_that_a_server_echoes_are_not_shown() {
    for speaks in ALL {
        let body = speaks.error(&format!(
            "Incorrect API key provided: {KEY}. Find yours at example.com"
        ));
        let bytes = reply(401, "", "application/json", &body);
        let server = Server::start(move |_, _| vec![Do::Send(bytes.clone())]);
        let (_, json, _) = run(speaks, &server, "");
        let (_, kind, _, message) = missing(&json);
        assert_eq!(kind, "auth");
        assert!(message.contains("Incorrect API key"), "{message}");
    }
}

#[test]
fn a_cancel_closes_the_connection() {
    for speaks in ALL {
        let server = Server::start(move |_, _| {
            let begun = speaks.opening() + &speaks.text("I begin");
            vec![
                Do::Send(stream_head("text/event-stream")),
                Do::Send(begun.into_bytes()),
                Do::Hang,
            ]
        });
        let env = council(speaks, &server, "");
        let child = env
            .command(["run", "./bad-day.toml", "--input", "x", "--format", "json"])
            .env("LAB_KEY", KEY)
            .spawn()
            .expect("the binary starts");
        while server.asked().is_empty() {
            std::thread::yield_now();
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("our own process");
        server.wait_until_gone();
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(
            output.status.code(),
            Some(130),
            "{}",
            String::from_utf8_lossy(&output.stderr)
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
