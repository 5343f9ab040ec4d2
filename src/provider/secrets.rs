//! The secrets of one request, so that nothing that a server or a program sends back can show them.
//!
//! It echoes a key as it came, or in the escapes of URLs, JSON or HTML: all are found.

use crate::provider::CallError;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands in the place of a secret.
const STRIPPED: &str = "[redacted]";

/// Shorter values are no secrets, and would be found in every other word.
const SHORTEST: usize = 4;

/// So much of a secret at the end of a text, which was cut there, is taken for the secret.
const SHORTEST_BEGINNING: usize = 8;

/// The longest writing of one character, in bytes.
const LONGEST_ESCAPE: usize = 6;

/// The secrets that a request holds.
#[derive(Default)]
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(super) fn add(&mut self, secret: SecretString) {
        if secret.expose_secret().len() >= SHORTEST {
            self.0.push(secret);
        }
    }

    /// The error without any of the secrets.
    pub(super) fn strip(&self, mut error: CallError) -> CallError {
        error.message = self.strip_text(error.message);
        error
    }

    /// The text without any of the secrets; one that is cut at its end goes too.
    pub(super) fn strip_text(&self, mut text: String) -> String {
        for secret in &self.0 {
            text = strip(text, secret.expose_secret().as_bytes(), SHORTEST_BEGINNING);
        }
        text
    }

    /// The same for a text that goes on: what may be the beginning of a secret stays in `held`
    /// until the next piece tells.
    pub(super) fn strip_piece(&self, held: &mut String, piece: &str) -> String {
        held.push_str(piece);
        let mut text = std::mem::take(held);
        let mut open = 0;
        for secret in &self.0 {
            let secret = secret.expose_secret().as_bytes();
            text = strip(text, secret, usize::MAX);
            open = open.max(open_end(text.as_bytes(), secret));
        }
        *held = text.split_off(text.len() - open);
        text
    }
}

/// The text without `secret`, and without a beginning of it of `shortest` bytes or more at the end.
fn strip(text: String, secret: &[u8], shortest: usize) -> String {
    let mut clean = String::new();
    let (mut kept, mut at) = (0, 0);
    while at < text.len() {
        let end = match found(text.as_bytes(), at, secret) {
            Found::Whole(end) => Some(end),
            Found::Beginning(count) => (count >= shortest).then_some(text.len()),
            Found::Nothing => None,
        };
        match end {
            Some(end) => {
                clean.push_str(&text[kept..at]);
                clean.push_str(STRIPPED);
                (kept, at) = (end, end);
            }
            None => at += 1,
        }
    }
    if kept == 0 {
        return text;
    }
    clean.push_str(&text[kept..]);
    clean
}

/// How many bytes at the end of `text` may be the beginning of `secret`.
fn open_end(text: &[u8], secret: &[u8]) -> usize {
    let longest = text.len().min(secret.len().saturating_mul(LONGEST_ESCAPE));
    let starts = text.len() - longest..text.len();
    let mut open = starts.filter(|start| match found(text, *start, secret) {
        Found::Beginning(_) => true,
        // The end of the text may cut an escape in two.
        Found::Nothing => b"%\\&".contains(&text[*start]) && text.len() - start < LONGEST_ESCAPE,
        Found::Whole(_) => false,
    });
    open.next().map_or(0, |start| text.len() - start)
}

/// What stands at some place of a text.
enum Found {
    /// The secret, up to there.
    Whole(usize),
    /// So many of its bytes, and then the text ends.
    Beginning(usize),
    Nothing,
}

fn found(text: &[u8], start: usize, secret: &[u8]) -> Found {
    // Before its escapes, for it may itself look like one.
    let rest = &text[start..];
    if rest.starts_with(secret) {
        return Found::Whole(start + secret.len());
    }
    if secret.starts_with(rest) {
        return Found::Beginning(rest.len());
    }
    let mut at = start;
    for (count, byte) in secret.iter().enumerate() {
        let rest = &text[at..];
        let Some(width) = width(rest, *byte) else {
            let cut = match rest {
                [] => true,
                [first, ..] => rest.len() < LONGEST_ESCAPE && b"%\\&".contains(first),
            };
            return if cut && count > 0 {
                Found::Beginning(count)
            } else {
                Found::Nothing
            };
        };
        at += width;
    }
    Found::Whole(at)
}

