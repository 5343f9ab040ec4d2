//! What a display does at each moment: which line it writes, when it draws a frame.
//!
//! Time comes in as what has passed since the display began.

use super::bars::Bars;
use super::board::{Board, MARGIN, MOST_ROWS};
use super::lines::Teller;
use super::mode::Mode;
use super::terminal::Terminal;
use crate::event::Event;
use crate::report::terminal;
use crate::ui::{Line, Ui};
use std::time::Duration;

/// A run that is over sooner shows no bars.
const APPEAR: Duration = Duration::from_millis(250);

/// Between two frames.
const FRAME: Duration = Duration::from_millis(50);

/// Between two frames while nothing happens but time.
const IDLE: Duration = Duration::from_millis(100);

/// The most rows of an answer that comes in.
const ANSWER_ROWS: usize = 16;

/// Lines, or rows, or both.
pub struct Screen<T> {
    ui: Ui,
    mode: Mode,
    teller: Teller,
    board: Board,
    bars: Option<Bars<T>>,
    /// When the last frame was drawn.
    drawn: Option<Duration>,
    /// Whether something has happened since.
    stale: bool,
}

impl<T: Terminal> Screen<T> {
    /// Shows what `mode` says: lines through `ui`, rows on `terminal`.
    #[must_use]
    pub fn new(ui: Ui, mode: Mode, terminal: T) -> Self {
        Self {
            ui,
            mode,
            teller: Teller::new(mode.lines),
            board: Board::default(),
            bars: mode.bars.then(|| Bars::new(terminal)),
            drawn: None,
            stale: false,
        }
    }

    /// Takes in an event that came at `now`.
    pub fn event(&mut self, event: &Event, now: Duration) {
        if let Some(line) = self.teller.tell(event) {
            self.line(&line);
        }
        if self.bars.is_some() {
            self.board.apply(event, now);
            self.stale = true;
        }
    }

    /// Writes a line, above the rows where there are any.
    pub fn line(&mut self, line: &Line) {
        match &mut self.bars {
            Some(bars) => bars.aside(|| self.ui.line_now(line)),
            None => self.ui.line(line.clone()),
        }
    }

    /// How long nothing is to be done unless something comes; none where it may be for ever.
    #[must_use]
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        self.bars.as_ref()?;
        Some(self.next_frame().saturating_sub(now))
    }

    fn next_frame(&self) -> Duration {
        match self.drawn {
            None => APPEAR,
            Some(drawn) => drawn + if self.stale { FRAME } else { IDLE },
        }
    }

    /// Draws a frame if one is due at `now`.
    pub fn tick(&mut self, now: Duration) {
        let due = now >= self.next_frame();
        let Some(bars) = self.bars.as_mut().filter(|_| due) else {
            return;
        };
        if self.drawn.is_none() {
            // What others wrote before must not run into the rows.
            self.ui.settle();
        }
        let (columns, height) = bars.size();
        let rows = rows(&self.board, self.mode, &self.ui, now, columns, height);
        bars.draw(&rows, columns);
        self.drawn = Some(now);
        self.stale = false;
    }

    /// Others have written on the terminal since the last frame: the next one begins anew.
    pub fn interrupted(&mut self) {
        if let Some(bars) = &mut self.bars {
            bars.forget();
        }
    }

    /// Takes the rows away.
    pub fn finish(self) {
        if let Some(bars) = self.bars {
            bars.clear();
        }
    }
}

