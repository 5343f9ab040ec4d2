//! Streams that stall, break off, drip, never end or are odd.

use super::speaks::ALL;
use super::speaks::Speaks::Openai;
use super::{KEY, council, fault, run};
use crate::common::server::{Do, Server, reply, stream_head};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn silence_before_the_first_byte_is_a_timeout() {
    for speaks in ALL {
        let server = Server::start(|_, _| vec![Do::Hang]);
        let bad = fault(speaks, &server, "timeout = \"500ms\"");
        assert_eq!(bad.words(), ("timeout", "timeout"), "{speaks:?}");
        assert!(bad.message.contains("500ms"), "{bad:?}");
        assert_eq!(server.asked().len(), 1, "a timeout is not tried again");
        server.wait_until_gone();
    }
}

#[test]
fn a_stall_after_the_first_byte_is_a_connection_fault_that_is_tried_again() {
    for speaks in ALL {
        let server = Server::start(move |_, _| speaks.begun(&[Do::Hang]));
        let bad = fault(speaks, &server, "idle_timeout = \"300ms\"\nretries = 1");
        assert_eq!(bad.words(), ("error", "network"), "{speaks:?}");
        assert!(bad.message.contains("300ms"), "{bad:?}");
        assert_eq!(server.asked().len(), 2);
    }
}

#[test]
fn a_reply_that_breaks_off_is_no_answer() {
    for speaks in ALL {
        for end in [vec![Do::Reset], vec![]] {
            let steps = end.clone();
            let server = Server::start(move |_, _| speaks.begun(&steps));
            let bad = fault(speaks, &server, "retries = 0");
            assert_eq!(bad.words(), ("error", "network"), "{speaks:?} {end:?}");
        }
    }
}

#[test]
fn a_malformed_chunk_is_a_fault_of_its_member() {
    for speaks in ALL {
        let server = Server::start(move |_, _| {
            let broken = b"data: {\"choices\": [oops\n\n".to_vec();
            speaks.begun(&[Do::Send(broken)])
        });
        let bad = fault(speaks, &server, "retries = 0");
        assert_eq!(bad.status, "error", "{speaks:?}");
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
    let server = Server::sending(bytes);
    let bad = fault(Openai, &server, "");
    assert!(bad.message.contains("stream = false"), "{bad:?}");
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
        let server = Server::sending(bytes);
        let (_, json, _) = run(Openai, &server, "");
        assert_eq!(json["members"]["bad"]["answer"], "Fine.", "{stream}");
        assert_eq!(
            json["members"]["bad"]["usage"]["output_tokens"], output_tokens,
            "{stream}"
        );
    }
}

#[test]
fn a_reply_without_end_is_cut_off() {
    for speaks in ALL {
        let server = Server::start(move |_, _| {
            speaks.begun(&[Do::Flood {
                chunk: speaks.text(&"x".repeat(100_000)).into_bytes(),
                times: 1_000,
            }])
        });
        let bad = fault(speaks, &server, "");
        assert_eq!(
            bad.words(),
            ("invalid_output", "invalid_output"),
            "{speaks:?}"
        );
        assert!(bad.message.contains("8 MiB"), "{bad:?}");
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
    let bad = fault(Openai, &server, "");
    assert_eq!(bad.status, "invalid_output");
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
    let bad = fault(
        Openai,
        &server,
        "idle_timeout = \"400ms\"\ntimeout = \"1s\"",
    );
    assert_eq!(bad.words(), ("timeout", "timeout"));
}

#[test]
fn a_cancel_closes_the_connection() {
    for speaks in ALL {
        let server = Server::start(move |_, _| speaks.begun(&[Do::Hang]));
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
