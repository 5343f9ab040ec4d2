//! The limits that a run met, of requests and of tokens, summed for its end.

use crate::event::{ErrorKind, Event, EventKind, MemberId, RunError, TOKEN_LIMIT};
use crate::report::words;
use crate::ui::{Line, Tone};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// How often each model asked for fewer requests and how long the run waited for it, and how many
/// replies of each member were cut and could be read all the same.
#[derive(Debug, Default)]
pub(super) struct LimitsMet {
    requests: BTreeMap<String, Waits>,
    cut: IndexMap<MemberId, u64>,
}

#[derive(Debug, Default)]
struct Waits {
    attempts: u64,
    wait_ms: u64,
}

impl LimitsMet {
    /// Takes in an event of the run.
    pub(super) fn observe(&mut self, event: &Event) {
        match &event.body {
            EventKind::MemberRetry(retry) => self.too_many(&retry.error, retry.wait_ms),
            EventKind::MemberCompleted(completed) => {
                // What is played back was met by the run that was recorded.
                let error = completed.error.as_ref();
                if let Some(error) = error.filter(|_| !completed.from_tape) {
                    self.too_many(error, 0);
                }
            }
            EventKind::Notice(notice) if notice.code == TOKEN_LIMIT => {
                if let Some(call) = &event.call {
                    *self.cut.entry(call.member.clone()).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    fn too_many(&mut self, error: &RunError, wait_ms: u64) {
        if error.kind != ErrorKind::RateLimited {
            return;
        }
        let provider = error.provider.as_deref().unwrap_or("?");
        let model = error.model.as_deref().unwrap_or("?");
        let met = self.requests.entry(format!("{provider}/{model}"));
        let met = met.or_default();
        met.attempts += 1;
        met.wait_ms += wait_ms;
    }

    /// One line for each kind of limit that was met.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> {
        let lines = [self.of_requests(), self.of_tokens()];
        let line = |text| Line::prose(2).with(Tone::Plain, text);
        lines.into_iter().flatten().map(line)
    }

    fn of_requests(&self) -> Option<String> {
        let each = self.requests.iter().map(|(model, met)| {
            let attempts = words::count(met.attempts, "attempt", "attempts");
            format!("{model} {attempts}, waited {}", words::seconds(met.wait_ms))
        });
        let each: Vec<String> = each.collect();
        (!each.is_empty()).then(|| format!("rate limits met: {}", each.join("; ")))
    }

    fn of_tokens(&self) -> Option<String> {
        let each = self.cut.iter().map(|(member, times)| match times {
            1 => member.to_string(),
            _ => format!("{member} ({times} times)"),
        });
        let each: Vec<String> = each.collect();
        let each = (!each.is_empty()).then(|| each.join(", "));
        each.map(|each| format!("taken although cut at the token limit: {each}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{self, Run};
    use snapbox::{assert_data_eq, str};

    fn summed(run: &Run) -> String {
        told(run.events())
    }

    fn told(events: &[Event]) -> String {
        let mut met = LimitsMet::default();
        events.iter().for_each(|event| met.observe(event));
        met.lines().map(|line| line.render(false, None)).collect()
    }

    #[test]
    fn what_was_met_again_is_counted() {
        let runs = [fixture::cut(&["a", "chair"]), fixture::cut(&["a"])];
        assert_eq!(
            told(&runs.each_ref().map(Run::events).concat()),
            "taken although cut at the token limit: a (2 times), chair\n"
        );
    }

    #[test]
    fn what_is_played_back_is_no_limit_of_this_run() {
        let limited = |from_tape: bool| {
            let mut events = fixture::degraded().events().to_vec();
            events.retain(|event| !matches!(event.body, EventKind::MemberRetry(_)));
            for event in &mut events {
                if let EventKind::MemberCompleted(done) = &mut event.body {
                    done.from_tape = from_tape;
                    let errors = done.error.iter_mut();
                    errors.for_each(|error| error.kind = ErrorKind::RateLimited);
                }
            }
            told(&events)
        };
        assert!(limited(false).starts_with("rate limits met: lab/"));
        assert_eq!(limited(true), "");
    }

    #[test]
    fn each_kind_of_limit_has_one_line() {
        let runs = [
            fixture::whole(),
            fixture::degraded(),
            fixture::cut(&["b"]),
            fixture::cut(&["a", "b", "chair"]),
        ];
        assert_data_eq!(
            runs.iter().map(summed).collect::<Vec<_>>().join("--\n"),
            str![[r#"
--
rate limits met: ?/? 1 attempt, waited 0.5 s
--
taken although cut at the token limit: b
--
taken although cut at the token limit: a, b, chair

"#]]
        );
    }
}
