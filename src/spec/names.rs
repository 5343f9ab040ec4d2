//! Words that are names of things in the program: kinds of rounds, aggregators, topologies.
//!
//! The words come from where the things are, so that a new one needs no line here.

use super::topology::TOPOLOGIES;
use crate::aggregate::AGGREGATORS;
use crate::round::KINDS;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A schema that takes the `known` words, each with its meaning.
fn schema<'a>(known: impl IntoIterator<Item = (&'a str, &'a str)>) -> Schema {
    let words: Vec<Value> = known
        .into_iter()
        .map(|(name, meaning)| json!({ "const": name, "description": meaning }))
        .collect();
    json_schema!({ "type": "string", "oneOf": words })
}

macro_rules! names {
    ($($(#[$doc:meta])* $type:ident: $known:expr;)*) => {$(
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
                schema($known)
            }
        }
    )*};
}

names! {
    /// The name of a kind of round.
    KindName: KINDS.iter().map(|kind| (kind.name(), kind.summary()));
    /// The name of a topology.
    TopologyName: TOPOLOGIES.iter().map(|topology| (topology.name, topology.summary));
    /// The name of an aggregator.
    AggregatorName: AGGREGATORS.iter().map(|method| (method.name(), method.summary()));
}
