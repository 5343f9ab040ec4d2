//! What the moving rows say: the state of the round that goes on, and its text for a width.
//!
//! Pure: time comes in as what has passed since the display began. Every row is tidy and at most
//! three columns narrower than the terminal, so that it is one row there whatever it holds.

use crate::event::{CallKey, Event, EventKind, MemberId, MemberStatus, RoundRef};
use crate::report::words;
use console::measure_text_width;
use indexmap::IndexMap;
use std::time::Duration;

/// The most rows of members.
pub(super) const MOST_ROWS: usize = 8;

/// Columns that stay free at the right.
const MARGIN: usize = 3;

/// How much of a reply is kept to show its last words, in bytes.
const TAIL: usize = 1024;

/// The state of the round that goes on.
#[derive(Debug, Default)]
pub(super) struct Board {
    council: String,
    round: Option<RoundRef>,
    rows: IndexMap<MemberId, Row>,
}

#[derive(Debug, Default)]
struct Row {
    /// Calls that have begun and not ended.
    open: Vec<CallKey>,
    /// When the first of them began.
    since: Duration,
    tokens: u64,
    /// The last words of the reply that is coming in.
    tail: String,
    /// Why it waits for another attempt.
    waits: Option<String>,
    ended: Option<(MemberStatus, String)>,
}

impl Board {
    /// Takes in the next event; `now` is when it came.
    pub(super) fn apply(&mut self, event: &Event, now: Duration) {
        match &event.body {
            EventKind::RunStarted(started) => self.council = words::tidy(&started.council),
            EventKind::RoundStarted(started) => {
                self.round.clone_from(&event.round);
                let fresh = |id: &MemberId| (id.clone(), Row::default());
                self.rows = started.members.iter().map(fresh).collect();
            }
            EventKind::MemberStarted(_) => {
                if let Some(call) = &event.call {
                    let row = self.rows.entry(call.member.clone()).or_default();
                    if row.open.is_empty() {
                        row.since = now;
                    }
                    row.open.push(call.clone());
                    row.tail.clear();
                }
            }
            EventKind::MemberToken(token) => {
                if let Some(row) = self.row(event) {
                    row.waits = None;
                    row.hear(&token.text);
                }
            }
            EventKind::MemberRetry(retry) => {
                if let Some(row) = self.row(event) {
                    row.tail.clear();
                    row.waits = Some(format!(
                        "again in {}: {}",
                        words::seconds(retry.wait_ms),
                        words::tidy(&words::sentence(&retry.error))
                    ));
                }
            }
            EventKind::MemberCompleted(done) => {
                let Some(call) = event.call.clone() else {
                    return;
                };
                let Some(row) = self.row(event) else { return };
                row.open.retain(|open| *open != call);
                row.waits = None;
                row.tail.clear();
                if let Some(usage) = &done.usage {
                    row.tokens +=
                        usage.input_tokens.unwrap_or(0) + usage.output_tokens.unwrap_or(0);
                }
                let mut text = words::seconds(
                    u64::try_from((now - row.since.min(now)).as_millis()).unwrap_or(0),
                );
                if row.tokens > 0 {
                    text.push_str(&format!(
                        ", {}",
                        words::count(row.tokens, "token", "tokens")
                    ));
                }
                if let Some(error) = &done.error {
                    text.push_str(&format!(", {}", words::tidy(&words::sentence(error))));
                }
                row.ended = Some((done.status, text));
            }
            EventKind::RoundCompleted(done) => {
                for (id, status) in &done.statuses {
                    let row = self.rows.entry(id.clone()).or_default();
                    let text = row.ended.take().map_or_else(String::new, |(_, text)| text);
                    row.ended = Some((*status, text));
                    row.open.clear();
                }
            }
            _ => {}
        }
    }

    fn row(&mut self, event: &Event) -> Option<&mut Row> {
        self.rows.get_mut(event.member.as_ref()?)
    }

    /// A head and at most `most` rows of members at `now`, for a terminal of `columns` columns.
    /// Members that speak come first; where some are left out, a last row says how many.
    pub(super) fn rows(&self, now: Duration, columns: usize, most: usize) -> Vec<String> {
        let columns = columns.saturating_sub(MARGIN);
        let mut out = vec![words::clip(&self.head(now), columns)];
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        if self.rows.len() > most {
            order.sort_by_key(|&place| self.rows[place].rank());
            order.truncate(most);
            order.sort_unstable();
        }
        let left_out = self.rows.len() - order.len();
        let names = order.iter().filter_map(|&place| self.rows.get_index(place));
        let widest = names
            .clone()
            .map(|(id, _)| id.as_str().len())
            .max()
            .unwrap_or(0);
        let widest = widest.min(columns / 3);
        for (id, row) in names {
            let head = format!("  {:<widest$}  ", words::clip(id.as_str(), widest));
            let room = columns.saturating_sub(measure_text_width(&head));
            out.push(words::clip(&(head + &row.text(now, room)), columns));
        }
        if left_out > 0 {
            out.push(words::clip(&format!("  and {left_out} more"), columns));
        }
        out
    }

