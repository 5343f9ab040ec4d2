//! Servers that refuse: what each status means, when it is tried again, and what is told of it.

use super::speaks::ALL;
use super::speaks::Speaks::Openai;
use super::{KEY, fault, run};
use crate::common::server::{Do, Server, reply};
use serde_json::json;

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
                let server = Server::sending(bytes);
                let bad = fault(speaks, &server, "retries = 0");
                assert_eq!(bad.words(), ("error", kind), "{speaks:?} {status}");
                assert_eq!(bad.http_status, Some(u64::from(status)));
                assert!(
                    bad.message.contains("the lab's own words"),
                    "{speaks:?} {status}: {bad:?}"
                );
                assert!(!bad.message.contains("<h1>"), "{bad:?}");
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
        let events = env.run(["events", "latest"]).events();
        let retry = events
            .iter()
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
    let server = Server::sending(bytes);
    let bad = fault(Openai, &server, "");
    assert_eq!(
        (bad.kind.as_str(), bad.http_status),
        ("rate_limited", Some(429))
    );
    assert!(
        bad.message.contains("tomorrow") && bad.message.contains("given up"),
        "{bad:?}"
    );
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn an_exhausted_quota_is_billing_and_not_tried_again() {
    let body = json!({ "error": {
        "message": "You exceeded your current quota", "type": "insufficient_quota",
        "code": "insufficient_quota" } });
    let bytes = reply(429, "", "application/json", &body.to_string());
    let server = Server::sending(bytes);
    let bad = fault(Openai, &server, "");
    assert_eq!((bad.kind.as_str(), bad.http_status), ("billing", Some(429)));
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn no_key_follows_a_redirect_to_another_origin() {
    for speaks in ALL {
        let other = Server::sending(speaks.whole("stolen"));
        let to = format!("Location: http://127.0.0.1:{}/v1/elsewhere\r\n", other.port);
        let server = Server::sending(reply(307, &to, "text/plain", ""));
        let bad = fault(speaks, &server, "retries = 0");
        assert_eq!(
            (bad.status.as_str(), bad.http_status),
            ("error", Some(307)),
            "{speaks:?}"
        );
        assert_eq!(other.asked().len(), 0, "nothing reaches the other origin");
    }
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
    let bad = fault(Openai, &server, "retries = 0");
    assert_eq!(
        (bad.kind.as_str(), bad.http_status),
        ("transient", Some(500))
    );
    assert!(bad.message.contains("the beginning") && bad.message.len() < 100_000);
}

#[test]
fn keys_that_a_server_echoes_are_not_shown() {
    for speaks in ALL {
        let body = speaks.error(&format!(
            "Incorrect API key provided: {KEY}. Find yours at example.com"
        ));
        let bytes = reply(401, "", "application/json", &body);
        let server = Server::sending(bytes);
        let bad = fault(speaks, &server, "");
        assert_eq!(bad.kind, "auth");
        assert!(bad.message.contains("Incorrect API key"), "{bad:?}");
    }
}
