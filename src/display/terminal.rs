//! A terminal as the display needs one.

use console::Term;
use std::io;

/// A terminal that rows can stand on. Clones are the same terminal.
pub trait Terminal: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// Columns and rows, just now.
    fn size(&self) -> (usize, usize);

    /// Writes `text` at once, with its ANSI control sequences.
    ///
    /// # Errors
    /// The terminal does not take it.
    fn write(&self, text: &str) -> io::Result<()>;
}

impl Terminal for Term {
    fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.size();
        (columns.into(), rows.into())
    }

    fn write(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.flush()
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! A terminal in memory, that the rows and the printer write to alike.

    use super::Terminal;
    use std::fmt;
    use std::io::{self, Write};
    use std::num::NonZeroU16;
    use std::sync::{Arc, Mutex};

    /// A terminal whose screen can be read.
    #[derive(Clone)]
    pub(crate) struct Emulator(Arc<Mutex<vt100::Parser>>);

    impl Emulator {
        pub(crate) fn new(columns: u16, height: u16) -> Self {
            let parser = vt100::Parser::new(size(height), size(columns), 0);
            Self(Arc::new(Mutex::new(parser)))
        }

        /// Makes it wider or narrower, without laying anything out anew.
        pub(crate) fn resize(&self, columns: u16) {
            let mut parser = self.0.lock().expect("no panic");
            let (height, _) = parser.screen().size();
            parser.screen_mut().set_size(height, size(columns));
        }

        /// What stands on the screen, without white space at the ends of lines.
        pub(crate) fn text(&self) -> String {
            let parser = self.0.lock().expect("no panic");
            let (_, columns) = parser.screen().size();
            let rows: Vec<String> = parser.screen().rows(0, columns.get()).collect();
            let rows = rows.iter().map(|row| row.trim_end());
            rows.collect::<Vec<_>>().join("\n").trim_end().to_owned()
        }

        pub(crate) fn send(&self, text: &str) {
            // A terminal in its usual mode begins a line at each line feed.
            let text = text.replace('\n', "\r\n");
            self.0.lock().expect("no panic").process(text.as_bytes());
        }
    }

    fn size(n: u16) -> NonZeroU16 {
        NonZeroU16::new(n).expect("a terminal has a size")
    }

    impl Terminal for Emulator {
        fn size(&self) -> (usize, usize) {
            let (rows, columns) = self.0.lock().expect("no panic").screen().size();
            (columns.get().into(), rows.get().into())
        }

        fn write(&self, text: &str) -> io::Result<()> {
            self.send(text);
            Ok(())
        }
    }

    impl Write for Emulator {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.send(&String::from_utf8_lossy(bytes));
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
}
