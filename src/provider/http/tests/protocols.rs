//! Replies of the protocols besides chat completions: good ones, odd ones, and ends without a
//! reason.

use super::*;

/// A provider of `kind` at a server that sends `reply`, with a key.
fn at(kind: ProviderKind, server: &Loopback) -> ProviderSpec {
    let mut lab = spec("lab", kind);
    lab.base_url = Some(format!("http://{}/v1", server.address));
    lab.api_key_env = Some("LAB_KEY".to_owned());
    lab
}

async fn met_as(kind: ProviderKind, reply: &str) -> (Vec<Piece>, Option<CallError>) {
    ask(&at(kind, &Loopback::replying(reply))).await
}

async fn met_whole(kind: ProviderKind, body: &str) -> (Vec<Piece>, Option<CallError>) {
    let server = Loopback::replying(&reply("200 OK", "application/json", "", body));
    let mut lab = at(kind, &server);
    lab.stream = false;
    ask(&lab).await
}

fn told(pieces: Vec<Piece>) -> Vec<Piece> {
    let told = pieces.into_iter().filter(|piece| *piece != Piece::Alive);
    told.collect()
}

fn said(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

fn usage(counts: [Option<u64>; 4]) -> Usage {
    let [input_tokens, output_tokens, cached_tokens, reasoning_tokens] = counts;
    Usage {
        input_tokens,
        output_tokens,
        cached_tokens,
        reasoning_tokens,
    }
}

const CLAUDE: [&str; 9] = [
    r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":3,"cache_read_input_tokens":100,"cache_creation_input_tokens":20,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello"}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7,"output_tokens_details":{"thinking_tokens":4}}}"#,
    r#"{"type":"message_stop"}"#,
];

#[tokio::test]
async fn anthropic_streams_text_usage_in_two_parts_and_signs_of_life() {
    let (pieces, error) = met_as(ProviderKind::Anthropic, &streamed(&CLAUDE)).await;
    assert_eq!(error, None);
    assert_eq!(
        pieces,
        [
            Piece::Usage(usage([Some(123), Some(1), Some(100), None])),
            Piece::Alive,
            Piece::Alive,
            Piece::Alive,
            Piece::Alive,
            said("Hello"),
            Piece::Alive,
            Piece::Usage(usage([Some(123), Some(7), Some(100), Some(4)])),
            Piece::Stop(Stop::Done),
            Piece::Alive,
        ]
    );
}

#[tokio::test]
async fn anthropic_gets_its_key_in_its_own_header() {
    let server = Loopback::replying(&streamed(&CLAUDE));
    ask(&at(ProviderKind::Anthropic, &server)).await;
    let sent = request_of(&server);
    assert!(sent.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains(&format!("x-api-key: {KEY}\r\n")), "{sent}");
    assert!(!sent.to_lowercase().contains("authorization:"), "{sent}");
}

#[tokio::test]
async fn an_anthropic_reply_without_its_reason_to_stop_is_cut() {
    for count in [0, 1, 6, 7] {
        let (_, error) = met_as(ProviderKind::Anthropic, &streamed(&CLAUDE[..count])).await;
        assert_eq!(error.expect("an error").kind, ErrorKind::Network, "{count}");
    }
    let mut ended_early = CLAUDE[..6].to_vec();
    ended_early.push(CLAUDE[8]);
    let (pieces, error) = met_as(ProviderKind::Anthropic, &streamed(&ended_early)).await;
    assert_eq!(text(&pieces), "Hello");
    assert_eq!(error.expect("an error").kind, ErrorKind::Network);
    // The reason is all that counts.
    let (_, error) = met_as(ProviderKind::Anthropic, &streamed(&CLAUDE[..8])).await;
    assert_eq!(error, None);
}

#[tokio::test]
async fn an_error_in_an_anthropic_stream_is_told_in_its_words() {
    let body = format!(
        "event: message_start\ndata: {}\n\nevent: error\ndata: {}\n\n",
        CLAUDE[0], r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#
    );
    let reply = reply("200 OK", "text/event-stream", "", &body);
    let error = met_as(ProviderKind::Anthropic, &reply).await.1;
    let error = error.expect("an error");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Transient, "Overloaded")
    );
}

#[tokio::test]
async fn anthropic_replies_may_come_whole() {
    let body = r#"{"type":"message","content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"a "},{"type":"text","text":"b"}],"stop_reason":"max_tokens","usage":{"input_tokens":3,"output_tokens":2}}"#;
    let (pieces, error) = met_whole(ProviderKind::Anthropic, body).await;
    assert_eq!(error, None);
    assert_eq!(
        pieces,
        [
            said("a b"),
            Piece::Usage(usage([Some(3), Some(2), None, None])),
            Piece::Stop(Stop::TokenLimit)
        ]
    );
    for (body, kind) in [
        (
            r#"{"content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"no"}}"#,
            ErrorKind::ContentFilter,
        ),
        (
            r#"{"content":[{"type":"text","text":"a"}]}"#,
            ErrorKind::Network,
        ),
        (r#"{"choices":[]}"#, ErrorKind::InvalidOutput),
        (
            r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#,
            ErrorKind::Transient,
        ),
    ] {
        let error = met_whole(ProviderKind::Anthropic, body).await.1;
        assert_eq!(error.expect("an error").kind, kind, "{body}");
    }
}

const GEMINI: [&str; 3] = [
    r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":5,"totalTokenCount":9}}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"Hel"},{"text":"lo"}],"role":"model"}},{"index":1,"content":{"parts":[{"text":"another"}]}}]}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":5,"candidatesTokenCount":2,"thoughtsTokenCount":4}}"#,
];

