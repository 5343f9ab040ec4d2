//! Small texts that all reports share: durations, counts, and foreign text made fit for one row.

use crate::event::{MemberStatus, Missing, RunError, Usage};
use console::measure_text_width;

/// A piece of a word that is longer than this is shown all the same, in bytes.
const LONGEST_CUT: usize = 24;

/// `ms` as people say it: `0.8 s`, `1 m 05 s`, `2 h 03 m`.
#[must_use]
pub fn seconds(ms: u64) -> String {
    let whole = ms / 1000;
    match whole {
        0..60 => format!("{whole}.{} s", ms % 1000 / 100),
        60..3600 => format!("{} m {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} m", whole / 3600, whole % 3600 / 60),
    }
}

/// `n` with commas between thousands.
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `n` things, by their name.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// Names as a sentence has them: `a, b and c`.
#[must_use]
pub fn all_of(names: &[String]) -> String {
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// Tokens in all, then of prompts and of replies, as far as they were told: `83 tokens (45 in, 38
/// out)`; none where nobody told them.
#[must_use]
pub fn tokens(usage: &Usage) -> Option<String> {
    tokens_by_width(usage).into_iter().next()
}

/// What [`tokens`] says, then the same in fewer and fewer words; empty where nobody told them.
#[must_use]
pub fn tokens_by_width(usage: &Usage) -> Vec<String> {
    match (usage.input_tokens, usage.output_tokens) {
        (None, None) => Vec::new(),
        (Some(input), None) => vec![format!("{} in", count(input, "token", "tokens"))],
        (None, Some(output)) => vec![tokens_out(output)],
        (Some(input), Some(output)) => {
            let all = count(input.saturating_add(output), "token", "tokens");
            let (input, output) = (thousands(input), thousands(output));
            vec![
                format!("{all} ({input} in, {output} out)"),
                format!("{input} tokens in, {output} out"),
                all,
            ]
        }
    }
}

/// Tokens of replies: `38 tokens out`.
#[must_use]
pub fn tokens_out(output: u64) -> String {
    format!("{} out", count(output, "token", "tokens"))
}

/// US dollars, to a hundredth of a cent.
#[must_use]
pub fn dollars(cost_usd: f64) -> String {
    format!("${cost_usd:.4}")
}

/// A share or score rounded to two places, but neither up to where a council is no longer split
/// nor up to the whole: 0.599 is 0.59, and 0.999 is 0.99.
#[must_use]
pub fn share(value: f64) -> String {
    let reaches = |bound: f64| value < bound && (value * 100.0).round() >= (bound * 100.0).round();
    // What a sum falls short of the whole by its rounding is none.
    let is_less = 1.0 - value > 1e-9;
    if reaches(super::standing::SPLIT_BELOW) || (is_less && reaches(1.0)) {
        return format!("{:.2}", (value * 100.0).floor() / 100.0);
    }
    format!("{:.2}", (value * 100.0).round() / 100.0)
}

/// `text` on one line: every run of white space is one space.
#[must_use]
pub fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// `text` on one line of which every terminal has the same width: white space is one space,
/// controls are `?`, characters without a width are dropped, and so is all that would join with
/// the character before it.
#[must_use]
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    for c in text.chars() {
        let c = match c {
            _ if c.is_whitespace() => ' ',
            _ if c.is_control() || is_bidi_control(c) => '?',
            _ => c,
        };
        if c == ' ' && last.is_none_or(|last| last == ' ') {
            continue;
        }
        if !c.is_ascii() {
            let own = width_of(&[c]);
            if own == 0 {
                continue;
            }
            if last.is_some_and(|last| width_of(&[last, c]) != width_of(&[last]) + own) {
                continue;
            }
        }
        last = Some(c);
        out.push(c);
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// Whether a terminal may obey `c` instead of showing it, or take it for a line feed.
pub(super) fn is_obeyed(c: char) -> bool {
    c.is_control() || is_bidi_control(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn width_of(chars: &[char]) -> usize {
    measure_text_width(&chars.iter().collect::<String>())
}

/// The start of `text` in at most `columns` columns of a terminal.
#[must_use]
pub fn clip(text: &str, columns: usize) -> String {
    console::truncate_str(text, columns, "…").into_owned()
}

/// The end of a tidy `text` in at most `columns` columns of a terminal: whole words, where there are
/// any, after an ellipsis for those that are left out.
#[must_use]
pub fn last_words(text: &str, columns: usize) -> String {
    if end_of(text, columns).len() == text.len() {
        return text.to_owned();
    }
    let end = end_of(text, columns.saturating_sub(1));
    let words = match end.split_once(' ') {
        Some((cut, words)) if cut.len() <= LONGEST_CUT && !words.is_empty() => words,
        _ => end,
    };
    format!("…{words}")
}

/// As much of the end of `text` as `columns` columns hold.
fn end_of(text: &str, columns: usize) -> &str {
    let mut left = columns;
    let mut from = text.len();
    for (place, c) in text.char_indices().rev() {
        let width = if c.is_ascii() { 1 } else { width_of(&[c]) };
        if width > left {
            break;
        }
        left -= width;
        from = place;
    }
    &text[from..]
}

/// Why somebody is missing, on one line.
#[must_use]
pub fn cause(missing: &Missing) -> String {
    match (&missing.error, missing.status) {
        (Some(error), MemberStatus::Skipped) => format!("skipped after {}", sentence(error)),
        (Some(error), _) => sentence(error),
        (None, status) => status.name().to_owned(),
    }
}

/// What kind of error it is, with its HTTP status: `transient (HTTP 500)`.
#[must_use]
pub fn kind(error: &RunError) -> String {
    let status = error.http_status;
    let status = status.map_or(String::new(), |status| format!(" (HTTP {status})"));
    format!("{}{status}", error.kind.name())
}

/// An error on one line; a server's page of HTML is cut.
#[must_use]
pub fn sentence(error: &RunError) -> String {
    clip(&flat(&error.to_string()), 240)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_and_counts_read_well() {
        for (ms, text) in [
            (0, "0.0 s"),
            (812, "0.8 s"),
            (59_999, "59.9 s"),
            (65_000, "1 m 05 s"),
            (7_380_000, "2 h 03 m"),
        ] {
            assert_eq!(seconds(ms), text);
        }
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(n), text);
        }
        assert_eq!(count(1, "token", "tokens"), "1 token");
    }

    #[test]
    fn tokens_are_told_as_far_as_they_are_known() {
        for (input, output, text) in [
            (None, None, None),
            (Some(45), None, Some("45 tokens in")),
            (None, Some(1), Some("1 token out")),
            (
                Some(1_900),
                Some(354),
                Some("2,254 tokens (1,900 in, 354 out)"),
            ),
        ] {
            let usage = Usage {
                input_tokens: input,
                output_tokens: output,
                ..Usage::default()
            };
            assert_eq!(tokens(&usage).as_deref(), text);
        }
    }

    #[test]
    fn a_share_is_rounded_but_passes_for_no_more_than_it_is() {
        for (value, text) in [
            (0.0, "0.00"),
            (2.0 / 3.0, "0.67"),
            (1.0 / 3.0, "0.33"),
            (0.594, "0.59"),
            (0.599, "0.59"),
            (0.599_999_999_999, "0.59"),
            (0.604, "0.60"),
            (0.606, "0.61"),
            (0.996, "0.99"),
            (1.0 - 1e-12, "1.00"),
            (0.6, "0.60"),
            (0.29, "0.29"),
            (1.0, "1.00"),
        ] {
            assert_eq!(share(value), text);
        }
    }

    #[test]
    fn tidy_text_has_one_width_everywhere() {
        for (raw, tidied) in [
            ("  two\n\n\tlines ", "two lines"),
            ("\u{1b}[31mred\u{7}", "?[31mred?"),
            ("\u{202e}back\u{200f}", "?back?"),
            ("e\u{301}", "e"),
            ("👍🏽 👩‍👩‍👧 ❤️", "👍 👩👩👧 ❤"),
            ("漢字かな", "漢字かな"),
        ] {
            assert_eq!(tidy(raw), tidied);
        }
    }

    #[test]
    fn the_last_words_are_whole() {
        for (columns, shown) in [
            (40, "it depends on the team"),
            (16, "…on the team"),
            (8, "…team"),
            (3, "…am"),
        ] {
            assert_eq!(last_words("it depends on the team", columns), shown);
        }
        assert_eq!(last_words("漢字かな交じり文", 9), "…交じり文");
    }

    proptest! {
        #[test]
        fn tidy_text_is_as_wide_as_its_characters(text in any::<String>(), columns in 1_usize..60) {
            let tidied = tidy(&text);
            let sum: usize = tidied.chars().map(|c| width_of(&[c])).sum();
            prop_assert_eq!(measure_text_width(&tidied), sum);
            prop_assert!(measure_text_width(&clip(&tidied, columns)) <= columns);
            prop_assert!(measure_text_width(&last_words(&tidied, columns)) <= columns);
        }
    }
}
