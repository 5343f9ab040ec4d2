//! `anonymized_peer_review`: every member comments on the others' answers and ranks them, without names.

use super::{Close, Kind, PromptError, Reply, Step, Table};

/// The kind.
pub(super) struct AnonymizedPeerReview;

impl Kind for AnonymizedPeerReview {
    fn name(&self) -> &'static str {
        "anonymized_peer_review"
    }

    fn summary(&self) -> &'static str {
        "every member comments on the others' answers under labels, and ranks them"
    }

    fn aggregators(&self) -> &'static [&'static str] {
        &["borda"]
    }

    fn step(&self, _: &Table<'_>, _: &[Reply]) -> Result<Step, PromptError> {
        Ok(Step::Done(Close::default()))
    }
}
