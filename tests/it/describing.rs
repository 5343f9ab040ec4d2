//! Commands that describe the program to others: completions and schemas.

use crate::common::{COMMANDS, TestEnv};
use snapbox::{assert_data_eq, str};
use std::process::Command;

/// What is offered at the end of `words`, a line each, as fish is told.
fn offered(env: &TestEnv, words: &[&str]) -> String {
    let line = ["--", "council"].iter().chain(words);
    let ran = env.run_as(&[("COUNCIL_COMPLETE", "fish")], line);
    assert_eq!(ran.stderr(), "", "a shell is told nothing else");
    ran.assert_code(0).stdout()
}

/// The same without what explains it.
fn names(env: &TestEnv, words: &[&str]) -> Vec<String> {
    let names = |line: &str| line.split('\t').next().map(ToOwned::to_owned);
    offered(env, words).lines().filter_map(names).collect()
}

#[test]
fn completions_know_all_that_is_there_and_nothing_else() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = env.run(["completions", shell]).assert_code(0).stdout();
        assert!(script.contains("COUNCIL_COMPLETE"), "{script}");
        assert!(script.contains(env!("CARGO_BIN_EXE_council")), "{script}");
    }
    env.write("team.toml", "");
    env.write("notes.md", "");
    env.write("question.md", "");
    env.write("taken.ndjson", "");
    env.write("specs/team.toml", "");
    let commands = names(&env, &[""]);
    for command in ["run", "show", "validate", "completions"] {
        assert!(commands.contains(&command.to_owned()), "{commands:?}");
    }
    for later in ["doctor", "batch", "--help"] {
        assert!(!commands.contains(&later.to_owned()), "{commands:?}");
    }
    assert_eq!(names(&env, &["run", "qu"]), ["quickstart"]);
    let specs = names(&env, &["run", ""]);
    for spec in council::spec::SHIPPED {
        assert!(specs.contains(&spec.name.to_owned()), "{specs:?}");
    }
    assert!(
        specs.ends_with(&["team.toml".to_owned(), "specs/".to_owned()]),
        "{specs:?}"
    );
    assert_eq!(
        names(&env, &["validate", "./specs/"]),
        ["./specs/team.toml"]
    );
    assert_eq!(
        names(&env, &["run", "x", "--input", "@q"]),
        ["@question.md"]
    );
    assert_eq!(names(&env, &["run", "x", "--attach", "n"]), ["notes.md"]);
    assert_eq!(names(&env, &["topologies", "kar"]), ["karpathy"]);
    assert_eq!(names(&env, &["show", "x", "--format", "n"]), ["ndjson"]);
    assert_eq!(
        names(&env, &["show", "x", "--format=n"]),
        ["--format=ndjson"]
    );
    assert_eq!(names(&env, &["replay", "t"]), ["taken.ndjson"]);
    let flags = names(&env, &["run", "x", "--"]);
    for flag in ["--input", "--store", "--on-partial"] {
        assert!(flags.contains(&flag.to_owned()), "{flags:?}");
    }
    for later in ["--dry-run", "--max-cost"] {
        assert!(!flags.contains(&later.to_owned()), "{flags:?}");
    }
    for nothing in [
        vec!["doct"],
        vec!["nothing", "x"],
        vec!["run", "x", "--only", ""],
    ] {
        assert_eq!(offered(&env, &nothing), "", "{nothing:?}");
    }
    let help = offered(&env, &["run", "quick"]);
    assert!(
        help.starts_with("quickstart\t") && help.len() > 20,
        "{help}"
    );
}

#[test]
fn the_newest_runs_are_offered_and_any_whose_id_is_begun() {
    let env = TestEnv::new();
    let quick = "name = \"quick\"\n[providers.rehearsal]\nkind = \"rehearsal\"\ndelay = \"0s\"\n\
                 [[member]]\nid = \"ada\"\nmodel = \"rehearsal/any\"\n";
    env.write("quick.toml", quick);
    for number in 0..21 {
        let run_id = format!("run-{number}");
        env.run([
            "run",
            "./quick.toml",
            "--input",
            "x",
            "-q",
            "--run-id",
            &run_id,
        ])
        .assert_code(0);
    }
    let all = names(&env, &["show", ""]);
    assert_eq!(all.len(), 21, "`latest` and twenty runs");
    assert!(!all.contains(&"run-0".to_owned()), "{all:?}");
    assert_eq!(names(&env, &["show", "run-0"]), ["run-0"]);
}

