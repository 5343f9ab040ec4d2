//! Slips on the command line: what is said of them, and what to type instead.

use crate::common::{TestEnv, refusals, refused};
use snapbox::{assert_data_eq, str};

#[test]
fn what_a_later_version_has_is_refused_by_name() {
    let env = TestEnv::new();
    let all = refusals(
        &env,
        &[
            &["batch", "latest"],
            &["run", "quickstart", "--input", "x", "--max-cost", "1"],
            &["run", "quickstart", "--input", "x", "--dry-run"],
            &["help", "batch"],
            // What is not there is not suggested either.
            &["resum", "latest"],
            &["run", "quickstart", "--input", "x", "--max-cst", "1"],
        ],
    );
    assert_data_eq!(
        all,
        str![[r#"
$ council batch latest
error: the command `batch` does not exist yet in this version

$ council run quickstart --input x --max-cost 1
error: the flag `--max-cost` does not exist yet in this version

$ council run quickstart --input x --dry-run
error: the flag `--dry-run` does not exist yet in this version

$ council help batch
error: the command `batch` does not exist yet in this version

$ council resum latest
error: unrecognized subcommand 'resum'

  hint: a similar subcommand exists: 'resume'

Usage: council [OPTIONS] <COMMAND>

For more information, try '--help'.

$ council run quickstart --input x --max-cst 1
error: unexpected argument '--max-cst' found

Usage: council run [OPTIONS] SPEC --input [TEXT | @FILE | -]
       council run [OPTIONS] --from RUN

For more information, try '--help'.


"#]]
    );
}

#[test]
fn a_stranger_is_told_what_there_is() {
    let env = TestEnv::new();
    assert_data_eq!(
        env.run(["run", "quickstart", "-i", "Shall we?"]).snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error: unexpected argument '-i' found

Usage: council run [OPTIONS] SPEC --input [TEXT | @FILE | -]
       council run [OPTIONS] --from RUN

For more information, try '--help'.
hint: the question is given with --input "…"

"#]]
    );
    assert_data_eq!(
        env.run(["diagram", "latest"]).snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error: there is no shipped council named `latest`
hint: a run is drawn by --run latest

"#]]
    );
    let bare = env.run::<&str>([]);
    bare.assert_code(2);
    assert!(
        bare.stderr().contains("council run quickstart"),
        "{}",
        bare.snapshot()
    );
    let help = env.run(["--help"]);
    help.assert_code(0);
    assert!(
        help.stdout().contains("council run quickstart"),
        "{}",
        help.snapshot()
    );
    assert_data_eq!(
        env.run(["rum", "quickstart"]).snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error: unrecognized subcommand 'rum'

  hint: some similar subcommands exist: 'run', 'resume'

Usage: council [OPTIONS] <COMMAND>

For more information, try '--help'.

"#]]
    );
    assert_data_eq!(
        env.run(["run", "quickstart", "--inptu", "x"]).snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error: unexpected argument '--inptu' found

  hint: a similar argument exists: '--input'

Usage: council run [OPTIONS] SPEC --input [TEXT | @FILE | -]
       council run [OPTIONS] --from RUN

For more information, try '--help'.

"#]]
    );
}

#[test]
fn a_question_that_looks_like_a_flag_is_explained() {
    let env = TestEnv::new();
    let ran = env.run(["run", "quickstart", "--input", "-text"]);
    refused(&env, &ran);
    assert!(ran.stderr().contains("--input=-text"), "{}", ran.stderr());
}

#[test]
fn what_is_missing_or_too_much_is_explained() {
    let env = TestEnv::new();
    let all = refusals(
        &env,
        &[
            &["show"],
            &["cancel"],
            &["replay"],
            &["validate"],
            &["completions"],
            &["schema"],
            &["list", "--limit", "x"],
            &["show", "latest", "--round", "one"],
            &["resume", "latest", "--set", "a=b"],
            &["replay", "latest", "--model", "lab/m"],
            &["run", "team.toml", "What?"],
        ],
    );
    assert_data_eq!(
        all,
        str![[r#"
$ council show
error: the following required arguments were not provided:
  <RUN>

Usage: council show <RUN>

For more information, try '--help'.
hint: `latest` names the newest run; `council list` shows more of them

$ council cancel
error: the following required arguments were not provided:
  <RUN>

Usage: council cancel <RUN>

For more information, try '--help'.
hint: `latest` names the newest run; `council list` shows more of them

$ council replay
error: the following required arguments were not provided:
  <RUN | FILE>

Usage: council replay <RUN | FILE>

For more information, try '--help'.
hint: `latest` names the newest run; `council list` shows more of them

$ council validate
error: the following required arguments were not provided:
  <SPEC>

Usage: council validate <SPEC>

For more information, try '--help'.
hint: a SPEC is a file, such as ./team.toml, or a shipped council, such as `quickstart`

$ council completions
error: the following required arguments were not provided:
  <SHELL>

Usage: council completions <SHELL>

For more information, try '--help'.
hint: SHELL is `bash`, `zsh` or `fish`

$ council schema
error: the following required arguments were not provided:
  <FORMAT>

Usage: council schema <FORMAT>

For more information, try '--help'.
hint: FORMAT is `spec` or `events`

$ council list --limit x
error: `--limit <N>` wants a whole number, such as 5, and `x` is none that it can take

$ council show latest --round one
error: invalid value 'one' for '--round <N | all>': a round is an index from 0, or `all`

For more information, try '--help'.

$ council resume latest --set a=b
error: unexpected argument '--set' found

Usage: council resume <RUN> [SPEC]

For more information, try '--help'.
hint: `council run --from RUN --set …` makes a run again with a change

$ council replay latest --model lab/m
error: unexpected argument '--model' found

Usage: council replay <RUN | FILE>

For more information, try '--help'.
hint: `council run --from RUN --model REF` makes a run again with a change

$ council run team.toml What?
error: unexpected argument 'What?' found

Usage: council run [OPTIONS] SPEC --input [TEXT | @FILE | -]
       council run [OPTIONS] --from RUN

For more information, try '--help'.
hint: the question is given with --input "What?"


"#]]
    );
}

#[test]
fn every_message_ends_its_line() {
    let env = TestEnv::new();
    env.write("bad.toml", "name = 1\n");
    for args in [
        vec!["validate", "./bad.toml"],
        vec!["validate", "./missing.toml"],
        vec!["show", "x"],
    ] {
        let told = env.run(&args).stderr();
        assert!(told.ends_with('\n'), "{args:?}: {told:?}");
    }
}

#[test]
fn the_way_to_a_changed_file_keeps_the_flags() {
    let env = TestEnv::new();
    env.write(
        "replies.toml",
        "[[reply]]\nerror = { kind = \"transient\", http_status = 500 }\n",
    );
    let spec = "name = \"team\"\n[providers.stage]\nkind = \"script\"\nfile = \"replies.toml\"\n\
                [[member]]\nid = \"ada\"\nmodel = \"rehearsal/any\"\n";
    env.write("team.toml", spec);
    let flags = ["--model", "stage/m", "--set", "member.ada.role=It's she"];
    let run = ["run", "./team.toml", "--input", "Why?", "--run-id", "r"];
    let ran = env.run([&run[..], &flags, &["--set", "defaults.retries=0"]].concat());
    let told = ran.assert_code(1).stderr();
    let typed = r"--from r ./team.toml --model stage/m --set 'member.ada.role=It'\''s she' --set defaults.retries=0`";
    assert!(told.contains(typed), "{told}");

    let warned = "warning: run r was made with --model, --set or --only";
    let again = ["run", "--from", "r", "./team.toml"];
    let told = env.run(again).assert_code(0).stderr();
    assert!(told.contains(warned), "{told}");
    let told = env.run([&again[..], &flags].concat());
    assert!(!told.assert_code(1).stderr().contains(warned));
    let told = env.run(["run", "--from", "r"]);
    assert!(!told.assert_code(1).stderr().contains(warned));
}
