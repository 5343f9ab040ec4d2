//! Rows on a terminal that move, drawn by indicatif. The only file that knows it.
//!
//! All rows are the message of one bar, so a frame is one draw. Nobody else may write to the
//! terminal while they stand, except inside [`Bars::aside`]. Between frames the cursor stands at
//! the left of the last row: what the terminal echoes (`^C`) is overwritten and moves no row.

use super::terminal::Terminal;
use console::measure_text_width;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Wipes what is right of a row, and begins the next.
const ROW_END: &str = "\u{1b}[K\n";

/// Rows that stand on a terminal until they are cleared.
#[derive(Debug)]
pub(super) struct Bars<T> {
    terminal: T,
    bar: ProgressBar,
    /// The columns that the last frame was drawn for, and how wide its rows are.
    last: Option<(usize, Vec<usize>)>,
}

impl<T: Terminal> Bars<T> {
    /// Rows for `terminal`; nothing is drawn yet.
    pub(super) fn new(terminal: T) -> Self {
        Self {
            bar: bar(terminal.clone()),
            terminal,
            last: None,
        }
    }

    /// Columns and rows of the terminal just now.
    pub(super) fn size(&self) -> (usize, usize) {
        self.terminal.size()
    }

    /// Replaces what stands by `rows`, each of them narrower than `columns`.
    pub(super) fn draw(&mut self, rows: &[String], columns: usize) {
        self.follow_resize(columns);
        self.bar.set_message(rows.join("\n"));
        self.bar.force_draw();
        let widths = rows.iter().map(|row| measure_text_width(row)).collect();
        self.last = Some((columns, widths));
    }

    /// Lets `write` write to the terminal, above the rows.
    pub(super) fn aside(&mut self, write: impl FnOnce()) {
        if self.last.is_none() {
            write();
            return;
        }
        let (columns, _) = self.size();
        self.follow_resize(columns);
        self.bar.suspend(write);
    }

    /// Leaves the rows where they are: others have written since, and the next frame begins
    /// where the cursor is.
    pub(super) fn forget(&mut self) {
        if self.last.take().is_some() {
            self.bar.set_draw_target(ProgressDrawTarget::hidden());
            self.bar = bar(self.terminal.clone());
        }
    }

    /// Takes the rows away and leaves the cursor where they began.
    pub(super) fn clear(mut self) {
        if self.last.is_some() {
            let (columns, _) = self.size();
            self.follow_resize(columns);
        }
        self.bar.finish_and_clear();
    }

    /// A terminal that becomes narrower breaks the rows that no longer fit, while indicatif counts
    /// on as many as before: the cursor goes up by what was added, and what is below is wiped.
    fn follow_resize(&mut self, columns: usize) {
        let Some((old, widths)) = &mut self.last else {
            return;
        };
        if *old == columns || columns == 0 {
            return;
        }
        *old = columns;
        let above = widths.split_last().map_or(&[][..], |(_, above)| above);
        let added: usize = above
            .iter()
            .map(|wide| wide.saturating_sub(1) / columns)
            .sum();
        let up = match added {
            0 => String::new(),
            added => format!("\u{1b}[{added}A"),
        };
        // A terminal that fails takes the rows with it; there is nothing to save.
        drop(self.terminal.write(&(up + "\r\u{1b}[J")));
    }
}

fn bar<T: Terminal>(terminal: T) -> ProgressBar {
    // The caller keeps to its own rate; this one only has to be above it.
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(Frames::new(terminal)), 100);
    let bar = ProgressBar::with_draw_target(None, target);
    // The template is constant and right; without it the rows would be merely plainer.
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        bar.set_style(style);
    }
    bar
}

/// Gathers what makes a frame, so that it is written at once. indicatif fills each row with spaces
/// to the full width, so that a terminal takes them all for one long line and lays that out anew
/// when its width changes; here the rest of a row is wiped instead and the row is ended.
struct Frames<T> {
    terminal: T,
    gathered: Mutex<String>,
}

impl<T: Terminal> Frames<T> {
    fn new(terminal: T) -> Self {
        Self {
            terminal,
            gathered: Mutex::new(String::new()),
        }
    }

    fn gather(&self, text: &str) -> io::Result<()> {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.push_str(text);
        Ok(())
    }

    fn step(&self, n: usize, letter: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.gather(&format!("\u{1b}[{n}{letter}")),
        }
    }
}

impl<T> fmt::Debug for Frames<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Frames")
    }
}

impl<T: Terminal> TermLike for Frames<T> {
    fn width(&self) -> u16 {
        u16::try_from(self.terminal.size().0).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(self.terminal.size().1).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.gather(text)?;
        self.gather("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let fills = !text.is_empty() && text.bytes().all(|byte| byte == b' ');
        self.gather(if fills { ROW_END } else { text })
    }

    fn clear_line(&self) -> io::Result<()> {
        self.gather("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.is_empty() {
            return Ok(());
        }
        // The cursor stays in the last row.
        if gathered.ends_with(ROW_END) {
            gathered.pop();
        }
        gathered.push('\r');
        self.terminal.write(&std::mem::take(&mut *gathered))
    }
}
