use super::*;
use crate::event::Expect;
use crate::provider::tests::{gather, request, text};
use crate::spec::{Council, Overrides};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The provider of a spec whose command line is `words`.
fn program(words: &[&str], env: &[&str], context: &Context) -> Program {
    let document = format!(
        "name = \"x\"\n[providers.lab]\nkind = \"command\"\ncommand = {words:?}\nenv = {env:?}\n\
         [[member]]\nid = \"a\"\nmodel = \"lab/m\"\n"
    );
    let files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let council = Council::check(&document, &files, &Overrides::default());
    let council =
        council.unwrap_or_else(|faults| panic!("{}", faults.render("x", &document, false, None)));
    Program::open(&council.providers["lab"], context)
}

/// A shell as the program; `$1` and so on are `words`.
fn shell(script: &str, words: &[&str]) -> Program {
    let mut all = vec!["/bin/sh", "-c", script, "sh"];
    all.extend(words);
    program(&all, &[], &Context::of_process())
}

async fn start(program: &Program, question: &str) -> Pieces {
    let request = request("0.a.answer", question, Expect::Text);
    program.send(request).await.expect("it starts")
}

/// The text that `program` answers, to the end.
async fn answer(program: &Program, question: &str) -> String {
    let (pieces, error) = gather(start(program, question).await).await;
    assert_eq!(error, None);
    assert_eq!(pieces.last(), Some(&Piece::Stop(Stop::Done)));
    text(&pieces)
}

/// The error that `program` ends with.
async fn failure(program: &Program, question: &str) -> CallError {
    let request = request("0.a.answer", question, Expect::Text);
    match program.send(request).await {
        Ok(pieces) => gather(pieces).await.1.expect("it fails"),
        Err(error) => error,
    }
}

/// The first text of a reply that goes on.
async fn first(pieces: &mut Pieces) -> String {
    match pieces.next().await {
        Some(Ok(Piece::Text(text))) => text,
        other => panic!("no text first, but {other:?}"),
    }
}

fn is_gone(pid: &str) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        // A zombie whose parent is in no hurry runs no more.
        Ok(stat) => stat
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with(['Z', 'X'])),
        Err(_) => rustix::process::test_kill_process(process(pid)).is_err(),
    }
}

fn process(pid: &str) -> Pid {
    let pid = pid.trim().parse().ok().and_then(Pid::from_raw);
    pid.expect("a process id")
}

/// Whether this process has a child of that id, a zombie among them.
fn is_child(pid: &str) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(process(pid)), options).is_ok()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(std::time::Instant::now() < end, "not after 20 s: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_prompt_goes_in_and_the_answer_comes_out() {
    assert_eq!(
        answer(&shell("cat", &[]), "Why?\n\nNow.").await,
        "Why?\n\nNow."
    );
    let named = shell("cat; printf ' %s' \"$1\"", &["--model={{ model }}"]);
    assert_eq!(answer(&named, "Why?").await, "Why?\n --model=m");
}

#[tokio::test]
async fn a_prompt_in_an_argument_meets_no_shell_and_leaves_the_input_empty() {
    let program = shell("printf '%s|' \"$@\"; cat", &["a b", "<{{ prompt }}>"]);
    let question = "$(touch /tmp/x) `id` ; \"'{{ model }}";
    assert_eq!(
        answer(&program, question).await,
        format!("a b|<{question}>|")
    );
}

#[test]
fn all_messages_are_told_in_order() {
    let messages = [
        Message::new(MessageRole::System, "You are brief.\n"),
        Message::new(MessageRole::User, "Rank them."),
        Message::new(MessageRole::Assistant, "A is best"),
        Message::new(MessageRole::User, "That is no list."),
    ];
    assert_eq!(
        prompt(&messages),
        "You are brief.\n\nRank them.\n\nYour earlier reply was:\n\nA is best\n\nThat is no list."
    );
    let empty = Message::new(MessageRole::System, "");
    assert_eq!(prompt(&[empty, messages[1].clone()]), "Rank them.");
}