#[tokio::test]
async fn gemini_streams_what_is_not_thought_and_counts_what_is() {
    let server = Loopback::replying(&streamed(&GEMINI));
    let (pieces, error) = ask(&at(ProviderKind::Gemini, &server)).await;
    assert_eq!(error, None);
    assert_eq!(
        pieces,
        [
            Piece::Usage(usage([Some(9), None, Some(5), None])),
            said("Hello"),
            Piece::Usage(usage([Some(9), Some(6), Some(5), Some(4)])),
            Piece::Stop(Stop::Done),
        ]
    );
    let sent = request_of(&server);
    assert!(
        sent.starts_with("POST /v1/models/m:streamGenerateContent?alt=sse HTTP/1.1\r\n"),
        "{sent}"
    );
    assert!(
        sent.contains(&format!("x-goog-api-key: {KEY}\r\n")),
        "{sent}"
    );
}

#[tokio::test]
async fn a_gemini_reply_without_a_finish_reason_is_cut() {
    for count in [0, 1, 2] {
        let (_, error) = met_as(ProviderKind::Gemini, &streamed(&GEMINI[..count])).await;
        assert_eq!(error.expect("an error").kind, ErrorKind::Network, "{count}");
    }
}

#[tokio::test]
async fn gemini_names_why_it_gives_no_reply() {
    for (frame, kind, words) in [
        (
            r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#,
            ErrorKind::ContentFilter,
            "PROHIBITED_CONTENT",
        ),
        (
            r#"{"candidates":[{"finishReason":"SAFETY","finishMessage":"too odd"}]}"#,
            ErrorKind::ContentFilter,
            "too odd",
        ),
        (
            r#"{"candidates":[{"finishReason":"MALFORMED_RESPONSE"}]}"#,
            ErrorKind::Transient,
            "MALFORMED_RESPONSE",
        ),
        (
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
            ErrorKind::Transient,
            "The model is overloaded.",
        ),
    ] {
        for stream in [true, false] {
            let error = if stream {
                met_as(ProviderKind::Gemini, &streamed(&[frame])).await.1
            } else {
                met_whole(ProviderKind::Gemini, frame).await.1
            };
            let error = error.expect("an error");
            assert_eq!(error.kind, kind, "{frame}");
            assert!(error.message.contains(words), "{error}");
        }
    }
}

#[tokio::test]
async fn gemini_replies_may_come_whole() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"Hello"}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":1}}"#;
    let (pieces, error) = met_whole(ProviderKind::Gemini, body).await;
    assert_eq!(error, None);
    assert_eq!(
        pieces,
        [
            said("Hello"),
            Piece::Usage(usage([Some(1), None, None, None])),
            Piece::Stop(Stop::TokenLimit)
        ]
    );
    let (_, error) = met_whole(ProviderKind::Gemini, r#"{"content":[]}"#).await;
    assert_eq!(error.expect("an error").kind, ErrorKind::InvalidOutput);
}

#[tokio::test]
async fn openrouter_and_ollama_speak_chat_completions_in_their_places() {
    let frames = [HELLO, STOP, USAGE, "[DONE]"];
    let body: String = frames
        .iter()
        .map(|frame| format!("data: {frame}\n\n"))
        .collect();
    let body = format!(": OPENROUTER PROCESSING\n\n{body}");
    for kind in [ProviderKind::Openrouter, ProviderKind::Ollama] {
        let server = Loopback::replying(&reply("200 OK", "text/event-stream", "", &body));
        let mut lab = at(kind, &server);
        if kind == ProviderKind::Ollama {
            lab.base_url = Some(format!("http://{}", server.address));
            lab.api_key_env = None;
        }
        let (pieces, error) = ask(&lab).await;
        assert_eq!(error, None);
        assert_eq!(
            told(pieces),
            [
                said("Hello"),
                Piece::Stop(Stop::Done),
                Piece::Usage(usage([Some(9), Some(2), None, None])),
            ]
        );
        let sent = request_of(&server);
        assert!(sent.starts_with("POST /v1/chat/completions "), "{sent}");
        let has_key = sent.contains(&format!("authorization: Bearer {KEY}\r\n"));
        assert_eq!(has_key, kind == ProviderKind::Openrouter, "{sent}");
    }
    let broken = r#"{"id":"x","error":{"code":"server_error","message":"Provider disconnected"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#;
    let error = met_as(ProviderKind::Openrouter, &streamed(&[HELLO, broken]))
        .await
        .1;
    assert_eq!(error.expect("an error").message, "Provider disconnected");
}
