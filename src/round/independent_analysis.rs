//! `independent_analysis`: every member, in parallel, the input alone.

use super::{Close, Kind, PromptError, Reply, Step, Table};

/// The kind.
pub(super) struct IndependentAnalysis;

impl Kind for IndependentAnalysis {
    fn name(&self) -> &'static str {
        "independent_analysis"
    }

    fn summary(&self) -> &'static str {
        "every member answers in parallel and sees the input alone"
    }

    fn gathers_answers(&self) -> bool {
        true
    }

    fn step(&self, _: &Table<'_>, _: &[Reply]) -> Result<Step, PromptError> {
        Ok(Step::Done(Close::default()))
    }
}
