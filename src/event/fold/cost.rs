//! What replies took: tokens, money and calls, added up.

use crate::event::{Calls, Usage};

/// Tokens and money of a set of replies.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    pub(super) usage: Usage,
    /// What the replies with a known price cost together.
    cost_usd: Option<f64>,
    /// Whether a reply came whose price is unknown: then so is the sum.
    unpriced: bool,
    pub(super) calls: Calls,
}

impl Cost {
    pub(super) fn reply(&mut self, usage: Option<&Usage>, cost_usd: Option<f64>) {
        if let Some(usage) = usage {
            self.usage.add(usage);
        }
        match cost_usd {
            Some(cost) => self.cost_usd = Some(self.cost_usd.unwrap_or(0.0) + cost),
            None => self.unpriced = true,
        }
    }

    /// Where all was played back, nothing was paid.
    pub(super) fn known_cost(&self) -> Option<f64> {
        let nothing = (self.calls.from_tape > 0).then_some(0.0);
        self.cost_usd.or(nothing).filter(|_| !self.unpriced)
    }
}
