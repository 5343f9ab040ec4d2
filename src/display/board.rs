//! What the moving rows say: the state of the round that goes on, and its text for a width.
//!
//! Pure: time comes in as what has passed since the display began. Every row is tidy and at most
//! three columns narrower than the terminal, so that it is one row there whatever it holds.

mod row;

use crate::event::{
    CallKey, Event, EventKind, MemberId, MemberStatus, PlannedRound, Purpose, RoundRef,
};
use crate::report::words;
use crate::ui::{Line, Tone};
use indexmap::IndexMap;
use row::{Cut, Row, add, passed};
use std::time::Duration;

/// The most rows of members.
pub(super) const MOST_ROWS: usize = 8;

/// Columns that stay free at the right.
pub(super) const MARGIN: usize = 3;

/// Less than this of a round's name says nothing, in columns.
const SHORTEST_NAME: usize = 4;

/// How much of an answer that comes in is kept to show it, in bytes.
const ANSWER: usize = 8 * 1024;

/// The state of the round that goes on.
#[derive(Debug, Default)]
pub(super) struct Board {
    council: String,
    /// The names in each planned round: its own, and those of the rounds that it repeats.
    planned: Vec<Vec<String>>,
    /// The place in the plan of the round that goes on.
    place: usize,
    round: Option<RoundRef>,
    /// The call whose reply is to be the answer, and what has come of it.
    answer: Option<(CallKey, String)>,
    rows: IndexMap<MemberId, Row>,
}

impl Board {
    /// Takes in the next event; `now` is when it came.
    pub(super) fn apply(&mut self, event: &Event, now: Duration) {
        match &event.body {
            EventKind::RunStarted(started) => {
                self.council = words::tidy(&started.council);
                let names = |round: &PlannedRound| {
                    let repeated = round.rounds.iter().map(|inner| inner.name.clone());
                    repeated.chain([round.name.clone()]).collect()
                };
                self.planned = started.plan.rounds.iter().map(names).collect();
            }
            EventKind::RoundStarted(started) => {
                self.answer = None;
                self.round.clone_from(&event.round);
                self.take_place();
                let fresh = |id: &MemberId| (id.clone(), Row::default());
                self.rows = started.members.iter().map(fresh).collect();
            }
            EventKind::MemberStarted(_) => {
                if let Some(call) = &event.call {
                    let row = self.rows.entry(call.member.clone()).or_default();
                    row.begin(call, now);
                    if call.purpose == Purpose::Synthesis {
                        self.answer = Some((call.clone(), String::new()));
                    }
                }
            }
            EventKind::MemberToken(token) => {
                if let Some(answer) = self.answer_of(event) {
                    add(answer, &token.text, ANSWER);
                }
                if let Some(row) = self.row(event) {
                    row.hear(&token.text);
                }
            }
            EventKind::MemberRetry(retry) => {
                if let Some(answer) = self.answer_of(event) {
                    answer.clear();
                }
                if let Some(row) = self.row(event) {
                    row.try_again(retry, now);
                }
            }
            EventKind::MemberCompleted(done) => {
                let Some(call) = event.call.clone() else {
                    return;
                };
                if done.status != MemberStatus::Ok
                    && let Some(answer) = self.answer_of(event)
                {
                    answer.clear();
                }
                if let Some(row) = self.row(event) {
                    row.end(&call, done, now);
                }
            }
            EventKind::RoundCompleted(done) => {
                for (id, status) in &done.statuses {
                    self.rows.entry(id.clone()).or_default().settle(*status);
                }
            }
            _ => {}
        }
    }

    /// Finds the round that goes on in the plan, of which some rounds may not have been held.
    fn take_place(&mut self) {
        let Some(round) = &self.round else { return };
        let from = match round.index {
            0 => 0,
            _ if round.iteration > 0 => self.place,
            _ => self.place + 1,
        };
        let is_it = |names: &Vec<String>| names.contains(&round.name);
        let found = self.planned.iter().skip(from).position(is_it);
        // The first of repeated rounds has iteration 0, and so has the next round of the same pass.
        self.place = found.map_or(self.place, |at| from + at);
    }

    fn row(&mut self, event: &Event) -> Option<&mut Row> {
        self.rows.get_mut(event.member.as_ref()?)
    }

