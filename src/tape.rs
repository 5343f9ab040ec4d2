//! The tape: the completed calls of a recorded run, to be played back instead of made.
//!
//! A call that was ended from outside (by a cancel, the deadline or the budget) counts as not made,
//! and so does one that never ended. What is played is as it was recorded, its notices included;
//! it costs nothing, and its `usage` and `cost_usd` say what it cost when it was made.

use crate::event::{CallKey, ErrorKind, Event, EventKind, MemberCompleted, MemberStatus, Notice};
use std::collections::HashMap;

/// The code of the notice that a played call was recorded for another request.
pub const REQUEST_DIFFERS: &str = "request_differs";

/// Which recorded calls are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Every one, failed ones too, by its call; the others are made.
    Resume,
    /// Those that brought a usable reply, by call and request; the others are made.
    Retry,
    /// Every one, by its call; nothing is ever made.
    Replay,
}

/// The completed calls of a recorded run, and which of them are played.
#[derive(Debug, Clone)]
pub struct Tape {
    mode: Mode,
    calls: HashMap<CallKey, Recorded>,
}

#[derive(Debug, Clone)]
struct Recorded {
    request_hash: String,
    notices: Vec<Notice>,
    done: MemberCompleted,
}

/// A call as it is played.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Its end as recorded, marked as played: no attempt, no time.
    pub done: MemberCompleted,
    /// The notices that it brought.
    pub notices: Vec<Notice>,
    /// Whether it was recorded for a request that differs from the present one.
    pub differs: bool,
}

impl Tape {
    /// Whether a call on it gave nothing that counts.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        let mut calls = self.calls.values();
        calls.any(|recorded| recorded.done.status.is_missing())
    }

    /// The tape of the run that `events` are of, in order.
    #[must_use]
    pub fn of<'a>(mode: Mode, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut begun: HashMap<&CallKey, (String, Vec<Notice>)> = HashMap::new();
        let mut calls = HashMap::new();
        for event in events {
            let Some(call) = &event.call else { continue };
            match &event.body {
                EventKind::MemberStarted(started) => {
                    begun.insert(call, (started.request_hash.clone(), Vec::new()));
                }
                EventKind::Notice(notice) if notice.code != REQUEST_DIFFERS => {
                    if let Some((_, notices)) = begun.get_mut(call) {
                        notices.push(notice.clone());
                    }
                }
                EventKind::MemberCompleted(done) if was_made(done) => {
                    if let Some((request_hash, notices)) = begun.remove(call) {
                        let done = done.clone();
                        let recorded = Recorded {
                            request_hash,
                            notices,
                            done,
                        };
                        calls.insert(call.clone(), recorded);
                    }
                }
                _ => {}
            }
        }
        Self { mode, calls }
    }

    /// Which calls are played.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What is played for `call`, whose request has `request_hash` now; none where it is not on the
    /// tape, or is to be asked again.
    #[must_use]
    pub fn look(&self, call: &CallKey, request_hash: &str) -> Option<Played> {
        let recorded = self.calls.get(call)?;
        let differs = recorded.request_hash != request_hash;
        if self.mode == Mode::Retry && (differs || recorded.done.status != MemberStatus::Ok) {
            return None;
        }
        Some(Played {
            done: MemberCompleted {
                from_tape: true,
                attempts: 0,
                duration_ms: 0,
                ..recorded.done.clone()
            },
            notices: recorded.notices.clone(),
            differs,
        })
    }
}

/// Whether the call came to an end of its own.
fn was_made(done: &MemberCompleted) -> bool {
    let from_outside = |kind| {
        matches!(
            kind,
            ErrorKind::Cancelled | ErrorKind::Deadline | ErrorKind::Budget
        )
    };
    done.status != MemberStatus::Cancelled
        && !done
            .error
            .as_ref()
            .is_some_and(|error| from_outside(error.kind))
}

/// A text that is not the events of one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct InvalidTape {
    /// The line at fault, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// The events of one run, as `--format ndjson` prints them: one a line, from its first on.
