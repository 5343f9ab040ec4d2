//! The house: which room may import which. Reads the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Each room and the rooms it may import; `cli` may import all, and nobody imports it.
const TABLE: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("ui", &[]),
    ("bus", &["event"]),
    ("aggregate", &["event"]),
    ("store", &["event"]),
    ("prompt", &["event"]),
    ("input", &["event"]),
    ("round", &["prompt", "aggregate", "event"]),
    ("spec", &["round", "prompt", "aggregate", "event"]),
    ("provider", &["spec", "event"]),
    ("recorder", &["store", "bus", "event"]),
    (
        "run",
        &["provider", "round", "spec", "recorder", "bus", "event"],
    ),
    ("report", &["spec", "event"]),
    ("display", &["ui", "report", "event"]),
    (
        "cli",
        &[
            "event",
            "ui",
            "bus",
            "aggregate",
            "store",
            "prompt",
            "input",
            "round",
            "spec",
            "provider",
            "recorder",
            "run",
            "report",
            "display",
        ],
    ),
];

/// Crates that only one place may know, each with the paths that are that place.
const GUARDED: &[(&str, &[&str])] = &[
    ("rusqlite", &["store/"]),
    ("clap", &["cli/"]),
    ("clap_mangen", &["cli/"]),
    ("anyhow", &["cli/"]),
    ("indicatif", &["display/bars.rs", "display/bars/"]),
    ("reqwest", &["provider/http.rs", "provider/http/"]),
];

/// A source file: its path below `src/`, and its text.
type Source = (String, String);

#[test]
fn every_room_imports_only_what_the_table_allows() {
    let sources = sources();
    assert!(sources.len() > 30, "the sources are there");
    let found = violations(&sources);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_violation_of_each_row_is_refused() {
    for (room, allowed) in TABLE {
        let planted = TABLE
            .iter()
            .map(|(other, _)| *other)
            .find(|other| other != room && !allowed.contains(other));
        if let Some(other) = planted {
            for code in [
                format!("use crate::{other}::Thing;"),
                format!("fn f() {{ let _ = crate::{other}::thing(); }}"),
                format!("use crate::{{\n    {room}::Own,\n    {other}::{{A, B}},\n}};"),
                format!("use crate::{{{other}}};"),
                format!("// a comment\n/* another */ pub use crate :: {other};"),
            ] {
                let found = violations(&[(format!("{room}/planted.rs"), code.clone())]);
                assert_eq!(found.len(), 1, "{room} imports {other}: {code}");
            }
        }
    }
    // `cli` may import all; that nobody imports it is a row of its own.
    for (room, _) in TABLE.iter().filter(|(room, _)| *room != "cli") {
        let code = "use crate::cli::Args;".to_owned();
        assert_eq!(
            violations(&[(format!("{room}/planted.rs"), code)]).len(),
            1,
            "{room}"
        );
    }
    for (guarded, _) in GUARDED {
        let code = format!("use {guarded}::Thing;");
        assert_eq!(
            violations(&[("event/planted.rs".to_owned(), code)]).len(),
            1,
            "{guarded}"
        );
    }
    let unknown = violations(&[("attic/planted.rs".to_owned(), String::new())]);
    assert_eq!(unknown.len(), 1, "a room that is not in the table");
}

#[test]
fn paths_in_comments_and_texts_are_no_imports() {
    let code = r##"
        //! [`crate::cli`]
        /* crate::cli /* nested crate::cli */ crate::cli */
        const A: &str = "crate::cli \" crate::cli";
        const B: &str = r#"crate::cli " rusqlite::"#;
        const C: char = '"'; // crate::cli
        fn f<'a>(x: &'a str) -> &'a str { x }
    "##;
    assert_eq!(
        violations(&[("event/planted.rs".to_owned(), code.to_owned())]),
        [""; 0]
    );
}

#[test]
fn no_file_is_a_pile() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| text.lines().count() > 700)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources {
        if path == "lib.rs" || path == "main.rs" {
            continue;
        }
        let room = path.split(['/', '.']).next().unwrap_or_default();
        let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == room) else {
            found.push(format!("{path}: `{room}` is not in the table"));
            continue;
        };
        let code = code_of(text);
        for other in imported(&code) {
            if other != room && !allowed.contains(&other.as_str()) {
                found.push(format!("{path}: `{room}` may not import `{other}`"));
            }
        }
        for (guarded, places) in GUARDED {
            let known = places.iter().any(|place| path.starts_with(place));
            if !known && words(&code).any(|word| word == *guarded) {
                found.push(format!(
                    "{path}: only {} may know `{guarded}`",
                    places.join(", ")
                ));
            }
        }
    }
    found
}

/// The first segment of every `crate::` path, groups included.
fn imported(code: &str) -> BTreeSet<String> {
    let dense: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let mut rooms = BTreeSet::new();
    for (at, _) in dense.match_indices("crate::") {
        let before = dense[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') && !dense[..at].ends_with("use")
        {
            continue;
        }
        let path = &dense[at + "crate::".len()..];
        match path.strip_prefix('{') {
            None => rooms.extend(words(path).next().map(str::to_owned)),
            Some(group) => rooms.extend(heads_of_group(group)),
        }
    }
    // Types at the crate's root would be no rooms; there are none.
    rooms
}

fn heads_of_group(group: &str) -> Vec<String> {
    let (mut depth, mut head, mut heads) = (0, String::new(), Vec::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(std::mem::take(&mut head)),
            _ if depth == 0 => head.push(c),
            _ => {}
        }
    }
    heads.push(head);
    heads
        .iter()
        .filter_map(|head| words(head).next().map(str::to_owned))
        .collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

/// The text without comments and without what stands in string and character literals.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut code, mut i) = (String::new(), 0);
    while i < chars.len() {
        let raw_start =
            at(i) == 'r' && matches!(at(i + 1), '"' | '#') && !is_word(at(i.wrapping_sub(1)));
        if at(i) == '/' && at(i + 1) == '/' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if at(i) == '/' && at(i + 1) == '*' {
            let mut depth = 0;
            loop {
                match (at(i), at(i + 1)) {
                    ('/', '*') => (depth, i) = (depth + 1, i + 2),
                    ('*', '/') => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 || i >= chars.len() {
                    break;
                }
            }
        } else if raw_start {
            let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
            if at(i + 1 + hashes) != '"' {
                code.push(at(i));
                i += 1;
                continue;
            }
            i += 2 + hashes;
            while i < chars.len()
                && !(at(i) == '"' && chars[i + 1..].iter().take(hashes).all(|c| *c == '#'))
            {
                i += 1;
            }
            i += 1 + hashes;
        } else if at(i) == '"' {
            i += 1;
            while i < chars.len() && at(i) != '"' {
                i += if at(i) == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if at(i) == '\'' && (at(i + 2) == '\'' || at(i + 1) == '\\') {
            i += if at(i + 1) == '\\' { 3 } else { 2 };
            while i < chars.len() && at(i) != '\'' {
                i += 1;
            }
            i += 1;
        } else {
            code.push(at(i));
            i += 1;
        }
    }
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort();
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let below = path
                .strip_prefix(root)
                .expect("below src")
                .display()
                .to_string();
            found.push((below, fs::read_to_string(&path).expect("a source file")));
        }
    }
}
