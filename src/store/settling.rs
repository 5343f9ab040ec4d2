//! The waiting side of a run's end: for how long, and what is said when it waits no longer.

use super::StoreError;
use super::stake::Stake;
use super::write::Writer;
use crate::event::{Record, RunId};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A wait is waited in this many parts, each of which a pause of the whole program can shorten.
const PARTS: u32 = 20;

/// The longest that the thread is given to spill an end that is not waited for any longer.
const SPILL_WAIT: Duration = Duration::from_millis(1_000);

/// How often a commit that is under way is asked whether it has failed.
const STEP: Duration = Duration::from_millis(20);

/// For how long the end of a run is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// Its commit; then it is spilled.
    pub commit: Duration,
    /// Its spilling; then its record is incomplete.
    pub spill: Duration,
}

impl Waits {
    /// The waits of a call that may take `grace`: a part of it is left over, so that what is
    /// missing is settled with the store and not guessed.
    #[must_use]
    pub fn within(grace: Duration) -> Self {
        let spill = SPILL_WAIT.min(grace / 2);
        let left_over = grace / 5;
        Self {
            commit: grace.saturating_sub(spill + left_over),
            spill,
        }
    }
}

/// The end of a run, which is queued and perhaps being written.
#[derive(Debug)]
pub struct Settling {
    writer: Writer,
    run_id: RunId,
    stake: Stake,
    answer: oneshot::Receiver<Record>,
}

impl Settling {
    pub(super) fn new(
        writer: Writer,
        run_id: RunId,
        stake: Stake,
        answer: oneshot::Receiver<Record>,
    ) -> Self {
        Self {
            writer,
            run_id,
            stake,
            answer,
        }
    }

    /// Waits until it is on disk. What is not committed in its time is spilled beside the store,
    /// and the record says where. Where that fails too, it says which event is the first that is
    /// missing. May be dropped while it waits; then either it is called again, or
    /// [`Settling::give_up`] is, or nobody says what the record is.
    ///
    /// # Errors
    /// The thread has ended.
    pub async fn record(&mut self, waits: Waits) -> Result<Record, StoreError> {
        for (patience, hurries) in [(waits.commit, true), (waits.spill, false)] {
            for _ in 0..PARTS {
                if let Some(settled) = self.wait(patience / PARTS).await {
                    return settled;
                }
            }
            if hurries {
                self.writer.hurry(&self.run_id);
            }
        }
        // There is no place for it, or the thread hangs in a call of the system.
        loop {
            let seq = self.writer.durable_to(&self.run_id);
            if self.stake.give_up(seq) {
                return Ok(Record::incomplete(seq));
            }
            // It is being committed, and that either succeeds or fails soon.
            if let Some(settled) = self.wait(STEP).await {
                return settled;
            }
        }
    }

    async fn wait(&mut self, patience: Duration) -> Option<Result<Record, StoreError>> {
        let settled = timeout(patience, &mut self.answer).await.ok()?;
        Some(settled.map_err(|_| self.writer.closed()))
    }

    /// Says at once, and for good, what the record is: what has become of the end, or else that
    /// the record is incomplete from the first event that is not known to be on disk. If a commit
    /// is under way the row is corrected after it.
    #[must_use]
    pub fn give_up(&self) -> Record {
        let seq = self.writer.durable_to(&self.run_id);
        self.stake.abandon(seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_leave_a_part_of_the_grace_over() {
        for ms in [0, 1, 100, 2_000, 5_000, 10_000, 600_000] {
            let grace = Duration::from_millis(ms);
            let Waits { commit, spill } = Waits::within(grace);
            assert!(commit + spill <= grace - grace / 5, "{grace:?}");
            assert!(spill <= SPILL_WAIT);
        }
        let usual = Waits::within(Duration::from_secs(10));
        assert_eq!(usual.commit, Duration::from_secs(7));
        assert_eq!(usual.spill, SPILL_WAIT);
    }
}
