//! How a council stands on its question: who was heard, whether it is split, and on what.

use super::words;
use crate::event::{
    Event, EventKind, HUNG_JURY, MemberId, MemberStatus, RoundCompleted, RunResult,
};
use std::collections::HashSet;

/// Agreement below this is SPLIT.
pub const SPLIT_BELOW: f64 = 0.6;

/// That the answer of a run is not whole, as a sentence without its end.
pub const CUT: &str = "the answer is cut at its token limit";

/// The word for an agreement.
#[must_use]
pub fn verdict(agreement: f64) -> &'static str {
    if agreement < SPLIT_BELOW {
        "SPLIT"
    } else {
        "ALIGNED"
    }
}

/// The most columns that a winner takes on a line that speaks of more: a choice may be a sentence.
const WINNER: usize = 24;

/// On whom or what a council agrees, or splits, as words after the verdict: ` on b`; empty where
/// nobody won.
#[must_use]
pub fn on_winner(result: &RunResult) -> String {
    let winner = result.vote.as_deref().map(words::tidy).unwrap_or_default();
    match words::clip(&winner, WINNER) {
        none if none.is_empty() => none,
        winner if result.is_level => format!(" on {winner} after a tie"),
        winner => format!(" on {winner}"),
    }
}

/// What the ballots of a round came to, on one line: `round 1: b wins by borda, ALIGNED 0.83`. None
/// for any other event than the end of a round with ballots.
#[must_use]
pub fn outcome(event: &Event) -> Option<String> {
    let EventKind::RoundCompleted(done) = &event.body else {
        return None;
    };
    let aggregate = done.aggregate.as_ref()?;
    let method = &aggregate.method;
    let won = match (&aggregate.winner, on_after(done)) {
        (Some(winner), _) if aggregate.tie_at_the_top().is_some() => {
            format!("{winner} wins by {method} after a tie")
        }
        (Some(winner), _) => format!("{winner} wins by {method}"),
        (None, 0) => format!("no winner by {method}"),
        (None, on) => format!("{on} go on by {method}"),
    };
    let agreement = done.agreement.map_or(String::new(), |agreement| {
        let by = by_so_many(aggregate.ballots.len(), done.statuses.keys());
        format!(", {} {}{by}", verdict(agreement), words::share(agreement))
    });
    let index = event.round.as_ref()?.index;
    Some(words::flat(&format!("round {index}: {won}{agreement}")))
}

/// How many are left after a level of a bracket; 0 where nobody was eliminated.
fn on_after(done: &RoundCompleted) -> usize {
    let is_out = |status: &&MemberStatus| **status == MemberStatus::Eliminated;
    let there = done.aggregate.as_ref().map_or(0, |sum| sum.scores.len());
    match done.statuses.values().filter(is_out).count() {
        0 => 0,
        out => there.saturating_sub(out),
    }
}

/// How many members gave a usable reply at some time, and how many there are. The chair counts
/// in neither.
#[must_use]
pub fn heard(result: &RunResult) -> (usize, usize) {
    let heard = result.members.keys().filter(|id| was_heard(result, id));
    (heard.count(), result.members.len())
}

pub(super) fn was_heard(result: &RunResult, id: &MemberId) -> bool {
    let usable =
        |status: &MemberStatus| matches!(status, MemberStatus::Ok | MemberStatus::Eliminated);
    let mut rounds = result.rounds.iter();
    result.members.get(id).is_some_and(|member| {
        member.answer.is_some()
            || member.status.as_ref().is_some_and(usable)
            || rounds.any(|round| round.statuses.get(id).is_some_and(usable))
    })
}

/// Whether a jury came to its end without a majority.
#[must_use]
pub fn is_hung(result: &RunResult) -> bool {
    let mut notices = result.notices.iter();
    notices.any(|notice| notice.code == HUNG_JURY)
}

/// How many of those who were heard gave nothing usable in some round of a degraded run.
#[must_use]
pub fn heard_in_part(result: &RunResult) -> usize {
    let missing = result.missing.iter().map(|missing| &missing.member);
    let in_part = missing.filter(|id| result.degraded && was_heard(result, id));
    in_part.collect::<HashSet<_>>().len()
}

/// How many ballots the last result rests on, as words after the agreement: ` by 2 of 3 ballots`;
/// empty where all are there.
#[must_use]
pub fn by_ballots(result: &RunResult) -> String {
    let mut rounds = result.rounds.iter().rev();
    let round = rounds.find(|round| round.scores.is_some());
    round.map_or_else(String::new, |round| {
        by_so_many(round.ballots.len(), round.statuses.keys())
    })
}

fn by_so_many<'a>(cast: usize, asked: impl Iterator<Item = &'a MemberId>) -> String {
    let due = asked.filter(|id| !id.is_chair()).count();
    match cast < due {
        true => format!(" by {cast} of {due} ballots"),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_council_is_split_below_six_tenths() {
        assert_eq!(verdict(0.0), "SPLIT");
        assert_eq!(verdict(0.599), "SPLIT");
        assert_eq!(verdict(0.6), "ALIGNED");
        assert_eq!(verdict(1.0), "ALIGNED");
    }

    #[test]
    fn who_answered_once_was_heard() {
        assert_eq!(heard(&fixture::whole().result()), (3, 3));
        assert_eq!(heard(&fixture::degraded().result()), (2, 3));
        assert_eq!(heard(&fixture::pending().result()), (0, 0));
    }
}
