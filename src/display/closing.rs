//! The line that every run ends with.

use crate::event::{Record, RecordState, RunResult, RunStatus};
use crate::report::{standing, words};
use crate::ui::{Line, Tone};
use console::measure_text_width;

/// Status, who was heard, how far they agree and on what, time, tokens, money, the run's id, and
/// what the record lacks. Where that is wider than `columns`, the id, which people copy, begins a
/// new line, and then less is said of the tokens.
#[must_use]
pub fn closing(result: &RunResult, columns: Option<usize>) -> Line {
    let (tone, status) = match result.status {
        RunStatus::Completed if result.degraded => (Tone::Caution, "degraded"),
        RunStatus::Completed => (Tone::Good, "completed"),
        RunStatus::Cancelled => (Tone::Caution, "cancelled"),
        RunStatus::Failed | RunStatus::Crashed => (Tone::Bad, result.status.name()),
        RunStatus::Pending | RunStatus::Running => (Tone::Plain, result.status.name()),
    };
    let (heard, of) = standing::heard(result);
    let hung = if standing::is_hung(result) {
        ", jury hung"
    } else {
        ""
    };
    let mut line = Line::prose(2)
        .with(tone, format!("{status}{hung}"))
        .with(Tone::Plain, format!(": {heard} of {of} members heard"));
    match standing::heard_in_part(result) {
        0 => {}
        some => line = line.with(Tone::Plain, format!(", {some} not in every round")),
    }
    if let Some(agreement) = result.agreement {
        let verdict = standing::verdict(agreement);
        let on = standing::on_winner(result);
        let tone = if agreement < standing::SPLIT_BELOW {
            Tone::Caution
        } else {
            Tone::Good
        };
        let by = standing::by_ballots(result);
        line = line
            .with(Tone::Plain, ", ")
            .with(tone, verdict)
            .with(Tone::Plain, format!(" {}{on}{by}", words::share(agreement)));
    }
    let run = format!("run {}", result.run_id);
    let begun = measure_text_width(&line.text());
    let room = columns.unwrap_or(usize::MAX).saturating_sub(begun);
    let rests = rests(result);
    let fits = |rest: &str, more: usize| measure_text_width(rest) + more <= room;
    // The id gives way first: nothing of what was paid is left out for it.
    let (rest, between) = match rests.as_slice() {
        [whole, ..] if fits(whole, 2 + run.len()) => (whole, ", "),
        all => {
            let rest = all.iter().find(|rest| fits(rest, 0));
            (rest.unwrap_or(&all[all.len() - 1]), "\n")
        }
    };
    line = line.with(Tone::Plain, format!("{rest}{between}{run}"));
    if result.is_answer_cut {
        line = line.with(Tone::Plain, ", ");
        line = line.with(Tone::Caution, standing::CUT);
    }
    match (result.record.state, lacking(&result.record)) {
        (_, Some(lack)) => line.with(Tone::Plain, ", ").with(Tone::Bad, lack),
        (RecordState::Off, None) => line.with(Tone::Plain, ", not recorded"),
        (_, None) => line,
    }
}

/// Time, tokens and money, in fewer and fewer words; at least one text.
fn rests(result: &RunResult) -> Vec<String> {
    let time = result.duration_ms.map(words::seconds);
    let cost = result.cost_usd.filter(|_| result.calls.made > 0);
    let cost = cost.map(words::dollars);
    let with = |tokens: Option<String>| {
        let parts = [time.clone(), tokens, cost.clone()];
        let parts = parts.into_iter().flatten();
        parts.map(|part| format!(", {part}")).collect()
    };
    match words::tokens_by_width(&result.usage) {
        none if none.is_empty() => vec![with(None)],
        texts => texts.into_iter().map(|text| with(Some(text))).collect(),
    }
}

