//! How a council stands on its question: who was heard, who is missing, whether it is split.

use super::words;
use crate::event::{
    CHAIR, Event, EventKind, HUNG_JURY, MemberId, MemberStatus, Missing, RoundCompleted,
    RoundResult, RunError, RunResult,
};
use indexmap::IndexMap;
use std::collections::HashSet;

/// Agreement below this is SPLIT.
pub const SPLIT_BELOW: f64 = 0.6;

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

fn was_heard(result: &RunResult, id: &MemberId) -> bool {
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

/// That the answer of a run is not whole, as a sentence without its end.
pub const CUT: &str = "the answer is cut at its token limit";

/// Where and why `missing` lacks, as the words after its name: in which rounds, each with its own
/// cause, of which the one that counts is told in full. One that was never heard and has one cause
/// is missing everywhere.
fn lacks(result: &RunResult, missing: &Missing) -> String {
    let cause = words::cause(missing);
    let mut places = Vec::new();
    let mut others: IndexMap<String, Vec<&RoundResult>> = IndexMap::new();
    for round in &result.rounds {
        let status = round.statuses.get(&missing.member);
        let Some(status) = status.filter(|status| status.is_missing()) else {
            continue;
        };
        let error = error_in(result, &missing.member, round);
        match (status, error) {
            (MemberStatus::Skipped, _) if missing.status == MemberStatus::Skipped => {
                places.push(round);
            }
            (MemberStatus::Skipped, _) | (_, None) => {
                others.entry(status.to_string()).or_default().push(round);
            }
            (_, Some(error)) if words::sentence(error) == cause => places.push(round),
            (_, Some(error)) => others.entry(words::kind(error)).or_default().push(round),
        }
    }
    if others.is_empty() && !was_ever_heard(result, &missing.member) {
        return format!(" ({cause})");
    }
    let mut parts = vec![format!("{} ({cause})", rounds(result, &places))];
    for (cause, places) in others {
        parts.push(format!("{} ({cause})", rounds(result, &places)));
    }
    parts.join(",")
}

/// Whether a member, or the chair, gave a usable reply at some time.
fn was_ever_heard(result: &RunResult, id: &MemberId) -> bool {
    let spoke = id.is_chair() && result.answer_by.as_deref() == Some(CHAIR);
    let is_ok = |round: &RoundResult| round.statuses.get(id) == Some(&MemberStatus::Ok);
    spoke || was_heard(result, id) || (id.is_chair() && result.rounds.iter().any(is_ok))
}

/// The first error of `id` in `round`.
fn error_in<'a>(result: &'a RunResult, id: &MemberId, round: &RoundResult) -> Option<&'a RunError> {
    let is_own =
        |error: &&RunError| error.member.as_ref() == Some(id) && error.round == Some(round.index);
    result.errors.iter().find(is_own)
}

/// Rounds by their names, with their indexes where several have the name, as words after a space:
/// ` in review and in vote of rounds 3 and 5`; empty of none.
fn rounds(result: &RunResult, of: &[&RoundResult]) -> String {
    let mut by_name: IndexMap<&str, Vec<String>> = IndexMap::new();
    for round in of {
        let indexes = by_name.entry(&round.name).or_default();
        indexes.push(round.index.to_string());
    }
    let named = by_name.into_iter().map(|(name, indexes)| {
        let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let is_only = result.rounds.iter().filter(|one| one.name == name).count() == 1;
        let name = match name.chars().all(is_of_name) {
            true => name.to_owned(),
            false => format!("“{}”", words::flat(name)),
        };
        match indexes.as_slice() {
            _ if is_only => format!("in {name}"),
            [index] => format!("in {name} of round {index}"),
            indexes => format!("in {name} of rounds {}", words::all_of(indexes)),
        }
    });
    match words::all_of(&named.collect::<Vec<_>>()) {
        none if none.is_empty() => none,
        rounds => format!(" {rounds}"),
    }
}

