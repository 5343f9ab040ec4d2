//! Text of models and servers made harmless for a terminal: what would move the cursor, change
//! colours, rename the window or reorder the line is shown instead of obeyed.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with all that a terminal would obey written out, as in `\u{1b}`. Line feeds and tabs
/// stay.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_obeyed) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(clean);
    for c in rest.chars() {
        if is_obeyed(c) {
            // Writing to a string cannot fail.
            let _ = write!(out, "{}", c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters but line feed and tab, bidi controls (the Unicode property of that name),
/// and the two separators that some terminals take for line feeds.
fn is_obeyed(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for (raw, shown) in [
            ("plain\n\ttext", "plain\n\ttext"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("over\rwritten", "over\\u{d}written"),
            ("a\u{8}b\u{7f}", "a\\u{8}b\\u{7f}"),
            ("\u{202e}desrever\u{2069}", "\\u{202e}desrever\\u{2069}"),
            ("漢字 👩‍👩‍👧 e\u{301}", "漢字 👩‍👩‍👧 e\u{301}"),
        ] {
            assert_eq!(escape(raw), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_obeyed_is_left_and_the_rest_is_kept(text in any::<String>()) {
            let shown = escape(&text);
            prop_assert!(!shown.contains(is_obeyed));
            if !text.contains(is_obeyed) {
                prop_assert_eq!(shown.as_ref(), text.as_str());
            }
            prop_assert_eq!(escape(&shown), shown.as_ref());
        }
    }
}
