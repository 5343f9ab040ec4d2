//! A run, and the same run read back.

use crate::common::TestEnv;
use crate::common::councils::{SCRIPTED, ask, scripted};
use council::store::Writer;
use serde_json::Value;
use snapbox::{assert_data_eq, str};

#[test]
fn show_prints_the_bytes_that_the_piped_run_printed() {
    let env = TestEnv::new();
    let ran = env.run([
        "run",
        "quickstart",
        "--input",
        "Rust?",
        "--progress",
        "none",
    ]);
    ran.assert_code(0);
    assert!(ran.stdout().starts_with("[rehearsal] "), "{}", ran.stdout());
    assert_eq!(
        env.run(["show", "latest"]).assert_code(0).stdout(),
        ran.stdout()
    );

    let degraded = scripted();
    let ran = ask(&degraded, &[]);
    ran.assert_code(3);
    assert_eq!(
        degraded.run(["show", "latest"]).assert_code(0).stdout(),
        ran.stdout()
    );
}

#[test]
fn each_format_of_a_run_is_the_same_when_it_is_read_back() {
    for format in ["text", "markdown", "json", "ndjson"] {
        let env = scripted();
        let ran = ask(&env, &["--format", format]);
        ran.assert_code(3);
        let shown = env.run(["show", "latest", "--format", format]);
        assert_eq!(
            shown.assert_code(0).stdout(),
            ran.stdout(),
            "{format}, byte for byte"
        );
    }
}