/// What the store lacks of a run that was to be recorded, and where that is.
#[must_use]
pub fn lacking(record: &Record) -> Option<String> {
    Some(match (record.state, &record.path, record.from_seq) {
        (RecordState::Complete | RecordState::Off, _, _) => return None,
        (_, Some(path), None) => format!("recorded in part in {path}"),
        (_, Some(path), Some(seq)) => {
            format!("recorded in part in {path}, and not from event {seq} on")
        }
        (_, None, Some(seq)) => format!("not recorded from event {seq} on"),
        (_, None, None) => "not wholly recorded".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn every_outcome_has_its_line() {
        let runs = [
            fixture::whole(),
            fixture::degraded(),
            fixture::failed(),
            fixture::cancelled(),
            fixture::crashed(),
            fixture::running(),
        ];
        let lines: Vec<String> = runs
            .iter()
            .map(|run| closing(&run.result(), None).text())
            .collect();
        assert_data_eq!(
            lines.join("\n"),
            str![[r#"
completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out), run 019aa0f0-1111-7222-8333-444455556666
degraded: 2 of 3 members heard, 2.3 s, 1,064 tokens (800 in, 264 out), run 019aa0f0-1111-7222-8333-444455556666
failed: 2 of 3 members heard, 2.3 s, 1,064 tokens (800 in, 264 out), run 019aa0f0-1111-7222-8333-444455556666
cancelled: 1 of 3 members heard, 2.3 s, 532 tokens (400 in, 132 out), $0.0011, run 019aa0f0-1111-7222-8333-444455556666
crashed: 1 of 3 members heard, 2.3 s, 532 tokens (400 in, 132 out), $0.0011, run 019aa0f0-1111-7222-8333-444455556666
running: 1 of 3 members heard, 532 tokens (400 in, 132 out), $0.0011, run 019aa0f0-1111-7222-8333-444455556666
"#]]
        );
    }

    #[test]
    fn a_winner_is_named_in_few_tidy_words() {
        let mut result = fixture::whole().result();
        let mut said = |winner: Option<&str>| {
            result.vote = winner.map(ToOwned::to_owned);
            let text = closing(&result, None).text();
            let (_, rest) = text.split_once("ALIGNED ").expect("a verdict");
            rest.split_once(", 3.0 s").expect("a time").0.to_owned()
        };
        assert_eq!(said(None), "0.83");
        assert_eq!(said(Some(" \u{200b}")), "0.83");
        assert_eq!(said(Some("ship\nit \u{7}")), "0.83 on ship it ?");
        assert_eq!(
            said(Some("ship it now, and mend what breaks")),
            "0.83 on ship it now, and mend w…"
        );
    }

    #[test]
    fn where_columns_are_few_less_is_said_of_tokens() {
        let result = fixture::whole().result();
        let lines = [136, 135, 125, 124, 85, 84, 60].map(|columns| {
            let line = closing(&result, Some(columns)).text();
            format!("{columns}: {line}")
        });
        assert_data_eq!(
            lines.join("\n"),
            str![[r#"
136: completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out), run 019aa0f0-1111-7222-8333-444455556666
135: completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out), run 019aa0f0-1111-7222-8333-444455556666
125: completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out)
run 019aa0f0-1111-7222-8333-444455556666
124: completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out)
run 019aa0f0-1111-7222-8333-444455556666
85: completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,200 tokens in, 396 out
run 019aa0f0-1111-7222-8333-444455556666
84: completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,200 tokens in, 396 out
run 019aa0f0-1111-7222-8333-444455556666
60: completed: 3 of 3 members heard, ALIGNED 0.83 on b, 3.0 s, 1,596 tokens
run 019aa0f0-1111-7222-8333-444455556666
"#]]
        );
    }

    #[test]
    fn an_answer_that_was_cut_is_said() {
        let said = |cut: &[&str]| {
            let text = closing(&fixture::cut(cut).result(), None).text();
            text.ends_with(", the answer is cut at its token limit")
        };
        assert!(said(&["chair"]));
        assert!(!said(&["a", "b"]));
    }

    #[test]
    fn it_breaks_at_words() {
        let line = closing(&fixture::whole().result(), Some(40));
        assert_data_eq!(
            line.render(false, Some(40)),
            str![[r#"
completed: 3 of 3 members heard, ALIGNED
  0.83 on b, 3.0 s, 1,596 tokens
run 019aa0f0-1111-7222-8333-444455556666

"#]]
        );
    }

    #[test]
    fn a_split_council_and_a_lacking_record_are_said() {
        let mut result = fixture::whole().result();
        result.agreement = Some(0.5999);
        result.cost_usd = Some(0.01234);
        let mut lines = Vec::new();
        for record in [
            Record::of(RecordState::Off),
            Record::incomplete(17),
            Record {
                path: Some("/tmp/x.spill/r.ndjson".to_owned()),
                ..Record::of(RecordState::Spilled)
            },
        ] {
            result.record = record;
            lines.push(closing(&result, None).text());
        }
        assert_data_eq!(
            lines.join("\n"),
            str![[r#"
completed: 3 of 3 members heard, SPLIT 0.59 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out), $0.0123, run 019aa0f0-1111-7222-8333-444455556666, not recorded
completed: 3 of 3 members heard, SPLIT 0.59 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out), $0.0123, run 019aa0f0-1111-7222-8333-444455556666, not recorded from event 17 on
completed: 3 of 3 members heard, SPLIT 0.59 on b, 3.0 s, 1,596 tokens (1,200 in, 396 out), $0.0123, run 019aa0f0-1111-7222-8333-444455556666, recorded in part in /tmp/x.spill/r.ndjson
"#]]
        );
    }

    #[test]
    fn who_was_heard_once_and_missing_later_is_counted() {
        let mut result = fixture::degraded().result();
        let told = |result: &RunResult| closing(result, None).text();
        assert!(told(&result).starts_with("degraded: 2 of 3 members heard, 2.3 s"));
        result.members[&fixture::member("b")].answer = Some("An early word.".to_owned());
        assert!(
            told(&result).starts_with("degraded: 3 of 3 members heard, 1 not in every round, ")
        );
    }

    #[test]
    fn a_winner_that_stood_level_is_said_to_have() {
        let mut result = fixture::whole().result();
        result.is_level = true;
        let told = closing(&result, None).text();
        assert!(told.contains("ALIGNED 0.83 on b after a tie, "), "{told}");
    }
}
