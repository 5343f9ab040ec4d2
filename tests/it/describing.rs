//! Commands that describe the program to others: completions and schemas.

use crate::common::TestEnv;
use snapbox::{assert_data_eq, str};
use std::process::Command;

#[test]
fn completions_know_all_that_is_there_and_nothing_else() {
    let env = TestEnv::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = env.run(["completions", shell]);
        let script = script.assert_code(0).stdout();
        for word in ["validate", "topologies", "attach", "ndjson", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        for word in ["doctor", "dry-run", "max-cost"] {
            assert!(!script.contains(word), "{shell}: {word}");
        }
    }
    assert!(!env.store().exists());
}

#[test]
fn bash_completes_a_command() {
    let env = TestEnv::new();
    let script = env.write("council.bash", env.run(["completions", "bash"]).stdout());
    let complete = "source \"$0\"; COMP_WORDS=(council va); COMP_CWORD=1; \
        _council council va council; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", complete])
        .arg(script)
        .output();
    let Ok(output) = output else { return };
    assert_eq!(String::from_utf8_lossy(&output.stdout), "validate\n");
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
    for line in ran.assert_code(0).stdout().lines() {
        let event = serde_json::from_str(line).expect("an event");
        assert!(validator.is_valid(&event), "{line}");
    }
}

#[test]
fn every_command_teaches_by_example() {
    let env = TestEnv::new();
    for command in [
        "run",
        "show",
        "list",
        "validate",
        "topologies",
        "diagram",
        "events",
        "cancel",
        "schema",
        "completions",
    ] {
        let help = env.run([command, "--help"]).assert_code(0).stdout();
        let examples = help.split("Examples:").nth(1).expect(command);
        assert!(examples.contains(&format!("council {command}")), "{help}");
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

  tip: a similar subcommand exists: 'list'

Usage: council [OPTIONS] <COMMAND>

For more information, try '--help'.

$ council run quikstart --input x
error: there is no shipped council named `quikstart`
  = help: did you mean `quickstart`?

$ council run ./quickstart.toml --input x
error: there is no spec at ./quickstart.toml
  = help: did you mean `quickstart`?

$ council run ./teem.toml --input x
error: there is no spec at ./teem.toml
  = help: did you mean `./team.toml`?

$ council topologies karpaty
error: there is no topology `karpaty`
hint: did you mean `karpathy`?

$ council show lates
error: there is no run `lates`; `council list` shows what is there
hint: did you mean `latest`?

$ council schema event
error: invalid value 'event' for '<FORMAT>'
  [possible values: spec, events]

  tip: a similar value exists: 'events'

For more information, try '--help'.


"#]]
    );
}