#[test]
fn a_degraded_answer_begins_with_who_is_missing() {
    let env = scripted();
    let ran = ask(&env, &["--run-id", "r1", "-q"]);
    assert_data_eq!(
        ran.snapshot(),
        str![[r#"
exit code: 3
--- stdout
degraded: missing bob (auth (HTTP 401) from stage/any: no such key)

North, says the chair.
--- stderr

"#]]
    );
}

#[test]
fn a_failed_run_prints_no_answer_and_show_tells_what_there_was() {
    let env = scripted();
    let spec = SCRIPTED.replacen("name = \"trio\"", "name = \"trio\"\nmin_members = 3", 1);
    env.write("trio.toml", spec);
    let ran = ask(&env, &["--run-id", "r1", "-q"]);
    assert_data_eq!(
        ran.snapshot(),
        str![[r#"
exit code: 1
--- stdout
--- stderr
failed: 2 of 3 members answered, 3 needed (min_members)

- bob: auth (HTTP 401) from stage/any: no such key

## ada

North.

## cyd

North.

"#]]
    );
    assert_data_eq!(
        env.run(["show", "r1"]).snapshot(),
        str![[r#"
exit code: 0
--- stdout
failed: 2 of 3 members answered, 3 needed (min_members)

- bob: auth (HTTP 401) from stage/any: no such key

## ada

North.

## cyd

North.
--- stderr
hint: `council retry r1` asks again what failed, with the spec as it was
hint: `council run --from r1 --set …` makes it again with a change

"#]]
    );
}

#[test]
fn on_partial_changes_the_code_alone() {
    for (on_partial, code) in [("report", 3), ("accept", 0), ("fail", 1)] {
        let env = scripted();
        let ran = ask(&env, &["--on-partial", on_partial]);
        ran.assert_code(code);
        assert!(
            ran.stdout().contains("North, says the chair."),
            "{}",
            ran.stdout()
        );
        assert_eq!(env.run(["show", "latest"]).stdout(), ran.stdout());
    }
}

#[test]
fn the_events_come_in_order_and_end_once() {
    let env = TestEnv::new();
    env.run(["run", "quickstart", "--input", "Rust?", "-q"])
        .assert_code(0);
    let shown = env.run(["show", "latest", "--format", "ndjson"]);
    let events = shown.events();
    for (seq, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], seq);
    }
    let terminal = |event: &&serde_json::Value| {
        event["kind"] == "run_completed" || event["kind"] == "run_failed"
    };
    assert_eq!(events.iter().filter(terminal).count(), 1);
    assert_eq!(
        events.last().map(|event| &event["kind"]),
        Some(&"run_completed".into())
    );
    assert_eq!(events[0]["kind"], "run_started");
}

#[test]
fn the_one_object_has_every_key_of_the_contract() {
    let env = scripted();
    let ran = ask(&env, &["--format", "json"]);
    let json = ran.json();
    let keys: Vec<&str> = json
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let contract = "v run_id parent origin council status degraded reason input answer answer_by \
        missing members rounds vote scores agreement dissent gate errors notices usage cost_usd \
        calls labels seed started_at ended_at duration_ms record";
    assert_eq!(keys, contract.split_whitespace().collect::<Vec<_>>());
    assert_eq!(json["missing"][0]["member"], "bob");
    assert_eq!(json["missing"][0]["error"]["http_status"], 401);
    assert_eq!(json["record"], serde_json::json!({ "state": "complete" }));
    assert_eq!(json["calls"]["made"], 4);
}

#[test]
fn a_run_that_is_not_recorded_says_so_and_leaves_nothing() {
    let env = TestEnv::new();
    let ran = env.run([
        "run",
        "quickstart",
        "--input",
        "Rust?",
        "--no-record",
        "--progress",
        "none",
    ]);
    ran.assert_code(0);
    assert!(ran.stderr().contains("not recorded"), "{}", ran.stderr());
    assert!(!env.path("data").exists(), "no store, no lock, no folder");
    let json = env.run([
        "run",
        "quickstart",
        "--input",
        "Rust?",
        "--no-record",
        "--format",
        "json",
    ]);
    assert_eq!(json.json()["record"]["state"], "off");
}

#[test]
fn list_names_the_newest_first() {
    let env = scripted();
    for run_id in ["r1", "r2", "r3"] {
        ask(&env, &["--run-id", run_id, "-q"]);
    }
    let listed = env.run(["list", "--json", "--limit", "2"]);
    let ids: Vec<String> = listed
        .assert_code(0)
        .json()
        .as_array()
        .expect("one array")
        .iter()
        .map(|run| run["run_id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(ids, ["r3", "r2"]);
    let run = &listed.json()[0];
    assert_eq!(
        (run["status"].as_str(), run["degraded"].as_bool()),
        (Some("completed"), Some(true))
    );
    assert_eq!(run["calls"]["made"], 4);
    let table = env.run(["list"]);
    assert!(table.stdout().lines().count() == 4 && table.stdout().contains("degraded"));
}

#[test]
fn without_a_store_there_is_an_empty_list_and_no_file() {
    let env = TestEnv::new();
    assert_data_eq!(
        env.run(["list"]).snapshot(),
        str![[r#"
exit code: 0
--- stdout
No runs.
--- stderr
hint: there is no store at [DIR]/data/council/runs.db yet

"#]]
    );
    assert_eq!(env.run(["list", "--json"]).assert_code(0).stdout(), "[]\n");
    assert_data_eq!(
        env.run(["show", "latest"]).snapshot(),
        str![[r#"
exit code: 1
--- stdout
--- stderr
error: no run `latest`: there is no store at [DIR]/data/council/runs.db yet
hint: council run quickstart --input "…" makes a first run

"#]]
    );
    assert!(!env.path("data").exists());
}

#[test]
fn a_store_without_runs_has_no_latest_and_a_slip_of_it_is_known() {
    let env = TestEnv::new();
    env.write("data/council/keep", "");
    Writer::open(&env.store()).expect("a store").close();
    let told = |name: &str| env.run(["show", name]).assert_code(1).stderr();
    assert_data_eq!(
        ["latest", "last", "lates"].map(told).join("--\n"),
        str![[r#"
error: there is no run `latest`; `council list` shows what is there
--
error: there is no run `last`; `council list` shows what is there
hint: did you mean `latest`?
--
error: there is no run `lates`; `council list` shows what is there
hint: did you mean `latest`?

"#]]
    );
}

#[test]
fn a_run_is_named_by_a_unique_beginning() {
    let env = scripted();
    for run_id in ["alpha-1", "alpha-2", "beta"] {
        ask(&env, &["--run-id", run_id, "-q"]);
    }
    env.run(["show", "be"]).assert_code(0);
    assert_data_eq!(
        env.run(["show", "alpha"]).snapshot(),
        str![[r#"
exit code: 1
--- stdout
--- stderr
error: `alpha` is ambiguous: alpha-2, alpha-1; give more of the id
hint: `council list` tells when each began and what it was asked

"#]]
    );
    assert_data_eq!(
        env.run(["show", "gamma"]).snapshot(),
        str![[r#"
exit code: 1
--- stdout
--- stderr
error: there is no run `gamma`; `council list` shows what is there

"#]]
    );
}

#[test]
fn an_output_file_gets_what_standard_output_would_have_got() {
    let env = scripted();
    let plain = ask(&env, &[]);
    let filed = ask(&env, &["--output", "out.md"]);
    filed.assert_code(3);
    assert_eq!(filed.stdout(), "");
    let written = std::fs::read_to_string(env.path("out.md")).expect("the file");
    assert_eq!(written, plain.stdout());
}

#[test]
fn a_single_round_or_member_can_be_looked_at() {
    let env = scripted();
    ask(&env, &["--run-id", "r1", "-q"]);
    let shown = env.run([
        "show",
        "r1",
        "--round",
        "1",
        "--member",
        "chair",
        "--prompts",
    ]);
    let text = shown.assert_code(0).stdout();
    assert!(
        text.contains("1.chair.synthesis") && text.contains("Which way?"),
        "{text}"
    );
    assert!(!text.contains("0.ada.answer"), "{text}");
}

#[test]
fn the_events_of_a_round_or_a_member_can_be_had_alone() {
    let env = scripted();
    ask(&env, &["--run-id", "r1", "-q"]);
    let all = env.run(["show", "r1", "--format", "ndjson"]).stdout();
    let round = env.run(["show", "r1", "--format", "ndjson", "--round", "1"]);
    let of_round: Vec<&str> = all
        .lines()
        .filter(|line| line.contains("\"index\":1"))
        .collect();
    assert!(of_round.len() > 3, "{all}");
    assert_eq!(
        round.assert_code(0).stdout().lines().collect::<Vec<_>>(),
        of_round
    );
    let member = env.run(["show", "r1", "--format", "ndjson", "--member", "ada"]);
    let of_member = all
        .lines()
        .filter(|line| line.contains("\"member\":\"ada\",\"call\""));
    assert_eq!(
        member.stdout().lines().collect::<Vec<_>>(),
        of_member.collect::<Vec<_>>()
    );
    assert_data_eq!(
        env.run(["show", "r1", "--format", "markdown", "--round", "1"])
            .snapshot(),
        str![[r#"
exit code: 2
--- stdout
--- stderr
error: --round, --member and --prompts show calls, of which there is no markdown
hint: without --format they are text; json is one object, ndjson the events

"#]]
    );
}

#[test]
fn what_each_said_is_one_object_for_programs() {
    let env = scripted();
    ask(&env, &["--run-id", "r1", "-q"]);
    let told = |args: &[&str]| {
        let shown = env.run(["show", "r1", "--format", "json"].iter().chain(args));
        let text = shown.assert_code(0).stdout();
        let object: Value = serde_json::from_str(&text).expect("json");
        assert_eq!(object["run_id"], "r1");
        let calls = object["calls"].as_array().expect("a list").iter();
        calls
            .map(|call| format!("{} {} {}\n", call["call"], call["status"], call["text"]))
            .collect::<String>()
    };
    assert_data_eq!(
        told(&["--round", "all"]),
        str![[r#"
"0.ada.answer" "ok" "North."
"0.bob.answer" "error" null
"0.cyd.answer" "ok" "North."
"1.chair.synthesis" "ok" "North, says the chair./n"

"#]]
    );
    assert_data_eq!(
        told(&["--member", "ada"]),
        str![[r#"
"0.ada.answer" "ok" "North."

"#]]
    );
}

#[test]
fn a_round_that_is_not_there_is_an_error_that_names_those_that_are() {
    let env = scripted();
    ask(&env, &["--run-id", "r1", "-q"]);
    assert_data_eq!(
        env.run(["show", "r1", "--round", "9"]).snapshot(),
        str![[r#"
exit code: 1
--- stdout
--- stderr
error: no call of the run fits
hint: it made these: 0.ada.answer, 0.bob.answer, 0.cyd.answer, 1.chair.synthesis

"#]]
    );
}

#[test]
fn topologies_are_listed_and_expanded() {
    let env = TestEnv::new();
    assert_data_eq!(
        env.run(["topologies"]).snapshot(),
        str![[r#"
exit code: 0
--- stdout
panel               independent_analysis, synthesis
peer_review         independent_analysis, peer_review, synthesis
karpathy            independent_analysis, anonymized_peer_review, synthesis
voting              independent_analysis, vote, synthesis
specialist          independent_analysis, peer_review, synthesis
tournament          independent_analysis, iterate(pairwise_elimination), synthesis
consensus           independent_analysis, iterate(critique), synthesis
weighted_consensus  independent_analysis, weighted_synthesis
jury_with_retry     independent_analysis, vote, iterate(peer_review, vote), synthesis
debate              independent_analysis, peer_review, peer_review, synthesis
--- stderr

"#]]
    );
    assert_data_eq!(
        env.run(["topologies", "karpathy"]).snapshot(),
        str![[r#"
exit code: 0
--- stdout
[[round]]
kind = "independent_analysis"

[[round]]
kind = "anonymized_peer_review"

[[round]]
kind = "synthesis"
--- stderr

"#]]
    );
}

#[test]
fn progress_is_plain_lines_where_there_is_no_terminal() {
    let env = scripted();
    let ran = ask(&env, &["--run-id", "r1"]);
    let told = ran.stderr();
    let parts = [
        "r1",
        "round 0",
        "ada: answer ok",
        "bob: answer error",
        "HTTP 401",
        "2 of 3 members heard",
    ];
    for part in parts {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "no escapes in a pipe");
}
