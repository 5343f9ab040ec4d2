//! Nothing that somebody can put into a file or on a command line makes the program panic.
//!
//! `PROPTEST_CASES=100000 cargo test never_panics` looks longer. Specs and ballots have theirs
//! beside their readers.

use council::display::closing;
use council::event::{CallKey, Event, Fold, MemberId, RunId};
use council::report::{Format, detail, diagram, page, terminal};
use council::run::{StartOptions, run};
use council::spec::{Overrides, Setting, parse_duration};
use council::tape::{self, Mode, Tape};
use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::{Arc, OnceLock};

const COUNCIL: &str = "name = \"x\"\ntopology = \"karpathy\"\n[defaults]\nmodel = \"rehearsal/m\"\n\
    [[member]]\nid = \"a\"\n[[member]]\nid = \"b\"\n[[member]]\nid = \"c\"\n[chair]\n";

/// What goes in at a place of a text.
const PIECES: &[&str] = &[
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "\n",
    "null",
    "-1",
    "0",
    "1e308",
    "-0.0",
    "18446744073709551615",
    "99999999999999999999",
    "true",
    "\"\"",
    "\\u0000",
    "\\ud83d",
    "\u{1b}",
    "\u{202e}",
    "chair",
    "a",
    "\"seq\":0",
    "9.zz.answer",
    "pair:a/b",
    "run_completed",
    "member_started",
    "\"error\":{}",
    "\"data\":{}",
];

/// The events of a run, as they are stored.
fn record() -> &'static str {
    static RECORD: OnceLock<String> = OnceLock::new();
    RECORD.get_or_init(|| {
        let council = Arc::new(crate::common::check(COUNCIL));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let options = StartOptions::new(council, "Which way?".to_owned());
            let mut events = options.subscribe();
            run(options).await.expect("it runs");
            let mut lines = String::new();
            while let Some(event) = events.recv().await {
                lines += &serde_json::to_string(&*event).expect("a line");
                lines.push('\n');
            }
            lines
        })
    })
}

/// Does all with the events that a reader of runs does.
fn read(text: &str) {
    let Ok(events) = tape::parse(text) else {
        return;
    };
    if let Some(fold) = Fold::of(&events) {
        let result = fold.result();
        for format in [Format::Text, Format::Markdown, Format::Json] {
            drop(page(format, &result));
        }
        for columns in [20, 100] {
            drop(terminal::text(&result, columns, true));
        }
        drop(closing(&result, Some(40)));
        drop(fold.conclude_crashed("a test"));
    }
    drop(detail::calls(&events, &detail::Filter::default(), None));
    drop(diagram::sequence(&events));
    drop(diagram::account(&events, None));
    for mode in [Mode::Resume, Mode::Retry, Mode::Replay] {
        drop(Tape::of(mode, &events));
    }
}

