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
    ("tape", &["event"]),
    ("round", &["prompt", "aggregate", "event"]),
    ("spec", &["round", "prompt", "aggregate", "event"]),
    ("provider", &["spec", "event"]),
    ("recorder", &["store", "bus", "event"]),
    (
        "run",
        &[
            "provider", "round", "spec", "tape", "recorder", "bus", "event",
        ],
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
            "tape",
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
    ("clap_complete", &["cli/"]),
    ("anyhow", &["cli/"]),
    ("indicatif", &["display/bars.rs", "display/bars/"]),
    ("reqwest", &["provider/http.rs", "provider/http/"]),
    (
        "pulldown_cmark",
        &["report/terminal.rs", "report/terminal/"],
    ),
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
                format!("fn f(x: &mut crate::{other}::T) -> Box<dyn Fn()> {{ todo() }}"),
                format!("fn f() -> Box<dyn crate::{other}::X> {{ make() }}"),
                format!("fn f() {{ return crate::{other}::x(); }}"),
                format!("use super::super::{other}::Y;"),
                format!("use super::super::{{{other}::Y, {room}::Own}};"),
                format!("mod tests {{ use super::super::super::{other}::Y; }}"),
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
        if ["lib.rs", "link.rs", "main.rs"].contains(&path.as_str()) {
            continue;
        }
        let room = path.split(['/', '.']).next().unwrap_or_default();
        let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == room) else {
            found.push(format!("{path}: `{room}` is not in the table"));
            continue;
        };
        let code = code_of(text);
        for other in imported(path, &code) {
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

/// The rooms that the paths of a file lead to: those that begin with `crate::`, groups included,
/// and those that climb to the crate's root by `super::`.
fn imported(path: &str, code: &str) -> BTreeSet<String> {
    let tokens = tokens(code);
    let depth = depth_of(path);
    let mut inline: Vec<usize> = Vec::new();
    let (mut braces, mut at) = (0_usize, 0);
    let mut rooms = BTreeSet::new();
    while at < tokens.len() {
        let token = tokens[at].as_str();
        let starts_path = at == 0 || tokens[at - 1] != "::";
        match token {
            "mod" if tokens.get(at + 2).is_some_and(|next| next == "{") => inline.push(braces),
            "{" => braces += 1,
            "}" => {
                braces = braces.saturating_sub(1);
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
            }
            "crate" if starts_path => rooms.extend(heads(&tokens[at + 1..])),
            "super" if starts_path => {
                let mut climbed = 1;
                let mut next = at + 1;
                while tokens[next..].starts_with(&["::".to_owned(), "super".to_owned()]) {
                    climbed += 1;
                    next += 2;
                }
                if climbed >= depth + inline.len() {
                    rooms.extend(heads(&tokens[next..]));
                }
                at = next - 1;
            }
            _ => {}
        }
        at += 1;
    }
    rooms
}

/// How many modules deep a file is below the crate's root.
fn depth_of(path: &str) -> usize {
    let segments = path.split('/').count();
    if path.ends_with("/mod.rs") {
        segments - 1
    } else {
        segments
    }
}

/// What stands behind a path's beginning: one name, or those of a group.
fn heads(rest: &[String]) -> Vec<String> {
    if rest.first().is_none_or(|token| token != "::") {
        return Vec::new();
    }
    let Some(first) = rest.get(1) else {
        return Vec::new();
    };
    if first != "{" {
        return vec![first.clone()];
    }
    let (mut depth, mut heads, mut fresh) = (0, Vec::new(), true);
    for token in &rest[2..] {
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," if depth == 0 => fresh = true,
            name if depth == 0 && fresh => {
                heads.push(name.to_owned());
                fresh = false;
            }
            _ => {}
        }
    }
    heads
}

/// Words, `::`, and single marks.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        if is_word(c) {
            let mut word = c.to_string();
            while let Some(next) = rest.next_if(|next| is_word(*next)) {
                word.push(next);
            }
            tokens.push(word);
        } else if c == ':' && rest.next_if_eq(&':').is_some() {
            tokens.push("::".to_owned());
        } else if !c.is_whitespace() {
            tokens.push(c.to_string());
        }
    }
    tokens
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
