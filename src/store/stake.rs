//! Who settles how a run's record ends: the thread that commits the ending, or the one who waits
//! for that and gives it up. One of them does, so that what is said and what is stored agree.

use crate::event::Record;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

/// A share in one ending; the waiting side and the thread have one each.
#[derive(Debug, Clone, Default)]
pub(super) struct Stake(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    /// It is queued.
    #[default]
    Queued,
    /// It is part of a transaction that is about to be committed, or goes into a file.
    UnderWay,
    /// It has been said that the record is incomplete from this event on.
    GivenUp(u64),
    /// The thread is done with it, and this is its record.
    Settled(Record),
}

impl Stake {
    /// Says, for good, that the record is incomplete from `seq` on, unless a commit is under way.
    pub(super) fn give_up(&self, seq: u64) -> bool {
        self.change(|state| match state {
            State::Queued => (State::GivenUp(seq), true),
            other => (other, false),
        })
    }

    /// Gives, for good, the record: as the thread has settled it, else incomplete from `seq` on,
    /// also while a commit is under way.
    pub(super) fn abandon(&self, seq: u64) -> Record {
        self.change(|state| match state {
            State::Queued | State::UnderWay => (State::GivenUp(seq), Record::incomplete(seq)),
            State::GivenUp(said) => (State::GivenUp(said), Record::incomplete(said)),
            State::Settled(record) => (State::Settled(record.clone()), record),
        })
    }

    /// Takes the ending into a transaction. Gives what has been said of the record, which is then
    /// what the row says too.
    pub(super) fn take(&self) -> Option<u64> {
        self.change(|state| match state {
            State::Queued => (State::UnderWay, None),
            State::GivenUp(seq) => (State::GivenUp(seq), Some(seq)),
            other => (other, None),
        })
    }

    /// The transaction that it was taken into has failed.
    pub(super) fn put_back(&self) {
        self.change(|state| match state {
            State::UnderWay => (State::Queued, ()),
            other => (other, ()),
        });
    }

    /// What became of it is `record`, unless something else was said meanwhile, which this gives.
    pub(super) fn settle(&self, record: &Record) -> Option<u64> {
        self.change(|state| match state {
            State::GivenUp(seq) => (State::GivenUp(seq), Some(seq)),
            _ => (State::Settled(record.clone()), None),
        })
    }

    fn change<T>(&self, decide: impl FnOnce(State) -> (State, T)) -> T {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, answer) = decide(mem::take(&mut *state));
        *state = next;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RecordState;

    #[test]
    fn one_side_settles_and_the_other_follows() {
        let committed = Stake::default();
        assert_eq!(committed.take(), None);
        assert!(!committed.give_up(3), "a commit is under way");

        let given_up = Stake::default();
        assert!(given_up.give_up(3));
        assert_eq!(given_up.take(), Some(3));
        given_up.put_back();
        assert_eq!(given_up.take(), Some(3), "what was said stays said");

        let failed = Stake::default();
        assert_eq!(failed.take(), None);
        failed.put_back();
        assert!(failed.give_up(5));
    }

    #[test]
    fn who_can_wait_no_longer_says_what_the_thread_then_follows_or_has_settled() {
        let complete = Record::of(RecordState::Complete);
        let under_way = Stake::default();
        assert_eq!(under_way.take(), None);
        assert_eq!(under_way.abandon(3), Record::incomplete(3));
        assert_eq!(under_way.settle(&complete), Some(3), "to be corrected");
        assert_eq!(under_way.abandon(4), Record::incomplete(3), "it stays said");

        let settled = Stake::default();
        assert_eq!(settled.take(), None);
        assert_eq!(settled.settle(&complete), None);
        assert_eq!(settled.abandon(3), complete);
    }
}
