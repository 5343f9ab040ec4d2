use super::*;
use crate::event::Expect;
use crate::provider::tests::{gather, request, spec, text};
use crate::spec::ProviderKind;
use tokio::time::Instant;

fn script(content: &str) -> Script {
    let mut spec = spec("script", ProviderKind::Script);
    spec.script = Some(content.to_owned());
    Script::open(&spec).expect("a good script")
}

fn ask(call: &str, attempt: u32) -> Request {
    Request {
        attempt,
        ..request(call, "?", Expect::Text)
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_reply_that_fits_is_played() {
    let script = script(
        r#"
        [[reply]]
        call = "0.a.*"
        attempt = 2
        text = "second try"
        [[reply]]
        call = "?.a.answer"
        text = "first try"
        [[reply]]
        call = "*.pair:x/*"
        text = "a pair"
        "#,
    );
    for (call, attempt, said) in [
        ("0.a.answer", 1, "first try"),
        ("0.a.answer", 2, "second try"),
        ("3.chair.pair:x/y", 1, "a pair"),
    ] {
        let sent = script.send(ask(call, attempt)).await.expect("a reply");
        let (pieces, error) = gather(sent).await;
        assert_eq!((text(&pieces).as_str(), error), (said, None));
        assert_eq!(pieces.last(), Some(&Piece::Stop(Stop::Done)));
    }
    let error = script
        .send(ask("1.b.ballot", 1))
        .await
        .err()
        .expect("none fits");
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("`1.b.ballot`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn pieces_come_one_by_one_with_usage_and_stop() {
    let script = script(
        r#"
        [[reply]]
        delay = "1s500ms"
        every = "1m"
        pieces = ["one ", "two ", "three"]
        usage = { input_tokens = 3, output_tokens = 9 }
        stop = "token_limit"
        "#,
    );
    let start = Instant::now();
    let (pieces, error) = gather(script.send(ask("0.a.answer", 1)).await.expect("a reply")).await;
    assert_eq!(error, None);
    assert_eq!(text(&pieces), "one two three");
    assert_eq!(start.elapsed().as_secs(), 121);
    let usage = Usage {
        input_tokens: Some(3),
        output_tokens: Some(9),
        ..Usage::default()
    };
    assert_eq!(
        pieces[3..],
        [Piece::Usage(usage), Piece::Stop(Stop::TokenLimit)]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_refuses_the_request_or_breaks_the_stream() {
    let script = script(
        r#"
        [[reply]]
        call = "0.*"
        error = { kind = "rate_limited", http_status = 429, retry_after = "2s", message = "slow down" }
        [[reply]]
        pieces = ["half a "]
        error = { kind = "network" }
        "#,
    );
    let refused = script
        .send(ask("0.a.answer", 1))
        .await
        .err()
        .expect("refused");
    assert_eq!(
        refused,
        CallError {
            kind: ErrorKind::RateLimited,
            message: "slow down".to_owned(),
            http_status: Some(429),
            url: None,
            retry_after: Some(Duration::from_secs(2)),
        }
    );
    let (pieces, error) = gather(script.send(ask("1.a.answer", 1)).await.expect("a start")).await;
    assert_eq!(text(&pieces), "half a ");
    assert_eq!(error.map(|error| error.kind), Some(ErrorKind::Network));
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_silent_for_ever_and_an_early_end_has_no_stop() {
    let script = script(
        r#"
        [[reply]]
        call = "0.*"
        pieces = ["so "]
        stall = true
        [[reply]]
        text = "so "
        stop = "none"
        "#,
    );
    let stalled = gather(script.send(ask("0.a.answer", 1)).await.expect("a start"));
    let a_day = Duration::from_secs(86_400);
    assert!(tokio::time::timeout(a_day, stalled).await.is_err());
    let (pieces, error) = gather(script.send(ask("1.a.answer", 1)).await.expect("a start")).await;
    assert_eq!((pieces, error), (vec![Piece::Text("so ".to_owned())], None));
}

#[tokio::test]
#[should_panic(expected = "the script lets `0.a.answer` panic")]
async fn a_panic_is_one() {
    let script = script("[[reply]]\npanic = true");
    drop(script.send(ask("0.a.answer", 1)).await);
}

#[test]
fn faults_of_a_script_name_their_line() {
    for (content, line, words) in [
        ("[[reply]]\ntext = \"a\"\nspeed = 1", "line 3: ", "`speed`"),
        ("[[reply]]\ntext = 1", "line 2: ", "string"),
        (
            "\n[[reply]]\ncall = \"*\"",
            "line 2: ",
            "a reply needs one of",
        ),
        (
            "[[reply]]\ntext = \"a\"\npieces = []",
            "line 1: ",
            "not both",
        ),
        (
            "[[reply]]\npanic = true\nstall = true",
            "line 1: ",
            "one of `stop`",
        ),
        (
            "[[reply]]\ntext = \"a\"\ndelay = \"1d\"",
            "line 3: ",
            "`1d` is no duration",
        ),
        ("[[reply]]\ntext = \"a\"\ndelay = 1", "line 3: ", "string"),
        ("[[reply]]\nerror = { kind = \"odd\" }", "line 2: ", "`odd`"),
        ("[[replies]]", "line 1: ", "`replies`"),
        ("x =", "line 1: ", ""),
    ] {
        let fault = check(content).expect_err("a fault");
        assert!(
            fault.starts_with(line) && fault.contains(words),
            "{content}: {fault}"
        );
    }
    assert_eq!(check(""), Ok(()));
}

#[test]
fn globs_fit_the_whole_name() {
    for (glob, name, fits) in [
        ("*", "0.a.answer", true),
        ("0.*.answer", "0.a.answer", true),
        ("0.*.answer", "0.a.answers", false),
        ("*a*a*", "0.a.answer", true),
        ("*b*", "0.a.answer", false),
        ("0.?.answer", "0.ab.answer", false),
        ("", "", true),
    ] {
        assert_eq!(
            matches(glob.as_bytes(), name.as_bytes()),
            fits,
            "{glob} {name}"
        );
    }
}

#[test]
fn durations_are_numbers_with_units() {
    assert_eq!(parsed("1h30m"), Some(Duration::from_secs(5400)));
    assert_eq!(parsed("0s"), Some(Duration::ZERO));
    for bad in ["", "1", "s", "1d", "1.5s", "-1s", "1 s", "99999999999s"] {
        assert_eq!(parsed(bad), None, "{bad}");
    }
}
