//! Deliberation: rounds and topologies, each held to its end, the good ones and the others.

mod ends;
mod topologies;

use crate::common::{Ran, TestEnv};
use serde_json::Value;

/// Ids of members, as many as wanted.
fn ids(size: usize) -> Vec<String> {
    ('a'..='z').take(size).map(String::from).collect()
}

/// A council of `size` members, and a chair, on rehearsals that take no time; `head` comes first.
fn rehearsed(size: usize, head: &str, rest: &str) -> String {
    let members: String = ids(size)
        .iter()
        .map(|id| format!("[[member]]\nid = \"{id}\"\n"))
        .collect();
    format!(
        "name = \"x\"\n{head}\n[providers.rehearsal]\ndelay = \"0s\"\n\
         [defaults]\nmodel = \"rehearsal/any\"\nretries = 0\n{members}{rest}"
    )
}

/// A council of `size` members, and a chair, whose replies come from a script.
fn scripted(env: &TestEnv, size: usize, head: &str, rest: &str, replies: &str) -> String {
    env.write("replies.toml", replies);
    let spec = rehearsed(size, head, rest).replace("rehearsal/any", "s/any");
    spec.replace(
        "[providers.rehearsal]\ndelay = \"0s\"\n",
        "[providers.s]\nkind = \"script\"\nfile = \"replies.toml\"\n",
    )
}

/// Runs a spec to its end, without a record.
fn run(env: &TestEnv, spec: &str, format: &str) -> Ran {
    env.write("x.toml", spec);
    env.run([
        "run",
        "./x.toml",
        "--input",
        "Why?",
        "--no-record",
        "--format",
        format,
    ])
}

/// The codes of all notices.
fn codes(result: &Value) -> Vec<&str> {
    let notices = result["notices"].as_array().expect("notices");
    notices
        .iter()
        .map(|notice| notice["code"].as_str().expect("a code"))
        .collect()
}

/// The call keys of a run, in the order in which they began.
fn calls(events: &[Value]) -> Vec<String> {
    let started = events
        .iter()
        .filter(|event| event["kind"] == "member_started");
    started
        .map(|event| event["call"].as_str().expect("a call").to_owned())
        .collect()
}
