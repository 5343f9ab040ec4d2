//! (placeholder until the store lands)
mod process;
use crate::event::{Event, Record, RunId, RunResult};
use async_trait::async_trait;
pub use process::RecorderProcess;
use std::sync::Arc;

/// E
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// t
    #[error("taken {0}")]
    TakenRunId(RunId),
    /// o
    #[error("{0}")]
    Refused(String),
}
/// F
#[derive(Debug, Clone)]
pub enum Finalize {
    /// c
    Completed(Box<RunResult>),
    /// f
    Failed(Box<RunResult>),
    /// c
    Cancelled(Box<RunResult>),
    /// c
    Crashed(String),
}
/// R
#[async_trait]
pub trait Recorder: Send {
    /// i
    async fn init(&mut self, run_id: &RunId) -> Result<(), RecorderError>;
    /// h
    async fn handle_event(&mut self, event: Arc<Event>) -> Result<(), RecorderError>;
    /// f
    async fn handle_finalize(&mut self, outcome: Finalize) -> Result<Record, RecorderError>;
    /// w
    fn back_pressure(&self) -> Option<Box<dyn Fn() -> bool + Send + Sync>> {
        None
    }
}
