//! Nothing that anybody can write makes the checker panic, and what it shows is always safe.

use super::super::{Council, Overrides, SHIPPED};
use proptest::prelude::*;

const SEEDS: &[&str] = &[
    include_str!("broken/several-at-once.toml"),
    include_str!("broken/literal-keys.toml"),
    include_str!("broken/rounds.toml"),
    include_str!("broken/providers.toml"),
    include_str!("broken/urls-and-headers.toml"),
    include_str!("broken/iterate.toml"),
    include_str!("broken/control-characters.toml"),
    include_str!("broken/wrong-types.toml"),
];

const PIECES: &[&str] = &[
    "\n",
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "#",
    "\\",
    "\u{0}",
    "\u{1b}",
    "\u{202e}",
    "é",
    "😀",
    "\u{feff}",
    "\r\n",
    "\t",
    "nan",
    "-inf",
    "0x7f",
    "1e999",
    "99999999999999999999999",
    "1979-05-27",
    "true",
    "sk-abcdefgh",
    "member",
    "chair",
    "env:",
    "://u:p@",
    "api_key = ",
    "authorization",
    "{{",
    "}}",
    "{%",
];

/// Checks and renders; whatever comes of it.
fn survives(document: &str) {
    if let Err(faults) = Council::check(document, &(), &Overrides::default()) {
        assert!(!faults.0.is_empty());
        let text = faults.render("spec.toml", document, false, None);
        assert!(
            text.chars().all(|c| !c.is_control() || c == '\n'),
            "a control character in {text:?}"
        );
        for fault in &faults.0 {
            assert!(!fault.message.contains("internal"), "{fault:?}");
            if let Some(span) = &fault.span {
                assert!(document.get(span.clone()).is_some(), "{fault:?}");
            }
        }
    }
}

fn spec() -> impl Strategy<Value = &'static str> {
    let shipped = SHIPPED.iter().map(|shipped| shipped.document);
    let all: Vec<&'static str> = SEEDS.iter().copied().chain(shipped).collect();
    proptest::sample::select(all)
}

/// The nearest place at or before `at` where a text can be cut.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

proptest! {
    // A failure is printed whole; no file of regressions is left in the repository.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC*") {
        survives(&text);
    }

    #[test]
    fn any_line_of_pieces_is_survived(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40),
    ) {
        survives(&pieces.concat());
    }

    #[test]
    fn any_mutation_of_a_spec_is_survived(
        spec in spec(),
        cuts in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0usize..20, proptest::sample::select(PIECES)),
            1..5,
        ),
    ) {
        let mut document = spec.to_owned();
        for (place, length, piece) in cuts {
            let start = floor(&document, place.index(document.len() + 1));
            let end = floor(&document, start + length).max(start);
            document.replace_range(start..end, piece);
        }
        survives(&document);
    }

    #[test]
    fn any_swap_of_lines_is_survived(
        spec in spec(),
        swaps in proptest::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..6),
    ) {
        let mut lines: Vec<&str> = spec.lines().collect();
        for (left, right) in swaps {
            let (left, right) = (left.index(lines.len()), right.index(lines.len()));
            lines.swap(left, right);
        }
        survives(&lines.join("\n"));
    }
}

#[test]
fn depth_and_size_are_survived() {
    let deep = 20_000;
    for document in [
        format!("x = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("x = {}1{}", "{a=".repeat(deep), "}".repeat(deep)),
        format!("[{}x]", "a.".repeat(deep)),
        format!("{}x = 1", "a.".repeat(deep)),
        format!("name = \"{}\"", "x".repeat(1 << 20)),
        "a = 1\n".repeat(20_000),
        (0..20_000).fold(String::new(), |text, n| text + &format!("a{n} = 1\n")),
        "[[member]]\n".repeat(20_000),
        "[[member]]\nid = \"a\"\n".repeat(20_000),
        format!("{} = 1", "k".repeat(100_000)),
    ] {
        survives(&document);
    }
}
