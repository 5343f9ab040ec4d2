//! What comes of a server's replies, in pieces, whole, cut off or refused.

use super::loopback::{Loopback, STREAM, Seen, Step, chunk, reply, streamed};
use super::*;
use crate::event::{Expect, Message, MessageRole, Usage};
use crate::provider::tests::{gather, request, spec, text};
use crate::provider::{Sampling, Stop};
use crate::spec::Effort;
use serde_json::json;
use std::net::SocketAddr;

mod bodies;
mod faults;
mod protocols;
mod requests;

const KEY: &str = "sk-very-secret-0123";
const HELLO: &str = r#"{"choices":[{"index":0,"delta":{"content":"Hello"}}]}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;

/// The kinds of servers.
const KINDS: [ProviderKind; 5] = [
    ProviderKind::Openai,
    ProviderKind::Anthropic,
    ProviderKind::Gemini,
    ProviderKind::Openrouter,
    ProviderKind::Ollama,
];

/// A provider `lab` at `address`, with no key.
fn lab(address: SocketAddr) -> ProviderSpec {
    let mut lab = spec("lab", ProviderKind::Openai);
    lab.base_url = Some(format!("http://{address}/v1"));
    lab
}

/// Surroundings in which `LAB_KEY` is the only variable with a value, besides keys that nobody
/// asked for.
fn context() -> Context {
    Context::isolated(|name| match name {
        "LAB_KEY" => Some(format!("{KEY}\n")),
        "OPENAI_API_KEY" => Some("sk-not-asked-for".to_owned()),
        _ => None,
    })
}

async fn ask_with(lab: &ProviderSpec, request: Request) -> (Vec<Piece>, Option<CallError>) {
    let http = Http::open(lab, &context()).expect("a good spec");
    match http.send(request).await {
        Ok(pieces) => gather(pieces).await,
        Err(error) => (Vec::new(), Some(error)),
    }
}

async fn ask(lab: &ProviderSpec) -> (Vec<Piece>, Option<CallError>) {
    ask_with(lab, request("0.a.answer", "?", Expect::Text)).await
}

/// What comes of a server that sends `reply`.
async fn met(reply: &str) -> (Vec<Piece>, Option<CallError>) {
    ask(&lab(Loopback::replying(reply).address)).await
}

async fn refused(reply: &str) -> CallError {
    met(reply).await.1.expect("an error")
}

fn request_of(server: &Loopback) -> String {
    match server.seen() {
        Seen::Request(request) => request,
        Seen::Gone => panic!("no request"),
    }
}

#[tokio::test]
async fn a_good_stream_gives_text_stop_and_usage() {
    let frames = [
        HELLO,
        r#"{"choices":[{"delta":{"content":" you"}}]}"#,
        STOP,
        USAGE,
        "[DONE]",
    ];
    let (pieces, error) = met(&streamed(&frames)).await;
    assert_eq!(error, None);
    assert_eq!(
        pieces,
        [
            Piece::Text("Hello".to_owned()),
            Piece::Text(" you".to_owned()),
            Piece::Stop(Stop::Done),
            Piece::Usage(Usage {
                input_tokens: Some(9),
                output_tokens: Some(2),
                ..Usage::default()
            }),
        ]
    );
}

#[tokio::test]
async fn a_stream_may_lack_done_and_usage_and_hold_comments_and_nulls() {
    let body = format!(
        ": ping\n\ndata: {{\"choices\":[{{\"delta\":{{\"content\":null}}}}],\"error\":null}}\r\n\r\ndata: {HELLO}\r\n\r\ndata: {STOP}\n\n"
    );
    let (pieces, error) = met(&reply("200 OK", "text/event-stream", "", &body)).await;
    assert_eq!(error, None);
    assert_eq!(
        pieces,
        [
            Piece::Alive,
            Piece::Alive,
            Piece::Text("Hello".to_owned()),
            Piece::Stop(Stop::Done)
        ]
    );
}

#[tokio::test]
async fn characters_cut_between_packets_or_frames_come_whole() {
    let first = r#"data: {"choices":[{"delta":{"content":"größer "}}]}"#.as_bytes();
    let middle = first.iter().position(|byte| *byte == 0xc3).expect("an ö") + 1;
    let rest = format!(
        "\n\ndata: {}\n\ndata: {}\n\ndata: {STOP}\n\ndata: [DONE]\n\n",
        r#"{"choices":[{"delta":{"content":"\ud83d"}}]}"#,
        r#"{"choices":[{"delta":{"content":"\ude00!"}}]}"#,
    );
    let server = Loopback::start(vec![vec![
        Step::Read,
        Step::Send(STREAM.into()),
        Step::Send(chunk(&first[..middle])),
        Step::Send(chunk(&first[middle..])),
        Step::Send(chunk(rest.as_bytes())),
        Step::Send(chunk(b"")),
    ]]);
    let (pieces, error) = ask(&lab(server.address)).await;
    assert_eq!((text(&pieces).as_str(), error), ("größer 😀!", None));
}

