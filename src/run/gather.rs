//! Pieces of a reply on their way to the bus.
//!
//! A reader never waits for the bus. What it reads gathers here for 50 ms or more and goes out as
//! one event when there is room; while there is none it gathers on.

use crate::bus::{Bus, PatientSender};
use crate::event::{CallKey, Draft, EventKind, MemberToken, RoundRef};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long pieces gather at least.
const GATHER: Duration = Duration::from_millis(50);

pub(super) struct Gatherer {
    sender: PatientSender,
    round: RoundRef,
    call: CallKey,
    text: String,
    due: Instant,
}

impl Gatherer {
    pub(super) fn new(bus: &Bus, round: RoundRef, call: CallKey) -> Self {
        Self {
            sender: bus.patient(),
            round,
            call,
            text: String::new(),
            due: Instant::now(),
        }
    }

    pub(super) fn push(&mut self, piece: &str) {
        if self.text.is_empty() {
            self.due = Instant::now() + GATHER;
        }
        self.text.push_str(piece);
    }

    pub(super) fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Waits until what has gathered is due and there is room for it. May be dropped at any time.
    pub(super) async fn ready(&mut self) {
        sleep_until(self.due).await;
        self.sender.ready().await;
    }

    /// Sends what has gathered, after [`Self::ready`].
    pub(super) fn send(&mut self, attempt: u32) {
        let text = std::mem::take(&mut self.text);
        let body = EventKind::MemberToken(MemberToken { attempt, text });
        self.sender
            .send(Draft::of_call(self.round.clone(), self.call.clone(), body));
    }

    /// Sends the rest at once, waiting for room: nothing is read any more.
    pub(super) async fn flush(&mut self, attempt: u32) {
        if self.has_text() {
            self.sender.ready().await;
            self.send(attempt);
        }
    }
}
