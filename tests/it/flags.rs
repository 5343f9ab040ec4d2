//! Flags of `run` that change what is run, and what is kept of them.

use crate::common::TestEnv;
use snapbox::{assert_data_eq, str};

const TEAM: &str = r#"name = "team"
[providers.rehearsal]
delay = "0s"
[defaults]
model = "rehearsal/m"
[[member]]
id = "security"
[[member]]
id = "cost"
[[member]]
id = "ops"
[chair]
"#;

#[test]
fn labels_only_and_set_are_in_the_run_and_in_its_record() {
    let env = TestEnv::new();
    env.write("team.toml", TEAM);
    let ran = env.run([
        "run",
        "./team.toml",
        "--input",
        "Which way?",
        "--format",
        "json",
        "--label",
        "team=infra",
        "--label",
        "why=a=b c",
        "--only",
        "ops",
        "--only",
        "cost",
        "--set",
        "member.ops.model=rehearsal/other",
        "--set",
        "seed=11",
    ]);
    let result = ran.assert_code(0).json();
    let members = result["members"].as_object().expect("members");
    assert_eq!(members.keys().collect::<Vec<_>>(), ["cost", "ops"]);
    assert_eq!(members["ops"]["model"], "rehearsal/other");
    assert_eq!(members["cost"]["model"], "rehearsal/m");
    assert_eq!(result["seed"], 11);
    assert_eq!(
        result["labels"],
        serde_json::json!({ "team": "infra", "why": "a=b c" })
    );
    let shown = env.run(["show", "latest", "--format", "json"]).json();
    assert_eq!(shown["labels"], result["labels"]);
    let listed = env.run(["list", "--json"]).json();
    assert_eq!(listed[0]["labels"], result["labels"]);
}

