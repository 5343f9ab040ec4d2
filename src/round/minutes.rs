//! What a round leaves behind: answers, comments, results, and how everyone fared.

use super::{Close, Held, Minutes, Reply, Seat, Table};
use crate::event::{MemberId, MemberStatus, RoundRef};
use indexmap::IndexMap;

impl Minutes {
    /// Takes in a round that was held: new answers replace old ones, in the order of `all`
    /// members; comments replace those of earlier rounds where there are any.
    pub fn hold(&mut self, all: &[Seat], round: &RoundRef, replies: &[Reply], close: &Close) {
        for reply in replies {
            if let Some(answer) = reply.done.answer(&reply.call.purpose) {
                let member = reply.call.member.clone();
                self.answers.insert(member, answer.to_owned());
            }
        }
        let place = |id: &MemberId| all.iter().position(|seat| seat.id == *id);
        self.answers
            .sort_by(|left, _, right, _| place(left).cmp(&place(right)));
        if !close.reviews.is_empty() {
            self.reviews.clone_from(&close.reviews);
        }
        self.held.push(Held {
            round: round.clone(),
            aggregate: close.aggregate.clone(),
            agreement: close.agreement,
        });
    }
}

/// How each one that took part fared: the first status of its calls that is not `ok`, else `ok`.
///
/// Those are the seats of the round, in the spec's order (of a round for the chair, nobody), and
/// after them whoever else was asked: the chair, or who spoke in its place.
#[must_use]
pub fn statuses(table: &Table<'_>, replies: &[Reply]) -> IndexMap<MemberId, MemberStatus> {
    let mut statuses: IndexMap<MemberId, MemberStatus> = IndexMap::new();
    if !table.plan.kind.is_for_chair() {
        let seats = table.seats.iter();
        statuses.extend(seats.map(|seat| (seat.id.clone(), MemberStatus::Ok)));
    }
    for reply in replies {
        let status = statuses
            .entry(reply.call.member.clone())
            .or_insert(MemberStatus::Ok);
        if *status == MemberStatus::Ok {
            *status = reply.done.status;
        }
    }
    statuses
}

/// How many members gave a usable reply to each of their calls; the chair counts nowhere.
#[must_use]
pub fn usable(table: &Table<'_>, replies: &[Reply]) -> usize {
    let asked = |id: &MemberId| replies.iter().any(|reply| reply.call.member == *id);
    statuses(table, replies)
        .iter()
        .filter(|(id, status)| !id.is_chair() && **status == MemberStatus::Ok && asked(id))
        .count()
}
