//! The only file that prints: standard output carries data, standard error all else.
//!
//! While a run goes on each stream has a thread of its own ([`Ui::detach`]) and a queue without bound
//! before it, so a terminal that is held or a pipe that nobody reads costs memory and never the run's
//! time. Before that, and in commands that only print, what is printed is written at once.
//! Data is escaped on a terminal and goes byte for byte to everything else; what is said on
//! standard error is always escaped, since logs are read on terminals too. A closed standard
//! output changes nothing but [`Delivery::closed`]. While progress bars stand, lines go to whoever
//! drew them ([`Ui::divert`]). [`Ui::finish`] waits until all is written; after it nothing more is.

mod escape;
mod line;
mod printer;
mod prose;
mod streams;
mod target;
mod writer;

pub use escape::escape;
pub use line::{Line, Tone};
pub use streams::{NARROWEST, Streams, screen};
pub use writer::Delivery;

use printer::{Job, Printer};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use target::Target;

/// Takes lines while somebody else owns standard error.
pub type LineSink = Box<dyn Fn(Line) + Send>;

/// The way to both streams. Clones lead to the same ones.
#[derive(Clone)]
pub struct Ui {
    inner: Arc<Inner>,
}

struct Inner {
    streams: Streams,
    out: Printer,
    err: Printer,
    sink: Mutex<Option<LineSink>>,
}

impl Ui {
    /// The process's own streams.
    #[must_use]
    pub fn new(streams: Streams) -> Self {
        let out = Target::Stream(Box::new(io::stdout()));
        let err = Target::Stream(Box::new(io::stderr()));
        Self::of(streams, out, err, false)
    }

    /// Data goes to a file, written beside its place and renamed by [`Self::finish`]; it is
    /// never escaped.
    ///
    /// # Errors
    /// The file cannot be made there.
    pub fn with_output(streams: Streams, path: &Path) -> io::Result<Self> {
        let streams = Streams {
            stdout_is_terminal: false,
            ..streams
        };
        let err = Target::Stream(Box::new(io::stderr()));
        Ok(Self::of(streams, Target::file(path)?, err, true))
    }

    /// Any two streams in place of the process's own.
    #[must_use]
    pub fn with(
        streams: Streams,
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
    ) -> Self {
        Self::of(
            streams,
            Target::Stream(Box::new(out)),
            Target::Stream(Box::new(err)),
            true,
        )
    }

    fn of(streams: Streams, out: Target, err: Target, detached: bool) -> Self {
        Self {
            inner: Arc::new(Inner {
                streams,
                out: Printer::new("stdout", out, detached),
                err: Printer::new("stderr", err, detached),
                sink: Mutex::new(None),
            }),
        }
    }

    /// From now on whoever prints waits for nobody: for what goes on whether or not it is read.
    pub fn detach(&self) {
        for printer in [&self.inner.out, &self.inner.err] {
            printer.detach();
        }
    }

    /// What is known of the streams.
    #[must_use]
    pub fn streams(&self) -> &Streams {
        &self.inner.streams
    }

    /// [`Streams::data_columns`] of a terminal whose width may have changed since.
    #[must_use]
    pub fn data_columns(&self) -> Option<usize> {
        let then = self.inner.streams.data_columns()?;
        Some(screen().map_or(then, |(_, columns)| columns.max(NARROWEST)))
    }

    /// The columns of standard error, where that is a terminal.
    #[must_use]
    pub fn columns(&self) -> Option<usize> {
        let streams = self.inner.streams;
        let then = streams.width.map_or(80, usize::from);
        let now = || streams::columns_of_stderr().unwrap_or(then);
        streams.stderr_is_terminal.then(|| now().max(NARROWEST))
    }

    /// `text` broken at words to fit a terminal that standard error is, behind `taken` columns.
    #[must_use]
    pub fn fitted(&self, text: &str, taken: usize) -> String {
        match self.columns() {
            Some(columns) => prose::broken(text, columns.saturating_sub(taken).max(NARROWEST), 0),
            None => text.to_owned(),
        }
    }