    /// What has come of the reply that is to be the answer; it stays until a next round begins.
    pub(super) fn answer(&self) -> Option<&str> {
        let (_, text) = self.answer.as_ref()?;
        (!text.trim().is_empty()).then_some(text)
    }

    fn answer_of(&mut self, event: &Event) -> Option<&mut String> {
        let (call, text) = self.answer.as_mut()?;
        (event.call.as_ref() == Some(call)).then_some(text)
    }

    /// A head and at most `most` rows of members at `now`, for a terminal of `columns` columns.
    /// Members that speak come first; where some are left out, a last row says how many.
    /// Where the answer is shown elsewhere, its last words are left out.
    pub(super) fn rows(
        &self,
        now: Duration,
        columns: usize,
        most: usize,
        answer_is_shown: bool,
    ) -> Vec<Line> {
        let columns = columns.saturating_sub(MARGIN);
        let mut out = vec![self.head(now, columns)];
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        if self.rows.len() > most {
            order.sort_by_key(|&place| self.rows[place].rank());
            order.truncate(most);
            order.sort_unstable();
        }
        let left_out = self.rows.len() - order.len();
        let names = order.iter().filter_map(|&place| self.rows.get_index(place));
        let all = self.rows.keys().map(|id| id.as_str().len());
        let widest = all.max().unwrap_or(0);
        let widest = widest.min(columns / 3);
        for (id, row) in names {
            let mut line = Cut::new(columns);
            let id = words::clip(id.as_str(), widest);
            line.add(Tone::Plain, &format!("  {id:<widest$}  "));
            row.say(&mut line, now, answer_is_shown && self.answer().is_some());
            out.push(line.line);
        }
        if left_out > 0 {
            let mut line = Cut::new(columns);
            line.add(Tone::Faint, &format!("  and {left_out} more"));
            out.push(line.line);
        }
        out
    }

