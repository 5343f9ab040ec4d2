//! Rows on a terminal that move, drawn by indicatif. The only file that knows it.
//!
//! All rows are the message of one bar, so a frame is one draw. Nobody else may write to the
//! terminal while they stand, except inside [`Bars::aside`].

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

/// A terminal that rows can stand on.
pub(super) trait Terminal: TermLike + Clone + 'static {}

impl<T: TermLike + Clone + 'static> Terminal for T {}

/// Rows that stand on a terminal until they are cleared.
#[derive(Debug)]
pub(super) struct Bars<T> {
    terminal: T,
    bar: ProgressBar,
    /// The columns that the last frame was drawn for, and its rows.
    last: Option<(usize, usize)>,
}

impl<T: Terminal> Bars<T> {
    /// Rows for `terminal`; nothing is drawn yet.
    pub(super) fn new(terminal: T) -> Self {
        // The caller keeps to its own rate; this one only has to be above it.
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 100);
        let bar = ProgressBar::with_draw_target(None, target);
        // The template is constant and right; without it the rows would be merely plainer.
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self {
            terminal,
            bar,
            last: None,
        }
    }

    /// Columns and rows of the terminal just now.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.terminal.width().into(), self.terminal.height().into())
    }

    /// Replaces what stands by `rows`, each of them narrower than `columns`.
    pub(super) fn draw(&mut self, rows: &[String], columns: usize) {
        self.follow_resize(columns);
        self.bar.set_message(rows.join("\n"));
        self.bar.force_draw();
        self.last = Some((columns, rows.len()));
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

    /// Takes the rows away and leaves the cursor where they began.
    pub(super) fn clear(mut self) {
        if self.last.is_some() {
            let (columns, _) = self.size();
            self.follow_resize(columns);
        }
        self.bar.finish_and_clear();
    }

    /// Rows are padded to the full width and wrap into one another, so a terminal whose width
    /// changes lays them out anew, while indicatif counts on as many as before. The cursor goes
    /// to where it would stand then: too few rows are made up below; of too many, those below
    /// are wiped.
    fn follow_resize(&mut self, columns: usize) {
        let Some((old, rows)) = self.last else { return };
        if old == columns || columns == 0 {
            return;
        }
        let now = (rows * old).div_ceil(columns);
        // A terminal that fails takes the rows with it; there is nothing to save.
        let moved = if now < rows {
            self.terminal.write_str(&"\n".repeat(rows - now))
        } else {
            self.terminal
                .move_cursor_up(now - rows)
                .and_then(|()| self.terminal.write_str("\r\u{1b}[J"))
        };
        drop(moved.and_then(|()| self.terminal.flush()));
        self.last = Some((columns, rows));
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! A terminal in memory, that indicatif and the printer write to alike.

    use indicatif::TermLike;
    use std::fmt;
    use std::io::{self, Write};
    use std::num::NonZeroU16;
    use std::sync::{Arc, Mutex};

    /// A terminal whose screen can be read.
    #[derive(Clone)]
    pub(crate) struct Emulator(Arc<Mutex<vt100::Parser>>);

    impl Emulator {
        pub(crate) fn new(columns: u16, height: u16) -> Self {
            let parser = vt100::Parser::new(nonzero(height), nonzero(columns), 0);
            Self(Arc::new(Mutex::new(parser)))
        }

        /// What stands on the screen, without white space at the ends of lines.
        pub(crate) fn text(&self) -> String {
            let parser = self.0.lock().expect("no panic");
            let (_, columns) = parser.screen().size();
            let rows: Vec<String> = parser.screen().rows(0, columns.get()).collect();
            let rows = rows.iter().map(|row| row.trim_end());
            rows.collect::<Vec<_>>().join("\n").trim_end().to_owned()
        }

        fn send(&self, text: &str) -> io::Result<()> {
            // A terminal in its usual mode begins a line at each line feed.
            let text = text.replace('\n', "\r\n");
            self.0.lock().expect("no panic").process(text.as_bytes());
            Ok(())
        }
    }

    impl Write for Emulator {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.send(&String::from_utf8_lossy(bytes))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl fmt::Debug for Emulator {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Emulator")
        }
    }

    fn nonzero(n: u16) -> NonZeroU16 {
        NonZeroU16::new(n).expect("a terminal has a size")
    }

    fn moved(emulator: &Emulator, n: usize, letter: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => emulator.send(&format!("\u{1b}[{n}{letter}")),
        }
    }

    impl TermLike for Emulator {
        fn width(&self) -> u16 {
            self.0.lock().expect("no panic").screen().size().1.get()
        }

        fn height(&self) -> u16 {
            self.0.lock().expect("no panic").screen().size().0.get()
        }

        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            moved(self, n, 'A')
        }

        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            moved(self, n, 'B')
        }

        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            moved(self, n, 'C')
        }

        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            moved(self, n, 'D')
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.send(&format!("{text}\n"))
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.send(text)
        }

        fn clear_line(&self) -> io::Result<()> {
            self.send("\r\u{1b}[2K")
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }
}
