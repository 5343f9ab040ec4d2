//! Each topology makes the calls that its table has, and stands for the rounds that it prints.

use super::{calls, codes, ids, rehearsed, run};
use crate::common::TestEnv;
use council::spec::{Council, Overrides, TOPOLOGIES};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const TABLE: &str = include_str!("calls.txt");
const SIZES: [usize; 5] = [1, 2, 3, 5, 9];

/// The table's lines for each topology and size.
fn table() -> BTreeMap<(String, usize), Vec<String>> {
    let mut table: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let mut current = None;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[') {
            let (name, size) = head.trim_end_matches(']').split_once(' ').expect("a head");
            current = Some((name.to_owned(), size.parse().expect("a size")));
        } else if let (Some(key), false) = (&current, line.is_empty()) {
            table.entry(key.clone()).or_default().push(line.to_owned());
        }
    }
    table
}

/// The same lines as they come out of a run.
fn held(events: &[Value], size: usize) -> Vec<String> {
    let rounds = events
        .iter()
        .filter(|event| event["kind"] == "round_started");
    rounds
        .map(|started| {
            let round = &started["round"];
            let own = events
                .iter()
                .filter(|event| event["round"]["index"] == round["index"])
                .cloned()
                .collect::<Vec<_>>();
            let kind = round["kind"].as_str().expect("a kind");
            let mut line = format!("{}/{} {kind}:", round["index"], round["iteration"]);
            let mut calls = calls(&own);
            calls.sort();
            let prefix = format!("{}.", round["index"]);
            let mut calls: Vec<&str> = calls
                .iter()
                .map(|call| call.strip_prefix(&prefix).expect("calls of this round"))
                .collect();
            for purpose in ["answer", "ballot", "critique", "revise"] {
                let each: Vec<String> = ids(size)
                    .iter()
                    .map(|id| format!("{id}.{purpose}"))
                    .collect();
                let before = calls.len();
                calls.retain(|call| !each.contains(&(*call).to_owned()));
                match before - calls.len() {
                    0 => {}
                    all if all == size => {
                        let _ = write!(line, " all.{purpose}");
                    }
                    some => {
                        let _ = write!(line, " {some} of {size}.{purpose}");
                    }
                }
            }
            for call in calls {
                let _ = write!(line, " {call}");
            }
            line
        })
        .collect()
}

#[test]
fn every_topology_makes_its_calls() {
    let env = TestEnv::new();
    let table = table();
    assert_eq!(table.len(), TOPOLOGIES.len() * SIZES.len());
    for topology in TOPOLOGIES {
        for size in SIZES {
            let head = format!("topology = \"{}\"\nseed = 293", topology.name);
            let ran = run(&env, &rehearsed(size, &head, "[chair]\n"), "ndjson");
            let events = ran.events();
            let expected = &table[&(topology.name.to_owned(), size)];
            let held = held(&events, size);
            assert_eq!(&held, expected, "{} of {size}", topology.name);
            let last = &events.last().expect("an end")["data"];
            assert_eq!(last["status"], "completed", "{} of {size}", topology.name);
            assert_eq!(last["answer_by"], "chair", "{} of {size}", topology.name);
            // Nothing failed, so only a hung jury is less than whole.
            let is_hung = ran.stdout().contains("hung_jury");
            assert_eq!(last["degraded"], is_hung, "{} of {size}", topology.name);
            ran.assert_code(if is_hung { 3 } else { 0 });
        }
    }
}

/// The README tells what each topology costs.
#[test]
fn the_calls_that_the_readme_names_are_these() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).expect("the README");
    let table = table();
    for topology in TOPOLOGIES {
        let begins = format!("| `{}` |", topology.name);
        let row = readme.lines().find(|line| line.starts_with(&begins));
        let cells: Vec<&str> = row.expect(topology.name).split('|').collect();
        let numbers: Vec<usize> = cells[3]
            .split(" to ")
            .map(|number| number.trim().parse().expect("a number"))
            .collect();
        let lines = &table[&(topology.name.to_owned(), 5)];
        let calls = lines.iter().flat_map(|line| line.split(' ').skip(2));
        let made: usize = calls
            .map(|call| if call.starts_with("all.") { 5 } else { 1 })
            .sum();
        let range = numbers[0]..=*numbers.last().expect("a number");
        assert!(range.contains(&made), "{}: {made}", topology.name);
    }
}

