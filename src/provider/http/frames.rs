//! Server-sent events: bytes as they come, cut into frames.
//!
//! Pure, and linear in the bytes. It holds one frame at a time, of at most [`LIMIT`] bytes, so no
//! server can make it hold more. Where characters or lines are cut by packets makes no difference.
//! Reference: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::collections::VecDeque;

/// The longest frame that is taken, in bytes.
pub(super) const LIMIT: usize = 8 << 20;

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The data of an event.
    Data(String),
    /// A comment, which tells only that the server is there.
    Comment,
}

/// A frame is longer than [`LIMIT`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Cuts one stream.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The data lines of the frame that has not ended yet, joined.
    data: Option<Vec<u8>>,
    /// The last line ended with a carriage return: a line feed may still belong to it.
    returned: bool,
    /// A line has ended.
    began: bool,
    ready: VecDeque<Frame>,
}

impl Frames {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.returned) && *first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let held = self.line.len() + self.data.as_ref().map_or(0, Vec::len);
            if held + part.len() > LIMIT {
                return Err(TooLong);
            }
            let Some(end) = end else {
                self.line.extend_from_slice(part);
                break;
            };
            if self.line.is_empty() {
                self.end_line(part);
            } else {
                self.line.extend_from_slice(part);
                self.end_held_line();
            }
            self.returned = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    /// The stream has ended: so has the frame, even if nothing says so.
    pub(super) fn end(&mut self) {
        if !self.line.is_empty() {
            self.end_held_line();
        }
        self.end_frame();
    }

    /// The next whole frame.
    pub(super) fn next(&mut self) -> Option<Frame> {
        self.ready.pop_front()
    }

    fn end_held_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        self.end_line(&line);
        line.clear();
        self.line = line;
    }

    fn end_line(&mut self, mut line: &[u8]) {
        if !std::mem::replace(&mut self.began, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            self.end_frame();
        } else if line[0] == b':' {
            // Many at once tell no more than one.
            if self.ready.back() != Some(&Frame::Comment) {
                self.ready.push_back(Frame::Comment);
            }
        } else if let Some(value) = line.strip_prefix(b"data") {
            let value = match value.strip_prefix(b":") {
                Some(value) => value.strip_prefix(b" ").unwrap_or(value),
                None if value.is_empty() => value,
                // A field with a longer name, and no meaning.
                None => return,
            };
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
    }

    fn end_frame(&mut self) {
        let Some(data) = self.data.take() else { return };
        let data = String::from_utf8(data)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        self.ready.push_back(Frame::Data(data));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
        let mut frames = Frames::default();
        for part in parts {
            frames.feed(part).expect("short frames");
        }
        frames.end();
        std::iter::from_fn(|| frames.next()).collect()
    }

    fn data(text: &str) -> Frame {
        Frame::Data(text.to_owned())
    }

    #[test]
    fn frames_end_at_empty_lines_of_every_kind() {
        let stream = "\u{feff}data: a\n\ndata:b\r\n\r\n: ping\rdata: c\rdata:  d\r\revent: x\nid: 1\n\ndatabase: y\n\ndata\n\ndata: é";
        let expected = [
            data("a"),
            data("b"),
            Frame::Comment,
            data("c\n d"),
            data(""),
            data("é"),
        ];
        assert_eq!(cut([stream.as_bytes()]), expected);
        assert_eq!(cut(stream.as_bytes().chunks(1)), expected);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_it() {
        assert_eq!(
            cut([&b"data: \xff\n\ndata: x\n\n"[..]]),
            [data("\u{fffd}"), data("x")]
        );
    }

    #[test]
    fn a_line_or_a_frame_without_end_is_refused_at_its_limit() {
        let piece = vec![b'x'; 1 << 20];
        let mut frames = Frames::default();
        let fed = (0..100).take_while(|_| frames.feed(&piece).is_ok()).count();
        assert_eq!(fed, LIMIT >> 20);
        let mut line = b"data: ".to_vec();
        line.extend(&piece);
        line.push(b'\n');
        let mut frames = Frames::default();
        let fed = (0..100).take_while(|_| frames.feed(&line).is_ok()).count();
        assert_eq!(fed, (LIMIT >> 20) - 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn packets_make_no_difference(stream in "(data: ?|:|\n|\r|\r\n|é|x|\u{feff}){0,40}", size in 1..9_usize) {
            prop_assert_eq!(cut(stream.as_bytes().chunks(size)), cut([stream.as_bytes()]));
        }
    }
}
