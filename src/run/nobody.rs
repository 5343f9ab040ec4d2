//! The provider of a run that asks nobody: all of its replies come from a tape.

use crate::event::ErrorKind;
use crate::provider::{CallError, Pieces, Provider, Request};
use async_trait::async_trait;

/// Refuses every request, so that a replay can reach no network whatever it is made to do.
pub(super) struct Nobody;

#[async_trait]
impl Provider for Nobody {
    async fn send(&self, request: Request) -> Result<Pieces, CallError> {
        let message = format!(
            "a replay makes no calls, and {} was to be made",
            request.call
        );
        Err(CallError::new(ErrorKind::Internal, message))
    }
}
