//! Replies as they come in: a frame of a stream, or a whole reply, becomes pieces, by a protocol.
//!
//! Pure. What all protocols share is here: errors in the place of a reply, usage that is told in
//! parts and often, ends without a reason, and characters that are cut in two between frames.

use super::fault;
use super::protocol::{Form, Protocol, Tally};
use crate::event::{ErrorKind, Usage};
use crate::provider::{CallError, Piece};
use serde_json::Value;
use std::sync::Arc;

/// Reads one reply.
pub(super) struct Reader {
    protocol: Arc<dyn Protocol>,
    /// Whether a frame with data has come.
    pub(super) began: bool,
    /// Whether the model has ended its reply.
    pub(super) stopped: bool,
    /// Whether the server has said that nothing more comes.
    pub(super) ended: bool,
    tally: Tally,
    usage: Usage,
    /// The first half of a character whose second half the next frame holds.
    half: Option<[u8; 4]>,
}

impl Reader {
    pub(super) fn new(protocol: Arc<dyn Protocol>) -> Self {
        Self {
            protocol,
            began: false,
            stopped: false,
            ended: false,
            tally: Tally::default(),
            usage: Usage::default(),
            half: None,
        }
    }

    /// The pieces in the data of one frame of a stream, in order.
    pub(super) fn frame(&mut self, data: &str) -> Result<Vec<Piece>, CallError> {
        if data.is_empty() {
            return Ok(vec![Piece::Alive]);
        }
        self.began = true;
        if data == "[DONE]" {
            self.ended = true;
            return Ok(Vec::new());
        }
        let half = self.half.take();
        let frame = match serde_json::from_str(data) {
            Ok(frame) => frame,
            Err(fault) => serde_json::from_str(&self.mended(data, half)).map_err(|_| {
                CallError::new(
                    ErrorKind::Network,
                    format!("the server sent a frame that is not JSON: {fault}"),
                )
            })?,
        };
        let mut pieces = self.read(&frame, Form::Frame)?;
        if pieces.is_empty() {
            pieces.push(Piece::Alive);
        }
        Ok(pieces)
    }

    /// The pieces of a reply that came as one JSON document.
    pub(super) fn whole(&mut self, reply: &Value) -> Result<Vec<Piece>, CallError> {
        let pieces = self.read(reply, Form::Whole)?;
        if !self.stopped {
            return Err(CallError::new(
                ErrorKind::Network,
                "the reply is not complete: it holds no reason why it ended",
            ));
        }
        Ok(pieces)
    }

    fn read(&mut self, value: &Value, form: Form) -> Result<Vec<Piece>, CallError> {
        if let Some(error) = fault::error_in(value) {
            return Err(fault::within(error));
        }
        let said = self.protocol.read(value, form)?;
        let mut pieces = Vec::new();
        if !said.text.is_empty() {
            pieces.push(Piece::Text(said.text));
        }
        self.tally = self.tally.updated(&said.tally);
        let usage = self.protocol.usage(&self.tally);
        if usage != self.usage {
            self.usage = usage;
            pieces.push(Piece::Usage(usage));
        }
        if let Some(stop) = said.stop
            && !self.stopped
        {
            self.stopped = true;
            pieces.push(Piece::Stop(stop));
        }
        self.ended |= said.last;
        Ok(pieces)
    }

    /// `data` with each half of a character joined to its other half or struck: a first half that
    /// stands alone is kept for the next frame, a second half takes the one that `half` holds.
    fn mended(&mut self, data: &str, half: Option<[u8; 4]>) -> String {
        let mut mended = String::with_capacity(data.len() + 6);
        let mut rest = data;
        while let Some(place) = rest.find('\\') {
            let (before, escape) = rest.split_at(place);
            mended.push_str(before);
            let length = match (code(escape), escape.get(6..).and_then(code)) {
                (Some((0xd800..0xdc00, _)), Some((0xdc00..0xe000, _))) => {
                    mended.push_str(&escape[..12]);
                    12
                }
                (Some((0xd800..0xdc00, digits)), _) => {
                    self.half = Some(digits);
                    6
                }
                (Some((0xdc00..0xe000, _)), _) => {
                    match half
                        .as_ref()
                        .and_then(|half| std::str::from_utf8(half).ok())
                    {
                        Some(first) => {
                            mended.push_str("\\u");
                            mended.push_str(first);
                            mended.push_str(&escape[..6]);
                        }
                        None => mended.push('\u{fffd}'),
                    }
                    6
                }
                _ => {
                    let length = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                    mended.push_str(&escape[..length]);
                    length
                }
            };
            rest = &escape[length..];
        }
        mended.push_str(rest);
        mended
    }
}

/// The number and the digits of the `\uXXXX` with which `text` begins.
fn code(text: &str) -> Option<(u32, [u8; 4])> {
    let digits: [u8; 4] = text
        .strip_prefix("\\u")?
        .as_bytes()
        .get(..4)?
        .try_into()
        .ok()?;
    let number = digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })?;
    Some((number, digits))
}

#[cfg(test)]
mod tests {
    use super::super::openai::{Dialect, OpenAi};
    use super::*;
    use crate::provider::Stop;
    use proptest::prelude::*;
    use serde_json::json;