/// A frame for a terminal of `columns` and `height`.
fn rows(
    board: &Board,
    mode: Mode,
    ui: &Ui,
    now: Duration,
    columns: usize,
    height: usize,
) -> Vec<String> {
    let colour = ui.streams().stderr_takes_colour();
    // The head, the row that counts the others, and the line of the cursor.
    let most = MOST_ROWS.min(height.saturating_sub(3)).max(1);
    let lines = board.rows(now, columns, most, mode.answer);
    let mut rows: Vec<String> = lines
        .iter()
        .map(|line| line.render(colour, None).trim_end_matches('\n').to_owned())
        .collect();
    // An empty row above the answer, and the line of the cursor.
    let room = ANSWER_ROWS.min(height.saturating_sub(rows.len() + 2));
    if let Some(answer) = board.answer().filter(|_| mode.answer && room > 0) {
        rows.push(String::new());
        let columns = columns.saturating_sub(MARGIN);
        rows.extend(terminal::tail(answer, columns, colour, room));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::mode::Lines;
    use super::super::terminal::testing::Emulator;
    use super::*;
    use crate::report::fixture;
    use crate::ui::Streams;
    use snapbox::{assert_data_eq, str};

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn on(emulator: &Emulator, lines: Lines) -> Screen<Emulator> {
        let ui = Ui::with(Streams::default(), std::io::sink(), emulator.clone());
        ui.text("$ council run");
        let mode = Mode {
            bars: true,
            answer: true,
            lines,
            closing: true,
            wire: false,
        };
        Screen::new(ui, mode, emulator.clone())
    }

    #[test]
    fn rows_appear_after_a_quarter_of_a_second_and_leave_nothing() {
        let emulator = Emulator::new(80, 24);
        let mut screen = on(&emulator, Lines::None);
        assert_eq!(screen.wait(ms(0)), Some(APPEAR));
        for event in fixture::running().events() {
            screen.event(event, ms(10));
            screen.tick(ms(10));
        }
        screen.ui.settle();
        assert_eq!(emulator.text(), "$ council run");
        screen.tick(ms(250));
        assert_data_eq!(
            emulator.text(),
            str![[r#"
$ council run
[1/2] round 0 independent_analysis, 1 of 3 done, 0.2 s
  a  ok, 0.0 s, 132 tokens out
  b  answer, 0.2 s, ~6 tokens out  b says that it depends
  c  answer, 0.2 s, again in 0.2 s: rate_limited (HTTP 429): slow down
"#]]
        );
        screen.line(&Line::plain("warning: a line of somebody else"));
        screen.tick(ms(300));
        assert_eq!(screen.wait(ms(300)), Some(ms(50)), "idle, it draws less");
        screen.tick(ms(350));
        assert_data_eq!(
            emulator.text(),
            str![[r#"
$ council run
warning: a line of somebody else
[1/2] round 0 independent_analysis, 1 of 3 done, 0.3 s
  a  ok, 0.0 s, 132 tokens out
  b  answer, 0.3 s, ~6 tokens out  b says that it depends
  c  answer, 0.3 s, again in 0.1 s: rate_limited (HTTP 429): slow down
"#]]
        );
        screen.finish();
        assert_eq!(
            emulator.text(),
            "$ council run\nwarning: a line of somebody else"
        );
    }

    #[test]
    fn a_run_that_is_over_at_once_shows_no_row() {
        let emulator = Emulator::new(80, 24);
        let mut screen = on(&emulator, Lines::None);
        for event in fixture::whole().events() {
            screen.event(event, ms(20));
            screen.tick(ms(20));
        }
        screen.ui.settle();
        screen.finish();
        assert_eq!(emulator.text(), "$ council run");
    }

    #[test]
    fn frames_are_no_closer_than_a_twentieth_of_a_second() {
        let emulator = Emulator::new(80, 24);
        let mut screen = on(&emulator, Lines::None);
        let run = fixture::running();
        screen.event(&run.events()[0], ms(0));
        screen.tick(ms(250));
        let frame = emulator.text();
        for (place, event) in run.events()[1..].iter().enumerate() {
            screen.event(event, ms(251 + place as u64));
            screen.tick(ms(251 + place as u64));
        }
        assert_eq!(emulator.text(), frame);
        screen.tick(ms(300));
        assert_ne!(emulator.text(), frame);
        screen.finish();
    }

    #[test]
    fn hostile_text_on_a_narrow_terminal_stays_in_its_rows() {
        for (columns, height) in [(20, 6), (40, 24), (80, 4)] {
            let emulator = Emulator::new(columns, height);
            let mut screen = on(&emulator, Lines::None);
            let events = fixture::hostile();
            for (place, event) in events.events().iter().enumerate() {
                let now = ms(300 + 100 * place as u64);
                screen.event(event, now);
                screen.tick(now);
                let text = emulator.text();
                assert!(text.starts_with("$ council run"), "{text}");
            }
            screen.finish();
            assert_eq!(emulator.text(), "$ council run");
        }
    }

    #[test]
    fn lines_and_rows_together_keep_their_order() {
        let emulator = Emulator::new(80, 24);
        let mut screen = on(&emulator, Lines::Timeline);
        for event in fixture::running().events() {
            screen.event(event, ms(400));
            screen.tick(ms(400));
        }
        screen.tick(ms(500));
        assert_data_eq!(
            emulator.text(),
            str![[r#"
$ council run
   0.000 run 019aa0f0-1111-7222-8333-444455556666 of design-review: 3 members an
d a chair, 2 rounds
   0.000 round 0 independent_analysis: a, b, c
   0.000 0.a.answer asks lab/a-1
   0.000 0.b.answer asks lab/b-1
   0.000 0.c.answer asks lab/c-1
   0.400 c: answer attempt 1 failed, rate_limited (HTTP 429): slow down; again i
n 0.5 s
   0.812 a: answer ok, 0.8 s, 532 tokens (400 in, 132 out)
[1/2] round 0 independent_analysis, 1 of 3 done, 0.5 s
  a  ok, 0.0 s, 132 tokens out
  b  answer, 0.1 s, ~6 tokens out  b says that it depends
  c  answer, 0.1 s, again in 0.4 s: rate_limited (HTTP 429): slow down
"#]]
        );
        screen.finish();
    }

    #[test]
    fn what_the_keyboard_echoes_leaves_no_row_behind() {
        for columns in [40, 80] {
            let emulator = Emulator::new(columns, 24);
            let mut screen = on(&emulator, Lines::None);
            for event in fixture::running().events() {
                screen.event(event, ms(300));
            }
            screen.tick(ms(300));
            emulator.send("^C");
            screen.tick(ms(400));
            emulator.send("^C^C");
            screen.line(&Line::plain("ending the run"));
            screen.tick(ms(500));
            emulator.send("^C");
            screen.finish();
            assert_eq!(emulator.text(), "$ council run\nending the run");
        }
    }

    #[test]
    fn a_wider_terminal_keeps_no_row_of_the_narrow_one() {
        let emulator = Emulator::new(40, 24);
        let mut screen = on(&emulator, Lines::None);
        for event in fixture::running().events() {
            screen.event(event, ms(300));
        }
        screen.tick(ms(300));
        emulator.resize(100);
        screen.tick(ms(400));
        assert_data_eq!(
            emulator.text(),
            str![[r#"
$ council run
[1/2] round 0 independent_analysis, 1 of 3 done, 0.4 s
  a  ok, 0.0 s, 132 tokens out
  b  answer, 0.1 s, ~6 tokens out  b says that it depends
  c  answer, 0.1 s, again in 0.4 s: rate_limited (HTTP 429): slow down
"#]]
        );
        emulator.resize(120);
        screen.finish();
        assert_eq!(emulator.text(), "$ council run");
    }

    #[test]
    fn after_a_stop_nothing_that_others_wrote_is_wiped() {
        let emulator = Emulator::new(80, 24);
        let mut screen = on(&emulator, Lines::None);
        for event in fixture::running().events() {
            screen.event(event, ms(300));
        }
        screen.tick(ms(300));
        emulator.send("^Z\n[1]+ Stopped\n$ fg\ncouncil run\n");
        screen.interrupted();
        screen.tick(ms(9_000));
        let text = emulator.text();
        assert!(
            text.contains("[1]+ Stopped\n$ fg\ncouncil run\n[1/2] "),
            "{text}"
        );
        screen.finish();
        let text = emulator.text();
        assert!(text.ends_with("\n$ fg\ncouncil run"), "{text}");
    }

    #[test]
    fn the_answer_streams_below_the_rows_and_goes_with_them() {
        let emulator = Emulator::new(60, 12);
        let mut screen = on(&emulator, Lines::None);
        let run = fixture::streamed_synthesis();
        let retry = |event: &Event| event.body.name() == "member_retry";
        let retried = run.events().iter().position(retry).expect("a retry");
        for event in &run.events()[..=retried] {
            screen.event(event, ms(300));
        }
        screen.tick(ms(1_000));
        let text = emulator.text();
        assert!(!text.contains("half"), "what is discarded is gone: {text}");
        for event in &run.events()[retried + 1..] {
            screen.event(event, ms(2_000));
        }
        screen.tick(ms(3_000));
        assert_data_eq!(
            emulator.text(),
            str![[r#"
$ council run
[2/2] round 1 synthesis, 1 of 1 done, 3.0 s
  chair  ok, 1.7 s, 132 tokens out

Adopt it.
"#]]
        );
        screen.finish();
        assert_eq!(emulator.text(), "$ council run");
    }
}