    fn head(&self, now: Duration, columns: usize) -> Line {
        let now = passed(now);
        let mut line = Cut::new(columns);
        let Some(round) = &self.round else {
            line.add(Tone::Strong, &self.council);
            line.add(Tone::Plain, &format!(": starting, {now}"));
            return line.line;
        };
        // How far the plan has come, and the index that every other text calls the round by.
        let (place, planned) = (self.place + 1, self.planned.len());
        line.add(Tone::Faint, &format!("[{place}/{planned}] "));
        line.add(Tone::Plain, &format!("round {}", round.index));
        let iteration = match round.iteration {
            0 => String::new(),
            again => format!(", iteration {}", again + 1),
        };
        let ended = self.rows.values().filter(|row| row.is_done()).count();
        let rest = format!("{iteration}, {ended} of {} done, {now}", self.rows.len());
        // The name gives way where there is no room for all: the index says as much.
        let room = line.left.saturating_sub(rest.len());
        if room > SHORTEST_NAME {
            let name = words::clip(&words::tidy(&round.name), room - 1);
            line.add(Tone::Strong, &format!(" {name}"));
        }
        line.add(Tone::Plain, &rest);
        line.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{RejectedReply, Usage};
    use crate::report::fixture::{self, Run, member};
    use console::measure_text_width;
    use proptest::prelude::*;
    use snapbox::{assert_data_eq, str};

    fn board(run: &Run) -> (Board, Duration) {
        let mut board = Board::default();
        let began = run.events()[0].at;
        let mut now = Duration::ZERO;
        for event in run.events() {
            now = Duration::from_millis(event.at.ms_since(began));
            board.apply(event, now);
        }
        (board, now)
    }

    fn text(rows: &[Line]) -> String {
        let rows: Vec<String> = rows.iter().map(Line::text).collect();
        rows.join("\n")
    }

    fn shown(run: &Run, columns: usize) -> String {
        let (board, now) = board(run);
        text(&board.rows(now, columns, MOST_ROWS, false))
    }

    #[test]
    fn a_round_that_goes_on() {
        assert_data_eq!(
            shown(&fixture::running(), 80),
            str![[r#"
[1/2] round 0 independent_analysis, 1 of 3 done, 0.8 s
  a  ok, 0.8 s, 132 tokens out
  b  answer, 0.8 s, ~6 tokens out  b says that it depends
  c  answer, 0.8 s, again in 0.0 s: rate_limited (HTTP 429): slow down
"#]]
        );
        assert_data_eq!(
            shown(&fixture::running(), 20),
            str![[r#"
[1/2] round 0, 1…
  a  ok, 0.8 s, …
  b  answer, 0.8…
  c  answer, 0.8…
"#]]
        );
    }

    #[test]
    fn a_reply_that_is_thrown_away_stays_counted() {
        let mut board = Board::default();
        let mut tokens = Vec::new();
        for event in fixture::streamed_synthesis().events() {
            let mut event = event.clone();
            if let EventKind::MemberRetry(retry) = &mut event.body {
                retry.discarded = Some(RejectedReply {
                    text: "half".to_owned(),
                    usage: Some(Usage {
                        output_tokens: Some(70),
                        ..Usage::default()
                    }),
                    cost_usd: None,
                });
            }
            board.apply(&event, Duration::ZERO);
            let chair = board.rows.get(&member("chair"));
            tokens.extend(chair.map(|row| row.tokens));
        }
        tokens.dedup();
        assert_eq!(tokens[..2], [0, 70]);
        assert!(tokens.is_sorted(), "{tokens:?}");
    }

    #[test]
    fn a_row_speaks_of_what_was_replied_alone() {
        let (mut board, now) = board(&fixture::failed());
        let row = &mut board.rows[&member("a")];
        row.tokens = 12_345;
        for (columns, shown) in [
            (80, "  a  ok, 0.8 s, 12,345 tokens out"),
            (36, "  a  ok, 0.8 s, 12,345 tokens out"),
            (35, "  a  ok, 0.8 s, 12,345 out"),
            (25, "  a  ok, 0.8 s, 12,34…"),
        ] {
            assert_eq!(board.rows(now, columns, MOST_ROWS, false)[1].text(), shown);
        }
    }

    #[test]
    fn a_round_that_ended() {
        assert_data_eq!(
            shown(&fixture::failed(), 80),
            str![[r#"
[1/2] round 0 independent_analysis, 3 of 3 done, 2.3 s
  a  ok, 0.8 s, 132 tokens out
  b  error, 0.8 s, transient (HTTP 500) from lab/lab/b-1: upstream failed
  c  ok, 0.8 s, 132 tokens out
"#]]
        );
    }

    #[test]
    fn before_the_first_round() {
        let mut board = Board::default();
        board.apply(&fixture::running().events()[0], Duration::ZERO);
        assert_eq!(
            text(&board.rows(Duration::from_secs(3), 80, MOST_ROWS, false)),
            "design-review: starting, 3.0 s"
        );
    }

    #[test]
    fn of_many_those_who_speak_are_shown() {
        let (mut board, now) = board(&fixture::running());
        for number in 0..20 {
            board
                .rows
                .insert(member(&format!("m{number}")), Row::default());
        }
        let call = "0.m19.answer".parse().expect("a call");
        board.rows[&member("m19")].begin(&call, Duration::ZERO);
        assert_data_eq!(
            text(&board.rows(now, 60, 4, false)),
            str![[r#"
[1/2] round 0 independent_analysis, 1 of 23 done, 0.8 s
  b    answer, 0.8 s, ~6 tokens out  …that it depends
  c    answer, 0.8 s, again in 0.0 s: rate_limited (HTTP…
  m0   not asked yet
  m19  answer, 0.8 s, waiting
  and 19 more
"#]]
        );
    }

    #[test]
    fn the_answer_is_what_the_chair_says_until_it_fails() {
        let mut board = Board::default();
        let mut said = Vec::new();
        for event in fixture::streamed_synthesis().events() {
            board.apply(event, Duration::ZERO);
            said.push(board.answer().unwrap_or("-").to_owned());
        }
        said.dedup();
        assert_eq!(said, ["-", "half", "-", "Adopt", "Adopt it."]);
    }

    proptest! {
        #[test]
        fn every_row_fits_whatever_it_holds(text in any::<String>(), columns in 20_usize..120) {
            let run = fixture::foreign(&text);
            let (mut board, _) = board(&run);
            for event in run.events() {
                board.apply(event, Duration::ZERO);
                for row in board.rows(Duration::from_secs(1), columns, MOST_ROWS, false) {
                    let row = row.text();
                    let sum: usize = row.chars().map(|c| measure_text_width(&c.to_string())).sum();
                    prop_assert!(sum <= columns - MARGIN, "{row:?}");
                    prop_assert_eq!(sum, measure_text_width(&row));
                    prop_assert!(!row.contains(|c: char| c.is_control()));
                }
            }
        }
    }
}
