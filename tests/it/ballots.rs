//! Ballots as a real model wrote them, each with the verdict of a person who read it.

use council::event::{Ask, Expect};
use council::round::read;
use proptest::prelude::*;
use proptest::sample::Index;
use serde::Deserialize;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Corpus {
    reply: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    /// How it was asked for.
    #[expect(dead_code, reason = "told to the reader of the corpus")]
    how: String,
    wants: Wants,
    names: Vec<String>,
    /// The order, the choice, or nothing where it is no ballot.
    verdict: Vec<String>,
    confidence: Option<f64>,
    /// What must be flagged, each the beginning of a flag.
    #[serde(default)]
    flags: Vec<String>,
    /// The reason for the verdict, where it does not meet the eye.
    #[expect(dead_code, reason = "told to the reader of the corpus")]
    why: Option<String>,
    text: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wants {
    Ranking,
    Choice,
}

static CORPUS: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ballots/smollm2.toml");
    let text = fs::read_to_string(path).expect("the corpus");
    toml::from_str::<Corpus>(&text).expect("TOML").reply
});

fn ask(wants: Wants, names: &[String]) -> Ask {
    let names = names.to_vec();
    Ask {
        call: "1.x.ballot".parse().expect("a key"),
        messages: Vec::new(),
        expect: match wants {
            Wants::Ranking => Expect::Ranking {
                labels: names,
                comments: true,
            },
            Wants::Choice => Expect::Choice { choices: names },
        },
        labels: None,
    }
}

/// What is wrong with the reading of `case`; nothing where it is as the verdict says.
fn fault(case: &Case) -> Option<String> {
    let reading = read(&ask(case.wants, &case.names), &case.text);
    let (found, confidence, flags) = match &reading {
        Ok(reading) => {
            let ballot = reading.ballot.clone().unwrap_or_default();
            let found: Vec<String> = ballot.ranking.into_iter().chain(ballot.choice).collect();
            (found, reading.confidence, ballot.flags)
        }
        Err(_) => (Vec::new(), None, Vec::new()),
    };
    if found != case.verdict || confidence != case.confidence {
        let id = &case.id;
        let read = reading.map_or_else(|fault| fault.0, |_| format!("{found:?} {confidence:?}"));
        return Some(format!(
            "{id}: {:?} {:?}, read: {read}",
            case.verdict, case.confidence
        ));
    }
    let missing = case
        .flags
        .iter()
        .find(|wanted| !flags.iter().any(|flag| flag.starts_with(wanted.as_str())));
    missing.map(|wanted| format!("{}: no flag `{wanted}` in {flags:?}", case.id))
}

#[test]
fn real_replies_are_read_as_a_person_reads_them() {
    let faults: Vec<String> = CORPUS.iter().filter_map(fault).collect();
    assert_eq!(faults, Vec::<String>::new(), "{}", faults.join("\n"));
}

#[test]
fn the_corpus_is_large_and_half_of_it_is_no_ballot() {
    let none = CORPUS.iter().filter(|case| case.verdict.is_empty()).count();
    assert!(CORPUS.len() >= 40, "{}", CORPUS.len());
    assert!(2 * none >= CORPUS.len(), "{none} of {}", CORPUS.len());
}

/// A cut, a doubling or a strange piece somewhere in a text.
#[derive(Debug, Clone)]
enum Change {
    Cut(Index, Index),
    Double(Index, Index),
    Put(Index, &'static str),
    /// A piece of another reply.
    Graft(Index, Index, Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "\\",
        ":",
        ",",
        "\n",
        ">",
        "</think>",
        "\u{0}",
        "ä",
        "“",
        "1. ",
        "Response A",
        "Ranking: ",
        "Choice: ",
        "\"ranking\": ",
        "Confidence: ",
        "1e999",
        "-",
        "İ",
        "score",
    ];
    prop_oneof![
        (place(), place()).prop_map(|(from, to)| Change::Cut(from, to)),
        (place(), place()).prop_map(|(from, to)| Change::Double(from, to)),
        (place(), prop::sample::select(pieces.to_vec()))
            .prop_map(|(at, piece)| Change::Put(at, piece)),
        (place(), place(), place(), place())
            .prop_map(|(at, other, from, to)| Change::Graft(at, other, from, to)),
    ]
}

/// The piece of `text` between two places.
fn piece<'t>(text: &'t str, from: &Index, to: &Index) -> (usize, &'t str) {
    let place = |index: &Index| text.floor_char_boundary(index.index(text.len() + 1));
    let (from, to) = (place(from), place(to));
    (from.min(to), &text[from.min(to)..from.max(to)])
}

fn changed(text: &str, change: &Change) -> String {
    let at = |index: &Index| text.floor_char_boundary(index.index(text.len() + 1));
    let put = |at: usize, piece: &str| [&text[..at], piece, &text[at..]].concat();
    match change {
        Change::Cut(from, to) => {
            let (start, piece) = piece(text, from, to);
            [&text[..start], &text[start + piece.len()..]].concat()
        }
        Change::Double(from, to) => {
            let (start, piece) = piece(text, from, to);
            put(start, piece)
        }
        Change::Put(place, piece) => put(at(place), piece),
        Change::Graft(place, other, from, to) => {
            let other = &CORPUS[other.index(CORPUS.len())].text;
            put(at(place), piece(other, from, to).1)
        }
    }
}

/// A ballot that was read holds names that were asked for, each once, and a share as confidence.
fn check(wants: Wants, names: &[String], text: &str) -> Result<(), TestCaseError> {
    let Ok(reading) = read(&ask(wants, names), text) else {
        return Ok(());
    };
    let ballot = reading.ballot.expect("a ballot");
    prop_assert_eq!(&ballot.candidates, names);
    match wants {
        Wants::Ranking => {
            let mut ranked = ballot.ranking.clone();
            ranked.sort();
            ranked.dedup();
            prop_assert_eq!(ranked.len(), ballot.ranking.len());
            prop_assert!(ranked.len() >= 2 && ballot.choice.is_none());
        }
        Wants::Choice => prop_assert!(ballot.choice.is_some() && ballot.ranking.is_empty()),
    }
    let all = ballot.ranking.iter().chain(&ballot.choice);
    prop_assert!(all.into_iter().all(|name| names.contains(name)));
    let share = reading.confidence.unwrap_or_default();
    prop_assert!((0.0..=1.0).contains(&share), "{share}");
    prop_assert!(ballot.flags.len() <= 12, "{:?}", ballot.flags);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,300}") {
        for case in CORPUS.iter().take(2) {
            for wants in [Wants::Ranking, Wants::Choice] {
                check(wants, &case.names, &text)?;
            }
        }
    }

    /// Replies that were cut, doubled, spoiled and mixed are read or refused, and never more.
    #[test]
    fn spoiled_replies_are_read_or_refused(
        which in any::<Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let case = &CORPUS[which.index(CORPUS.len())];
        let mut text = case.text.clone();
        for change in &changes {
            text = changed(&text, change);
        }
        for wants in [Wants::Ranking, Wants::Choice] {
            check(wants, &case.names, &text)?;
        }
    }
}
