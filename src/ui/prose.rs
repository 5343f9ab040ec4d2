//! Prose broken at words, where a terminal would break it anywhere.

use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter};

/// `text` with no line wider than `columns`; what follows a break stands after `indent` spaces. What stands
/// between backquotes is a command to copy, and is broken only where one is wider than a line; a
/// word that is wider is left to the terminal. Colours take no room.
pub(super) fn broken(text: &str, columns: usize, indent: usize) -> String {
    let indent = " ".repeat(indent.min(columns / 3));
    let options = Options::new(columns)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation)
        .word_separator(
            match commands(text).any(|width| width > columns - indent.len()) {
                true => WordSeparator::AsciiSpace,
                false => WordSeparator::Custom(words),
            },
        );
    let lines = text.split('\n').map(|line| textwrap::fill(line, &options));
    lines.collect::<Vec<_>>().join("\n")
}

/// The columns of each text between backquotes.
fn commands(text: &str) -> impl Iterator<Item = usize> {
    let between = text.split('`').skip(1).step_by(2);
    between.map(|command| display_width(command) + 2)
}

/// The words of a line, each with the spaces after it.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let mut rest = line;
    Box::new(std::iter::from_fn(move || {
        let end = word_end(rest);
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then(|| Word::from(word))
    }))
}

/// Where the first word of `text` and the spaces after it end. A backquote that nothing closes is
/// a character like any other.
fn word_end(text: &str) -> usize {
    let mut within = false;
    let mut spaces = false;
    for (at, c) in text.char_indices() {
        match c {
            ' ' if !within => spaces = true,
            _ if spaces => return at,
            '`' if within || text[at + 1..].contains('`') => within = !within,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn lines_end_between_words_and_commands_stay_whole() {
        let text = "hint: after a change to the file, `council run --from latest ./team.toml` asks \
                    anew what it concerns, and nothing else";
        assert_data_eq!(
            broken(text, 48, 6),
            str![[r#"
hint: after a change to the file,
      `council run --from latest ./team.toml`
      asks anew what it concerns, and nothing
      else
"#]]
        );
    }

    #[test]
    fn a_command_that_no_line_can_hold_is_broken_too() {
        assert_data_eq!(
            broken(
                "hint: `council run --from latest ./team.toml` asks anew",
                24,
                6
            ),
            str![[r#"
hint: `council run
      --from latest
      ./team.toml` asks
      anew
"#]]
        );
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        for text in ["", "  two  words ", "a\nb\n", "`open"] {
            assert_eq!(broken(text, 40, 2).trim_end(), text.trim_end());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn words_are_all_kept_in_order(text in "[a-z` é漢]{0,80}", columns in 20..60_usize) {
            let told = broken(&text, columns, 4);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&told), words(&text));
        }

        #[test]
        fn no_line_is_too_wide_and_colours_take_no_room(
            words in proptest::collection::vec("[a-z漢é]{1,6}", 1..40),
            columns in 20..60_usize,
            indent in 0..10_usize,
        ) {
            let plain = words.join(" ");
            let coloured = words.join(" \u{1b}[1mx\u{1b}[0m ");
            for text in [plain, coloured] {
                for line in broken(&text, columns, indent).lines() {
                    let width = console::measure_text_width(line);
                    prop_assert!(width <= columns, "{width} > {columns}: {line:?}");
                }
            }
        }
    }
}
