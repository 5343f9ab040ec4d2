//! `synthesis`: the chair alone sees all rounds and writes the council's answer.

use super::{Close, Kind, PromptError, Reply, Step, Table};

/// The kind.
pub(super) struct Synthesis;

impl Kind for Synthesis {
    fn name(&self) -> &'static str {
        "synthesis"
    }

    fn summary(&self) -> &'static str {
        "the chair alone sees all rounds and writes the answer"
    }

    fn is_for_chair(&self) -> bool {
        true
    }

    fn step(&self, _: &Table<'_>, _: &[Reply]) -> Result<Step, PromptError> {
        Ok(Step::Done(Close::default()))
    }
}