    /// Data for standard output, as it is; escaped if that is a terminal.
    pub fn data(&self, text: &str) {
        let text = if self.inner.streams.stdout_is_terminal {
            escape(text).into_owned()
        } else {
            text.to_owned()
        };
        self.inner.out.write(text);
    }

    /// Data that was laid out for a terminal, colours and all: its maker has escaped what is not
    /// its own.
    pub fn data_drawn(&self, text: String) {
        self.inner.out.write(text);
    }

    /// Whether the reader of standard output is known to be gone.
    #[must_use]
    pub fn data_is_closed(&self) -> bool {
        self.inner.out.is_closed()
    }

    /// A line for standard error, or for whoever owns it just now.
    pub fn line(&self, line: Line) {
        match &*locked(&self.inner.sink) {
            Some(sink) => sink(line),
            None => self.inner.err.write(self.render(&line)),
        }
    }

    /// Text for standard error, of any number of lines.
    pub fn text(&self, text: impl Into<String>) {
        self.line(Line::plain(text));
    }

    /// A picture that was drawn for standard error, colours and all: its maker has escaped what
    /// is not its own.
    pub fn drawn(&self, picture: String) {
        self.inner.err.write(picture);
    }

    /// What went wrong.
    pub fn error(&self, text: impl Into<String>) {
        self.line(Line::labelled(Tone::Bad, "error: ", text));
    }

    /// What may surprise.
    pub fn warning(&self, text: impl Into<String>) {
        self.line(Line::warning(text));
    }

    /// What to do next.
    pub fn hint(&self, text: impl Into<String>) {
        self.line(Line::hint(text));
    }

    /// From now on lines go to `sink`; none gives standard error back.
    pub fn divert(&self, sink: Option<LineSink>) {
        *locked(&self.inner.sink) = sink;
    }

    /// A line for standard error from whoever owns it: it has been written when this returns.
    pub fn line_now(&self, line: &Line) {
        self.inner.err.write(self.render(line));
        self.inner.err.wait();
    }

    /// Waits until all lines so far have been written.
    pub fn settle(&self) {
        self.inner.err.wait();
    }

    /// Waits until all data is written, and ends that stream alone: what became of it can still be
    /// told on standard error. A second call knows only whether the reader went away.
    #[must_use]
    pub fn deliver(&self) -> Delivery {
        self.inner.out.end(Job::Finish).unwrap_or_else(|| Delivery {
            closed: self.data_is_closed(),
            failed: None,
        })
    }

    /// Waits until all is written on both streams, and ends them. It waits as long as a stream
    /// is held. A second call returns at once and knows only whether the reader went away.
    #[must_use]
    pub fn finish(&self) -> Delivery {
        self.divert(None);
        drop(self.inner.err.end(Job::Finish));
        self.deliver()
    }

    /// As [`Self::finish`], but a file of [`Self::with_output`] stays as it was: for a run that
    /// never began. Dropping the last clone does the same.
    pub fn abandon(&self) {
        self.divert(None);
        self.inner.end();
    }

    fn render(&self, line: &Line) -> String {
        line.render(self.inner.streams.stderr_takes_colour(), self.columns())
    }
}

