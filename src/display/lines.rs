//! Events as lines, for logs and for terminals without rows that move.

use super::mode;
use crate::event::{
    At, CallKey, Event, EventKind, MemberCompleted, MemberStatus, Notice, RoundRef, RunStarted,
    TOKEN_LIMIT,
};
use crate::report::{standing, words};
use crate::ui::{Line, Tone};

/// Turns the events of one run, in order, into lines.
#[derive(Debug)]
pub struct Teller {
    kind: mode::Lines,
    began: Option<At>,
}

impl Teller {
    /// A teller that has seen nothing yet.
    #[must_use]
    pub fn new(kind: mode::Lines) -> Self {
        Self { kind, began: None }
    }

    /// The line for `event`, if it is worth one. Its text has no line feed in it.
    pub fn tell(&mut self, event: &Event) -> Option<Line> {
        let began = *self.began.get_or_insert(event.at);
        let (tone, text) = match self.kind {
            mode::Lines::None => return None,
            mode::Lines::Notices if !outlives_bars(event) => return None,
            mode::Lines::Notices | mode::Lines::Brief => brief(event)?,
            mode::Lines::Timeline => brief(event).or_else(|| further(event))?,
        };
        let text = words::flat(&text);
        if self.kind == mode::Lines::Timeline {
            let ms = event.at.ms_since(began);
            let at = format!("{:>4}.{:03} ", ms / 1000, ms % 1000);
            return Some(Line::prose(at.len()).with(Tone::Faint, at).with(tone, text));
        }
        Some(Line::prose(2).with(tone, text))
    }
}

type Told = (Tone, String);

/// Whether bars would take away with them what `event` tells. Replies that were cut are many where
/// one is; they are summed at the end.
fn outlives_bars(event: &Event) -> bool {
    matches!(&event.body, EventKind::Notice(notice) if notice.code != TOKEN_LIMIT)
}

/// What everybody is told.
fn brief(event: &Event) -> Option<Told> {
    let call = event.call.as_ref();
    Some(match &event.body {
        EventKind::RunStarted(started) => (Tone::Plain, run_started(event, started)),
        EventKind::RoundStarted(started) => {
            let names: Vec<&str> = started.members.iter().map(|id| id.as_str()).collect();
            let round = round(event.round.as_ref()?);
            (Tone::Strong, format!("{round}: {}", few(&names)))
        }
        EventKind::MemberRetry(retry) => (
            Tone::Caution,
            format!(
                "{} attempt {} failed, {}; again in {}",
                who(call?),
                retry.attempt,
                words::sentence(&retry.error),
                words::seconds(retry.wait_ms)
            ),
        ),
        EventKind::MemberCompleted(done) => member_completed(call?, done),
        // Only rounds with ballots have something to tell at their end.
        EventKind::RoundCompleted(_) => (Tone::Plain, standing::outcome(event)?),
        EventKind::Notice(Notice { code, text }) => (
            Tone::Caution,
            format!("notice ({code}): {}", words::clip(&words::flat(text), 400)),
        ),
        _ => return None,
    })
}

/// What a timeline tells besides.
fn further(event: &Event) -> Option<Told> {
    let text = match &event.body {
        EventKind::MemberStarted(started) => {
            let call = event.call.as_ref()?;
            format!("{call} asks {}", started.model)
        }
        EventKind::RoundCompleted(_) => format!("{} ended", round(event.round.as_ref()?)),
        EventKind::ToolCallRequest(request) => format!("tool {} called", request.name),
        EventKind::ToolCallResult(_) => "tool replied".to_owned(),
        EventKind::RunCompleted(outcome) | EventKind::RunFailed(outcome) => {
            format!("run {}", outcome.status)
        }
        _ => return None,
    };
    Some((Tone::Faint, text))
}

fn run_started(event: &Event, started: &RunStarted) -> String {
    let plan = &started.plan;
    let members = words::count(plan.members.len() as u64, "member", "members");
    let chair = if plan.chair.is_some() {
        " and a chair"
    } else {
        ""
    };
    let rounds = words::count(plan.rounds.len() as u64, "round", "rounds");
    format!(
        "run {} of {}: {members}{chair}, {rounds}",
        event.run_id, started.council
    )
}

fn round(round: &RoundRef) -> String {
    let mut text = format!("round {} {}", round.index, round.name);
    if round.name != round.kind {
        text.push_str(&format!(" ({})", round.kind));
    }
    if round.iteration > 0 {
        text.push_str(&format!(", iteration {}", round.iteration + 1));
    }
    text
}

/// The names, or the first eight and how many more.
fn few(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}

fn who(call: &CallKey) -> String {
    format!("{}: {}", call.member, call.purpose)
}

