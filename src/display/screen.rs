//! What a display does at each moment: which line it writes, when it draws a frame.
//!
//! Time comes in as what has passed since the display began.

use super::bars::{Bars, Terminal};
use super::board::{Board, MOST_ROWS};
use super::lines::Teller;
use super::mode;
use crate::event::Event;
use crate::ui::{Line, Ui};
use std::time::Duration;

/// A run that is over sooner shows no bars.
const APPEAR: Duration = Duration::from_millis(250);

/// Between two frames.
const FRAME: Duration = Duration::from_millis(50);

/// Between two frames while nothing happens but time.
const IDLE: Duration = Duration::from_millis(100);

/// Lines, or rows, or both.
pub(super) struct Screen<T> {
    ui: Ui,
    teller: Teller,
    board: Board,
    bars: Option<Bars<T>>,
    /// When the last frame was drawn.
    drawn: Option<Duration>,
    /// Whether something has happened since.
    stale: bool,
}

impl<T: Terminal> Screen<T> {
    pub(super) fn new(ui: Ui, lines: mode::Lines, bars: Option<Bars<T>>) -> Self {
        Self {
            ui,
            teller: Teller::new(lines),
            board: Board::default(),
            bars,
            drawn: None,
            stale: false,
        }
    }

    /// Takes in an event that came at `now`.
    pub(super) fn event(&mut self, event: &Event, now: Duration) {
        if let Some(line) = self.teller.tell(event) {
            self.line(&line);
        }
        if self.bars.is_some() {
            self.board.apply(event, now);
            self.stale = true;
        }
    }

    /// Writes a line, above the rows where there are any.
    pub(super) fn line(&mut self, line: &Line) {
        match &mut self.bars {
            Some(bars) => bars.aside(|| self.ui.line_now(line)),
            None => self.ui.line(line.clone()),
        }
    }

    /// How long nothing is to be done unless something comes; none where it may be for ever.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
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
    pub(super) fn tick(&mut self, now: Duration) {
        let due = now >= self.next_frame();
        let Some(bars) = self.bars.as_mut().filter(|_| due) else {
            return;
        };
        if self.drawn.is_none() {
            // What others wrote before must not run into the rows.
            self.ui.settle();
        }
        let (columns, height) = bars.size();
        // The head, the row that counts the others, and the line of the cursor.
        let most = MOST_ROWS.min(height.saturating_sub(3)).max(1);
        bars.draw(&self.board.rows(now, columns, most), columns);
        self.drawn = Some(now);
        self.stale = false;
    }

    /// Takes the rows away.
    pub(super) fn finish(self) {
        if let Some(bars) = self.bars {
            bars.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bars::testing::Emulator;
    use super::*;
    use crate::report::fixture;
    use crate::ui::Streams;
    use snapbox::{assert_data_eq, str};

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn on(emulator: &Emulator, lines: mode::Lines) -> Screen<Emulator> {
        let ui = Ui::with(Streams::default(), std::io::sink(), emulator.clone());
        ui.text("$ council run");
        Screen::new(ui, lines, Some(Bars::new(emulator.clone())))
    }

    #[test]
    fn rows_appear_after_a_quarter_of_a_second_and_leave_nothing() {
        let emulator = Emulator::new(80, 24);
        let mut screen = on(&emulator, mode::Lines::None);
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
round 0: 1 of 3 done, 0.2 s, independent_analysis
  a  ok, 0.0 s, 532 tokens
  b  answer, 0.2 s  b says that it depends
  c  answer, 0.2 s, again in 0.5 s: rate_limited (HTTP 429): slow down
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
round 0: 1 of 3 done, 0.3 s, independent_analysis
  a  ok, 0.0 s, 532 tokens
  b  answer, 0.3 s  b says that it depends
  c  answer, 0.3 s, again in 0.5 s: rate_limited (HTTP 429): slow down
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
        let mut screen = on(&emulator, mode::Lines::None);
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
        let mut screen = on(&emulator, mode::Lines::None);
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
            let mut screen = on(&emulator, mode::Lines::None);
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
        let mut screen = on(&emulator, mode::Lines::Timeline);
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
   0.812 a: answer ok, 0.8 s, 532 tokens
round 0: 1 of 3 done, 0.5 s, independent_analysis
  a  ok, 0.0 s, 532 tokens
  b  answer, 0.1 s  b says that it depends
  c  answer, 0.1 s, again in 0.5 s: rate_limited (HTTP 429): slow down
"#]]
        );
        screen.finish();
    }
}
