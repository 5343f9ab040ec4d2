use super::*;
use reqwest::header::{HeaderName, HeaderValue};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::from_str(value).expect("a header value");
            (HeaderName::from_static(name), value)
        })
        .collect()
}

fn kind(status: u16, body: &str) -> ErrorKind {
    refused(status, &HeaderMap::new(), body).kind
}

#[test]
fn statuses_have_their_classes() {
    for (status, class) in [
        (302, ErrorKind::NotFound),
        (400, ErrorKind::InvalidRequest),
        (401, ErrorKind::Auth),
        (402, ErrorKind::Billing),
        (403, ErrorKind::Auth),
        (404, ErrorKind::NotFound),
        (408, ErrorKind::Transient),
        (409, ErrorKind::Transient),
        (422, ErrorKind::InvalidRequest),
        (425, ErrorKind::Transient),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Transient),
        (503, ErrorKind::Transient),
        (529, ErrorKind::Transient),
    ] {
        assert_eq!(kind(status, ""), class, "{status}");
    }
}

#[test]
fn bodies_tell_more_than_statuses() {
    for (status, body, class) in [
        (
            429,
            r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#,
            ErrorKind::Billing,
        ),
        (
            400,
            r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#,
            ErrorKind::ContextLength,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            ErrorKind::ContextLength,
        ),
        (
            400,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens"}}"#,
            ErrorKind::ContextLength,
        ),
        (
            400,
            r#"{"error":{"message":"x","code":"content_filter"}}"#,
            ErrorKind::ContentFilter,
        ),
        (
            403,
            r#"{"error":{"message":"Your chosen model requires moderation and your input was flagged"}}"#,
            ErrorKind::ContentFilter,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API"}}"#,
            ErrorKind::Billing,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 2 tokens > 1 maximum"}}"#,
            ErrorKind::ContextLength,
        ),
        (
            429,
            r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan","status":"RESOURCE_EXHAUSTED"}}"#,
            ErrorKind::RateLimited,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#,
            ErrorKind::Auth,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}"#,
            ErrorKind::ContextLength,
        ),
    ] {
        assert_eq!(kind(status, body), class, "{body}");
    }
}

#[test]
fn the_provider_is_quoted_in_its_own_words() {
    for (body, said) in [
        (
            r#"{"error":{"message":"no such\n model"}}"#,
            "no such model",
        ),
        (r#"{"error":"flat"}"#, "flat"),
        (
            r#"{"error":{"message":"Provider returned error","metadata":{"provider_name":"Lab","raw":"{\"error\":{\"message\":\"no GPU\"}}"}}}"#,
            "Provider returned error (Lab: no GPU)",
        ),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "Overloaded",
        ),
        (r#"{"message":"top"}"#, "top"),
        (
            r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#,
            "field required",
        ),
        (r#"[{"error":{"message":"in a list"}}]"#, "in a list"),
        (r#"{"error":{"odd":1}}"#, r#"{"odd":1}"#),
        ("  upstream\r\n timed out ", "upstream timed out"),
        (
            "<html><head><title>502 Bad Gateway</title></head><body>x</body></html>",
            "502 Bad Gateway",
        ),
        (
            "<!DOCTYPE html><style>p { }</style><p>We are <b>down</b><br>now</p>",
            "We are down now",
        ),
        (
            "<?xml version='1.0'?><Error><Code>Busy</Code></Error>",
            "Busy",
        ),
        ("<html><script>x", ""),
        ("", "the server gave no reason"),
    ] {
        let message = refused(500, &HeaderMap::new(), body).message;
        if !said.is_empty() {
            assert_eq!(message, said, "{body}");
        }
    }
    let long = refused(500, &HeaderMap::new(), &"ä".repeat(100_000)).message;
    assert_eq!(long.chars().count(), LONGEST_MESSAGE + 1);
}

#[test]
fn retry_after_comes_in_three_forms() {
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    for (pairs, wait) in [
        (&[("retry-after", "7")][..], Some(7_000)),
        (&[("retry-after", "1.5")], Some(1_500)),
        (
            &[("retry-after", "9"), ("retry-after-ms", "250")],
            Some(250),
        ),
        (
            &[("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT")],
            Some(60_000),
        ),
        (
            &[
                ("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT"),
                ("date", "Thu, 01 Jan 2026 00:00:50 GMT"),
            ],
            Some(10_000),
        ),
        (&[("retry-after", "Thu, 01 Jan 2015 00:00:00 GMT")], Some(0)),
        (&[("retry-after", "-3")], Some(0)),
        (&[("retry-after", "soon")], None),
        (&[("retry-after", "NaN")], None),
        (&[], None),
    ] {
        let got = retry_after(&headers(pairs), now);
        assert_eq!(got, wait.map(Duration::from_millis), "{pairs:?}");
    }
}

#[test]
fn a_wait_may_stand_in_the_body() {
    let body = r#"{"error":{"message":"x","details":[{"@type":"a"},{"retryDelay":"38.5s"}]}}"#;
    let wait = |headers| refused(429, &headers, body).retry_after;
    let millis = Duration::from_millis;
    assert_eq!(wait(HeaderMap::new()), Some(millis(38_500)));
    assert_eq!(wait(headers(&[("retry-after", "2")])), Some(millis(2_000)));
}

#[test]
fn a_redirect_names_its_target_without_its_query_and_user() {
    for (location, told) in [
        ("https://b.example/v1?key=1", " https://b.example/v1,"),
        (
            "http://u:hunter2@b.example/v1/a@b#x",
            " http://b.example/v1/a@b,",
        ),
        ("//u:hunter2@b.example", " //b.example,"),
        ("/v1/elsewhere", " /v1/elsewhere,"),
    ] {
        let error = refused(307, &headers(&[("location", location)]), "");
        assert!(error.message.contains(told), "{error}");
    }
}

#[test]
fn an_error_within_a_stream_is_classed_by_its_code() {
    for (error, class) in [
        (r#"{"code":502,"message":"upstream"}"#, ErrorKind::Transient),
        (r#"{"code":"429","message":"slow"}"#, ErrorKind::RateLimited),
        (
            r#"{"code":"rate_limit_exceeded","message":"slow"}"#,
            ErrorKind::RateLimited,
        ),
        (
            r#"{"type":"server_error","message":"x"}"#,
            ErrorKind::Transient,
        ),
        (
            r#"{"type":"invalid_request_error","message":"x"}"#,
            ErrorKind::InvalidRequest,
        ),
        (r#"{"code":"insufficient_quota"}"#, ErrorKind::Billing),
        (r#"{"code":"invalid_api_key"}"#, ErrorKind::Auth),
        (r#"{"code":"model_not_found"}"#, ErrorKind::NotFound),
        (r#"{"type":"overloaded_error"}"#, ErrorKind::Transient),
        (r#"{"type":"rate_limit_error"}"#, ErrorKind::RateLimited),
        (
            r#"{"code":503,"status":"UNAVAILABLE"}"#,
            ErrorKind::Transient,
        ),
        (r#""text""#, ErrorKind::Transient),
    ] {
        let value = serde_json::from_str(error).expect("JSON");
        assert_eq!(within(&value).kind, class, "{error}");
    }
}