/// A panic elsewhere leaves nothing half-done in what these locks guard.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    fn end(&self) {
        drop(self.err.end(Job::Abandon));
        drop(self.out.end(Job::Abandon));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::mpsc::{self, Receiver};

    /// A stream whose content can be read afterwards.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        fn text(&self) -> String {
            String::from_utf8(locked(&self.0).clone()).expect("utf-8")
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            locked(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A stream that fails in one way after it took some bytes.
    struct Failing(usize, io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(self.1.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A stream that takes nothing until it is let go.
    struct Held(Receiver<()>);

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const HOSTILE: &str = "a\u{1b}[2J\u{202e}b\r\n";

    #[test]
    fn data_is_exact_in_a_pipe_and_escaped_on_a_terminal() {
        for (stdout_is_terminal, expected) in
            [(false, HOSTILE), (true, "a\\u{1b}[2J\\u{202e}b\\u{d}\n")]
        {
            let out = Kept::default();
            let streams = Streams {
                stdout_is_terminal,
                ..Streams::default()
            };
            let ui = Ui::with(streams, out.clone(), io::sink());
            ui.data(HOSTILE);
            assert!(!ui.finish().closed);
            assert_eq!(out.text(), expected);
        }
    }

    #[test]
    fn what_is_said_keeps_its_order_and_is_always_escaped() {
        let err = Kept::default();
        let ui = Ui::with(Streams::default(), io::sink(), err.clone());
        ui.error("no \u{1b}[31mred");
        ui.warning("careful");
        ui.hint("try again");
        ui.text("two\nlines\n");
        drop(ui.finish());
        ui.text("too late");
        assert_eq!(
            err.text(),
            "error: no \\u{1b}[31mred\nwarning: careful\nhint: try again\ntwo\nlines\n"
        );
    }

    #[test]
    fn a_reader_that_goes_away_changes_nothing_but_a_flag() {
        let err = Kept::default();
        let ui = Ui::with(
            Streams::default(),
            Failing(3, io::ErrorKind::BrokenPipe),
            err.clone(),
        );
        ui.data("more than three\n");
        ui.data("and more\n");
        ui.text("still here");
        let delivery = ui.finish();
        assert!(delivery.closed && delivery.failed.is_none());
        assert!(ui.data_is_closed());
        assert_eq!(err.text(), "still here\n");
    }

    #[test]
    fn a_full_disk_is_told() {
        let full = Failing(0, io::ErrorKind::StorageFull);
        let ui = Ui::with(Streams::default(), full, io::sink());
        ui.data("text");
        let delivery = ui.finish();
        assert!(!delivery.closed);
        let failed = delivery.failed.expect("a fault");
        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_held_stream_holds_up_neither_the_caller_nor_the_other_stream() {
        let (release, held) = mpsc::channel();
        let err = Kept::default();
        let ui = Ui::with(Streams::default(), Held(held), err.clone());
        for _ in 0..10_000 {
            ui.data("a line of data\n");
        }
        ui.text("said meanwhile");
        ui.settle();
        assert_eq!(err.text(), "said meanwhile\n");
        drop(release);
        assert!(ui.finish().failed.is_none());
    }

    #[test]
    fn a_diverted_line_goes_to_its_owner_until_it_is_given_back() {
        let err = Kept::default();
        let ui = Ui::with(Streams::default(), io::sink(), err.clone());
        let (sink, seen) = mpsc::channel();
        ui.divert(Some(Box::new(move |line| {
            drop(sink.send(line));
        })));
        ui.text("diverted");
        ui.line_now(&Line::plain("by the owner"));
        ui.divert(None);
        ui.text("direct");
        drop(ui.finish());
        let diverted: Vec<String> = seen.iter().map(|line| line.text()).collect();
        assert_eq!(diverted, ["diverted"]);
        assert_eq!(err.text(), "by the owner\ndirect\n");
    }

    #[test]
    fn an_output_file_appears_whole_at_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("answer.md");
        fs::write(&path, "old").expect("writable");
        let terminal = Streams {
            stdout_is_terminal: true,
            ..Streams::default()
        };
        let ui = Ui::with_output(terminal, &path).expect("a place");
        ui.data(HOSTILE);
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        assert!(ui.finish().failed.is_none());
        assert_eq!(fs::read_to_string(&path).expect("there"), HOSTILE);
        let names = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names, 1, "nothing is left beside it");
    }

    #[test]
    fn an_output_of_a_run_that_never_began_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("answer.md");
        fs::write(&path, "old").expect("writable");
        let open = || Ui::with_output(Streams::default(), &path).expect("a place");
        open().abandon();
        drop(open());
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        let names = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(names, 1, "nothing is left beside it");
    }

    #[test]
    fn an_output_that_cannot_be_made_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().to_owned(), folder.path().join("no/such/x")] {
            assert!(Ui::with_output(Streams::default(), &path).is_err());
        }
    }
}
