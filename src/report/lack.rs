//! What a degraded answer lacks: who is missing, in which rounds and why.

use super::standing::was_heard;
use super::words;
use crate::event::{
    CHAIR, HUNG_JURY, MemberId, MemberStatus, Missing, RoundResult, RunError, RunResult,
};
use indexmap::IndexMap;

/// One line on what a degraded answer lacks; none where it is whole.
pub(super) fn lack(result: &RunResult) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ErrorKind;
    use crate::report::fixture;

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
