//! What is known of the two output streams, as plain data.

use std::ffi::OsString;
use std::io::IsTerminal as _;

/// The narrowest terminal that anything is laid out for.
pub const NARROWEST: usize = 20;

/// Rows and columns of the terminal that standard output is, just now.
#[must_use]
pub fn screen() -> Option<(usize, usize)> {
    let size = console::Term::stdout().size_checked();
    size.map(|(rows, columns)| (rows.into(), columns.into()))
}

/// Columns of the terminal that standard error is, just now.
#[must_use]
pub(super) fn columns_of_stderr() -> Option<usize> {
    let size = console::Term::stderr().size_checked();
    size.map(|(_, columns)| columns.into())
}

/// Where output goes and what may be sent there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streams {
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Whether `CI` is set, and neither empty nor `false` nor `0`.
    pub ci: bool,
    /// Whether `TERM` is `dumb`.
    pub term_dumb: bool,
    /// Columns of the terminal, where there is one.
    pub width: Option<u16>,
}

impl Streams {
    /// What this process finds. The only place that asks, but for [`screen`].
    #[must_use]
    pub fn gather() -> Self {
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let stderr_is_terminal = std::io::stderr().is_terminal();
        let terminal = if stdout_is_terminal {
            Some(console::Term::stdout())
        } else if stderr_is_terminal {
            Some(console::Term::stderr())
        } else {
            None
        };
        Self {
            stdout_is_terminal,
            stderr_is_terminal,
            width: terminal
                .and_then(|terminal| terminal.size_checked())
                .map(|(_, columns)| columns),
            ..Self::of_environment(|name| std::env::var_os(name))
        }
    }

    /// What the variables say; all else as if nothing were a terminal.
    fn of_environment(get: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            no_color: set("NO_COLOR").is_some(),
            ci: set("CI").is_some_and(|value| value != "false" && value != "0"),
            term_dumb: set("TERM").is_some_and(|value| value == "dumb"),
            ..Self::default()
        }
    }

    /// Whether standard error may be coloured.
    #[must_use]
    pub fn stderr_takes_colour(&self) -> bool {
        self.stderr_is_terminal && !self.no_color && !self.term_dumb
    }

    /// Whether standard output may be coloured.
    #[must_use]
    pub fn stdout_takes_colour(&self) -> bool {
        self.stdout_is_terminal && !self.no_color && !self.term_dumb
    }

    /// Columns to lay data out for; none where standard output is no terminal, so that nothing
    /// is cut for a program that reads it.
    #[must_use]
    pub fn data_columns(&self) -> Option<usize> {
        self.stdout_is_terminal
            .then(|| usize::from(self.width.unwrap_or(80)).max(NARROWEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Streams {
        Streams::of_environment(|asked| (asked == name).then(|| value.into()))
    }

    #[test]
    fn variables_count_where_they_are_set_and_not_empty() {
        assert!(with("NO_COLOR", "1").no_color);
        assert!(!with("NO_COLOR", "").no_color);
        assert!(with("CI", "true").ci);
        assert!(with("CI", "woodpecker").ci);
        assert!(!with("CI", "false").ci && !with("CI", "0").ci && !with("CI", "").ci);
        assert!(with("TERM", "dumb").term_dumb);
        assert!(!with("TERM", "xterm-256color").term_dumb);
    }

    #[test]
    fn colour_goes_to_able_terminals_alone() {
        let terminal = Streams {
            stdout_is_terminal: true,
            stderr_is_terminal: true,
            ..Streams::default()
        };
        assert!(terminal.stderr_takes_colour() && terminal.stdout_takes_colour());
        for streams in [
            Streams::default(),
            Streams {
                no_color: true,
                ..terminal
            },
            Streams {
                term_dumb: true,
                ..terminal
            },
        ] {
            assert!(!streams.stderr_takes_colour(), "{streams:?}");
            assert!(!streams.stdout_takes_colour(), "{streams:?}");
        }
    }

    #[test]
    fn data_is_laid_out_for_terminals_alone() {
        let terminal = |width| Streams {
            stdout_is_terminal: true,
            width,
            ..Streams::default()
        };
        assert_eq!(terminal(Some(100)).data_columns(), Some(100));
        assert_eq!(terminal(Some(3)).data_columns(), Some(NARROWEST));
        assert_eq!(terminal(None).data_columns(), Some(80));
        assert_eq!(Streams::default().data_columns(), None);
    }
}
