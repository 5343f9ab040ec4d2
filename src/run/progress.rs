//! What a run has come to between two rounds, and who is there for the next one.

use super::clock::Running;
use crate::event::{MemberId, MemberStatus, RoundRef};
use crate::round::{Close, Held, Minutes, Reply, RoundPlan, Seat};
use crate::spec::Council;
use indexmap::IndexMap;
use std::collections::HashSet;

/// What changes while the rounds go by.
pub(super) struct Progress {
    pub(super) members: Vec<Seat>,
    chair: Option<Seat>,
    pub(super) minutes: Minutes,
    /// Members with a permanent fault: asking them again is pointless.
    out: HashSet<MemberId>,
    /// Why rounds were not held, as far as that was said.
    not_held: HashSet<(String, String)>,
    /// The index of the next round that is held.
    pub(super) index: u32,
    /// When the run's deadline is.
    pub(super) deadline: Option<Running>,
}

/// Who is there when a round is held.
pub(super) struct Sitting {
    /// Members that may be asked.
    pub(super) seats: Vec<Seat>,
    /// The chair, where it may be asked.
    pub(super) chair: Option<Seat>,
    /// Who the round is for, those with a permanent fault included.
    due: Vec<Seat>,
    for_chair: bool,
}

impl Sitting {
    /// Those of whom the round may ask.
    pub(super) fn present(&self) -> Vec<MemberId> {
        let seats = if self.for_chair {
            self.chair.as_slice()
        } else {
            &self.seats
        };
        seats.iter().map(|seat| seat.id.clone()).collect()
    }
}

impl Progress {
    /// Nothing is held yet.
    pub(super) fn new(council: &Council, deadline: Option<Running>) -> Self {
        Self {
            members: council.seats(),
            chair: council.chair_seat(),
            minutes: Minutes::default(),
            out: HashSet::new(),
            not_held: HashSet::new(),
            index: 0,
            deadline,
        }
    }

    /// Who is there for a round of `plan`.
    pub(super) fn sitting(&self, plan: &RoundPlan) -> Sitting {
        let takes_part = |seat: &&Seat| {
            plan.members
                .as_ref()
                .is_none_or(|ids| ids.contains(&seat.id))
        };
        let for_chair = plan.kind.is_for_chair();
        // Who lost a pair may still speak in the chair's place.
        let is_in = |seat: &&Seat| for_chair || !self.minutes.eliminated.contains(&seat.id);
        let members = self.members.iter().filter(takes_part).filter(is_in);
        let members: Vec<Seat> = members.cloned().collect();
        let can_be_asked = |seat: &&Seat| !self.out.contains(&seat.id);
        Sitting {
            seats: members.iter().filter(can_be_asked).cloned().collect(),
            chair: self.chair.as_ref().filter(can_be_asked).cloned(),
            due: if for_chair {
                self.chair.iter().cloned().collect()
            } else {
                members
            },
            for_chair,
        }
    }

    /// Who met a permanent fault is not asked again.
    fn note(&mut self, replies: &[Reply]) {
        for reply in replies {
            let permanent = reply
                .done
                .error
                .as_ref()
                .is_some_and(|error| error.kind.is_permanent());
            if permanent {
                self.out.insert(reply.call.member.clone());
            }
        }
    }

    /// Whether anything came of the rounds: an answer, or a winner.
    pub(super) fn has_answer(&self) -> bool {
        let won = |held: &Held| {
            held.aggregate
                .as_ref()
                .is_some_and(|sum| sum.winner.is_some())
        };
        !self.minutes.answers.is_empty() || self.minutes.held.iter().any(won)
    }

    /// Whether it has not been said yet why this round is not held: of one that is due again and
    /// again and never held, once is enough.
    pub(super) fn is_new(&mut self, plan: &RoundPlan, why: &str) -> bool {
        self.not_held.insert((plan.name.clone(), why.to_owned()))
    }

    /// Takes in a round that was held.
    pub(super) fn hold(
        &mut self,
        plan: &RoundPlan,
        sitting: &Sitting,
        round: &RoundRef,
        replies: &[Reply],
        close: &Close,
    ) {
        let due = sitting.due.len();
        self.minutes
            .hold(&self.members, plan, due, round, replies, close);
        self.note(replies);
        self.index += 1;
    }

    /// The statuses of a round, with those who were not asked for an earlier fault in their places.
    pub(super) fn with_skipped(
        &self,
        sitting: &Sitting,
        asked: &IndexMap<MemberId, MemberStatus>,
    ) -> IndexMap<MemberId, MemberStatus> {
        let of_due = sitting.due.iter().filter_map(|seat| {
            let skipped = self.out.contains(&seat.id).then_some(MemberStatus::Skipped);
            Some((seat.id.clone(), asked.get(&seat.id).copied().or(skipped)?))
        });
        let mut all: IndexMap<MemberId, MemberStatus> = of_due.collect();
        // The chair of a tie and those who speak in its place are asked besides those who were due.
        for (id, status) in asked {
            all.entry(id.clone()).or_insert(*status);
        }
        all
    }
}
