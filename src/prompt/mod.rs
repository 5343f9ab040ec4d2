//! Prompt templates, and fences around text that is not ours.
//!
//! A [`Template`] is checked when it is compiled and rendered with a [`Fenced`] scope only. Such a
//! scope is made by [`Scope::fence`] alone, which wraps every text that came in from outside. So
//! no template can show such a text bare, and text is never taken for a template.

mod fence;
mod names;
mod sample;
mod scope;
mod template;

pub use fence::Fence;
pub use scope::{
    Fenced, Scope, ShownAnswer, ShownAttachment, ShownBallot, ShownReview, ShownRound, Speaker,
};
pub use template::{Template, TemplateFault};
