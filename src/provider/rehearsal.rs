//! The `rehearsal` provider: offline, deterministic by seed and call, and never failing.
//!
//! It answers what a request expects, marks every text as a rehearsal, and takes as long as a
//! quick model would. Nothing that it says is an opinion: what differs from member to member is
//! drawn by lot.

mod draw;
mod sample;

use super::{CallError, Piece, Pieces, Provider, Request, Stop};
use crate::event::{Expect, Message, MessageRole, Purpose, Usage};
use crate::spec::ProviderSpec;
use async_trait::async_trait;
use draw::Draw;
use futures::stream::{self, StreamExt as _};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What every text of a rehearsal begins with.
const MARK: &str = "[rehearsal]";

/// How much of a question is quoted, in characters.
const QUOTED: usize = 80;

/// How many words go into a piece.
const WORDS_A_PIECE: usize = 3;

/// Stands in for any model.
pub(super) struct Rehearsal {
    delay: Option<Duration>,
}

impl Rehearsal {
    pub(super) fn open(spec: &ProviderSpec) -> Self {
        Self { delay: spec.delay }
    }
}

#[async_trait]
impl Provider for Rehearsal {
    async fn send(&self, request: Request) -> Result<Pieces, CallError> {
        let mut draw = Draw::new(request.seed, &request.call);
        let took = self
            .delay
            .unwrap_or_else(|| Duration::from_millis(100 + draw.below(301)));
        let text = reply(&request, &mut draw);
        let usage = Usage {
            input_tokens: Some(request.messages.iter().map(|m| tokens(&m.content)).sum()),
            output_tokens: Some(tokens(&text)),
            ..Usage::default()
        };
        let pieces = cut(&text);

        // A third of the time passes before the first piece, the rest between the pieces.
        let first = took / 3;
        let gaps = u32::try_from(pieces.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let gap = (took - first).checked_div(gaps).unwrap_or_default();
        pause(
            first
                + if gaps == 0 {
                    took - first
                } else {
                    Duration::ZERO
                },
        )
        .await;

        let texts =
            stream::iter(pieces.into_iter().enumerate()).then(move |(index, piece)| async move {
                if index > 0 {
                    pause(gap).await;
                }
                Piece::Text(piece)
            });
        let end = stream::iter([Piece::Usage(usage), Piece::Stop(Stop::Done)]);
        Ok(texts.chain(end).map(Ok).boxed())
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// About as many tokens as a model would count.
fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

/// The text in pieces of a few words, white space kept.
fn cut(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    words.chunks(WORDS_A_PIECE).map(<[&str]>::concat).collect()
}

fn reply(request: &Request, draw: &mut Draw) -> String {
    match &request.expect {
        Expect::Text => prose(request, draw),
        Expect::Ranking { labels, comments } => {
            let ranking = draw.shuffled(labels);
            let mut ballot = Map::new();
            if *comments {
                let each = labels
                    .iter()
                    .map(|label| (label.clone(), json!(format!("{MARK} {}", remark(draw)))));
                ballot.insert("comments".to_owned(), Value::Object(each.collect()));
            }
            ballot.insert("rationale".to_owned(), json!(by_lot("This order")));
            ballot.insert("ranking".to_owned(), json!(ranking));
            Value::Object(ballot).to_string()
        }
        Expect::Choice { choices } => json!({
            "rationale": by_lot("This choice"),
            "choice": draw.one_of(choices),
            "confidence": draw.between(50, 95) as f64 / 100.0,
        })
        .to_string(),
        Expect::Pair { left, right } => json!({
            "rationale": by_lot("This choice"),
            "choice": draw.one_of(&[left, right]),
        })
        .to_string(),
        Expect::Revision => json!({
            "revised": draw.below(2) == 1,
            "answer": prose(request, draw),
        })
        .to_string(),
        Expect::Schema(schema) => sample::of(schema, &by_lot("This value")).to_string(),
    }
}

fn by_lot(what: &str) -> String {
    format!("{MARK} {what} was drawn by lot; a model would give its reasons here.")
}

fn remark(draw: &mut Draw) -> &'static str {
    const REMARKS: [&str; 4] = [
        "Clear; an example would help.",
        "Sound; its costs are missing.",
        "Brief; it could name its risks.",
        "Thorough; the main point comes late.",
    ];
    draw.one_of(&REMARKS).unwrap_or(&"")
}

fn prose(request: &Request, draw: &mut Draw) -> String {
    const LEANINGS: [&str; 3] = ["towards yes", "towards no", "towards a small trial first"];
    let member = &request.call.member;
    let asked = match question(&request.messages) {
        Some(question) => format!("The question begins: “{question}” "),
        None => String::new(),
    };
    let leaning = draw.one_of(&LEANINGS).unwrap_or(&"");
    match request.call.purpose {
        Purpose::Critique => format!(
            "{MARK} {member} reads what the others wrote. {} A model would go through them one by one.",
            remark(draw)
        ),
        Purpose::Synthesis => format!(
            "{MARK} {member} speaks for the council, offline and without a model. {asked}A model would weigh all answers here and decide; the lot leans {leaning}."
        ),
        _ => format!(
            "{MARK} This is {member}, offline and without a model. {asked}A model would answer here, at some length; the lot leans {leaning}."
        ),
    }
}

/// The beginning of the question: the first line of the last user message that is neither a
/// heading nor the mark of a fence.
fn question(messages: &[Message]) -> Option<String> {
    let asked = messages
        .iter()
        .rev()
        .find(|message| message.role == MessageRole::User)?;
    let line =
        asked.content.lines().map(str::trim).find(|line| {
            !line.is_empty() && !line.starts_with(['#', '<']) && !line.ends_with(':')
        })?;
    if line.chars().count() <= QUOTED {
        return Some(line.to_owned());
    }
    let mut short: String = line.chars().take(QUOTED).collect();
    if let Some(space) = short.rfind(char::is_whitespace) {
        short.truncate(space);
    }
    Some(short + "…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::{gather, request, spec, text};
    use crate::spec::ProviderKind;
    use proptest::prelude::*;
    use tokio::time::Instant;

    fn labels() -> Vec<String> {
        ["Response A", "Response B", "Response C"]
            .map(str::to_owned)
            .to_vec()
    }

    async fn ask(request: Request) -> (Vec<Piece>, Duration) {
        let rehearsal = Rehearsal::open(&spec("rehearsal", ProviderKind::Rehearsal));
        let start = Instant::now();
        let pieces = rehearsal.send(request).await.expect("it never fails");
        let (pieces, error) = gather(pieces).await;
        assert_eq!(error, None);
        (pieces, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn prose_is_marked_names_the_member_and_quotes_the_question() {
        let asked = request(
            "0.ada.answer",
            "Should a small team adopt Rust?",
            Expect::Text,
        );
        let (pieces, took) = ask(asked).await;
        let text = text(&pieces);
        assert!(text.starts_with("[rehearsal] "), "{text}");
        assert!(text.contains("ada"), "{text}");
        assert!(text.contains("“Should a small team adopt Rust?”"), "{text}");
        assert!(pieces.len() > 5, "it streams");
        assert!(matches!(
            pieces[pieces.len() - 2..],
            [
                Piece::Usage(Usage {
                    input_tokens: Some(8),
                    ..
                }),
                Piece::Stop(Stop::Done)
            ]
        ));
        assert!((100..=401).contains(&took.as_millis()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_seed_and_call_say_the_same_and_others_differ() {
        let asked = |call: &str, seed| Request {
            seed,
            ..request(
                call,
                "?",
                Expect::Ranking {
                    labels: (0..9).map(|n| format!("R{n}")).collect(),
                    comments: true,
                },
            )
        };
        let first = ask(asked("1.a.ballot", 1)).await;
        assert_eq!(first, ask(asked("1.a.ballot", 1)).await);
        assert_ne!(first.0, ask(asked("1.a.ballot", 2)).await.0);
        assert_ne!(first.0, ask(asked("1.b.ballot", 1)).await.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_of_its_own_replaces_the_drawn_one() {
        let mut spec = spec("rehearsal", ProviderKind::Rehearsal);
        for delay in [Duration::ZERO, Duration::from_secs(3)] {
            spec.delay = Some(delay);
            let start = Instant::now();
            let rehearsal = Rehearsal::open(&spec);
            let sent = rehearsal.send(request("0.a.answer", "?", Expect::Text));
            gather(sent.await.expect("it never fails")).await;
            let took = start.elapsed();
            assert!(
                took.abs_diff(delay) < Duration::from_millis(100),
                "{took:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_question_is_cut_at_a_word_and_headings_are_passed_over() {
        let asked = format!("## Question\n\n{}", "word ".repeat(40));
        let (pieces, _) = ask(request("0.a.answer", &asked, Expect::Text)).await;
        let text = text(&pieces);
        assert!(text.contains("begins: “word word"), "{text}");
        assert!(text.contains("word…”"), "{text}");
    }

    proptest! {
        #[test]
        fn every_reply_is_what_was_expected(seed in 0..1_u64 << 53, member in "[a-z]{1,8}") {
            let expectations = [
                Expect::Ranking { labels: labels(), comments: true },
                Expect::Ranking { labels: labels(), comments: false },
                Expect::Choice { choices: labels() },
                Expect::Pair { left: "x".into(), right: "y".into() },
                Expect::Revision,
                Expect::Schema(json!({
                    "type": "object",
                    "required": ["decision", "score"],
                    "properties": {
                        "decision": { "enum": ["approve", "reject"] },
                        "score": { "type": "integer", "minimum": 3 },
                    },
                })),
            ];
            for expect in expectations {
                let schema = expect.schema().expect("a schema");
                let asked = Request {
                    seed,
                    ..request(&format!("1.{member}.ballot"), "?", expect.clone())
                };
                let mut draw = Draw::new(seed, &asked.call);
                let text = reply(&asked, &mut draw);
                let value: Value = serde_json::from_str(&text).expect("JSON");
                prop_assert!(jsonschema::is_valid(&schema, &value), "{text}");
                if let Expect::Ranking { labels, .. } = &expect {
                    let mut ranked: Vec<String> =
                        serde_json::from_value(value["ranking"].clone()).expect("labels");
                    ranked.sort();
                    prop_assert_eq!(&ranked, labels);
                }
            }
        }
    }
}