    fn head(&self, now: Duration) -> String {
        let now = words::seconds(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        let Some(round) = &self.round else {
            return format!("{}: starting, {now}", self.council);
        };
        let ended = self.rows.values().filter(|row| row.is_done()).count();
        format!(
            "round {}: {ended} of {} done, {now}, {}",
            round.index,
            self.rows.len(),
            words::tidy(&round.name)
        )
    }
}

impl Row {
    fn is_done(&self) -> bool {
        self.open.is_empty() && self.ended.is_some()
    }

    /// Who speaks, then who failed, then who has not begun, then who is done.
    fn rank(&self) -> u8 {
        match &self.ended {
            _ if !self.open.is_empty() => 0,
            Some((status, _)) if status.is_missing() => 1,
            None => 2,
            Some(_) => 3,
        }
    }

    fn hear(&mut self, text: &str) {
        self.tail.push_str(text);
        if self.tail.len() > 2 * TAIL {
            let from = self.tail.ceil_char_boundary(self.tail.len() - TAIL);
            self.tail.drain(..from);
        }
    }

    fn text(&self, now: Duration, room: usize) -> String {
        if self.open.is_empty() {
            return match &self.ended {
                Some((status, text)) if text.is_empty() => status.name().to_owned(),
                Some((status, text)) => format!("{status}, {text}"),
                None => "waiting".to_owned(),
            };
        }
        let ms = now.saturating_sub(self.since).as_millis();
        let head = match self.open.as_slice() {
            [call] => format!("{}, ", call.purpose),
            calls => format!("{} calls, ", calls.len()),
        } + &words::seconds(u64::try_from(ms).unwrap_or(u64::MAX));
        if let Some(waits) = &self.waits {
            return format!("{head}, {waits}");
        }
        let tail = words::tidy(&self.tail);
        if tail.is_empty() {
            return head;
        }
        let left = room.saturating_sub(head.len() + 2);
        format!("{head}  {}", words::clip_start(&tail, left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{self, Run, member};
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

    fn shown(run: &Run, columns: usize) -> String {
        let (board, now) = board(run);
        board.rows(now, columns, MOST_ROWS).join("\n")
    }

    #[test]
    fn a_round_that_goes_on() {
        assert_data_eq!(
            shown(&fixture::running(), 80),
            str![[r#"
round 0: 1 of 3 done, 0.8 s, independent_analysis
  a  ok, 0.8 s, 532 tokens
  b  answer, 0.8 s  b says that it depends
  c  answer, 0.8 s, again in 0.5 s: rate_limited (HTTP 429): slow down
"#]]
        );
        assert_data_eq!(
            shown(&fixture::running(), 20),
            str![[r#"
round 0: 1 of 3 …
  a  ok, 0.8 s, …
  b  answer, 0.8…
  c  answer, 0.8…
"#]]
        );
    }

    #[test]
    fn a_round_that_ended() {
        assert_data_eq!(
            shown(&fixture::failed(), 80),
            str![[r#"
round 0: 3 of 3 done, 2.3 s, independent_analysis
  a  ok, 0.8 s, 532 tokens
  b  error, 0.8 s, transient (HTTP 500) from lab/lab/b-1: upstream failed
  c  ok, 0.8 s, 532 tokens
"#]]
        );
    }

    #[test]
    fn before_the_first_round() {
        let mut board = Board::default();
        board.apply(&fixture::running().events()[0], Duration::ZERO);
        assert_eq!(
            board.rows(Duration::from_secs(3), 80, MOST_ROWS),
            ["design-review: starting, 3.0 s"]
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
        board.rows[&member("m19")].open.push(call);
        assert_data_eq!(
            board.rows(now, 60, 4).join("\n"),
            str![[r#"
round 0: 1 of 23 done, 0.8 s, independent_analysis
  b    answer, 0.8 s  b says that it depends
  c    answer, 0.8 s, again in 0.5 s: rate_limited (HTTP…
  m0   waiting
  m19  answer, 0.8 s
  and 19 more
"#]]
        );
    }

    proptest! {
        #[test]
        fn every_row_fits_whatever_it_holds(text in any::<String>(), columns in 20_usize..120) {
            let run = fixture::foreign(&text);
            let (mut board, _) = board(&run);
            for event in run.events() {
                board.apply(event, Duration::ZERO);
                for row in board.rows(Duration::from_secs(1), columns, MOST_ROWS) {
                    let sum: usize = row.chars().map(|c| measure_text_width(&c.to_string())).sum();
                    prop_assert!(sum <= columns - MARGIN, "{row:?}");
                    prop_assert_eq!(sum, measure_text_width(&row));
                    prop_assert!(!row.contains(|c: char| c.is_control()));
                }
            }
        }
    }
}