#[tokio::test]
async fn a_clean_early_end_is_an_error() {
    for frames in [&[HELLO][..], &[HELLO, "[DONE]"], &[HELLO, USAGE]] {
        let (pieces, error) = met(&streamed(frames)).await;
        let error = error.expect("an error");
        assert_eq!(text(&pieces), "Hello");
        assert_eq!(error.kind, ErrorKind::Network);
        assert_eq!(
            error.message,
            "the stream ended before the reply was complete"
        );
    }
}

#[tokio::test]
async fn a_cut_connection_is_a_network_fault_unless_the_reply_had_ended() {
    let cut = |frames: &[&str]| {
        let frames: String = frames
            .iter()
            .map(|frame| format!("data: {frame}\n\n"))
            .collect();
        Loopback::start(vec![vec![
            Step::Read,
            Step::Send(STREAM.into()),
            Step::Send(chunk(frames.as_bytes())),
        ]])
    };
    let (pieces, error) = ask(&lab(cut(&[HELLO]).address)).await;
    assert_eq!(text(&pieces), "Hello");
    assert_eq!(error.map(|error| error.kind), Some(ErrorKind::Network));

    let (pieces, error) = ask(&lab(cut(&[HELLO, STOP]).address)).await;
    assert_eq!(error, None);
    assert!(
        matches!(&pieces[..], [Piece::Text(_), Piece::Stop(Stop::Done), Piece::Notice("stream_broken", text)] if text.contains("`lab`")),
        "{pieces:?}"
    );
}

#[tokio::test]
async fn a_reset_is_a_network_fault() {
    let server = Loopback::start(vec![vec![Step::Nibble]]);
    let (_, error) = ask(&lab(server.address)).await;
    assert_eq!(error.expect("an error").kind, ErrorKind::Network);
}

