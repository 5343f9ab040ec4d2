//! Councils as people write them: a TOML file becomes a checked [`Council`], or all of its faults.

mod council;

pub use council::{
    Chair, Council, Effort, HeaderValue, Member, ModelRef, OnPartial, Profile, ProviderKind,
    ProviderSpec, Source,
};
