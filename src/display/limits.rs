//! The rate limits that a run met, summed for its end.

use crate::event::{ErrorKind, Event, EventKind, RunError};
use crate::report::words;
use crate::ui::{Line, Tone};
use std::collections::BTreeMap;

/// How often each model asked for fewer requests, and how long the run waited for it.
#[derive(Debug, Default)]
pub struct RateLimits(BTreeMap<String, Met>);

#[derive(Debug, Default)]
struct Met {
    attempts: u64,
    wait_ms: u64,
}

impl RateLimits {
    /// Takes in an event of the run.
    pub fn observe(&mut self, event: &Event) {
        match &event.body {
            EventKind::MemberRetry(retry) => self.add(&retry.error, retry.wait_ms),
            EventKind::MemberCompleted(completed) => {
                if let Some(error) = &completed.error {
                    self.add(error, 0);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, error: &RunError, wait_ms: u64) {
        if error.kind != ErrorKind::RateLimited {
            return;
        }
        let provider = error.provider.as_deref().unwrap_or("?");
        let model = error.model.as_deref().unwrap_or("?");
        let met = self.0.entry(format!("{provider}/{model}")).or_default();
        met.attempts += 1;
        met.wait_ms += wait_ms;
    }

    /// One line that sums them; none where none was met.
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        if self.0.is_empty() {
            return None;
        }
        let each: Vec<String> = self
            .0
            .iter()
            .map(|(model, met)| {
                let attempts = words::count(met.attempts, "attempt", "attempts");
                format!("{model} {attempts}, waited {}", words::seconds(met.wait_ms))
            })
            .collect();
        let text = format!("rate limits met: {}", each.join("; "));
        Some(Line::prose(2).with(Tone::Plain, text))
    }
}
