//! Whatever text a spec or a run holds, a diagram of it keeps its structure.

use super::super::fixture;
use super::{account, flowchart, gathered, mermaid::escape, outline, sequence};
use crate::spec::{Council, Overrides};
use console::measure_text_width;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// What Mermaid, Markdown, HTML or a terminal take for something else than text.
const TRAPS: &[&str] = &[
    "end",
    "\"]",
    "\"",
    "#",
    "#quot;",
    "#34;",
    "%%",
    "%%{init: {}}%%",
    "<b>",
    "</div>",
    "<br/>",
    "&amp;",
    "`",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "|",
    ";",
    ":",
    "\\n",
    "$$",
    "---",
    "-->",
    "->>",
    "@{",
    ":::",
    "subgraph",
    "style a:#f00;",
    "classDef x:#0;",
    "click a call b()",
    "wrap:",
    "1.",
    "- ",
    "*a*",
    "_a_",
    "ﬂ°°34¶ß",
    "\r\n",
    "\u{2028}",
    "\u{1b}[2J",
    "\u{202e}",
    "\0",
    "漢字",
    "👩‍👩‍👧",
    "e\u{301}",
];

fn hostile() -> impl Strategy<Value = String> {
    let trap = prop_oneof![
        3 => proptest::sample::select(TRAPS).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ a-z]{1,8}",
    ];
    proptest::collection::vec(trap, 1..6).prop_map(|parts| parts.concat())
}

/// A council that holds `text` wherever it may; none where it may not.
fn council_of(text: &str) -> Option<Council> {
    let round = |kind: &str| json!({ "kind": kind, "name": text });
    let document = json!({
        "name": text,
        "defaults": { "model": "rehearsal/any" },
        "member": [{ "id": "a", "role": text }, { "id": "end" }, { "id": "o" }],
        "chair": { "role": text, "fallback": ["top_ranked", "member:end"] },
        "round": [
            round("independent_analysis"),
            { "kind": "vote", "name": text, "choices": [text, "go"], "tie_break": "chair" },
            { "kind": "iterate", "name": text, "rounds": [
                { "kind": "peer_review", "name": text },
                { "kind": "ranking", "name": text },
            ], "until": { "agreement": 0.8 } },
            { "kind": "iterate", "rounds": [{ "kind": "pairwise_elimination" }] },
            round("synthesis"),
        ],
    });
    let document = toml::to_string(&document).expect("a document");
    Council::check(&document, &BTreeMap::new(), &Overrides::default()).ok()
}

/// A diagram with every quoted text taken out.
fn skeleton(diagram: &str) -> String {
    let parts = diagram.split('"').enumerate();
    let kept = parts.filter(|(at, _)| at % 2 == 0).map(|(_, part)| part);
    kept.collect::<Vec<_>>().join("\"\"")
}

/// A sequence with every text behind its head taken out.
fn heads(diagram: &str) -> Vec<&str> {
    diagram
        .lines()
        .map(|line| {
            let end = line.find(": ").or_else(|| line.find(" as "));
            &line[..end.unwrap_or(line.len())]
        })
        .collect()
}

/// Signs that mean nothing to Mermaid, and whole entities.
fn is_harmless(text: &str) -> bool {
    let text = text.replace("<br/>", " ");
    let mut rest = text.as_str();
    while let Some(at) = rest.find('#') {
        let Some((number, behind)) = rest[at + 1..].split_once(';') else {
            return false;
        };
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        if !rest[..at].chars().all(is_safe) {
            return false;
        }
        rest = behind;
    }
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '#' && c != ';');
    rest.chars().all(is_safe) && !words.any(|word| word.eq_ignore_ascii_case("end"))
}

fn is_safe(c: char) -> bool {
    c.is_alphanumeric() && c != 'ﬂ' || " ,…-_./'".contains(c)
}

#[test]
fn a_word_stays_readable_where_it_can() {
    for (raw, escaped) in [
        ("anonymized_peer_review", "anonymized_peer_review"),
        ("gpt-5.1-mini, twice", "gpt-5.1-mini, twice"),
        ("The END of the bend", "The #69;ND of the bend"),
        ("a\n\t b\u{1b}", "a b"),
        ("\"#\"", "#34;#35;#34;"),
        ("1. x", "1#46; x"),
    ] {
        assert_eq!(escape(raw), escaped);
    }
}

#[test]
fn of_twenty_eight_are_shown() {
    let names = |n: usize| (1..=n).map(|at| format!("m{at}")).collect::<Vec<_>>();
    assert_eq!(gathered(names(9)), names(9));
    let of_twenty = gathered(names(20));
    assert_eq!(of_twenty.len(), 9);
    assert_eq!(of_twenty[8], "m9 … and 11 more");
}

#[test]
fn every_end_of_a_run_is_told() {
    for (run, last) in [
        (fixture::whole(), "completed"),
        (fixture::degraded(), "completed"),
        (fixture::failed(), "failed"),
        (fixture::cancelled(), "cancelled"),
        (fixture::crashed(), "crashed"),
        (fixture::running(), "so far"),
        (fixture::pending(), "so far"),
    ] {
        let (drawn, told) = (sequence(run.events()), account(run.events(), None));
        for text in [drawn, told] {
            let end = text.lines().rev().find(|line| line.contains(last));
            assert!(end.is_some(), "{last}:\n{text}");
        }
    }
    let crashed = sequence(fixture::crashed().events());
    assert_eq!(
        crashed.matches("no reply was recorded").count(),
        2,
        "{crashed}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn foreign_text_changes_no_flowchart(text in hostile()) {
        let plain = council_of("x").expect("a council");
        // Control characters in names, for one, are faults of the spec.
        let council = council_of(&text);
        prop_assume!(council.is_some());
        let council = council.expect("a council");
        let drawn = flowchart(&council);
        prop_assert_eq!(skeleton(&drawn), skeleton(&flowchart(&plain)));
        for label in drawn.split('"').skip(1).step_by(2) {
            prop_assert!(is_harmless(label), "{}", label);
        }
        let told = outline(&council, None);
        prop_assert!(!told.chars().any(|c| c != '\n' && c.is_control()));
        prop_assert!(told.lines().all(|line| measure_text_width(line) <= 100), "{}", told);
    }

    #[test]
    fn foreign_text_changes_no_sequence(text in hostile()) {
        let drawn = sequence(fixture::foreign(&text).events());
        let plain = sequence(fixture::foreign("x").events());
        prop_assert_eq!(heads(&drawn), heads(&plain));
        for line in drawn.lines() {
            let text = line.split_once(": ").or_else(|| line.split_once(" as "));
            prop_assert!(text.is_none_or(|(_, text)| is_harmless(text)), "{}", line);
        }
        let told = account(fixture::foreign(&text).events(), None);
        prop_assert!(!told.chars().any(|c| c != '\n' && c.is_control()));
    }
}
