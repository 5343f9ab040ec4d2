//! Bad input: a clear message, exit 2, and nothing started, stored or half written.

use crate::common::councils::{ask, scripted};
use crate::common::{TestEnv, refusals, refused};
use snapbox::{assert_data_eq, str};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn every_broken_spec_ends_with_two_and_all_of_its_faults() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/spec/tests/broken");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the broken specs") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let env = TestEnv::new();
        env.write("spec.toml", fs::read(&path).expect("a spec"));
        let validated = env.run(["validate", "./spec.toml"]);
        refused(&env, &validated);
        let faults = validated
            .stderr()
            .lines()
            .filter(|line| line.starts_with("error["))
            .count();
        assert!(faults > 0, "{}:\n{}", path.display(), validated.snapshot());
        let ran = env.run(["run", "./spec.toml", "--input", "Which way?"]);
        refused(&env, &ran);
        assert_eq!(ran.stderr(), validated.stderr());
        seen += 1;
    }
    assert!(seen >= 25, "only {seen} specs");
}

#[test]
fn several_faults_of_one_file_are_shown_together() {
    let env = TestEnv::new();
    env.write(
        "spec.toml",
        r#"name = "review"
topology = "karpathi"
deadline = 600
[defaults]
model = "opnai/gpt-5-mini"
[[member]]
id = "a"
promt = "Be kind."
[[member]]
id = "a"
profile = "quick"
[chair]
[[round]]
kind = "synthesis"
"#,
    );
    let ran = env.run(["run", "./spec.toml", "--input", "Which way?"]);
    refused(&env, &ran);
    assert_data_eq!(
        ran.snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error[two_plans]: a council has a `topology` or `[[round]]`s, not both
 --> ./spec.toml:2:1
  |
2 | topology = "karpathi"
  | ^^^^^^^^ topology
  |
  = hint: drop one of the two; `council topologies NAME` prints the rounds behind the word, to paste and change

error[unknown_value]: `karpathi` is no value of `topology`
 --> ./spec.toml:2:12
  |
2 | topology = "karpathi"
  |            ^^^^^^^^^^ topology
  |
  = hint: did you mean `karpathy`?

error[bare_duration]: `deadline` is a duration, which needs a unit
 --> ./spec.toml:3:12
  |
3 | deadline = 600
  |            ^^^ deadline
  |
  = hint: write seconds as `"600s"`

error[unknown_provider]: there is no provider `opnai`
 --> ./spec.toml:5:9
  |
5 | model = "opnai/gpt-5-mini"
  |         ^^^^^^^^^^^^^^^^^^ defaults.model
  |
  = hint: did you mean `openai/gpt-5-mini`?

error[unknown_key]: `promt` is no key of `[[member]]`
 --> ./spec.toml:8:1
  |
8 | promt = "Be kind."
  | ^^^^^ member[0].promt
  |
  = hint: did you mean `prompt`?

error[duplicate_id]: the id `a` is taken by member[0]
  --> ./spec.toml:10:6
   |
10 | id = "a"
   |      ^^^ member[1].id
   |
   = hint: give each member an id of its own

error[unknown_profile]: there is no profile `quick`
  --> ./spec.toml:11:11
   |
11 | profile = "quick"
   |           ^^^^^^^ member[1].profile
   |
   = hint: define it: `[profiles.quick]`

error[no_answers]: `synthesis` shows answers, and no round before it gathers any
  --> ./spec.toml:14:8
   |
14 | kind = "synthesis"
   |        ^^^^^^^^^^^ round[0].kind
   |
   = hint: begin with `kind = "independent_analysis"`

error: ./spec.toml has 8 faults

"#]]
    );
}

