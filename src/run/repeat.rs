//! Rounds that are held again and again. The run holds them one by one as it holds any other; what
//! ends them is a function of the minutes, in [`crate::round::Repeat`].

use super::progress::Progress;
use super::server::{Halt, RunServer};
use crate::event::{Draft, EventKind};
use crate::round::{Next, Pass, Repeat, RoundPlan};

impl RunServer {
    /// Holds the rounds of `repeat` until they need not, or may not, be held again.
    pub(super) async fn repeat(
        &self,
        plan: &RoundPlan,
        repeat: &Repeat,
        progress: &mut Progress,
    ) -> Result<(), Halt> {
        let mut pass = Pass::default();
        let notice = loop {
            match repeat.next(&plan.name, &pass, &progress.minutes) {
                Next::Over(notice) => break notice,
                Next::Again => {}
            }
            let iteration = pass.iterations;
            pass = Pass {
                iterations: iteration + 1,
                held: progress.minutes.held.len(),
                eliminated: progress.minutes.eliminated.len(),
            };
            for inner in &repeat.rounds {
                if self.stop.is_asked() {
                    return Err(Halt::Stopped);
                }
                self.hold(inner, iteration, progress).await?;
            }
        };
        if let Some(notice) = notice {
            self.bus
                .post(Draft::of_run(EventKind::Notice(notice)))
                .await;
        }
        Ok(())
    }
}
