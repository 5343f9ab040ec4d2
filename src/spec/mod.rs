//! Councils as people write them: a TOML file becomes a checked [`Council`], or all of its faults.
//!
//! [`load()`] reads a file or takes a shipped council; [`Council::check`] is pure and does the rest.
//! The raw structs in `file` are the format: their schema serves the walker that finds faults of
//! shape, editors ([`schema`]), and "did you mean". The checks in `check` find faults of meaning.
//!
//! Invariants: a fault names its place and never holds a key; nothing here reads the environment;
//! only [`load()`] and [`reload()`] touch files.

mod argument;
mod build;
mod check;
mod council;
mod duration;
mod edit;
mod fault;
mod file;
mod files;
mod load;
mod names;
mod near;
mod overrides;
mod render;
mod rounds;
mod secret;
mod shape;
mod shipped;
mod topology;
mod tree;
mod walk;

#[cfg(test)]
mod tests;

pub use argument::Argument;
pub use council::{
    Chair, Council, Effort, HeaderValue, Member, ModelRef, OnPartial, Profile, ProviderKind,
    ProviderSpec, Source,
};
pub use duration::{InvalidDuration, parse_duration, write_duration};
pub use fault::{Fault, InvalidCouncil};
pub use files::{FileFault, Files, MAX_BYTES};
pub use load::{LoadError, is_path, load, reload, was_changed};
pub use near::meant;
pub use overrides::{InvalidSetting, Overrides, Setting};
pub use render::Fit;
pub use shape::schema;
pub use shipped::{SHIPPED, Shipped};
pub use topology::{TOPOLOGIES, Topology};

/// What the rounds of a [`Council`] are made of.
pub use crate::round::{
    FailureMode, Fallback, InputMode, Look, Repeat, RoundPlan, Sees, TieBreak, Until,
};
