//! What a pager gets, on a terminal of few rows.

use crate::common::TestEnv;
use crate::common::councils::SCRIPTED;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;

/// A terminal of 80 columns and 6 rows: the end that programs see, and the one that keeps it.
fn terminal() -> (File, OwnedFd) {
    let keeper = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&keeper).expect("it is ours");
    unlockpt(&keeper).expect("it can be opened");
    let size = Winsize {
        ws_row: 6,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&keeper, size).expect("it has a size");
    let name = ptsname(&keeper, Vec::new()).expect("it has a name");
    let name = name.into_string().expect("utf-8");
    let terminal = OpenOptions::new().read(true).write(true).open(name);
    (terminal.expect("it opens"), keeper)
}

/// A run whose member is missing, and whose long answer is cut.
fn cut_short() -> TestEnv {
    let env = TestEnv::new();
    env.write("trio.toml", SCRIPTED);
    let lines = "North.\\n\\n".repeat(12);
    let replies = format!(
        "[[reply]]\ncall = \"*.bob.*\"\nerror = {{ kind = \"transient\", http_status = 500 }}\n\
         [[reply]]\ncall = \"*.chair.*\"\ntext = \"{lines}\"\nstop = \"token_limit\"\n\
         [[reply]]\ntext = \"North.\"\n"
    );
    env.write("replies.toml", replies);
    let run = ["run", "./trio.toml", "--input", "x", "--run-id", "r1", "-q"];
    env.run(run).assert_code(3);
    env
}

/// What the pager of `council show r1` with `args` is given to read.
fn paged(env: &TestEnv, args: &[&str]) -> String {
    let (terminal, _keeper) = terminal();
    let stream = || terminal.try_clone().expect("another handle");
    let mut council = env.command(["show", "r1"].iter().chain(args));
    council
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .env("COUNCIL_PAGER", "cat > paged.txt")
        .stdin(stream())
        .stdout(stream())
        .stderr(stream());
    let status = council.status().expect("the binary runs");
    assert!(status.success(), "{status}");
    std::fs::read_to_string(env.path("paged.txt")).expect("the pager was started")
}

#[test]
fn a_pager_ends_with_what_is_to_be_known_and_done() {
    let env = cut_short();
    let text = paged(&env, &[]);
    assert!(text.starts_with("degraded: missing bob ("), "{text}");
    let (_, notes) = text.split_once("\nwarning: ").expect("a note");
    assert!(
        notes.starts_with("the answer is cut at its token limit")
            && notes.contains("\nhint: `council retry r1` "),
        "{notes}"
    );
    let quiet = paged(&env, &["-q"]);
    assert!(!quiet.contains("warning: ") && !quiet.contains("hint: "));
}

#[test]
fn a_pager_of_data_gets_the_data_alone() {
    let env = cut_short();
    for format in ["json", "markdown"] {
        let piped = env.run(["show", "r1", "--format", format]);
        let piped = piped.assert_code(0).stdout();
        assert_eq!(paged(&env, &["--format", format]), piped);
    }
}

#[test]
fn without_a_terminal_the_notes_are_on_standard_error() {
    let env = cut_short();
    let shown = env.run(["show", "r1"]);
    let notes = shown.assert_code(0).stderr();
    assert!(
        notes.starts_with("warning: the answer is cut") && notes.contains("\nhint: `council retry"),
        "{notes}"
    );
    let quiet = env.run(["show", "r1", "-q"]);
    assert_eq!(quiet.assert_code(0).stderr(), "");
}
