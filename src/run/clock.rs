//! The program's running time.
//!
//! Timeouts and the deadline count only time in which the program ran: a pause (Ctrl-Z, a laptop's
//! sleep) adds at most twice the period of a heartbeat, so it times nothing out.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// The heartbeat's period.
const PERIOD: Duration = Duration::from_millis(250);

/// The most that one heartbeat can add, however long it took.
const LONGEST_BEAT: Duration = Duration::from_millis(500);

/// A clock that stands still while the program does. Cheap to clone; its heartbeat ends with it.
#[derive(Debug, Clone)]
pub(super) struct Clock(Arc<Mutex<Beat>>);

#[derive(Debug)]
struct Beat {
    last: Instant,
    /// Running time at the last heartbeat.
    counted: Duration,
}

impl Beat {
    fn now(&self) -> Duration {
        self.counted + self.last.elapsed().min(LONGEST_BEAT)
    }
}

/// An instant of running time.
pub(super) type Running = Duration;

impl Clock {
    /// Starts at zero. Must be called inside a runtime.
    pub(super) fn start() -> Self {
        let beat = Arc::new(Mutex::new(Beat {
            last: Instant::now(),
            counted: Duration::ZERO,
        }));
        tokio::spawn(heartbeat(Arc::downgrade(&beat)));
        Self(beat)
    }

    /// The running time since the start.
    pub(super) fn now(&self) -> Running {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// Waits until `length` of running time has passed.
    pub(super) async fn sleep(&self, length: Duration) {
        self.sleep_until(self.now().saturating_add(length)).await;
    }

    /// Waits until the running time is `end`.
    pub(super) async fn sleep_until(&self, end: Running) {
        loop {
            let left = end.saturating_sub(self.now());
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }
}

async fn heartbeat(beat: Weak<Mutex<Beat>>) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(beat) = beat.upgrade() else { return };
        let mut beat = beat.lock().unwrap_or_else(PoisonError::into_inner);
        beat.counted = beat.now();
        beat.last = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn running_time_is_time() {
        let clock = Clock::start();
        let start = Instant::now();
        clock.sleep(Duration::from_secs(90)).await;
        assert!(start.elapsed() >= Duration::from_secs(90));
        assert!(start.elapsed() < Duration::from_secs(91));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_the_program_adds_at_most_twice_the_period() {
        let clock = Clock::start();
        sleep(Duration::from_secs(1)).await;
        let before = clock.now();
        // Nothing runs while the hour passes, as after Ctrl-Z.
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert!(clock.now() - before <= LONGEST_BEAT);
        sleep(PERIOD).await;
        assert!(clock.now() - before <= LONGEST_BEAT + PERIOD * 2);
    }
}
