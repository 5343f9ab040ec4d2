//! Who settles how a run's record ends: the thread that commits the ending, or the one who waits
//! for that and gives it up. One of them does, so that what is said and what is stored agree.

use std::sync::{Arc, Mutex, PoisonError};

/// A share in one ending; the waiting side and the thread have one each.
#[derive(Debug, Clone, Default)]
pub(super) struct Stake(Arc<Mutex<State>>);

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// It is queued.
    #[default]
    Queued,
    /// It is part of a transaction that is about to be committed.
    UnderWay,
    /// It has been said that the record is incomplete from this event on.
    GivenUp(u64),
}

impl Stake {
    /// Says, for good, that the record is incomplete from `seq` on, unless a commit is under way.
    pub(super) fn give_up(&self, seq: u64) -> bool {
        self.change(|state| match state {
            State::Queued => (State::GivenUp(seq), true),
            State::UnderWay | State::GivenUp(_) => (state, false),
        })
    }

    /// Takes the ending into a transaction. Gives what has been said of the record, which is then
    /// what the row says too.
    pub(super) fn take(&self) -> Option<u64> {
        self.change(|state| match state {
            State::GivenUp(seq) => (state, Some(seq)),
            State::Queued | State::UnderWay => (State::UnderWay, None),
        })
    }

    /// The transaction that it was taken into has failed.
    pub(super) fn put_back(&self) {
        self.change(|state| match state {
            State::UnderWay => (State::Queued, ()),
            State::Queued | State::GivenUp(_) => (state, ()),
        });
    }

    fn change<T>(&self, decide: impl FnOnce(State) -> (State, T)) -> T {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, answer) = decide(*state);
        *state = next;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
