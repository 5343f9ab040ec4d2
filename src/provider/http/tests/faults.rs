//! What servers do wrong, on every protocol: each fault has its kind, and the server's own words.

use super::*;
use crate::event::CallKey;
use std::sync::Mutex;

/// A provider of `kind` at `address`, with a key.
fn at(kind: ProviderKind, address: SocketAddr) -> ProviderSpec {
    let mut lab = spec("lab", kind);
    lab.base_url = Some(format!("http://{address}/v1"));
    lab.api_key_env = Some("LAB_KEY".to_owned());
    lab
}

/// The error in `reply` on every kind of provider, streamed and not.
async fn on_all(reply: &str) -> Vec<CallError> {
    let mut errors = Vec::new();
    for kind in KINDS {
        for stream in [true, false] {
            let mut lab = at(kind, Loopback::replying(reply).address);
            lab.stream = stream;
            errors.push(ask(&lab).await.1.expect("an error"));
        }
    }
    errors
}

#[tokio::test]
async fn statuses_have_their_kind_whatever_the_body_is() {
    for (status, kind) in [
        ("401 Unauthorized", ErrorKind::Auth),
        ("402 Payment Required", ErrorKind::Billing),
        ("403 Forbidden", ErrorKind::Auth),
        ("404 Not Found", ErrorKind::NotFound),
        ("429 Too Many Requests", ErrorKind::RateLimited),
        ("500 Internal Server Error", ErrorKind::Transient),
        ("529 Overloaded", ErrorKind::Transient),
    ] {
        for (content, body) in [
            ("application/json", r#"{"error":{"message":"so it is"}}"#),
            ("text/html", "<html><title>so it is</title><p>x</p></html>"),
            ("text/plain", "so it is"),
        ] {
            let number = status[..3].parse().ok();
            for error in on_all(&reply(status, content, "", body)).await {
                assert_eq!(
                    (error.kind, error.http_status, error.message.as_str()),
                    (kind, number, "so it is"),
                    "{status} {content}"
                );
            }
        }
    }
}

#[tokio::test]
async fn no_key_follows_a_redirect() {
    for kind in KINDS {
        let other = Loopback::replying(&streamed(&[HELLO, STOP, "[DONE]"]));
        let place = format!("location: http://{}/v1\r\n", other.address);
        let first = Loopback::replying(&reply("307 Temporary Redirect", "text/plain", &place, ""));
        let error = ask(&at(kind, first.address)).await.1.expect("an error");
        assert_eq!(
            (error.kind, error.http_status),
            (ErrorKind::NotFound, Some(307))
        );
        assert_eq!(other.connections(), 0);
    }
}

#[tokio::test]
async fn streams_that_break_are_network_faults() {
    let head = STREAM.as_bytes().to_vec();
    let comment = chunk(b": here\n\n");
    for kind in KINDS {
        for (name, sent) in [
            ("nothing", vec![]),
            ("half a head", head[..20].to_vec()),
            ("a head alone", head.clone()),
            ("a cut body", [head.clone(), comment.clone()].concat()),
            (
                "a cut chunk",
                [head.clone(), b"40\r\ndata: {".to_vec()].concat(),
            ),
            (
                "a bad chunk",
                [head.clone(), comment.clone(), b"zz\r\nx\r\n".to_vec()].concat(),
            ),
            (
                "an early end",
                [head.clone(), comment.clone(), chunk(b"")].concat(),
            ),
            (
                "half a frame",
                [head.clone(), chunk(b"data: {\"a"), chunk(b"")].concat(),
            ),
            (
                "no JSON",
                [head.clone(), chunk(b"data: oops\n\n"), chunk(b"")].concat(),
            ),
        ] {
            let server = Loopback::start(vec![vec![Step::Read, Step::Send(sent)]]);
            let error = ask(&at(kind, server.address)).await.1.expect("an error");
            assert_eq!(error.kind, ErrorKind::Network, "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn a_plain_reply_to_a_streamed_request_is_told_apart() {
    for (body, kind, words) in [
        (
            r#"{"id":"x"}"#,
            ErrorKind::InvalidRequest,
            "`stream = false` in [providers.lab]",
        ),
        (
            r#"[{"candidates":[]}]"#,
            ErrorKind::InvalidRequest,
            "`stream = false`",
        ),
        (
            "<html><title>Welcome</title></html>",
            ErrorKind::InvalidOutput,
            "Welcome",
        ),
        (
            "upstream is away",
            ErrorKind::InvalidOutput,
            "upstream is away",
        ),
        (
            r#" {"error":{"message":"busy","code":503}}"#,
            ErrorKind::Transient,
            "busy",
        ),
        ("", ErrorKind::Network, "ended before"),
    ] {
        for provider in KINDS {
            let server = Loopback::replying(&reply("200 OK", "application/json", "", body));
            let error = ask(&at(provider, server.address))
                .await
                .1
                .expect("an error");
            assert_eq!(error.kind, kind, "{body}: {error}");
            assert!(error.message.contains(words), "{error}");
        }
    }
}

/// A server that sends `head`, and then `piece` again and again until nobody listens.
fn flood(head: &str, piece: Vec<u8>) -> SocketAddr {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let head = head.to_owned();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        if stream.read(&mut request).is_err() || stream.write_all(head.as_bytes()).is_err() {
            return;
        }
        // 100 MiB and more, or until the client has had enough.
        for _ in 0..(128 << 20) / piece.len() {
            if stream.write_all(&piece).is_err() {
                return;
            }
        }
    });
    address
}

#[tokio::test]
async fn no_reply_is_held_beyond_its_limit() {
    let head = |status: &str, kind: &str| reply(status, kind, "", "");
    let endless = vec![b'x'; 1 << 16];
    for (head, stream, kind, words) in [
        (
            head("200 OK", "text/event-stream") + "data: ",
            true,
            ErrorKind::InvalidOutput,
            "8 MiB",
        ),
        (
            head("200 OK", "application/json") + "{\"",
            true,
            ErrorKind::InvalidRequest,
            "`stream = false`",
        ),
        (
            head("200 OK", "application/json") + "{\"",
            false,
            ErrorKind::InvalidOutput,
            "8 MiB",
        ),
        (
            head("500 Internal Server Error", "text/plain"),
            true,
            ErrorKind::Transient,
            "xxx",
        ),
    ] {
        let mut lab = at(ProviderKind::Openai, flood(&head, endless.clone()));
        lab.stream = stream;
        let error = ask(&lab).await.1.expect("an error");
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(error.message.len() < 5000);
    }
}

#[tokio::test]
async fn a_body_of_an_error_that_does_not_end_is_not_waited_for() {
    let head = reply("503 Service Unavailable", "text/plain", "", "busy");
    let server = Loopback::start(vec![vec![
        Step::Read,
        Step::Send(head.into()),
        Step::AwaitEnd,
    ]]);
    let client = Clients::direct().get("http").expect("a client");
    let sent = client.get(format!("http://{}/", server.address)).send();
    let mut response = sent.await.expect("a reply");
    let begun = response.chunk().await.expect("a chunk").expect("a body");
    tokio::time::pause();
    assert_eq!(body::other(&mut response, &begun).await, "busy");
}

#[tokio::test]
async fn a_key_is_stripped_from_whatever_comes_back() {
    let spread = format!(
        r#"{{"error":{{"message":"bad key {}"}}}}"#,
        KEY.replace('-', "\\u002d")
    );
    for body in [
        format!(r#"{{"error":{{"message":"bad key {KEY}"}}}}"#),
        spread,
        format!("<p>bad key {}</p>", KEY.replace('-', "%2D")),
        format!("bad key {KEY}"),
    ] {
        for error in on_all(&reply("401 Unauthorized", "text/plain", "", &body)).await {
            assert_eq!(error.message, "bad key [redacted]");
        }
        let whole = reply("200 OK", "text/plain", "", &body);
        for error in on_all(&whole).await {
            assert!(!error.message.contains("very"), "{error}");
        }
    }
    let echo = format!(r#"{{"choices":[{{"delta":{{"content":"it is {KEY}!"}}}}]}}"#);
    let server = Loopback::replying(&streamed(&[&echo, STOP]));
    let (pieces, _) = ask(&at(ProviderKind::Openai, server.address)).await;
    assert_eq!(text(&pieces), "it is [redacted]!");
    let mut frames: Vec<String> = format!("so: {KEY}, {}", &KEY[..9])
        .chars()
        .map(|c| format!(r#"{{"choices":[{{"delta":{{"content":"{c}"}}}}]}}"#))
        .collect();
    frames.push(STOP.to_owned());
    let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
    let server = Loopback::replying(&streamed(&frames));
    let (pieces, _) = ask(&at(ProviderKind::Openai, server.address)).await;
    assert_eq!(text(&pieces), format!("so: [redacted], {}", &KEY[..9]));
}

#[tokio::test]
async fn the_wire_is_told_without_keys() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&lines);
    let context = context().with_wire(Arc::new(move |call: &CallKey, line: &str| {
        assert_eq!(call.to_string(), "0.a.answer");
        told.lock().expect("no panic").push(line.to_owned());
    }));
    let echo = format!(r#"{{"choices":[{{"delta":{{"content":"{KEY}"}}}}]}}"#);
    let server = Loopback::replying(&streamed(&[&echo, STOP]));
    let lab = at(ProviderKind::Openai, server.address);
    let http = Http::open(&lab, &context).expect("a good spec");
    let sent = http.send(request("0.a.answer", "Why?", Expect::Text)).await;
    gather(sent.expect("a reply")).await;
    let lines = lines.lock().expect("no panic").join("\n");
    assert!(!lines.contains("very"), "{lines}");
    for line in [
        &format!("> POST http://{}/v1/chat/completions", server.address),
        "> authorization: [redacted]",
        r#"> {"model":"m","messages":[{"role":"user","content":"Why?"}]"#,
        "< 200 OK",
        "< content-type: text/event-stream",
        r#"< {"choices":[{"delta":{"content":"[redacted]"}}]}"#,
    ] {
        assert!(lines.contains(line), "{line} is not in\n{lines}");
    }
}
