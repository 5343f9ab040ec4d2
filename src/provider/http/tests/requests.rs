//! What is sent, and where to: the question, what the spec sets, and nothing else.

use super::*;

#[tokio::test]
async fn without_settings_nothing_but_the_question_is_sent() {
    let server = Loopback::replying(&streamed(&[HELLO, STOP, "[DONE]"]));
    ask(&lab(server.address)).await;
    let sent = request_of(&server);
    let (head, body) = sent.split_once("\r\n\r\n").expect("a body");
    assert!(
        head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{head}"
    );
    let names: Vec<String> = head
        .lines()
        .skip(1)
        .map(|line| {
            line.split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase()
        })
        .collect();
    let known = [
        "accept",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ];
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, known);
    assert_eq!(
        body,
        r#"{"model":"m","messages":[{"role":"user","content":"?"}],"stream":true,"stream_options":{"include_usage":true}}"#
    );
}

#[tokio::test]
async fn what_is_set_is_sent() {
    let server = Loopback::replying(&streamed(&[HELLO, STOP, "[DONE]"]));
    let mut lab = lab(server.address);
    lab.base_url = Some(format!("http://{}/api/v1/?version=2", server.address));
    lab.api_key_env = Some("LAB_KEY".to_owned());
    lab.headers
        .insert("X-Team".to_owned(), SpecHeader::Plain("infra".to_owned()));
    lab.extra_body
        .insert("service_tier".to_owned(), json!("flex"));
    let mut asked = request(
        "0.a.answer",
        "?",
        Expect::Choice {
            choices: vec!["x".to_owned()],
        },
    );
    asked
        .messages
        .insert(0, Message::new(MessageRole::System, "Be brief."));
    asked.sampling = Sampling {
        temperature: Some(0.25),
        top_p: Some(0.5),
        max_output_tokens: Some(800),
        effort: Some(Effort::Low),
        stop: vec!["END".to_owned()],
    };
    ask_with(&lab, asked.clone()).await;
    let sent = request_of(&server);
    let (head, body) = sent.split_once("\r\n\r\n").expect("a body");
    assert!(
        head.starts_with("POST /api/v1/chat/completions?version=2 "),
        "{head}"
    );
    assert!(
        head.contains(&format!("authorization: Bearer {KEY}\r\n")),
        "{head}"
    );
    assert!(head.contains("x-team: infra\r\n"), "{head}");
    assert_eq!(
        serde_json::from_str::<Value>(body).expect("JSON"),
        json!({
            "model": "m",
            "stream": true,
            "reasoning_effort": "low",
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "?" },
            ],
            "response_format": { "type": "json_schema", "json_schema": {
                "name": "reply",
                "strict": true,
                "schema": schema::closed(asked.expect.schema().expect("a schema")),
            }},
            "stream_options": { "include_usage": true },
            "temperature": 0.25,
            "stop": ["END"],
            "top_p": 0.5,
            "max_tokens": 800,
            "service_tier": "flex",
        })
    );
}

#[tokio::test]
async fn model_names_go_out_as_they_are() {
    for (model, limit) in [
        ("qwen-max", "max_tokens"),
        ("some/model-high", "max_tokens"),
        ("ns::model:tag", "max_tokens"),
        ("gpt-5.6-mini", "max_completion_tokens"),
        ("o3-low", "max_completion_tokens"),
        ("gpt-4o", "max_tokens"),
        ("olmo", "max_tokens"),
    ] {
        let server = Loopback::replying(&streamed(&[STOP]));
        let mut asked = request("0.a.answer", "?", Expect::Text);
        asked.model = model.to_owned();
        asked.sampling.max_output_tokens = Some(1);
        ask_with(&lab(server.address), asked).await;
        let body = server.body();
        assert_eq!(body["model"], model);
        let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(
            keys,
            ["model", "messages", "stream", "stream_options", limit]
        );
    }
}

#[tokio::test]
async fn a_key_that_is_missing_or_unfit_stops_the_request_before_it_is_sent() {
    let server = Loopback::replying("");
    let mut lab = lab(server.address);
    lab.api_key_env = Some("OTHER_KEY".to_owned());
    let error = ask(&lab).await.1.expect("an error");
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.message.contains("`OTHER_KEY`"), "{error}");

    lab.api_key_env = Some("LAB_KEY".to_owned());
    let unfit = Context::isolated(|_| Some("sk-ä\u{7}".to_owned()));
    let http = Http::open(&lab, &unfit).expect("a good spec");
    let sent = http.send(request("0.a.answer", "?", Expect::Text)).await;
    let error = sent.err().expect("an error");
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(!error.message.contains("sk-"), "{error}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_base_url_that_cannot_be_used_is_refused() {
    for bad in [
        "",
        "lab",
        "ftp://lab/v1",
        "mailto:lab",
        "https://user:word@lab/v1",
    ] {
        let mut lab = spec("lab", ProviderKind::Openai);
        lab.base_url = Some(bad.to_owned());
        assert!(crate::provider::open(&lab, &context()).is_err(), "{bad}");
    }
}

#[test]
fn a_base_url_may_end_in_a_slash_and_an_ollama_server_needs_no_version() {
    for (kind, base, whole) in [
        (ProviderKind::Openai, "https://lab/v1", "https://lab/v1"),
        (ProviderKind::Openai, "https://lab/v1/", "https://lab/v1"),
        (ProviderKind::Openai, "https://lab", "https://lab/"),
        (ProviderKind::Ollama, "http://lab:1", "http://lab:1/v1"),
        (ProviderKind::Ollama, "http://lab:1/", "http://lab:1/v1"),
        (ProviderKind::Ollama, "http://lab:1/v1", "http://lab:1/v1"),
        (ProviderKind::Ollama, "http://lab:1/v1/", "http://lab:1/v1"),
        (
            ProviderKind::Ollama,
            "http://lab/proxy",
            "http://lab/proxy/v1",
        ),
        (
            ProviderKind::Gemini,
            "http://lab/v1beta/",
            "http://lab/v1beta",
        ),
    ] {
        let url = base_url(base, kind).expect("a URL");
        assert_eq!(url.as_str(), whole, "{base}");
    }
}
