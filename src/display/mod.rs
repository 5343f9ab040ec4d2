//! What a person sees of a run while it goes on, on standard error.
//!
//! A [`Display`] has a thread of its own and a queue without bound before it: a screen that is
//! held costs memory and never the run's time. It is told what to show by [`mode::decide`];
//! where nothing is to be shown there is no thread, and where there are no bars there is no bar.
//! While bars stand the display owns standard error, and the lines of others come through it.

mod bars;
mod board;
mod closing;
mod echo;
mod limits;
pub mod lines;
pub mod mode;
mod next;
mod screen;
mod terminal;

pub use closing::{closing, lacking};
pub use mode::{Mode, Progress, Wishes};
pub use next::{Typed, next_steps};
pub use screen::Screen;
pub use terminal::Terminal;

use crate::event::{At, Event};
use crate::ui::{Line, Ui};
use console::Term;
use echo::NoEcho;
use limits::LimitsMet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A wait that lasts this much longer than it should means that the process was stopped, and that
/// others have used the terminal since.
const STOPPED: Duration = Duration::from_secs(1);

/// A screen that follows one run.
#[derive(Debug)]
pub struct Display {
    to: Option<(Sender<Message>, JoinHandle<()>)>,
    limits: LimitsMet,
}

enum Message {
    Event(Arc<Event>),
    Line(Line),
    End,
}

impl Display {
    /// Begins to show what `mode` says. While bars stand, lines given to `ui` come through here.
    #[must_use]
    pub fn start(mode: Mode, ui: &Ui) -> Self {
        if !mode.bars && mode.lines == mode::Lines::None {
            return Self::of(None);
        }
        let (to, from) = mpsc::channel();
        if mode.bars {
            let lines = to.clone();
            // After the end nobody takes lines any more; `ui` has them back by then.
            let sink = move |line| drop(lines.send(Message::Line(line)));
            ui.divert(Some(Box::new(sink)));
        }
        let own = ui.clone();
        let thread = thread::Builder::new()
            .name("display".to_owned())
            .spawn(move || show(mode, &own, &from));
        match thread {
            Ok(thread) => Self::of(Some((to, thread))),
            // Without a thread (the system has none left) there is no display.
            Err(_) => {
                ui.divert(None);
                Self::of(None)
            }
        }
    }

    fn of(to: Option<(Sender<Message>, JoinHandle<()>)>) -> Self {
        let limits = LimitsMet::default();
        Self { to, limits }
    }

    /// Shows `event`, soon. Never waits.
    pub fn event(&mut self, event: Arc<Event>) {
        self.limits.observe(&event);
        if let Some((to, _)) = &self.to {
            // A display that is gone shows nothing, and the run goes on.
            drop(to.send(Message::Event(event)));
        }
    }

    /// Shows what is still to be shown and takes the bars away: nothing of them is left, and
    /// standard error is everybody's again. Gives what is to be said before the closing line.
    pub fn finish(mut self) -> Vec<Line> {
        let limits = std::mem::take(&mut self.limits);
        drop(self);
        limits.lines().collect()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some((to, thread)) = self.to.take() {
            drop(to.send(Message::End));
            drop(thread.join());
        }
    }
}

/// Gives standard error back to everybody, also when the display dies of a panic.
struct Owned<'a>(Option<&'a Ui>);

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        if let Some(ui) = self.0 {
            ui.divert(None);
        }
    }
}

/// What has passed of a run. It may have begun before the display did.
struct Passed {
    began: Instant,
    /// When its first event came.
    first: Option<At>,
}

impl Passed {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// When `event` came, in the time of the run.
    fn at(&mut self, event: &Event) -> Duration {
        let first = *self.first.get_or_insert_with(|| {
            let age = Duration::from_millis(At::now().ms_since(event.at));
            self.began = self.began.checked_sub(age).unwrap_or(self.began);
            event.at
        });
        Duration::from_millis(event.at.ms_since(first)).min(self.now())
    }
}

fn show(mode: Mode, ui: &Ui, from: &Receiver<Message>) {
    let owned = Owned(mode.bars.then_some(ui));
    let mut screen = Screen::new(ui.clone(), mode, Term::stderr());
    // A pager behind standard output has the terminal's modes for itself.
    let is_alone = mode.bars && ui.streams().stdout_is_terminal;
    let mut no_echo = is_alone.then(NoEcho::begin).flatten();
    let mut passed = Passed {
        began: Instant::now(),
        first: None,
    };
    loop {
        let waits = passed.now();
        let message = match screen.wait(waits) {
            None => from.recv().ok(),
            Some(wait) => {
                let message = from.recv_timeout(wait);
                if passed.now() > waits + wait + STOPPED {
                    screen.interrupted();
                    // The shell that had the terminal in between has its own modes.
                    drop(no_echo.take());
                    no_echo = is_alone.then(NoEcho::begin).flatten();
                }
                match message {
                    Err(RecvTimeoutError::Timeout) => {
                        screen.tick(passed.now());
                        continue;
                    }
                    message => message.ok(),
                }
            }
        };
        match message {
            Some(Message::Event(event)) => screen.event(&event, passed.at(&event)),
            Some(Message::Line(line)) => screen.line(&line),
            Some(Message::End) | None => break,
        }
        screen.tick(passed.now());
    }
    screen.finish();
    drop(no_echo);
    drop(owned);
    // Lines that came while the bars were taken away.
    for message in from.try_iter() {
        if let Message::Line(line) = message {
            ui.line(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::ui::Streams;
    use std::io::{self, Write};
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// All that a display with `mode` says of a whole run, and a line of somebody else after it.
    fn said(mode: Mode) -> String {
        let err = Kept::default();
        let ui = Ui::with(Streams::default(), io::sink(), err.clone());
        let mut display = Display::start(mode, &ui);
        for event in fixture::whole().events() {
            display.event(Arc::new(event.clone()));
        }
        assert!(display.finish().is_empty(), "it met no limit");
        ui.text("afterwards");
        drop(ui.finish());
        let bytes = err.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("utf-8")
    }

    #[test]
    fn all_lines_stand_before_the_display_is_finished() {
        let mode = Mode {
            lines: mode::Lines::Brief,
            ..Mode::default()
        };
        let text = said(mode);
        assert!(text.starts_with("run 019aa0f0-1111"), "{text}");
        assert!(text.contains("\nchair: synthesis ok"), "{text}");
        assert!(text.ends_with("\nafterwards\n"), "{text}");
    }

    #[test]
    fn nothing_shown_is_nothing_said() {
        let display = Display::start(
            Mode::default(),
            &Ui::with(Streams::default(), io::sink(), io::sink()),
        );
        assert!(display.to.is_none(), "no thread where nothing is shown");
        assert_eq!(said(Mode::default()), "afterwards\n");
    }
}
