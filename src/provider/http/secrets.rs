//! The secrets of one request, so that nothing that a server sends back can show them.
//!
//! A server echoes a key as it came, or in the escapes of URLs, JSON or HTML: all are found.

use crate::provider::CallError;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands in the place of a secret.
const STRIPPED: &str = "[redacted]";

/// Shorter values are no secrets, and would be found in every other word.
const SHORTEST: usize = 4;

/// So much of a secret at the end of a text, which was cut there, is taken for the secret.
const SHORTEST_BEGINNING: usize = 8;

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

    /// The text without any of the secrets.
    pub(super) fn strip_text(&self, mut text: String) -> String {
        for secret in &self.0 {
            text = strip(text, secret.expose_secret().as_bytes());
        }
        text
    }
}

fn strip(text: String, secret: &[u8]) -> String {
    let mut clean = String::new();
    let (mut kept, mut at) = (0, 0);
    while at < text.len() {
        match found(text.as_bytes(), at, secret) {
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

/// Where the secret that begins at `start` ends.
fn found(text: &[u8], start: usize, secret: &[u8]) -> Option<usize> {
    // Before its escapes, for it may itself look like one.
    if text[start..].starts_with(secret) {
        return Some(start + secret.len());
    }
    let mut at = start;
    for (count, byte) in secret.iter().enumerate() {
        if at == text.len() && count >= SHORTEST_BEGINNING {
            return Some(at);
        }
        at += width(&text[at..], *byte)?;
    }
    Some(at)
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
        fn no_text_shows_it_nor_makes_it_panic(before in "\\PC{0,8}", key in "[ -~]{8,20}", after in "\\PC{0,8}") {
            let text = format!("{before}{key}{after}");
            prop_assert!(!stripped(&text, &key).contains(&key));
            prop_assert!(!stripped(&serde_json::json!(text).to_string(), &key).contains(&key));
        }
    }
}