/// What is too small to be judged is said, and is no fault of anybody.
#[test]
fn a_member_alone_is_told_what_was_not_held() {
    let env = TestEnv::new();
    for (topology, expected) in [
        ("panel", &[][..]),
        ("peer_review", &["review_not_held"]),
        ("karpathy", &["review_not_held"]),
        ("voting", &["vote_not_held"]),
        ("specialist", &["review_not_held"]),
        ("tournament", &["bracket_not_held"]),
        ("consensus", &["review_not_held"]),
        ("weighted_consensus", &[]),
        ("jury_with_retry", &["vote_not_held", "review_not_held"]),
        ("debate", &["review_not_held"]),
    ] {
        let head = format!("topology = \"{topology}\"");
        let ran = run(&env, &rehearsed(1, &head, "[chair]\n"), "json");
        let result = ran.assert_code(0).json();
        assert_eq!(codes(&result), expected, "{topology}");
        assert_eq!(result["degraded"], false, "{topology}");
    }
}

#[test]
fn two_members_comment_and_nothing_is_ranked() {
    let env = TestEnv::new();
    let ran = run(
        &env,
        &rehearsed(2, "topology = \"karpathy\"", "[chair]\n"),
        "json",
    );
    let result = ran.assert_code(0).json();
    assert_eq!(codes(&result), ["nothing_ranked"]);
    assert_eq!(result["agreement"], Value::Null);
}

#[test]
fn nobody_is_no_council() {
    let env = TestEnv::new();
    for topology in TOPOLOGIES {
        let head = format!("topology = \"{}\"", topology.name);
        let ran = run(&env, &rehearsed(0, &head, "[chair]\n"), "json");
        ran.assert_code(2);
        assert!(ran.stderr().contains("`member`"), "{}", ran.snapshot());
    }
}

#[test]
fn what_a_topology_prints_can_be_pasted_for_it() {
    let env = TestEnv::new();
    let check = |spec: &str| {
        Council::check(spec, &(), &Overrides::default())
            .unwrap_or_else(|faults| panic!("{}", faults.render("spec", spec, false, None)))
    };
    for topology in TOPOLOGIES {
        let printed = env.run(["topologies", topology.name]);
        let printed = printed.assert_code(0).stdout();
        let head = format!("topology = \"{}\"\nseed = 293", topology.name);
        let named = rehearsed(3, &head, "[chair]\n");
        let pasted = rehearsed(3, "seed = 293", &format!("[chair]\n{printed}"));
        let plans = [check(&named), check(&pasted)].map(|council| council.planned());
        assert_eq!(plans[0], plans[1], "{}", topology.name);
        // The words are the same too: so are all prompts and replies.
        let prompts = [named, pasted].map(|spec| {
            let events = run(&env, &spec, "ndjson").events();
            let of_calls = |event: &&Value| event["call"].is_string();
            let mut lines: Vec<String> = events
                .iter()
                .filter(of_calls)
                .map(|event| {
                    let data = &event["data"];
                    format!("{} {} {}", event["call"], data["messages"], data["text"])
                })
                .collect();
            lines.sort();
            lines
        });
        assert_eq!(prompts[0], prompts[1], "{}", topology.name);
    }
}

/// A run without what no two runs share: its id, its clock, and how calls interleave.
fn masked(events: &[Value]) -> Vec<String> {
    let mut lines: Vec<String> = events
        .iter()
        .filter(|event| event["kind"] != "member_token")
        .map(|event| {
            let mut event = event.clone();
            for varying in ["at", "run_id", "seq"] {
                event[varying] = Value::Null;
            }
            if event["data"]["duration_ms"].is_number() {
                event["data"]["duration_ms"] = Value::Null;
            }
            event.to_string()
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn the_same_seed_and_replies_give_the_same_run() {
    let env = TestEnv::new();
    for topology in TOPOLOGIES {
        let head = format!("topology = \"{}\"\nseed = 293", topology.name);
        let spec = rehearsed(5, &head, "[chair]\n");
        let twice = [(); 2].map(|()| masked(&run(&env, &spec, "ndjson").events()));
        assert_eq!(twice[0], twice[1], "{}", topology.name);
    }
}
