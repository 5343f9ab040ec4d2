//! Words that are names of things in the program: kinds of rounds, aggregators, topologies.
//!
//! The words come from where the things are, so that a new one needs no line here; words that only
//! a later version knows are known too, so that they are never taken for slips of the pen.

use super::shape::NOT_YET;
use super::topology::{PLANNED as PLANNED_TOPOLOGIES, TOPOLOGIES};
use crate::round::KINDS;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;

const PLANNED_KINDS: &[&str] = &[
    "critique",
    "ranking",
    "vote",
    "iterate",
    "pairwise_elimination",
    "weighted_synthesis",
];

const PLANNED_AGGREGATORS: &[&str] = &[
    "plurality",
    "weighted_plurality",
    "mean",
    "median",
    "borda",
    "peer_ranking",
    "condorcet",
];

/// A schema that takes the `known` words, each with its meaning, and marks the `planned` ones.
fn schema<'a>(known: impl IntoIterator<Item = (&'a str, &'a str)>, planned: &[&'a str]) -> Schema {
    let known: Vec<_> = known.into_iter().collect();
    let later = planned
        .iter()
        .filter(|name| known.iter().all(|(known, _)| known != *name))
        .map(|name| json!({ "const": name, "description": "Not in this version yet.", NOT_YET: true }));
    let words: Vec<Value> = known
        .iter()
        .map(|(name, meaning)| json!({ "const": name, "description": meaning }))
        .chain(later)
        .collect();
    json_schema!({ "type": "string", "oneOf": words })
}

macro_rules! names {
    ($($(#[$doc:meta])* $type:ident: $known:expr, $planned:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(super) struct $type(pub(super) String);

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                schema($known, $planned)
            }
        }
    )*};
}

names! {
    /// The name of a kind of round.
    KindName: KINDS.iter().map(|kind| (kind.name(), kind.summary())), PLANNED_KINDS;
    /// The name of a topology.
    TopologyName:
        TOPOLOGIES.iter().map(|topology| (topology.name, topology.summary)), PLANNED_TOPOLOGIES;
    /// The name of an aggregator.
    AggregatorName: aggregators().map(|name| (name, "")), PLANNED_AGGREGATORS;
}

/// Every aggregator that some kind of round takes, each once.
fn aggregators() -> impl Iterator<Item = &'static str> {
    let mut seen = Vec::new();
    for kind in KINDS {
        for name in kind.aggregators() {
            if !seen.contains(name) {
                seen.push(*name);
            }
        }
    }
    seen.into_iter()
}