#[tokio::test]
async fn a_failure_is_told_with_its_status_and_the_programs_own_words() {
    for (script, kind, says) in [
        (
            "echo half; echo 'no such model: m' >&2; exit 3",
            ErrorKind::InvalidRequest,
            "`/bin/sh` failed (exit status: 3): no such model: m",
        ),
        (
            "echo busy >&2; exit 75",
            ErrorKind::Transient,
            "`/bin/sh` failed (exit status: 75): busy",
        ),
        (
            "echo 'please log in'; exit 1",
            ErrorKind::InvalidRequest,
            "`/bin/sh` failed (exit status: 1): please log in",
        ),
        (
            "exit 1",
            ErrorKind::InvalidRequest,
            "`/bin/sh` failed (exit status: 1), and said nothing about it",
        ),
        (
            "kill -9 $$",
            ErrorKind::InvalidRequest,
            "`/bin/sh` failed (signal: 9 (SIGKILL)), and said nothing about it",
        ),
    ] {
        let error = failure(&shell(script, &[]), "?").await;
        assert_eq!((error.kind, error.message.as_str()), (kind, says));
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_not_found() {
    let context = Context::of_process();
    let missing = program(&["council-no-such-program"], &[], &context);
    let error = failure(&missing, "?").await;
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(
        error.message.contains("`council-no-such-program`"),
        "{error}"
    );
    assert!(error.message.contains("PATH"), "{error}");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plain.txt");
    fs::write(&file, "text").expect("written");
    for (name, says) in [
        (file.clone(), "chmod +x"),
        (folder.path().join("none"), "there is no such file"),
        (file.join("below"), "cannot be started"),
    ] {
        let name = name.to_string_lossy();
        let error = failure(&program(&[&name], &[], &context), "?").await;
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(
            error.message.contains(says) && error.message.contains(&*name),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_prompt_that_no_argument_can_hold_is_refused_with_the_way_out() {
    let program = shell("true", &["{{ prompt }}"]);
    for (question, says) in [
        ("x".repeat(8 << 20), "too long for an argument"),
        ("a\0b".to_owned(), "NUL"),
    ] {
        let error = failure(&program, &question).await;
        assert_eq!(error.kind, ErrorKind::InvalidRequest);
        assert!(error.message.contains(says), "{error}");
        assert!(error.message.contains("standard input"), "{error}");
    }
}

#[tokio::test]
async fn only_plain_and_listed_variables_are_seen() {
    let context = Context::isolated(|name| match name {
        "PATH" => Some(std::env::var("PATH").unwrap_or_default()),
        "HOME" | "LANG" | "TERM" | "TMPDIR" | "LISTED" | "OPENAI_API_KEY" => {
            Some(format!("its {name}"))
        }
        _ => None,
    });
    let program = program(&["env"], &["LISTED", "NOT_SET"], &context);
    let seen = answer(&program, "?").await;
    let mut names: Vec<&str> = seen
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "LISTED", "PATH", "TERM", "TMPDIR"]);
    assert!(seen.contains("LISTED=its LISTED"), "{seen}");
}

#[tokio::test]
async fn dropping_a_reply_kills_the_program_and_its_children() {
    let program = shell("sleep 600 & echo \"$$ $!\"; wait", &[]);
    let mut pieces = start(&program, "?").await;
    let pids = first(&mut pieces).await;
    let (leader, child) = pids.split_once(' ').expect("two ids");
    assert!(!is_gone(leader) && !is_gone(child));
    drop(pieces);
    until("the child is gone", || is_gone(child)).await;
    until("the program is reaped", || !is_child(leader)).await;
}

#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it_and_holds_nothing_up() {
    // The child holds standard output open for ten minutes.
    let said = answer(&shell("sleep 600 & echo $!", &[]), "?").await;
    until("the child is gone", || is_gone(&said)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_left_the_group_does_not_hold_the_answer_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pid");
    let script = "setsid sh -c 'echo $$ > \"$1\"; exec sleep 600' sh \"$1\" & \
                  while ! [ -s \"$1\" ]; do :; done; echo done";
    let said = answer(&shell(script, &[&file.to_string_lossy()]), "?").await;
    let stray = fs::read_to_string(&file).expect("its id");
    let stray = stray.trim();
    let lived = !is_gone(stray);
    rustix::process::kill_process(process(stray), rustix::process::Signal::KILL)
        .expect("it is ours");
    assert!(lived, "it was out of reach");
    assert_eq!(said, "done");
}

#[tokio::test]
async fn much_of_anything_blocks_nobody() {
    let much = "head -c 3000000 /dev/zero | tr '\\0' a";
    let question = "é".repeat(500_000);
    assert_eq!(answer(&shell(much, &[]), "?").await.len(), 3_000_000);
    assert_eq!(answer(&shell("cat", &[]), &question).await, question);
    // It speaks before it listens; and it complains at length.
    let first = shell(&format!("{much}; {much} >&2; cat > /dev/null"), &[]);
    assert_eq!(answer(&first, &question).await.len(), 3_000_000);
    // It does not listen at all.
    assert_eq!(answer(&shell("echo done", &[]), &question).await, "done");
    let deaf = shell("exec <&-; echo done", &[]);
    assert_eq!(answer(&deaf, &question).await, "done");
    let error = failure(
        &shell(&format!("{much} >&2; echo ' end' >&2; exit 1"), &[]),
        "?",
    )
    .await;
    assert!(
        error.message.len() < 3000 && error.message.ends_with("a end"),
        "{error}"
    );
}

#[tokio::test]
async fn output_that_is_no_text_is_refused_at_its_byte() {
    for (script, at) in [("printf 'abc\\377def'", 3), ("printf 'ab\\303'", 2)] {
        let error = failure(&shell(script, &[]), "?").await;
        assert_eq!(error.kind, ErrorKind::InvalidOutput);
        assert!(error.message.ends_with(&format!("byte {at}")), "{error}");
    }
}

#[tokio::test]
async fn a_banner_among_the_complaints_is_no_beginning_of_the_answer() {
    let program = shell("echo banner >&2; cat; echo more >&2; echo end", &[]);
    let mut pieces = start(&program, "an answer").await;
    // Silence is counted from the first piece, and programs think long before they speak.
    let mut said = first(&mut pieces).await;
    let (rest, error) = gather(pieces).await;
    said += &text(&rest);
    assert_eq!((said.as_str(), error), ("an answer\nend", None));
}

#[tokio::test]
async fn what_a_program_holds_in_secret_is_not_told() {
    use std::sync::{Arc, Mutex};
    let told = Arc::new(Mutex::new(String::new()));
    let line = Arc::clone(&told);
    let context = Context::isolated(|name| match name {
        "PATH" => std::env::var(name).ok(),
        "LAB_TOKEN" => Some("very-private-0123".to_owned()),
        "LAB_REGION" => Some("north-by-west".to_owned()),
        _ => None,
    })
    .with_wire(Arc::new(move |_: &crate::event::CallKey, text: &str| {
        line.lock().expect("no panic").push_str(text);
    }));
    let script = "printf 'very-priv'; printf 'ate-0123 from %s very-' $LAB_REGION; [ -z \"$1\" ] \
        || { echo \"$LAB_TOKEN\" >&2; exit 1; }";
    let with = |words: &[&str]| {
        let all = [&["/bin/sh", "-c", script, "sh"], words].concat();
        program(&all, &["LAB_TOKEN", "LAB_REGION"], &context)
    };
    assert_eq!(
        answer(&with(&[]), "?").await,
        "[redacted] from north-by-west very-",
        "what only begins as a secret does is kept"
    );
    let error = failure(&with(&["fail"]), "?").await;
    assert!(error.message.contains("[redacted]"), "{error:?}");
    assert!(!error.message.contains("private"), "{error:?}");
    let told = told.lock().expect("no panic");
    assert!(told.contains("> \"/bin/sh\""), "{told}");
    assert!(!told.contains("very-private"), "{told}");
}