/// One line on what a degraded answer lacks; none where it is whole.
#[must_use]
pub fn lack(result: &RunResult) -> Option<String> {
    if !result.degraded {
        return None;
    }
    let mut parts = Vec::new();
    if !result.missing.is_empty() {
        // Of whom the same is to be said, it is said together.
        let mut alike: IndexMap<String, Vec<String>> = IndexMap::new();
        for missing in &result.missing {
            let whoever = alike.entry(lacks(result, missing)).or_default();
            whoever.push(missing.member.to_string());
        }
        let names: Vec<String> = alike
            .iter()
            .map(|(lack, whoever)| format!("{}{lack}", words::all_of(whoever)))
            .collect();
        parts.push(format!("missing {}", names.join(", ")));
    }
    let chair_is_missing = result
        .missing
        .iter()
        .any(|missing| missing.member.is_chair());
    if let Some(by) = result.answer_by.as_ref().filter(|by| *by != CHAIR)
        && chair_is_missing
    {
        parts.push(format!("in the chair's place: {by}"));
    }
    parts.extend(
        result
            .notices
            .iter()
            .filter(|notice| notice.code == HUNG_JURY)
            .map(|notice| words::flat(&notice.text)),
    );
    if parts.is_empty() {
        parts.push("a part is missing".to_owned());
    }
    Some(format!("degraded: {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ErrorKind;
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

    #[test]
    fn a_whole_answer_lacks_nothing() {
        assert_eq!(lack(&fixture::whole().result()), None);
    }

    #[test]
    fn a_member_lacks_in_each_round_for_a_cause_of_its_own() {
        let mut result = fixture::degraded().result();
        let b = fixture::member("b");
        let said = |result: &RunResult| {
            let line = lack(result).expect("a part is missing");
            line.replace(" from lab/lab/b-1: upstream failed", ": …")
        };
        let cause = "(transient (HTTP 500): …)";
        assert_eq!(said(&result), format!("degraded: missing b {cause}"));
        result.members[&b].answer = Some("An early word.".to_owned());
        let first = "in independent_analysis";
        assert_eq!(
            said(&result),
            format!("degraded: missing b {first} {cause}")
        );
        let failure = result.errors[0].clone();
        for (name, status, kind, http_status) in [
            ("vote", MemberStatus::Error, ErrorKind::Transient, Some(500)),
            ("vote", MemberStatus::Error, ErrorKind::Transient, Some(500)),
            ("vote", MemberStatus::Error, ErrorKind::Transient, Some(503)),
            ("the last", MemberStatus::Timeout, ErrorKind::Timeout, None),
            ("gone", MemberStatus::Skipped, ErrorKind::Auth, None),
        ] {
            let mut round = result.rounds[0].clone();
            round.name = name.to_owned();
            round.index = result.rounds.len() as u32;
            round.statuses.insert(b.clone(), status);
            if status != MemberStatus::Skipped {
                result.errors.push(RunError {
                    kind,
                    http_status,
                    round: Some(round.index),
                    ..failure.clone()
                });
            }
            result.rounds.push(round);
        }
        assert_eq!(
            said(&result),
            format!(
                "degraded: missing b {first} and in vote of rounds 2 and 3 {cause}, in vote of \
                 round 4 (transient (HTTP 503)), in “the last” (timeout), in gone (skipped)"
            )
        );
    }

    #[test]
    fn who_lacks_for_the_same_cause_is_told_of_together() {
        let mut result = fixture::degraded().result();
        let first = result.missing[0].clone();
        for id in ["c", "a"] {
            let mut other = first.clone();
            other.member = fixture::member(id);
            result.missing.push(other);
        }
        for member in result.members.values_mut() {
            member.answer = None;
        }
        result.missing[1].error = None;
        assert_eq!(
            lack(&result).as_deref(),
            Some(
                "degraded: missing b and a (transient (HTTP 500) from lab/lab/b-1: upstream failed), c (error)"
            )
        );
    }
}