#[derive(Debug, Clone)]
enum Edit {
    Cut(Index, usize),
    Put(Index, &'static str),
    Over(Index, usize, &'static str),
    Swap(Index, Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let piece = || prop::sample::select(PIECES);
    let edit = prop_oneof![
        (any::<Index>(), 1_usize..40).prop_map(|(at, long)| Edit::Cut(at, long)),
        (any::<Index>(), piece()).prop_map(|(at, piece)| Edit::Put(at, piece)),
        (any::<Index>(), 1_usize..12, piece())
            .prop_map(|(at, long, piece)| Edit::Over(at, long, piece)),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Edit::Swap(one, other)),
    ];
    prop::collection::vec(edit, 1..4)
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for edit in edits {
        let many = chars.len().max(1);
        match edit {
            Edit::Cut(at, long) => {
                let at = at.index(many).min(chars.len());
                let end = (at + long).min(chars.len());
                chars.drain(at..end);
            }
            Edit::Put(at, piece) => {
                let at = at.index(many).min(chars.len());
                chars.splice(at..at, piece.chars());
            }
            Edit::Over(at, long, piece) => {
                let at = at.index(many).min(chars.len());
                let end = (at + long).min(chars.len());
                chars.splice(at..end, piece.chars());
            }
            Edit::Swap(one, other) if !chars.is_empty() => {
                chars.swap(one.index(many), other.index(many));
            }
            Edit::Swap(..) => {}
        }
    }
    chars.into_iter().collect()
}

/// The values of an event, each as a place where another value can stand.
fn replaced(event: &mut serde_json::Value, place: usize, with: &serde_json::Value) -> bool {
    fn walk(value: &mut serde_json::Value, left: &mut usize, with: &serde_json::Value) -> bool {
        if *left == 0 {
            *value = with.clone();
            return true;
        }
        *left -= 1;
        match value {
            serde_json::Value::Object(map) => map.values_mut().any(|value| walk(value, left, with)),
            serde_json::Value::Array(list) => list.iter_mut().any(|value| walk(value, left, with)),
            _ => false,
        }
    }
    let mut left = place;
    walk(event, &mut left, with)
}

fn odd_value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        prop::sample::select(PIECES).prop_map(Into::into),
        Just(serde_json::json!({})),
        Just(serde_json::json!([])),
    ]
}

fn config() -> ProptestConfig {
    let wanted = ProptestConfig::default();
    ProptestConfig {
        cases: wanted.cases.max(1_000),
        failure_persistence: None,
        ..wanted
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_record_that_was_damaged_is_read_or_refused(edits in edits()) {
        read(&edited(record(), &edits));
    }

    /// Damage that is still JSON goes deeper.
    #[test]
    fn a_record_with_odd_values_is_read_or_refused(
        odd in prop::collection::vec((any::<Index>(), 0_usize..60, odd_value()), 1..4)
    ) {
        let mut lines: Vec<serde_json::Value> = record()
            .lines()
            .map(|line| serde_json::from_str(line).expect("an event"))
            .collect();
        for (line, place, with) in &odd {
            let line = line.index(lines.len());
            replaced(&mut lines[line], *place, with);
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        read(&text);
        for line in &lines {
            drop(serde_json::from_value::<Event>(line.clone()));
        }
    }

    #[test]
    fn any_text_is_an_id_or_none(text in any::<String>(), ascii in "[ -~]{0,70}") {
        for text in [&text, &ascii] {
            if let Ok(id) = text.parse::<RunId>() {
                // It names files and stands on command lines.
                let id = id.to_string();
                prop_assert!((1..=64).contains(&id.len()));
                prop_assert!(!id.starts_with(['-', '.']) && !id.contains('/') && id != "latest");
            }
            if let Ok(key) = text.parse::<CallKey>() {
                prop_assert_eq!(&key.to_string(), text);
            }
            drop(text.parse::<MemberId>());
            drop(text.parse::<Setting>());
            drop(parse_duration(text));
        }
    }

    /// A setting reaches anywhere in a spec, with any value.
    #[test]
    fn any_setting_is_taken_or_refused(
        path in prop::sample::select(&[
            "name", "member", "member[0]", "member.a", "member.b.id", "member[9].id", "chair",
            "chair.prompt", "round", "round[0].kind", "topology", "defaults.model", "providers.x",
            "seed", "deadline", "min_members", "a.b.c", "\"\"", "member[18446744073709551616]",
        ][..]),
        value in prop_oneof![any::<String>(), "[ -~]{0,30}", prop::sample::select(PIECES).prop_map(str::to_owned)],
    ) {
        if let Ok(setting) = format!("{path}={value}").parse::<Setting>() {
            let overrides = Overrides { set: vec![setting], ..Overrides::default() };
            let files = std::collections::BTreeMap::new();
            if let Err(faults) = council::spec::Council::check(COUNCIL, &files, &overrides) {
                let told = faults.render("x.toml", COUNCIL, false, None);
                prop_assert!(told.chars().all(|c| c == '\n' || !c.is_control()), "{told:?}");
            }
        }
    }
}