#[test]
fn runs_are_completed_from_a_store_that_is_only_read() {
    let env = TestEnv::new();
    assert_eq!(names(&env, &["show", ""]), ["latest"]);
    assert!(!env.store().exists(), "no store is made");
    for (run_id, question) in [("one", "Which\tway\nnow?"), ("two", "And then?")] {
        let label = format!("team={run_id}");
        let run = [
            "run",
            "quickstart",
            "-q",
            "--run-id",
            run_id,
            "--label",
            &label,
        ];
        env.run(run.iter().chain(&["--input", question]))
            .assert_code(0);
    }
    assert_eq!(
        offered(&env, &["show", ""]),
        "latest\tThe newest run\ntwo\tquickstart: And then?\none\tquickstart: Which way now?\n"
    );
    assert_eq!(names(&env, &["run", "--from", "t"]), ["two"]);
    assert_eq!(
        names(&env, &["run", "x", "--label", "te"]),
        ["team=one", "team=two"]
    );
    let other = ["--store", "other.db", "watch", ""];
    assert_eq!(names(&env, &other), ["latest"], "another store");
    env.write("other.db", "no database");
    assert_eq!(names(&env, &other), ["latest"], "a broken store");
    let zsh = env.run_as(
        &[("COUNCIL_COMPLETE", "zsh"), ("_CLAP_COMPLETE_INDEX", "2")],
        ["--", "council", "show"],
    );
    assert_eq!(
        zsh.stdout(),
        "latest:The newest run\ntwo:quickstart: And then?\none:quickstart: Which way now?"
    );
}

#[test]
fn bash_completes_what_it_has_cut() {
    let env = TestEnv::new();
    let script = env.write("council.bash", env.run(["completions", "bash"]).stdout());
    for (words, typed, whole) in [
        ("council va", "va", "validate"),
        ("council run qui", "qui", "quickstart"),
        ("council show latest --format = js", "js", "json"),
        ("council topologies --stor", "--stor", "--store"),
    ] {
        let complete = format!(
            "source \"$0\"; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _clap_complete_council council {typed} council; echo \"${{COMPREPLY[*]}}\""
        );
        let output = Command::new("bash")
            .args(["-c", &complete])
            .arg(&script)
            .env("COUNCIL_STORE", env.store())
            .output();
        let Ok(output) = output else { return };
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), whole);
    }
}

#[test]
fn the_schemas_are_those_of_the_formats() {
    let env = TestEnv::new();
    let spec = env.run(["schema", "spec"]).assert_code(0).json();
    assert_eq!(spec, council::spec::schema());
    let events = env.run(["schema", "events"]).assert_code(0).json();
    let validator = jsonschema::validator_for(&events).expect("a schema that compiles");
    let run = [
        "run",
        "quickstart",
        "--input",
        "Which way?",
        "--format",
        "ndjson",
        "--no-record",
        "--set",
        "providers.rehearsal.delay=0s",
    ];
    let ran = env.run(run);
    for event in ran.assert_code(0).events() {
        assert!(validator.is_valid(&event), "{event}");
    }
}

#[test]
fn every_command_teaches_by_example() {
    let env = TestEnv::new();
    for command in COMMANDS {
        let help = env.run([command, "--help"]).assert_code(0).stdout();
        let examples = help.split("\nExample").nth(1).expect(command);
        assert!(examples.contains(&format!("council {command}")), "{help}");
        let wide = |line: &&str| line.chars().count() > 78 && line.contains("council ");
        let wide = examples
            .lines()
            .filter(|line| line.starts_with("  "))
            .find(wide);
        assert_eq!(wide, None, "an example fits in 80 columns");
    }
}

#[test]
fn slips_are_told_from_what_is_there() {
    let env = TestEnv::new();
    env.write("team.toml", "name = \"x\"");
    env.run(["run", "quickstart", "--input", "x", "-q"]);
    let mut all = String::new();
    for args in [
        vec!["lst"],
        vec!["run", "quikstart", "--input", "x"],
        vec!["run", "./quickstart.toml", "--input", "x"],
        vec!["run", "./teem.toml", "--input", "x"],
        vec!["topologies", "karpaty"],
        vec!["show", "lates"],
        vec!["schema", "event"],
        vec!["rn"],
        vec!["help", "rnu"],
        vec!["completions", "csh"],
    ] {
        let ran = env.run(&args);
        let first = ran.stderr();
        all += &format!("$ council {}\n{first}\n", args.join(" "));
    }
    assert_data_eq!(
        all,
        str![[r#"
$ council lst
error: unrecognized subcommand 'lst'

  hint: a similar subcommand exists: 'list'

Usage: council [OPTIONS] <COMMAND>

For more information, try '--help'.

$ council run quikstart --input x
error: there is no shipped council named `quikstart`
hint: did you mean `quickstart`?

$ council run ./quickstart.toml --input x
error: there is no spec at ./quickstart.toml
hint: did you mean `quickstart`?

$ council run ./teem.toml --input x
error: there is no spec at ./teem.toml
hint: did you mean `./team.toml`?

$ council topologies karpaty
error: there is no topology `karpaty`
hint: did you mean `karpathy`?

$ council show lates
error: there is no run `lates`; `council list` shows what is there
hint: did you mean `latest`?

$ council schema event
error: invalid value 'event' for '<FORMAT>'
  [possible values: spec, events]

  hint: a similar value exists: 'events'

For more information, try '--help'.

$ council rn
error: unrecognized subcommand 'rn'

  hint: a similar subcommand exists: 'run'

Usage: council [OPTIONS] <COMMAND>

For more information, try '--help'.

$ council help rnu
error: unrecognized subcommand 'rnu'

  hint: a similar subcommand exists: 'run'

Usage: council [OPTIONS] <COMMAND>

For more information, try '--help'.

$ council completions csh
error: invalid value 'csh' for '<SHELL>'
  [possible values: bash, zsh, fish]

For more information, try '--help'.


"#]]
    );
}
