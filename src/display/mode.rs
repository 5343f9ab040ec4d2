//! What a screen gets, decided in one place from plain data.

use crate::report::Format;
use crate::ui::Streams;

/// What `--progress` asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    /// What fits the terminal.
    #[default]
    Auto,
    /// Rows that move.
    Bars,
    /// A line for each thing that happens.
    Plain,
    /// Nothing.
    None,
}

/// What the caller wants to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `--progress`.
    pub progress: Progress,
    /// `-q`.
    pub quiet: bool,
    /// How many `-v`.
    pub verbosity: u8,
    /// `--format`.
    pub format: Format,
}

/// What is shown on standard error while a run goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mode {
    /// Rows that move.
    pub bars: bool,
    /// Among them the answer as it comes in: it is printed on the same terminal afterwards.
    pub answer: bool,
    /// Lines, and which.
    pub lines: Lines,
    /// The line at the end.
    pub closing: bool,
    /// What goes to providers and comes from them.
    pub wire: bool,
}

/// Which lines are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lines {
    /// None.
    #[default]
    None,
    /// Notices: what bars would take away with them.
    Notices,
    /// Rounds, members' ends, retries, notices.
    Brief,
    /// Every step with its time.
    Timeline,
}

/// What is shown, by the first row that fits:
///
/// | wish | where | bars | lines | closing line |
/// | --- | --- | --- | --- | --- |
/// | `-q` | anywhere | no | none | no |
/// | `none` | anywhere | no | none, `-v`: timeline | yes |
/// | `plain` | anywhere | no | brief, `-v`: timeline | yes |
/// | `bars` | able | yes | notices, `-v`: timeline | yes |
/// | `bars` | not able | no | brief, `-v`: timeline | yes |
/// | `auto` | able, no `CI`, no `-v` | yes | notices | yes |
/// | `auto` | events go to the terminal, no `-v` | no | none | yes |
/// | `auto` | elsewhere | no | brief, `-v`: timeline | yes |
///
/// `-vv` besides shows the wire, but for `-q`. Able is a standard error that is a terminal and not dumb, while no events (`ndjson`) go to a
/// terminal on standard output, where they would run through the rows. Bars show the answer as it
/// comes in where it is going to be printed as text on a terminal.
#[must_use]
pub fn decide(wishes: &Wishes, streams: &Streams) -> Mode {
    if wishes.quiet {
        return Mode::default();
    }
    let events_on_terminal = wishes.format == Format::Ndjson && streams.stdout_is_terminal;
    let able = streams.stderr_is_terminal && !streams.term_dumb && !events_on_terminal;
    let verbose = wishes.verbosity > 0;
    let bars = match wishes.progress {
        Progress::None | Progress::Plain => false,
        Progress::Bars => able,
        Progress::Auto => able && !streams.ci && !verbose,
    };
    let silent = match wishes.progress {
        Progress::None => true,
        Progress::Plain | Progress::Bars => false,
        Progress::Auto => events_on_terminal,
    };
    Mode {
        bars,
        answer: bars && wishes.format == Format::Text && streams.stdout_is_terminal,
        lines: match () {
            () if verbose => Lines::Timeline,
            () if silent => Lines::None,
            () if bars => Lines::Notices,
            () => Lines::Brief,
        },
        closing: true,
        wire: wishes.verbosity > 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{assert_data_eq, str};
    use std::collections::BTreeMap;

    /// Every combination, as text to what it comes to.
    fn all() -> impl Iterator<Item = (Wishes, Streams)> {
        let progresses = [
            Progress::Auto,
            Progress::Bars,
            Progress::Plain,
            Progress::None,
        ];
        let formats = [Format::Text, Format::Markdown, Format::Json, Format::Ndjson];
        progresses.into_iter().flat_map(move |progress| {
            formats.into_iter().flat_map(move |format| {
                (0..1_u32 << 8).map(move |bits| {
                    let bit = |place: u32| bits >> place & 1 == 1;
                    let wishes = Wishes {
                        progress,
                        format,
                        quiet: bit(0),
                        verbosity: u8::from(bit(1)) + u8::from(bit(2)),
                    };
                    let streams = Streams {
                        stdout_is_terminal: bit(3),
                        stderr_is_terminal: bit(4),
                        no_color: bit(5),
                        ci: bit(6),
                        term_dumb: bit(7),
                        width: None,
                    };
                    (wishes, streams)
                })
            })
        })
    }

    /// The table of the docs, row by row.
    fn by_the_table(wishes: &Wishes, streams: &Streams) -> (bool, Lines, bool) {
        let events_on_terminal = wishes.format == Format::Ndjson && streams.stdout_is_terminal;
        let able = streams.stderr_is_terminal && !streams.term_dumb && !events_on_terminal;
        let v = wishes.verbosity > 0;
        let or_timeline = |lines| if v { Lines::Timeline } else { lines };
        match wishes.progress {
            _ if wishes.quiet => (false, Lines::None, false),
            Progress::None => (false, or_timeline(Lines::None), true),
            Progress::Plain => (false, or_timeline(Lines::Brief), true),
            Progress::Bars if able => (true, or_timeline(Lines::Notices), true),
            Progress::Bars => (false, or_timeline(Lines::Brief), true),
            Progress::Auto if able && !streams.ci && !v => (true, Lines::Notices, true),
            Progress::Auto if events_on_terminal && !v => (false, Lines::None, true),
            Progress::Auto => (false, or_timeline(Lines::Brief), true),
        }
    }

    #[test]
    fn every_combination_is_as_the_table_says() {
        let mut met = 0;
        for (wishes, streams) in all() {
            let Mode {
                bars,
                answer,
                lines,
                closing,
                wire,
            } = decide(&wishes, &streams);
            assert_eq!(
                (bars, lines, closing),
                by_the_table(&wishes, &streams),
                "{wishes:?} {streams:?}"
            );
            // What must hold whatever the table says.
            assert!(!bars || streams.stderr_is_terminal && !streams.term_dumb && !wishes.quiet);
            assert!(!(bars && lines == Lines::Brief), "never both");
            let printed = wishes.format == Format::Text && streams.stdout_is_terminal;
            assert_eq!(answer, bars && printed);
            assert_eq!(wire, wishes.verbosity > 1 && !wishes.quiet);
            met += 1;
        }
        assert_eq!(met, 4 * 4 * 256);
    }

    #[test]
    fn usual_places() {
        let terminal = Streams {
            stdout_is_terminal: true,
            stderr_is_terminal: true,
            ..Streams::default()
        };
        let places = BTreeMap::from([
            ("1 a terminal", terminal),
            (
                "2 a terminal, output in a file",
                Streams {
                    stdout_is_terminal: false,
                    ..terminal
                },
            ),
            (
                "3 a terminal in CI",
                Streams {
                    ci: true,
                    ..terminal
                },
            ),
            (
                "4 a dumb terminal",
                Streams {
                    term_dumb: true,
                    ..terminal
                },
            ),
            ("5 a pipe", Streams::default()),
        ]);
        let mut text = String::new();
        for (place, streams) in places {
            for format in [Format::Text, Format::Ndjson] {
                let wishes = Wishes {
                    format,
                    ..Wishes::default()
                };
                let Mode { bars, lines, .. } = decide(&wishes, &streams);
                text.push_str(&format!(
                    "{place}, {format:?}: bars {bars}, lines {lines:?}\n"
                ));
            }
        }
        assert_data_eq!(
            text,
            str![[r#"
1 a terminal, Text: bars true, lines Notices
1 a terminal, Ndjson: bars false, lines None
2 a terminal, output in a file, Text: bars true, lines Notices
2 a terminal, output in a file, Ndjson: bars true, lines Notices
3 a terminal in CI, Text: bars false, lines Brief
3 a terminal in CI, Ndjson: bars false, lines None
4 a dumb terminal, Text: bars false, lines Brief
4 a dumb terminal, Ndjson: bars false, lines None
5 a pipe, Text: bars false, lines Brief
5 a pipe, Ndjson: bars false, lines Brief

"#]]
        );
    }
}
