//! What is printed: a figure beside its bar.

use std::io::Write as _;

/// Where the bar is.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints what was measured, and whether the bar is met.
pub(crate) fn figure(what: &str, value: f64, unit: &str, bar: Bar, note: &str) {
    let (met, word, limit) = match bar {
        Bar::AtMost(limit) => (value <= limit, "at most", limit),
        Bar::AtLeast(limit) => (value >= limit, "at least", limit),
    };
    let verdict = if met { "met" } else { "MISSED" };
    let bar = format!("{word} {limit}{unit}");
    let value = format!("{value:.3}{unit}");
    line(&format!(
        "{what:<52} {value:>11}   bar {bar:<17} {verdict:<7} {note}"
    ));
}

/// Prints why something was not measured.
pub(crate) fn without(what: &str, why: &str) {
    line(&format!("{what:<52} not measured: {why}"));
}

fn line(text: &str) {
    // Whoever closes the pipe has seen enough.
    let _closed = writeln!(std::io::stdout(), "{text}");
}
