//! `peer_review`: every member comments on the others' answers by id, then may revise its own.

use super::{Close, Kind, PromptError, Reply, Step, Table};

/// The kind.
pub(super) struct PeerReview;

impl Kind for PeerReview {
    fn name(&self) -> &'static str {
        "peer_review"
    }

    fn summary(&self) -> &'static str {
        "every member comments on the others' answers by id, then may revise its own"
    }

    fn step(&self, _: &Table<'_>, _: &[Reply]) -> Result<Step, PromptError> {
        Ok(Step::Done(Close::default()))
    }
}