///
/// # Errors
/// A line is no event, is out of its place or of another run, or there is no line at all.
pub fn parse(text: &str) -> Result<Vec<Event>, InvalidTape> {
    let mut events: Vec<Event> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fault = |why: String| InvalidTape {
            line: index + 1,
            why,
        };
        let event: Event = serde_json::from_str(line)
            .map_err(|error| fault(format!("it is no event of a run: {error}")))?;
        match events.first() {
            None if !matches!(event.body, EventKind::RunStarted(_)) => {
                let kind = event.body.name();
                return Err(fault(format!(
                    "the events of a run begin with `run_started`, not with `{kind}`"
                )));
            }
            Some(first) if first.run_id != event.run_id => {
                return Err(fault(format!(
                    "it is of run {}, and the first is of run {}",
                    event.run_id, first.run_id
                )));
            }
            _ => {}
        }
        if event.seq != index as u64 {
            return Err(fault(format!(
                "its seq is {}, and {index} comes here",
                event.seq
            )));
        }
        events.push(event);
    }
    if events.is_empty() {
        let why = "it is empty".to_owned();
        return Err(InvalidTape { line: 1, why });
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{At, Draft, MemberStarted, RoundRef, RunError, RunStarted, Usage};

    fn key(text: &str) -> CallKey {
        text.parse().expect("a call key")
    }

    fn done(status: MemberStatus, error: Option<ErrorKind>) -> MemberCompleted {
        MemberCompleted {
            text: Some("North.".to_owned()),
            usage: Some(Usage {
                input_tokens: Some(3),
                ..Usage::default()
            }),
            cost_usd: Some(0.5),
            attempts: 2,
            duration_ms: 40,
            error: error.map(|kind| RunError::new(kind, "x")),
            ..MemberCompleted::new(status)
        }
    }

    fn of_call(call: &str, body: EventKind) -> Draft {
        let round = RoundRef {
            index: 0,
            name: "r".to_owned(),
            kind: "independent_analysis".to_owned(),
            iteration: 0,
        };
        Draft::of_call(round, key(call), body)
    }

    fn started(call: &str) -> Draft {
        let body = EventKind::MemberStarted(MemberStarted {
            model: "m".to_owned(),
            messages: Vec::new(),
            label_map: None,
            request_hash: "h".to_owned(),
            sub_run_id: None,
        });
        of_call(call, body)
    }

    fn completed(call: &str, status: MemberStatus, error: Option<ErrorKind>) -> Draft {
        of_call(call, EventKind::MemberCompleted(done(status, error)))
    }

    fn events(drafts: Vec<Draft>) -> Vec<Event> {
        let run_id: crate::event::RunId = "r".parse().expect("a run id");
        let stamp =
            |(seq, draft): (usize, Draft)| draft.stamp(run_id.clone(), seq as u64, At::now());
        drafts.into_iter().enumerate().map(stamp).collect()
    }

    fn recorded() -> Vec<Event> {
        let notice = |code: &str| {
            let (code, text) = (code.to_owned(), "cut".to_owned());
            of_call("0.a.answer", EventKind::Notice(Notice { code, text }))
        };
        events(vec![
            started("0.a.answer"),
            started("0.b.answer"),
            started("0.c.answer"),
            started("0.d.answer"),
            started("0.e.answer"),
            notice("token_limit"),
            notice(REQUEST_DIFFERS),
            completed("0.a.answer", MemberStatus::Ok, None),
            completed(
                "0.b.answer",
                MemberStatus::Timeout,
                Some(ErrorKind::Timeout),
            ),
            completed(
                "0.c.answer",
                MemberStatus::Cancelled,
                Some(ErrorKind::Deadline),
            ),
            completed("0.d.answer", MemberStatus::Error, Some(ErrorKind::Budget)),
        ])
    }

    #[test]
    fn what_a_run_did_not_end_itself_is_played() {
        for (mode, played) in [
            (Mode::Resume, vec!["a", "b"]),
            (Mode::Retry, vec!["a"]),
            (Mode::Replay, vec!["a", "b"]),
        ] {
            let tape = Tape::of(mode, &recorded());
            let found: Vec<&str> = ["a", "b", "c", "d", "e"]
                .into_iter()
                .filter(|id| tape.look(&key(&format!("0.{id}.answer")), "h").is_some())
                .collect();
            assert_eq!(found, played, "{mode:?}");
        }
    }

    #[test]
    fn a_played_call_is_as_recorded_and_took_nothing() {
        let tape = Tape::of(Mode::Resume, &recorded());
        let played = tape.look(&key("0.a.answer"), "h").expect("it is there");
        let expected = MemberCompleted {
            from_tape: true,
            attempts: 0,
            duration_ms: 0,
            ..done(MemberStatus::Ok, None)
        };
        assert_eq!(played.done, expected);
        let codes: Vec<&str> = played.notices.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(
            codes,
            ["token_limit"],
            "what an earlier playing said is not repeated"
        );
        assert!(!played.differs);
    }

    #[test]
    fn another_request_is_marked_or_asked_anew() {
        let look = |mode| Tape::of(mode, &recorded()).look(&key("0.a.answer"), "other");
        assert!(look(Mode::Resume).expect("by call").differs);
        assert!(look(Mode::Replay).expect("by call").differs);
        assert_eq!(look(Mode::Retry), None);
    }

    #[test]
    fn a_tape_file_is_the_events_of_one_run_and_nothing_else() {
        let first = Draft::of_run(EventKind::RunStarted(RunStarted {
            council: "c".to_owned(),
            spec_hash: String::new(),
            input: "x".to_owned(),
            seed: 1,
            attachments: Vec::new(),
            labels: std::collections::BTreeMap::new(),
            parent: None,
            origin: None,
            plan: crate::event::Plan::default(),
        }));
        let whole = events(vec![first, started("0.a.answer")]);
        let lines: Vec<String> = whole
            .iter()
            .map(|event| serde_json::to_string(event).expect("a line"))
            .collect();
        assert_eq!(parse(&lines.join("\n")), Ok(whole));
        let fault = |text: &str| {
            let fault = parse(text).expect_err("no tape");
            (fault.line, fault.why)
        };
        assert_eq!(fault("").1, "it is empty");
        assert!(fault("{\"v\":1}").1.starts_with("it is no event"));
        assert!(fault(&lines[1]).1.contains("begin with `run_started`"));
        let torn = format!("{}\n{}", lines[0], &lines[1][..30]);
        assert_eq!(fault(&torn).0, 2);
        let gap = lines.join("\n").replace("\"seq\":1", "\"seq\":2");
        assert_eq!(fault(&gap).1, "its seq is 2, and 1 comes here");
        let mixed = format!("{}\n{}", lines[0], lines[1].replace("\"r\"", "\"s\""));
        assert!(fault(&mixed).1.starts_with("it is of run s"));
    }
}
