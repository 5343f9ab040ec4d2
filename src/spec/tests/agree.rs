//! The walker against an independent judge of JSON Schema, over a corpus of good and bad specs.

use super::super::shape::{schema, spec_shape};
use super::super::tree::Node;
use super::super::walk::walk;
use jsonschema::error::ValidationErrorKind;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const BASE: &str = "name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"rehearsal/m\"\n";

/// Lines that are put before, or after, a good spec.
const BEFORE: &[&str] = &[
    "",
    "description = 3",
    "seed = -1",
    "seed = 9007199254740991",
    "seed = 9007199254740992",
    "seed = \"7\"",
    "min_members = 0",
    "deadline = \"1h30m\"",
    "deadline = \"0s\"",
    "deadline = \"30m1h\"",
    "deadline = \"\"",
    "deadline = \"ms\"",
    "deadline = 5",
    "topology = \"karpathy\"",
    "topology = \"karpaty\"",
    "input = true",
    "on_partial = \"fail\"",
    "unknown = 1\nother = []",
    "providers = []",
    "chair = { fallback = [\"a\", 1], temperature = 1, top_p = 2 }",
    "defaults = { effort = \"low\", stop = [], retries = 101, timeout = \"5\" }",
    "round = [{}, { kind = \"synthesis\", members = [] }, 3]",
    "profiles = { a = { model = 1, nope = 2 }, b = 3 }",
];

const AFTER: &[&str] = &[
    "",
    "weight = 0",
    "weight = 0.1",
    "weight = 2\nprompt_file = \"\"",
    "temperature = -1\ntop_p = 1\nmax_output_tokens = 0",
    "[[member]]",
    "[[member]]\nid = \"A\"",
    "[[member]]\nid = \"-\"\nweight = true",
    "[[member]]\nid = \"\"\n[[member]]\nid = \"a-b_c\"",
    "[providers.lab]\nkind = \"openai\"\nmax_concurrency = 0\nheaders = { a = 1 }",
    "[providers.lab]\nkind = \"opnai\"\nextra_body = { a = { b = [1, \"x\"] } }",
    "[providers.lab]\ndelay = \"0s\"\nstream = 1\nenv = [1]\nbase = 1",
    "[providers.lab]\nkind = \"command\"\ncommand = []\nenv = []",
    "[providers.lab]\nkind = \"command\"\ncommand = [\"a\", 1, []]",
    "[[round]]\nkind = \"peer_review\"\naggregator = \"borda\"\ntie_break = \"x\"",
    "[[round]]\nname = \"\"\nfailure_mode = \"fail_fast\"",
    "[chair]\nrole = []\nidle_timeout = \"20s\"",
];

/// Places of faults, as JSON pointers; a key that is missing or unknown by its own place.
fn ours(document: &str) -> BTreeSet<String> {
    let root = DeTable::parse(document).expect("the corpus is TOML");
    let tree = Spanned::new(root.span(), DeValue::Table(root.into_inner()));
    let shape = spec_shape().expect("the schema compiles");
    walk(shape, &Node::root(&tree))
        .into_iter()
        .map(|fault| {
            format!(
                "/{}",
                fault
                    .path
                    .replace('[', "/")
                    .replace(']', "")
                    .replace('.', "/")
            )
        })
        .collect()
}

fn theirs(judge: &jsonschema::Validator, document: &str) -> BTreeSet<String> {
    let value: serde_json::Value = toml::from_str(document).expect("the corpus is TOML");
    let mut places = BTreeSet::new();
    for error in judge.iter_errors(&value) {
        let place = error.instance_path().to_string();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                places.extend(unexpected.iter().map(|key| format!("{place}/{key}")));
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().expect("a key");
                places.insert(format!("{place}/{key}"));
            }
            _ => {
                places.insert(place);
            }
        }
    }
    places
}

#[test]
fn the_walker_and_a_judge_of_json_schema_find_the_same_places() {
    let judge = jsonschema::validator_for(&schema()).expect("the schema is one");
    let mut faulty = 0;
    for before in BEFORE {
        for after in AFTER {
            let document = format!("{before}\n{BASE}{after}\n");
            // A table that both halves write is no TOML, and of no interest here.
            if DeTable::parse(&document).is_err() {
                continue;
            }
            let places = ours(&document);
            assert_eq!(places, theirs(&judge, &document), "{document}");
            faulty += usize::from(!places.is_empty());
        }
    }
    assert!(faulty > 200, "only {faulty}");
}

#[test]
fn shipped_councils_and_the_readers_serde_agree_with_the_schema() {
    let judge = jsonschema::validator_for(&schema()).expect("the schema is one");
    for shipped in super::super::SHIPPED {
        let value: serde_json::Value = toml::from_str(shipped.document).expect("TOML");
        assert!(judge.is_valid(&value), "{}", shipped.name);
    }
}