#[test]
fn a_list_keeps_to_the_runs_that_have_the_labels() {
    let env = TestEnv::new();
    env.write("team.toml", TEAM);
    for (run_id, labels) in [("r1", "team=infra"), ("r2", "team=web"), ("r3", "ticket=7")] {
        let question = ["run", "./team.toml", "--input", "Which way?", "-q"];
        let flags = ["--run-id", run_id, "--label", labels, "--label", "by=ann"];
        env.run(question.iter().chain(&flags)).assert_code(0);
    }
    let listed = |flags: &[&str]| {
        let json = env.run(["list", "--json"].iter().chain(flags)).json();
        let runs = json.as_array().expect("one array").clone();
        let ids = runs.iter().filter_map(|run| run["run_id"].as_str());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(listed(&["--label", "team=infra"]), "r1");
    assert_eq!(listed(&["--label", "team", "--limit", "1"]), "r2");
    assert_eq!(listed(&["--label", "team", "--label", "by=ann"]), "r2 r1");
    assert_eq!(listed(&["--label", "team=infra", "--label", "ticket"]), "");
    let table = env.run(["list", "--label", "ticket=7"]).stdout();
    assert!(
        table.contains("r3") && table.lines().count() == 2,
        "{table}"
    );
    assert_eq!(env.run(["list", "--label", "tea"]).stdout(), "No runs.\n");
    env.run(["list", "--label", "=infra"]).assert_code(2);
}

#[test]
fn what_cannot_be_meant_starts_nothing() {
    let env = TestEnv::new();
    env.write("team.toml", TEAM);
    let mut all = String::new();
    for flags in [
        vec!["--label", "team"],
        vec!["--label", "=infra"],
        vec!["--label", "a=1", "--label", "a=2"],
        vec!["--only", "secruity"],
        vec!["--set", "min_members"],
        vec!["--set", "member[=2"],
        vec!["--set", "member.ops.modle=rehearsal/x"],
        vec!["--only", "ops", "--set", "min_members=2"],
    ] {
        let question = ["run", "./team.toml", "--input", "Which way?"];
        let ran = env.run(question.iter().chain(&flags));
        ran.assert_code(2);
        assert_eq!(ran.stdout(), "");
        assert!(!env.store().exists(), "nothing was started");
        all += &format!("$ {}\n{}\n", flags.join(" "), ran.stderr());
    }
    assert_data_eq!(
        all,
        str![[r#"
$ --label team
error: invalid value 'team' for '--label <KEY=VALUE>': `=` is missing: write KEY=VALUE, such as team=infra

For more information, try '--help'.

$ --label =infra
error: invalid value '=infra' for '--label <KEY=VALUE>': there is no key before `=`: write KEY=VALUE, such as team=infra

For more information, try '--help'.

$ --label a=1 --label a=2
error: the label `a` is given twice
hint: give each label a key of its own

$ --only secruity
error[unknown_member]: there is no member `secruity`
 |
 = note: in --only secruity
 = hint: did you mean `security`?

error: ./team.toml with these flags has 1 fault

$ --set min_members
error: invalid value 'min_members' for '--set <PATH=VALUE>': `=` is missing: write PATH=VALUE, such as min_members=2

For more information, try '--help'.

$ --set member[=2
error: invalid value 'member[=2' for '--set <PATH=VALUE>': `member[` is no path: write keys with dots between, such as member[1].model or defaults.timeout

For more information, try '--help'.

$ --set member.ops.modle=rehearsal/x
error[unknown_key]: `modle` is no key of `[[member]]`
 |
 = note: in --set member.ops.modle
 = hint: did you mean `model`?

error: ./team.toml with these flags has 1 fault

$ --only ops --set min_members=2
error[min_members]: `min_members` is 2, but there is only 1 member
 |
 = note: in --set min_members
 = hint: `--only` leaves fewer than the spec has; `--set min_members=1` asks for fewer

error: ./team.toml with these flags has 1 fault


"#]]
    );
}

#[test]
fn attachments_reach_the_members_and_the_record() {
    let env = TestEnv::new();
    env.write("team.toml", TEAM);
    env.write("docs/plan.md", "First the foundation.\n");
    env.write("cost.csv", "wall,100\n");
    let ran = env.run([
        "run",
        "./team.toml",
        "--input",
        "Is the plan sound?",
        "--format",
        "ndjson",
        "--attach",
        "docs/plan.md",
        "--attach",
        "cost.csv",
    ]);
    let events = ran.assert_code(0).events();
    assert_eq!(
        events[0]["data"]["attachments"],
        serde_json::json!([{ "name": "docs/plan.md", "bytes": 22 }, { "name": "cost.csv", "bytes": 9 }])
    );
    let prompts: Vec<&str> = events
        .iter()
        .filter(|event| event["kind"] == "member_started")
        .filter_map(|event| event["data"]["messages"][1]["content"].as_str())
        .collect();
    assert_eq!(prompts.len(), 4, "three members and the chair");
    for prompt in prompts {
        for text in ["docs/plan.md", "First the foundation.", "wall,100"] {
            assert!(prompt.contains(text), "{text}: {prompt}");
        }
    }
    let store = rusqlite::Connection::open(env.store()).expect("the store");
    let content: Vec<u8> = store
        .query_row(
            "SELECT content FROM files WHERE name = 'attachment:01:docs/plan.md'",
            [],
            |row| row.get(0),
        )
        .expect("the attachment's row");
    assert_eq!(content, b"First the foundation.\n");
}

#[test]
fn what_cannot_be_attached_starts_nothing() {
    let env = TestEnv::new();
    env.write("team.toml", TEAM);
    env.write("picture.png", b"\x89PNG\0\0");
    for file in ["picture.png", "missing.md", ".", "-"] {
        let question = ["run", "./team.toml", "--input", "Which way?"];
        let ran = env.run(question.iter().chain(&["--attach", file]));
        ran.assert_code(2);
        assert!(ran.stderr().contains(file), "{}", ran.stderr());
        assert!(!env.store().exists(), "nothing was started");
    }
}