#[test]
fn a_file_that_is_no_spec_is_told_apart() {
    let env = TestEnv::new();
    env.write("empty.toml", "");
    env.write("blank.toml", "\n  \n");
    env.write("bytes.toml", b"name = \"\xff\"");
    env.write("large.toml", vec![b'#'; (1 << 20) + 1]);
    env.write("bad.toml", "name = \n[[member]\nid = 'x\n");
    fs::create_dir(env.path("folder.toml")).expect("a folder");
    let specs = [
        "./empty.toml",
        "./blank.toml",
        "./bytes.toml",
        "./large.toml",
        "./bad.toml",
        "./folder.toml",
        "./missing.toml",
        "missing.toml",
        "quikstart",
        "nothing-like-it",
    ];
    let mut all = String::new();
    for spec in specs {
        let ran = env.run(["run", spec, "--input", "Which way?"]);
        refused(&env, &ran);
        all.push_str(&format!("$ council run {spec}\n{}\n", ran.stderr()));
    }
    assert_data_eq!(
        all.replace(&env.path("").display().to_string(), "[DIR]/"),
        str![[r#"
$ council run ./empty.toml
error: ./empty.toml is empty
hint: a spec needs a `name` and one `[[member]]`; `councils/quickstart.toml` shows how

$ council run ./blank.toml
error: ./blank.toml is empty
hint: a spec needs a `name` and one `[[member]]`; `councils/quickstart.toml` shows how

$ council run ./bytes.toml
error: ./bytes.toml is not UTF-8 text: line 1 holds other bytes
hint: save it as UTF-8

$ council run ./large.toml
error: ./large.toml is larger than 1 MiB, which no spec needs

$ council run ./bad.toml
error[syntax]: string values must be quoted, expected literal string
 --> ./bad.toml:1:8
  |
1 | name = 
  |        ^

error[syntax]: unclosed array table, expected `]`
 --> ./bad.toml:2:10
  |
2 | [[member]
  |          ^

error: ./bad.toml has 2 faults

$ council run ./folder.toml
error: ./folder.toml is a folder, not a spec
hint: name a `.toml` file in it

$ council run ./missing.toml
error: there is no spec at ./missing.toml
hint: check the path; councils that need no file are `quickstart`, `karpathy`, `panel`, `voting`, `specialist`, `tournament`, `consensus`, `weighted-consensus`, `jury`, `debate`, `design-review`, `code-review`, `local` and `local-commands`

$ council run missing.toml
error: there is no spec at missing.toml
hint: check the path; councils that need no file are `quickstart`, `karpathy`, `panel`, `voting`, `specialist`, `tournament`, `consensus`, `weighted-consensus`, `jury`, `debate`, `design-review`, `code-review`, `local` and `local-commands`

$ council run quikstart
error: there is no shipped council named `quikstart`
hint: did you mean `quickstart`?

$ council run nothing-like-it
error: there is no shipped council named `nothing-like-it`
hint: shipped are `quickstart`, `karpathy`, `panel`, `voting`, `specialist`, `tournament`, `consensus`, `weighted-consensus`, `jury`, `debate`, `design-review`, `code-review`, `local` and `local-commands`; a path to a spec has a `/` or ends in `.toml`


"#]]
    );
}

#[test]
fn a_question_is_needed_and_checked() {
    let env = TestEnv::new();
    env.write("bytes.txt", b"Which \xff way?");
    env.write("large.txt", vec![b'x'; (10 << 20) + 1]);
    env.write("blank.txt", " \n");
    let all = refusals(
        &env,
        &[
            &["run", "quickstart"],
            &["run", "quickstart", "--input", ""],
            &["run", "quickstart", "--input", "@bytes.txt"],
            &["run", "quickstart", "--input", "@large.txt"],
            &["run", "quickstart", "--input", "@blank.txt"],
            &["run", "quickstart", "--input", "@missing.txt"],
            &["run", "quickstart", "--input", "@."],
            &["run", "quickstart", "--input"],
            &["run", "--input", "quickstart.toml"],
            &["run"],
        ],
    );
    assert_data_eq!(
        all,
        str![[r#"
$ council run quickstart
error: there is no question: `--input` is missing
hint: council run quickstart --input "…", or `--input` alone to read standard input

$ council run quickstart --input 
error: the input on the command line is empty: there is nothing to ask

$ council run quickstart --input @bytes.txt
error: the input in `bytes.txt` is not UTF-8: the byte at offset 6 belongs to no character

$ council run quickstart --input @large.txt
error: the input in `large.txt` is larger than 10 MiB; shorten it

$ council run quickstart --input @blank.txt
error: the input in `blank.txt` is empty: there is nothing to ask

$ council run quickstart --input @missing.txt
error: there is no file `missing.txt` to read the input from; a text that begins with `@` is written with `@@`

$ council run quickstart --input @.
error: the input cannot be read from `.`: it is a folder

$ council run quickstart --input
error: the input on standard input is empty: there is nothing to ask

$ council run --input quickstart.toml
error: there is no SPEC: `--input` took `quickstart.toml` as the question
hint: the spec comes first: council run quickstart.toml --input

$ council run
error: there is no SPEC: name a file, such as ./council.toml, or a shipped council
hint: council run quickstart --input "…"


"#]]
    );
}

#[test]
fn a_question_may_come_from_anywhere() {
    let env = TestEnv::new();
    env.write("q.txt", "from a file");
    let asked = |args: &[&str], stdin: &str| {
        let fixed = ["run", "quickstart", "--format", "json", "-q", "--no-record"];
        let ran = env.run_with(fixed.iter().chain(args), stdin);
        ran.assert_code(0).json()["input"]
            .as_str()
            .expect("the question")
            .to_owned()
    };
    assert_eq!(asked(&["--input"], "from a pipe"), "from a pipe");
    assert_eq!(asked(&["--input", "-"], "from a pipe"), "from a pipe");
    assert_eq!(asked(&["--input", "@q.txt"], ""), "from a file");
    assert_eq!(asked(&["--input=-dash"], ""), "-dash");
    assert_eq!(asked(&["--input=@@home"], ""), "@home");
}

#[test]
fn a_missing_key_is_named_before_anything_starts() {
    let env = TestEnv::new();
    let ran = env.run(["run", "karpathy", "--input", "Which way?"]);
    refused(&env, &ran);
    assert_data_eq!(
        ran.snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error: provider `openai` needs the environment variable `OPENAI_API_KEY`, which is not set: export it, or change the provider in the spec
hint: `council run SPEC --model rehearsal/any` goes without a key (a --set of a model goes over it)

"#]]
    );
    let validated = env.run(["validate", "karpathy"]);
    assert_data_eq!(
        validated.snapshot(),
        str![[r#"
exit code: 0
--- stdout
karpathy: valid (3 members, a chair, 3 rounds)
--- stderr
warning: provider `openai` needs the environment variable `OPENAI_API_KEY`, which is not set: export it, or change the provider in the spec

"#]]
    );
}

#[test]
fn a_store_that_can_not_be_used_is_named() {
    let env = scripted();
    fs::create_dir(env.path("folder")).expect("a folder");
    env.write("text.db", "no database");
    let run = |store: &str| ask(&env, &["--store", store]);
    run("newer.db").assert_code(3);
    let newer = rusqlite::Connection::open(env.path("newer.db")).expect("the store");
    newer
        .pragma_update(None, "user_version", 9999)
        .expect("a newer version");
    drop(newer);
    let mut all = String::new();
    for store in ["folder", "text.db", "newer.db", "text.db/below.db"] {
        let ran = run(store);
        refused(&env, &ran);
        let shown = env.run(["show", "latest", "--store", store]);
        all.push_str(&format!(
            "$ --store {store}\n{}{}\n",
            ran.stderr(),
            shown.stderr()
        ));
    }
    let all = all.replace(&env.path("").display().to_string(), "[DIR]/");
    assert_data_eq!(
        all,
        str![[r#"
$ --store folder
error: folder is not a file; name a file for the store, such as folder/runs.db
error: folder is not a file; name a file for the store, such as folder/runs.db

$ --store text.db
error: [DIR]/text.db is not a store: it is no SQLite database; it was left as it is; name another file with --store
error: [DIR]/text.db is not a store: it is no SQLite database; it was left as it is; name another file with --store

$ --store newer.db
error: the store [DIR]/newer.db has version 9999, and this council knows versions up to 1; use a newer council, or another store with --store
error: the store [DIR]/newer.db has version 9999, and this council knows versions up to 1; use a newer council, or another store with --store

$ --store text.db/below.db
error: the store text.db/below.db cannot be opened: File exists (os error 17); check the permissions of the file and of its folder, or name another with --store
error: the store text.db/below.db cannot be opened: Not a directory (os error 20); check the permissions of the file and of its folder, or name another with --store


"#]]
    );
    let text = fs::read_to_string(env.path("text.db")).expect("the file");
    assert_eq!(text, "no database", "left as it was");
}

#[test]
fn an_output_that_can_not_be_written_is_told_before_the_start() {
    let env = scripted();
    fs::create_dir(env.path("folder")).expect("a folder");
    for output in ["folder", "missing/out.txt"] {
        let ran = ask(&env, &["--output", output]);
        refused(&env, &ran);
        assert!(ran.stderr().contains(output), "{}", ran.stderr());
    }
    env.write("kept.txt", "as it was");
    let ran = env.run([
        "run",
        "./missing.toml",
        "--input",
        "x",
        "--output",
        "kept.txt",
    ]);
    refused(&env, &ran);
    let kept = fs::read_to_string(env.path("kept.txt")).expect("the file");
    assert_eq!(kept, "as it was", "a run that never began writes nothing");
}

#[test]
fn an_id_that_is_taken_touches_nothing() {
    let env = scripted();
    let run = || ask(&env, &["--run-id", "mine", "-q"]);
    run().assert_code(3);
    let before = env.run(["show", "mine", "--format", "ndjson"]).stdout();
    let ran = run();
    ran.assert_code(2);
    assert_data_eq!(
        ran.snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error: there is a run `mine` already
hint: `council show mine` shows it; choose another --run-id, or none

"#]]
    );
    assert_eq!(
        env.run(["show", "mine", "--format", "ndjson"]).stdout(),
        before
    );
}

#[test]
fn a_refused_run_leaves_one_file_behind_it() {
    let env = scripted();
    ask(&env, &["--run-id", "mine", "-q"]).assert_code(3);
    ask(&env, &["--run-id", "mine", "-q"]).assert_code(2);
    let mut left = env.files();
    left.retain(|file| file.starts_with(env.path("data")));
    assert_eq!(left, [env.store()], "no journal, no live file");
}

#[test]
fn the_store_is_for_its_user_alone() {
    let env = scripted();
    ask(&env, &["-q"]).assert_code(3);
    let mode =
        |path: std::path::PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(env.store()), 0o600);
    assert_eq!(mode(env.path("data/council")), 0o700);
}

#[test]
fn a_round_without_answers_before_it_is_a_fault() {
    let env = TestEnv::new();
    let head = "name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"rehearsal/any\"\n[chair]\nmodel = \"rehearsal/any\"\n";
    for kind in ["synthesis", "peer_review", "anonymized_peer_review"] {
        env.write("spec.toml", format!("{head}[[round]]\nkind = \"{kind}\"\n"));
        let ran = env.run(["validate", "./spec.toml"]);
        ran.assert_code(2);
        assert!(
            ran.stderr().contains("error[no_answers]"),
            "{}",
            ran.stderr()
        );
    }
}
