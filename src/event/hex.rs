//! Bytes as text: how hashes stand in events, names and prompts.

use std::fmt::Write as _;

/// `bytes` in hex, two small digits each.
#[must_use]
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex([0, 0x0a, 0xf0, 0xff]), "000af0ff");
        assert_eq!(hex(b""), "");
    }
}
