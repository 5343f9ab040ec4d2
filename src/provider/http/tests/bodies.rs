//! The requests of each protocol, as data: the bodies are files beside this one, pure JSON, so
//! that they can be held against the makers' own types.

use super::*;
use snapbox::{Assert, Data, assert_data_eq, data::DataFormat, str};
use std::fmt::Write as _;

/// The built-in provider of `kind`, which needs no table.
fn built_in(kind: ProviderKind) -> ProviderSpec {
    spec("lab", kind)
}

fn minimal(model: &str) -> Request {
    Request {
        model: model.to_owned(),
        ..request("0.a.answer", "Why is the sky blue?", Expect::Text)
    }
}

/// A request with every key set, in a conversation.
fn full(model: &str) -> Request {
    let mut full = minimal(model);
    let message = |role, text: &str| Message::new(role, text);
    full.messages
        .insert(0, message(MessageRole::System, "Be brief."));
    full.messages.push(message(
        MessageRole::Assistant,
        "Because of \"scattering\".",
    ));
    full.messages
        .push(message(MessageRole::User, "Say more.\nIn one line."));
    full.sampling = Sampling {
        temperature: Some(0.2),
        top_p: Some(0.9),
        max_output_tokens: Some(800),
        effort: Some(Effort::Low),
        stop: vec!["END".to_owned(), "\n\n".to_owned()],
    };
    full
}

fn ranking(model: &str) -> Request {
    Request {
        expect: Expect::Ranking {
            labels: vec!["Response A".to_owned(), "Response B".to_owned()],
            comments: true,
        },
        ..minimal(model)
    }
}

fn outgoing(lab: &ProviderSpec, request: &Request) -> Outgoing {
    let http = Http::open(lab, &context()).expect("a good spec");
    http.outgoing(request).expect("a request")
}

/// Compares a body with its file; the head of the request is handed back.
fn body_is(name: &str, sent: &Outgoing) -> String {
    let place = format!(
        "{}/src/provider/http/tests/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut text = serde_json::to_string_pretty(&sent.body).expect("JSON");
    text.push('\n');
    Assert::new().action_env("SNAPSHOTS").eq(
        text,
        Data::read_from(place.as_ref(), Some(DataFormat::Text)).raw(),
    );
    let mut head = format!("POST {}\n", sent.url);
    for (name, value) in &sent.headers {
        let value = value.to_str().expect("a plain header");
        writeln!(head, "{name}: {value}").expect("a text");
    }
    head
}

#[test]
fn openai() {
    let lab = built_in(ProviderKind::Openai);
    let head = body_is("openai-minimal", &outgoing(&lab, &minimal("gpt-5-mini")));
    assert_data_eq!(
        head,
        str![[r#"
POST https://api.openai.com/v1/chat/completions
content-type: application/json

"#]]
    );
    body_is("openai-full", &outgoing(&lab, &full("gpt-5-mini")));
    body_is("openai-ranking", &outgoing(&lab, &ranking("gpt-5-mini")));
}

#[test]
fn a_server_of_ones_own() {
    let mut lab = built_in(ProviderKind::Openai);
    lab.base_url = Some("http://127.0.0.1:18080/v1/".to_owned());
    lab.stream = false;
    lab.headers
        .insert("X-Team".to_owned(), SpecHeader::Plain("infra".to_owned()));
    lab.extra_body.insert("temperature".to_owned(), json!(1));
    lab.extra_body.insert(
        "response_format".to_owned(),
        json!({ "json_schema": { "strict": false } }),
    );
    let mut asked = full("meta/llama-3:8b");
    asked.expect = ranking("m").expect;
    let head = body_is("own-server-full", &outgoing(&lab, &asked));
    assert_data_eq!(
        head,
        str![[r#"
POST http://127.0.0.1:18080/v1/chat/completions
content-type: application/json
x-team: infra

"#]]
    );
}

#[test]
fn openrouter() {
    let lab = built_in(ProviderKind::Openrouter);
    let model = "anthropic/claude-sonnet-4.5";
    let head = body_is("openrouter-minimal", &outgoing(&lab, &minimal(model)));
    assert_data_eq!(
        head,
        str![[r#"
POST https://openrouter.ai/api/v1/chat/completions
content-type: application/json

"#]]
    );
    body_is("openrouter-full", &outgoing(&lab, &full(model)));
    body_is("openrouter-ranking", &outgoing(&lab, &ranking(model)));
}

#[test]
fn ollama() {
    let lab = built_in(ProviderKind::Ollama);
    let head = body_is("ollama-minimal", &outgoing(&lab, &minimal("qwen3:8b")));
    assert_data_eq!(
        head,
        str![[r#"
POST http://127.0.0.1:11434/v1/chat/completions
content-type: application/json

"#]]
    );
    body_is("ollama-full", &outgoing(&lab, &full("qwen3:8b")));
    body_is("ollama-ranking", &outgoing(&lab, &ranking("qwen3:8b")));
}

#[test]
fn anthropic() {
    let lab = built_in(ProviderKind::Anthropic);
    let model = "claude-sonnet-4-5";
    let head = body_is("anthropic-minimal", &outgoing(&lab, &minimal(model)));
    assert_data_eq!(
        head,
        str![[r#"
POST https://api.anthropic.com/v1/messages
content-type: application/json
anthropic-version: 2023-06-01

"#]]
    );
    body_is("anthropic-full", &outgoing(&lab, &full(model)));
    body_is("anthropic-ranking", &outgoing(&lab, &ranking(model)));
}

#[test]
fn gemini() {
    let mut lab = built_in(ProviderKind::Gemini);
    let model = "gemini-2.5-flash";
    let head = body_is("gemini-minimal", &outgoing(&lab, &minimal(model)));
    assert_data_eq!(
        head,
        str![[r#"
POST https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse
content-type: application/json

"#]]
    );
    body_is("gemini-full", &outgoing(&lab, &full(model)));
    body_is("gemini-ranking", &outgoing(&lab, &ranking(model)));
    body_is("gemini-3-full", &outgoing(&lab, &full("gemini-3-pro")));
    lab.stream = false;
    lab.base_url = Some("http://lab/v1/".to_owned());
    assert_eq!(
        outgoing(&lab, &minimal("tunedModels/tëst?%#")).url.as_str(),
        "http://lab/v1/tunedModels/t%C3%ABst%3F%25%23:generateContent"
    );
    let http = Http::open(&lab, &context()).expect("a good spec");
    for bad in [
        "",
        "a/b",
        "models/",
        "models/a/b",
        "a:b",
        "../x",
        "a b",
        "a\n",
    ] {
        let error = http.outgoing(&minimal(bad)).expect_err("no model's name");
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{bad}");
    }
}