    fn reader() -> Reader {
        Reader::new(Arc::new(OpenAi(Dialect::Common)))
    }

    fn read(frames: &[&str]) -> Vec<Piece> {
        let mut reader = reader();
        frames
            .iter()
            .flat_map(|frame| reader.frame(frame).expect("a good frame"))
            .collect()
    }

    fn said(frames: &[&str]) -> String {
        crate::provider::tests::text(&read(frames))
    }

    #[test]
    fn a_frame_with_text_usage_and_stop_gives_all_three_in_order() {
        let pieces = read(&[
            r#"{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":0}}}"#,
        ]);
        let usage = Usage {
            input_tokens: Some(5),
            output_tokens: Some(1),
            cached_tokens: Some(4),
            reasoning_tokens: Some(0),
        };
        assert_eq!(
            pieces,
            [
                Piece::Text("x".to_owned()),
                Piece::Usage(usage),
                Piece::Stop(Stop::TokenLimit)
            ]
        );
    }

    #[test]
    fn frames_without_text_are_signs_of_life() {
        for frame in [
            "",
            r#"{"choices":[{"delta":{"role":"assistant","content":null}}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#,
            r#"{"choices":[]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"another"}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":""}],"usage":null,"error":null}"#,
            r#"{"choices":[],"usage":{}}"#,
        ] {
            assert_eq!(read(&[frame]), [Piece::Alive], "{frame}");
        }
    }

    #[test]
    fn usage_comes_with_or_without_choices_and_is_told_when_it_changes() {
        let with =
            r#"{"choices":[{"delta":{}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#;
        let without = r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#;
        let pieces = read(&[with, with, without]);
        let usages = pieces
            .iter()
            .filter(|piece| matches!(piece, Piece::Usage(_)));
        assert_eq!(usages.count(), 2);
    }

    #[test]
    fn a_character_cut_in_two_is_made_whole() {
        let first =
            r#"{"choices":[{"delta":{"content":"a \ud83d"},"logprobs":{"token":"\ud83d"}}]}"#;
        let second = r#"{"choices":[{"delta":{"content":"\ude00 \\ud83d \u00e9"},"logprobs":{"token":"\ude00"}}]}"#;
        assert_eq!(said(&[first, second]), "a 😀 \\ud83d é");
        let plain = r#"{"choices":[{"delta":{"content":"b"}}]}"#;
        assert_eq!(said(&[first, plain, second]), "a b\u{fffd} \\ud83d é");
    }

    #[test]
    fn a_frame_that_is_no_json_is_a_network_fault() {
        let error = reader().frame("<html>").expect_err("no JSON");
        assert_eq!(error.kind, ErrorKind::Network);
    }

    #[test]
    fn an_error_within_the_stream_is_one() {
        let error = reader()
            .frame(r#"{"error":{"message":"overloaded","code":503}}"#)
            .expect_err("an error");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Transient, "overloaded")
        );
    }

    #[test]
    fn a_withheld_reply_is_an_error() {
        let error = reader()
            .frame(r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#)
            .expect_err("withheld");
        assert_eq!(error.kind, ErrorKind::ContentFilter);
    }

    #[test]
    fn a_whole_reply_is_read_like_a_stream() {
        let reply = json!({
            "choices": [{ "message": { "content": [{ "type": "text", "text": " a" }, { "type": "text", "text": "b " }] } }],
            "usage": { "prompt_tokens": 1, "completion_tokens": 2 },
        });
        let pieces = reader().whole(&reply).expect("a good reply");
        assert_eq!(pieces.first(), Some(&Piece::Text(" ab ".to_owned())));
        assert_eq!(pieces.last(), Some(&Piece::Stop(Stop::Done)));
        let silent =
            json!({ "choices": [{ "message": { "content": null }, "finish_reason": "stop" }] });
        let pieces = reader().whole(&silent).expect("a good reply");
        assert_eq!(pieces, [Piece::Stop(Stop::Done)]);
        let other = reader().whole(&json!({ "models": [] }));
        assert_eq!(other.expect_err("no reply").kind, ErrorKind::InvalidOutput);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn text_comes_through_however_its_escapes_are_cut(text in "\\PC{0,12}", cuts in prop::collection::vec(0..24_usize, 0..6)) {
            let units: Vec<u16> = text.encode_utf16().collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(units.len())).collect();
            cuts.extend([0, units.len()]);
            cuts.sort_unstable();
            let mut reader = reader();
            let mut said = String::new();
            for window in cuts.windows(2) {
                let escaped: String = units[window[0]..window[1]].iter().map(|unit| format!("\\u{unit:04x}")).collect();
                // An empty frame between two halves would part them.
                if escaped.is_empty() {
                    continue;
                }
                let frame = format!(r#"{{"choices":[{{"delta":{{"content":"{escaped}"}}}}]}}"#);
                said += &crate::provider::tests::text(&reader.frame(&frame).expect("a good frame"));
            }
            prop_assert_eq!(said, text);
        }

        #[test]
        fn no_frame_makes_it_panic(frame in "(\\\\u[d8][83]|\\\\|\"|\\{|é|\\\\udc00|.){0,20}") {
            drop(reader().frame(&frame));
        }
    }
}
