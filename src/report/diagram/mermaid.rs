//! Foreign text made harmless for Mermaid.
//!
//! Mermaid has no escape within quotes but its entities, `#34;`, which it takes out before it
//! parses. So all is written as an entity that could mean something in any of its grammars, in its
//! Markdown, or in HTML: what is left are letters, digits, spaces and single signs within words.

use super::super::words;
use std::fmt::Write as _;

/// `text` on one line, without anything that Mermaid, a browser or a terminal would obey.
pub(super) fn escape(text: &str) -> String {
    let seen: String = text
        .chars()
        .filter(|c| c.is_whitespace() || !words::is_obeyed(*c))
        .collect();
    let words = words::tidy(&seen);
    let words = words.split(' ').map(word);
    words.collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let chars: Vec<char> = word.chars().collect();
    let plain = |place: Option<usize>| {
        let c = place.and_then(|place| chars.get(place));
        c.is_some_and(|c| is_plain(*c))
    };
    for (place, &c) in chars.iter().enumerate() {
        let (before, after) = (place.checked_sub(1), Some(place + 1));
        // `end` closes a block, wherever it stands in a sequence diagram.
        let is_end = chars[place..].len() >= 3
            && chars[place..place + 3]
                .iter()
                .zip("end".chars())
                .all(|(c, end)| c.eq_ignore_ascii_case(&end))
            && !plain(before)
            && !plain(Some(place + 3));
        let stays = match c {
            '-' | '_' | '.' | '/' => plain(before) && plain(after),
            '\'' => plain(before),
            ',' | '…' => true,
            c => is_plain(c) && !is_end,
        };
        if stays {
            out.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

/// Letters and digits; not `ﬂ`, with which Mermaid marks the entities that it took out.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() && c != 'ﬂ'
}
