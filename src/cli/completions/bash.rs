//! A command line as bash has cut it. Bash cuts words at `=`, `:` and `@` too, hands such marks over
//! as words of their own, and replaces only what stands behind the last of them (an `@` included).

use clap_complete::engine::CompletionCandidate;
use std::ffi::OsString;

/// A command line in the words that the program would be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) words: Vec<OsString>,
    /// The word that the cursor is in.
    pub(super) index: usize,
    /// How many bytes of that word bash leaves alone.
    kept: usize,
}

impl Line {
    /// The line of `words` as bash has cut them, with the cursor in the one at `index`.
    pub(super) fn of(words: &[OsString], index: usize) -> Self {
        let mut line = Self {
            words: Vec::new(),
            index,
            kept: 0,
        };
        let mut whole: Vec<String> = Vec::new();
        let mut is_open = false;
        for (place, word) in words.iter().enumerate() {
            let word = word.to_string_lossy();
            let is_cursor = place == index;
            let is_marks = !word.is_empty() && word.chars().all(|c| "=:@".contains(c));
            let follows_flag = whole.last().is_some_and(|last| last.starts_with('-'));
            match whole.last_mut() {
                // With nothing typed behind marks, bash has put the marks themselves away.
                Some(last) if is_open && !(is_cursor && word.is_empty()) => {
                    if last.ends_with('@') && word.starts_with('@') {
                        last.pop();
                    }
                    last.push_str(&word);
                    is_open = false;
                }
                Some(last)
                    if is_marks && !is_cursor && !(follows_flag && word.starts_with('@')) =>
                {
                    last.push_str(&word);
                    is_open = true;
                }
                _ => {
                    is_open = is_marks && !is_cursor;
                    whole.push(word.to_string());
                }
            }
            if is_cursor {
                line.index = whole.len() - 1;
                line.kept = whole.last().map_or(0, String::len) - word.len();
            }
        }
        line.words = whole.into_iter().map(OsString::from).collect();
        line
    }

    /// What bash is to put behind the part that it leaves alone.
    pub(super) fn rest_of(&self, candidate: &CompletionCandidate) -> String {
        let value = candidate.get_value().to_string_lossy();
        value.get(self.kept..).unwrap_or(&value).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_again() {
        type Row<'a> = (&'a [&'a str], usize, &'a [&'a str], usize, usize);
        let table: [Row<'_>; 8] = [
            (&["c", "show", "la"], 2, &["c", "show", "la"], 2, 0),
            (&["c", "--format", ""], 2, &["c", "--format", ""], 2, 0),
            (
                &["c", "--format", "=", "js"],
                3,
                &["c", "--format=js"],
                1,
                9,
            ),
            (
                &["c", "--format", "=", "json", ""],
                4,
                &["c", "--format=json", ""],
                2,
                0,
            ),
            (
                &["c", "--input", "@", "@q"],
                3,
                &["c", "--input", "@q"],
                2,
                0,
            ),
            (&["c", "--input", "=@", "@q"], 3, &["c", "--input=@q"], 1, 8),
            (
                &["c", "--input", "@", "q.md", "--at"],
                4,
                &["c", "--input", "@q.md", "--at"],
                3,
                0,
            ),
            (
                &["c", "--model", "ollama/x", ":", "3"],
                4,
                &["c", "--model", "ollama/x:3"],
                2,
                9,
            ),
        ];
        for (cut, cursor, whole, index, kept) in table {
            let cut: Vec<OsString> = cut.iter().map(OsString::from).collect();
            let line = Line {
                words: whole.iter().map(OsString::from).collect(),
                index,
                kept,
            };
            assert_eq!(Line::of(&cut, cursor), line);
        }
    }
}