fn member_completed(call: &CallKey, done: &MemberCompleted) -> Told {
    let mut text = format!(
        "{} {}, {}",
        who(call),
        done.status,
        words::seconds(done.duration_ms)
    );
    if let Some(tokens) = done.usage.as_ref().and_then(words::tokens) {
        text.push_str(&format!(", {tokens}"));
    }
    if done.attempts > 1 {
        text.push_str(&format!(", {} attempts", done.attempts));
    }
    if done.from_tape {
        text.push_str(", played back");
    }
    if let Some(error) = &done.error {
        text.push_str(&format!(": {}", words::sentence(error)));
    }
    let tone = match done.status {
        MemberStatus::Ok => Tone::Good,
        MemberStatus::Error | MemberStatus::Timeout | MemberStatus::InvalidOutput => Tone::Bad,
        MemberStatus::Skipped | MemberStatus::Eliminated | MemberStatus::Cancelled => Tone::Plain,
    };
    (tone, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{self, Run};
    use snapbox::{assert_data_eq, str};

    fn told(run: &Run, kind: mode::Lines) -> String {
        let mut teller = Teller::new(kind);
        let lines = run.events().iter().filter_map(|event| teller.tell(event));
        lines.map(|line| line.render(false, None)).collect()
    }

    #[test]
    fn brief_lines_of_a_whole_run() {
        assert_data_eq!(
            told(&fixture::whole(), mode::Lines::Brief),
            str![[r#"
run 019aa0f0-1111-7222-8333-444455556666 of design-review: 3 members and a chair, 3 rounds
round 0 independent_analysis: a, b, c
a: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
b: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
c: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
round 1 review (anonymized_peer_review): a, b, c
a: ballot ok, 0.8 s
b: ballot ok, 0.8 s
c: ballot ok, 0.8 s
round 1: b wins by borda, ALIGNED 0.83
notice (token_limit): the answer of `a` was cut at its limit
round 2 synthesis: chair
chair: synthesis ok, 0.8 s

"#]]
        );
    }

    #[test]
    fn brief_lines_of_a_degraded_run() {
        assert_data_eq!(
            told(&fixture::degraded(), mode::Lines::Brief),
            str![[r#"
run 019aa0f0-1111-7222-8333-444455556666 of design-review: 3 members and a chair, 2 rounds
round 0 independent_analysis: a, b, c
a: answer attempt 1 failed, rate_limited (HTTP 429): slow down; again in 0.5 s
a: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
b: answer error, 0.8 s, 3 attempts: transient (HTTP 500) from lab/lab/b-1: upstream failed
c: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
round 1 synthesis: chair
chair: synthesis ok, 0.8 s

"#]]
        );
    }

    #[test]
    fn a_timeline_tells_every_step_and_when() {
        assert_data_eq!(
            told(&fixture::degraded(), mode::Lines::Timeline),
            str![[r#"
   0.000 run 019aa0f0-1111-7222-8333-444455556666 of design-review: 3 members and a chair, 2 rounds
   0.000 round 0 independent_analysis: a, b, c
   0.000 0.a.answer asks lab/a-1
   0.000 0.b.answer asks lab/b-1
   0.000 0.c.answer asks lab/c-1
   0.000 a: answer attempt 1 failed, rate_limited (HTTP 429): slow down; again in 0.5 s
   0.812 a: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
   0.812 b: answer error, 0.8 s, 3 attempts: transient (HTTP 500) from lab/lab/b-1: upstream failed
   0.812 c: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
   0.812 round 0 independent_analysis ended
   0.812 round 1 synthesis: chair
   0.812 1.chair.synthesis asks lab/chair-1
   0.812 chair: synthesis ok, 0.8 s
   0.812 round 1 synthesis ended
   2.301 run completed

"#]]
        );
    }

    #[test]
    fn hostile_text_makes_no_line_of_its_own_and_moves_nothing() {
        let text = told(&fixture::hostile(), mode::Lines::Timeline);
        assert!(!text.contains(|c: char| c != '\n' && c.is_control()));
        assert!(!text.contains('\u{202e}'));
        let events = fixture::hostile().events().len();
        assert!(text.lines().count() <= events, "{text}");
    }

    #[test]
    fn beside_bars_notices_alone_are_told() {
        assert_eq!(
            told(&fixture::hung(), mode::Lines::Notices),
            "notice (hung_jury): the jury is hung: no majority in 3 votes\n"
        );
        let cut = fixture::cut(&["a", "b", "c"]);
        assert_eq!(told(&cut, mode::Lines::Notices), "", "summed at the end");
    }

    #[test]
    fn no_lines_are_no_lines() {
        assert_eq!(told(&fixture::whole(), mode::Lines::None), "");
    }
}
