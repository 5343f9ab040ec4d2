//! What a program says: bytes become text as they come, and the end of a complaint is kept.

/// How much of a complaint is kept, in bytes.
const LONGEST_TAIL: usize = 1024;

/// Text out of bytes that may be split anywhere. One end of line at the very end is no part of it:
/// programs end their last line, and an answer is a text.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// Bytes that cannot be given away yet: the beginning of a character, or an end of line.
    held: Vec<u8>,
    /// How many bytes were given away.
    given: usize,
}

impl Text {
    /// The text that is sure after `bytes`.
    ///
    /// # Errors
    /// The place of the first byte that is no text, from 0.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<String, usize> {
        self.held.extend_from_slice(bytes);
        let good = match std::str::from_utf8(&self.held) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                let good = &self.held[..error.valid_up_to()];
                std::str::from_utf8(good).unwrap_or_default()
            }
            Err(error) => return Err(self.given + error.valid_up_to()),
        };
        let whole = good.len() == self.held.len();
        let text = match good {
            // The rest of the line has begun.
            _ if !whole => good,
            _ => ["\r\n", "\n", "\r"]
                .iter()
                .find_map(|end| good.strip_suffix(end))
                .unwrap_or(good),
        }
        .to_owned();
        self.held.drain(..text.len());
        self.given += text.len();
        Ok(text)
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    /// The place of a character that is not whole, from 0.
    pub(super) fn end(&self) -> Result<(), usize> {
        match std::str::from_utf8(&self.held) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.given + error.valid_up_to()),
        }
    }

    /// Whether text has been given away.
    pub(super) fn has_begun(&self) -> bool {
        self.given > 0
    }
}

/// The last words of a program.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    cut: bool,
}

impl Tail {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let fresh = &bytes[bytes.len().saturating_sub(LONGEST_TAIL)..];
        let over = (self.bytes.len() + fresh.len()).saturating_sub(LONGEST_TAIL);
        self.cut |= over > 0 || fresh.len() < bytes.len();
        self.bytes.drain(..over.min(self.bytes.len()));
        self.bytes.extend_from_slice(fresh);
    }

    /// As text, without white space around it; what is no text is marked.
    pub(super) fn text(&self) -> String {
        let mut bytes = self.bytes.as_slice();
        if self.cut {
            // Not in the middle of a character.
            while let [0x80..=0xbf, rest @ ..] = bytes {
                bytes = rest;
            }
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim();
        match (self.cut, text) {
            (true, text) if !text.is_empty() => format!("… {text}"),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text of `pieces`, and whether it ended well.
    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<String, usize> {
        let mut text = Text::default();
        let mut all = String::new();
        for piece in pieces {
            all += &text.take(piece)?;
        }
        text.end().map(|()| all)
    }

    #[test]
    fn one_end_of_line_at_the_end_is_dropped() {
        for (said, text) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("a\n b\n", "a\n b"),
            ("\n", ""),
            ("", ""),
            ("a", "a"),
        ] {
            assert_eq!(read([said.as_bytes()]), Ok(text.to_owned()), "{said:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_named_by_its_byte() {
        assert_eq!(read([b"ab".as_slice(), b"c\xff".as_slice()]), Err(3));
        assert_eq!(read([b"a\n".as_slice(), b"\xe2\x82".as_slice()]), Err(2));
        assert_eq!(read([b"\xe2\x82".as_slice(), b"a".as_slice()]), Err(0));
    }

    #[test]
    fn a_tail_is_the_last_words_alone() {
        let mut tail = Tail::default();
        tail.push(b" \n one ");
        assert_eq!(tail.text(), "one");
        tail.push("ü".repeat(LONGEST_TAIL).as_bytes());
        tail.push(b"x");
        let text = tail.text();
        assert!(text.starts_with("… ü") && text.ends_with("üx"), "{text}");
        assert!(text.len() <= LONGEST_TAIL + "… ".len());
        assert_eq!(Tail::default().text(), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn text_is_the_same_however_it_is_split(text in "[a\u{e9}\u{1f600}\r\n]{0,20}", size in 1_usize..5) {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let whole = read([text.as_bytes()]);
            prop_assert_eq!(read(pieces), whole);
        }
    }
}
