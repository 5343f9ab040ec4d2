//! A run for people: its answer, or an account of why there is none.

use super::{json, lack, standing, words};
use crate::event::{RunError, RunResult, RunStatus};
use serde_json::Value;

/// What a completed run puts on standard output. A degraded answer begins with one line that
/// names who is missing and why, and an empty line.
#[must_use]
pub fn answer(result: &RunResult) -> String {
    let answer = result.answer.as_ref().map(value).unwrap_or_default();
    match lack::lack(result) {
        Some(lack) => format!("{lack}\n\n{answer}"),
        None => answer,
    }
}

/// An answer as text: prose as it is, an object as JSON; ended by a line feed.
#[must_use]
pub fn value(answer: &Value) -> String {
    match answer {
        Value::String(text) if text.ends_with('\n') => text.clone(),
        Value::String(text) => format!("{text}\n"),
        object => json::pretty(object),
    }
}

/// What is known of a run that has no answer: where it stands, its errors, then each member's
/// last answer under its id.
#[must_use]
pub fn account(result: &RunResult) -> String {
    let mut sections = vec![format!("{}\n", status_line(result))];
    let errors: String = errors(result).map(error).collect();
    sections.extend(Some(errors).filter(|errors| !errors.is_empty()));
    for (id, member) in &result.members {
        if let Some(answer) = &member.answer {
            sections.push(format!("## {id}\n\n{}\n", answer.trim_end()));
        }
    }
    sections.extend(later(result));
    sections.join("\n")
}

/// What to do about a run that goes on.
pub(super) fn later(result: &RunResult) -> Option<String> {
    let run_id = &result.run_id;
    (!result.status.is_ended())
        .then(|| format!("It is not over yet: `council watch {run_id}` shows how it goes on.\n"))
}

/// Where a run stands, and why, on one line.
#[must_use]
pub fn status_line(result: &RunResult) -> String {
    let (heard, of) = standing::heard(result);
    match result.status {
        RunStatus::Pending => "pending: nothing was asked yet".to_owned(),
        RunStatus::Running => match result.rounds.last() {
            Some(round) => format!(
                "running: round {} ({}), {heard} of {of} members heard",
                round.index, round.name
            ),
            None => "running: no round has begun".to_owned(),
        },
        RunStatus::Completed if result.degraded => {
            lack::lack(result).unwrap_or_else(|| "degraded".to_owned())
        }
        status => match result.reason.as_deref().map(words::flat) {
            Some(reason) if reason.starts_with(status.name()) => reason,
            Some(reason) => format!("{status}: {reason}"),
            None => status.name().to_owned(),
        },
    }
}

/// The errors of a run, without one that says no more than the reason why it ended.
pub(super) fn errors(result: &RunResult) -> impl Iterator<Item = &RunError> {
    let is_news = |error: &&RunError| {
        error.member.is_some() || result.reason.as_deref() != Some(error.message.as_str())
    };
    result.errors.iter().filter(is_news)
}

/// An error as an item of a list; it keeps its own lines, indented.
pub(super) fn error(error: &RunError) -> String {
    let text = error.to_string();
    let text = text.trim_end().lines().collect::<Vec<_>>().join("\n  ");
    match &error.member {
        Some(member) => format!("- {member}: {text}\n"),
        None => format!("- {text}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ErrorKind;
    use crate::report::fixture;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn a_whole_answer_stands_alone() {
        assert_data_eq!(
            answer(&fixture::whole().result()),
            str![[r#"
Adopt it.

In spring.

"#]]
        );
    }

    #[test]
    fn a_degraded_answer_says_first_who_is_missing() {
        assert_data_eq!(
            answer(&fixture::degraded().result()),
            str![[r#"
degraded: missing b (transient (HTTP 500) from lab/lab/b-1: upstream failed)

Adopt it.

In spring.

"#]]
        );
    }

    #[test]
    fn a_fallback_and_a_hung_jury_are_said_first() {
        assert_data_eq!(
            answer(&fixture::without_chair().result()),
            str![[r#"
degraded: missing chair (timeout from lab/lab/chair-1: no reply within 120 s); in the chair's place: members

## a

a says yes.

It has *reasons*.

## b

b says yes.

It has *reasons*.

## c

c says yes.

It has *reasons*.

"#]]
        );
        assert_data_eq!(
            answer(&fixture::hung().result()),
            str![[r#"
degraded: the jury is hung: no majority in 3 votes

Adopt it.

In spring.

"#]]
        );
    }

    #[test]
    fn an_object_is_printed_as_json() {
        assert_data_eq!(
            answer(&fixture::object().result()),
            str![[r#"
{
  "decision": "approve",
  "conditions": [
    "in spring"
  ]
}

"#]]
        );
    }

    #[test]
    fn a_failed_run_gives_an_account() {
        assert_data_eq!(
            account(&fixture::failed().result()),
            str![[r#"
failed: 2 of 3 members have answered, and the council needs 3

- b: transient (HTTP 500) from lab/lab/b-1: upstream
  failed

## a

a says yes.

## c

c says no.

"#]]
        );
    }

    #[test]
    fn an_error_that_is_the_reason_is_told_once() {
        let mut result = fixture::failed().result();
        let reason = "the deadline of 1ms passed";
        result.reason = Some(reason.to_owned());
        result.errors = vec![RunError::new(ErrorKind::Deadline, reason)];
        let text = account(&result);
        assert!(text.starts_with("failed: the deadline of 1ms passed\n\n## a\n"));
        assert_eq!(text.matches(reason).count(), 1);
    }

    #[test]
    fn a_cancelled_and_a_crashed_run_give_an_account() {
        assert_data_eq!(
            account(&fixture::cancelled().result()),
            str![[r#"
cancelled by Ctrl-C

## a

a says yes.

"#]]
        );
        assert_data_eq!(
            account(&fixture::crashed().result()),
            str![[r#"
crashed: its process died

- internal: the process is gone

## a

a says yes.

"#]]
        );
    }

    #[test]
    fn a_run_that_goes_on_shows_what_is_there() {
        assert_data_eq!(
            account(&fixture::running().result()),
            str![[r#"
running: round 0 (independent_analysis), 1 of 3 members heard

## a

a says yes.

It is not over yet: `council watch 019aa0f0-1111-7222-8333-444455556666` shows how it goes on.

"#]]
        );
        assert_data_eq!(
            account(&fixture::pending().result()),
            str![[r#"
pending: nothing was asked yet

It is not over yet: `council watch 019aa0f0-1111-7222-8333-444455556666` shows how it goes on.

"#]]
        );
    }

    #[test]
    fn hostile_text_is_kept_as_it_is_and_the_first_line_is_one_line() {
        let result = fixture::hostile().result();
        let text = answer(&result);
        let (first, rest) = text.split_once("\n\n").expect("two parts");
        assert!(first.starts_with("degraded: missing ") && !first.contains('\n'));
        assert_eq!(rest, format!("{}\n", fixture::HOSTILE));
    }
}