/// How many bytes at the beginning of `text` stand for `byte`, which is ASCII.
fn width(text: &[u8], byte: u8) -> Option<usize> {
    let hex = |digits: Option<&[u8]>| {
        let digits = std::str::from_utf8(digits?).ok()?;
        u8::from_str_radix(digits, 16).ok()
    };
    match text {
        [b'%', ..] if hex(text.get(1..3)) == Some(byte) => Some(3),
        [b'\\', b'u', b'0', b'0', ..] if hex(text.get(4..6)) == Some(byte) => Some(6),
        [b'\\', escaped, ..] if *escaped == byte && b"\"\\/".contains(escaped) => Some(2),
        [b'&', ..] => {
            let entity: &[&[u8]] = match byte {
                b'&' => &[b"&amp;", b"&#38;", b"&#x26;"],
                b'<' => &[b"&lt;", b"&#60;"],
                b'>' => &[b"&gt;", b"&#62;"],
                b'"' => &[b"&quot;", b"&#34;", b"&#x22;"],
                b'\'' => &[b"&#39;", b"&#x27;", b"&apos;"],
                b'/' => &[b"&#x2F;", b"&#47;"],
                b'=' => &[b"&#x3D;", b"&#61;"],
                b'+' => &[b"&#43;", b"&#x2B;"],
                _ => &[],
            };
            let written = entity.iter().find(|form| text.starts_with(form));
            written
                .map(|form| form.len())
                .or((byte == b'&').then_some(1))
        }
        [first, ..] if *first == byte => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stripped(text: &str, secret: &str) -> String {
        let mut secrets = Secrets::default();
        secrets.add(SecretString::from(secret));
        secrets.strip_text(text.to_owned())
    }

    #[test]
    fn a_secret_is_found_in_every_writing() {
        let key = r#"sk-a+b/c="d\e"#;
        for text in [
            r#"sk-a+b/c="d\e"#,
            "sk-a%2Bb%2fc%3D%22d%5Ce",
            r#"sk-a+b\/c=\"d\\e"#,
            r#"sk-a\u002bb\u002Fc\u003d\u0022d\\e"#,
            r#"sk-a&#43;b&#x2F;c=&quot;d\e"#,
        ] {
            assert_eq!(stripped(&format!("é {text} ü"), key), "é [redacted] ü");
        }
        assert_eq!(stripped("cut: sk-a+b/c=", key), "cut: [redacted]");
        assert_eq!(stripped("sk-a is short", key), "sk-a is short");
        assert_eq!(stripped("a cat", "cat"), "a cat");
        assert_eq!(stripped("", key), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_cut_between_pieces_hides_it(before in "\\PC{0,8}", key in "[!-~]{8,20}", after in "\\PC{0,8}", size in 1..6_usize) {
            let mut secrets = Secrets::default();
            secrets.add(SecretString::from(key.as_str()));
            let chars: Vec<char> = format!("{before}{key}{after}").chars().collect();
            let (mut held, mut said) = (String::new(), String::new());
            for piece in chars.chunks(size) {
                said += &secrets.strip_piece(&mut held, &piece.iter().collect::<String>());
            }
            said += &held;
            prop_assert!(!said.contains(&key));
        }

        #[test]
        fn texts_without_it_stay_as_they_are(text in "[a-c%\\\\&]{0,20}", size in 1..6_usize) {
            let mut secrets = Secrets::default();
            secrets.add(SecretString::from("abc%dddddddd"));
            let (mut held, mut said) = (String::new(), String::new());
            for piece in text.as_bytes().chunks(size) {
                said += &secrets.strip_piece(&mut held, &String::from_utf8_lossy(piece));
            }
            prop_assert_eq!(said + &held, text);
        }

        #[test]
        fn no_text_shows_it_nor_makes_it_panic(before in "\\PC{0,8}", key in "[ -~]{8,20}", after in "\\PC{0,8}") {
            let text = format!("{before}{key}{after}");
            prop_assert!(!stripped(&text, &key).contains(&key));
            prop_assert!(!stripped(&serde_json::json!(text).to_string(), &key).contains(&key));
        }
    }
}