#[tokio::test]
async fn nobody_there_is_a_network_fault_that_names_the_place() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("its address");
    drop(free);
    let error = ask(&lab(address)).await.1.expect("an error");
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(
        error
            .message
            .starts_with(&format!("no connection to {address}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_refusal_brings_status_wait_and_the_providers_words() {
    let mut error = refused(&reply(
        "429 Too Many Requests",
        "application/json",
        "retry-after: 3\r\n",
        r#"{"error":{"message":"slow down","type":"requests"}}"#,
    ))
    .await;
    let url = error.url.take().expect("the address");
    assert!(url.ends_with("/v1/chat/completions"), "{url}");
    assert_eq!(
        error,
        CallError {
            kind: ErrorKind::RateLimited,
            message: "slow down".to_owned(),
            http_status: Some(429),
            url: None,
            retry_after: Some(std::time::Duration::from_secs(3)),
        }
    );
    let html = "<html><head><title>401 Authorization Required</title></head></html>";
    let error = refused(&reply("401 Unauthorized", "text/html", "", html)).await;
    assert_eq!(
        (error.kind, error.http_status),
        (ErrorKind::Auth, Some(401))
    );
    assert_eq!(error.message, "401 Authorization Required");
}

#[tokio::test]
async fn an_echoed_key_is_stripped() {
    for body in [
        format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY}."}}}}"#),
        format!("{}{KEY}", "x".repeat(590)),
    ] {
        for stream in [true, false] {
            let refusal = reply("401 Unauthorized", "application/json", "", &body);
            let mut lab = lab(Loopback::replying(&refusal).address);
            lab.api_key_env = Some("LAB_KEY".to_owned());
            lab.stream = stream;
            let error = ask(&lab).await.1.expect("an error");
            assert!(!error.message.contains("sk-very"), "{error}");
            assert!(error.message.contains("[redacted"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_plain_reply_to_a_streamed_request_names_the_key_that_helps() {
    let whole = r#"{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}"#;
    let plain = reply("200 OK", "application/json", "", whole);
    let (pieces, error) = met(&plain).await;
    let error = error.expect("an error");
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(
        error
            .message
            .contains("`stream = false` in [providers.lab]"),
        "{error}"
    );
    assert_eq!(text(&pieces), "");

    let server = Loopback::replying(&plain);
    let mut lab = lab(server.address);
    lab.stream = false;
    let (pieces, error) = ask(&lab).await;
    assert_eq!(error, None);
    assert_eq!(
        pieces,
        [Piece::Text("Hello".to_owned()), Piece::Stop(Stop::Done)]
    );
    assert_eq!(server.body()["stream"], false);
}

#[tokio::test]
async fn whole_replies_may_be_odd() {
    let ask = async |reply: String| {
        let mut lab = lab(Loopback::replying(&reply).address);
        lab.stream = false;
        ask(&lab).await
    };
    let silent = r#"{"choices":[{"message":{"content":null,"tool_calls":[{"odd":1}]},"finish_reason":"length"}],"usage":{"prompt_tokens":3000000000}}"#;
    for kind in ["application/json", "text/plain"] {
        let (pieces, error) = ask(reply("200 OK", kind, "", silent)).await;
        assert_eq!(error, None);
        assert!(matches!(
            pieces[..],
            [
                Piece::Usage(Usage {
                    input_tokens: Some(3_000_000_000),
                    ..
                }),
                Piece::Stop(Stop::TokenLimit)
            ]
        ));
    }
    let html = ask(reply(
        "200 OK",
        "text/html",
        "",
        "<html><title>Welcome</title></html>",
    ))
    .await;
    let error = html.1.expect("an error");
    assert_eq!(error.kind, ErrorKind::InvalidOutput);
    assert!(error.message.ends_with("Welcome"), "{error}");
    let inner = ask(reply(
        "200 OK",
        "application/json",
        "",
        r#"{"error":{"code":503,"message":"busy"}}"#,
    ))
    .await;
    assert_eq!(inner.1.map(|error| error.kind), Some(ErrorKind::Transient));
    let broken = ask(reply(
        "200 OK",
        "application/json",
        "content-length: 900\r\n",
        "{",
    ))
    .await;
    assert_eq!(broken.1.map(|error| error.kind), Some(ErrorKind::Network));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_key_along() {
    let other = Loopback::replying(&streamed(&[HELLO, STOP, "[DONE]"]));
    let place = format!("location: http://{}/v1\r\n", other.address);
    let first = Loopback::replying(&reply("307 Temporary Redirect", "text/plain", &place, ""));
    let mut lab = lab(first.address);
    lab.api_key_env = Some("LAB_KEY".to_owned());
    lab.headers.insert(
        "x-api-key".to_owned(),
        SpecHeader::Env("LAB_KEY".to_owned()),
    );
    let error = ask(&lab).await.1.expect("an error");
    assert_eq!(
        (error.kind, error.http_status),
        (ErrorKind::NotFound, Some(307))
    );
    assert!(error.message.contains("`base_url`"), "{error}");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn dropping_the_stream_or_the_request_closes_the_connection() {
    for kind in KINDS {
        let mut server = Loopback::start(vec![
            vec![
                Step::Read,
                Step::Send(STREAM.into()),
                Step::Send(chunk(b": here\n\n")),
                Step::AwaitEnd,
            ],
            vec![Step::Read, Step::AwaitEnd],
        ]);
        let mut lab = lab(server.address);
        lab.kind = kind;
        let http = Http::open(&lab, &context()).expect("a good spec");
        let mut pieces = http
            .send(request("0.a.answer", "?", Expect::Text))
            .await
            .expect("a stream");
        assert_eq!(pieces.next().await, Some(Ok(Piece::Alive)));
        drop(pieces);
        server = saw(server, |seen| matches!(seen, Seen::Request(_))).await;
        server = saw(server, |seen| *seen == Seen::Gone).await;

        let sent = tokio::spawn(async move {
            http.send(request("0.a.answer", "?", Expect::Text))
                .await
                .is_ok()
        });
        server = saw(server, |seen| matches!(seen, Seen::Request(_))).await;
        sent.abort();
        saw(server, |seen| *seen == Seen::Gone).await;
    }
}

/// Waits until the server has seen something, which is to be what `expected` says.
async fn saw(server: Loopback, expected: fn(&Seen) -> bool) -> Loopback {
    tokio::task::spawn_blocking(move || {
        let seen = server.seen();
        assert!(expected(&seen), "{seen:?}");
        server
    })
    .await
    .expect("it was seen")
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_stream_that_ended_well() {
    let body = [HELLO, STOP, "[DONE]"].map(|frame| format!("data: {frame}\n\n"));
    let body = chunk(body.concat().as_bytes());
    let one = [
        Step::Read,
        Step::Send([STREAM.as_bytes(), &body, &chunk(b"")].concat()),
    ];
    let server = Loopback::start(vec![[one.clone(), one].concat()]);
    let http =
        Http::open(&lab(server.address), &context().keeping_connections()).expect("a good spec");
    for _ in 0..2 {
        let sent = http.send(request("0.a.answer", "?", Expect::Text)).await;
        let (pieces, error) = gather(sent.expect("a reply")).await;
        assert_eq!((text(&pieces).as_str(), error), ("Hello", None));
        // The loose end, which has come, is read by others.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn nothing_is_polled_after_an_error() {
    let late = [
        r#"{"error":{"message":"overloaded"}}"#,
        HELLO,
        STOP,
        "[DONE]",
    ];
    let (pieces, error) = met(&streamed(&late)).await;
    assert_eq!(pieces, []);
    assert_eq!(error.expect("an error").message, "overloaded");
}
