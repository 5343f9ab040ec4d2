//! The manual pages are made from the program itself. `SNAPSHOTS=overwrite cargo test` writes them anew.

use snapbox::data::{Data, DataFormat};
use std::path::Path;

#[test]
fn the_manual_pages_are_those_that_the_program_describes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let pages = council::cli::man_pages();
    for (name, page) in &pages {
        let page = String::from_utf8(page.clone()).expect("UTF-8");
        let kept = Data::read_from(&folder.join(name), Some(DataFormat::Text));
        snapbox::Assert::new()
            .action_env("SNAPSHOTS")
            .eq(page, kept.raw());
    }
    let mut kept: Vec<String> = std::fs::read_dir(folder)
        .expect("the pages' folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    kept.sort();
    let mut made: Vec<&String> = pages.iter().map(|(name, _)| name).collect();
    made.sort();
    assert_eq!(
        kept.iter().collect::<Vec<_>>(),
        made,
        "no page of a command that is gone"
    );
}

#[test]
fn the_exit_codes_are_those_of_the_readme() {
    let pages = council::cli::man_pages();
    let (_, page) = pages.first().expect("the program's own");
    let page = String::from_utf8(page.clone()).expect("UTF-8");
    let section = page.split(".SH EXIT STATUS\n").nth(1).expect("a section");
    let section = section.split(".SH ").next().expect("its text");
    let told: Vec<(String, String)> = section
        .split(".TP\n")
        .skip(1)
        .filter_map(|term| {
            let mut lines = term.lines().map(bare);
            Some((lines.next()?, lines.next()?))
        })
        .collect();
    let readme = include_str!("../../README.md");
    let table = readme.split("| code | meaning |").nth(1).expect("a table");
    let table: Vec<(String, String)> = table
        .lines()
        .skip(2)
        .map_while(|row| {
            row.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .map(|(code, meaning)| (code.to_owned(), meaning.replace('`', "")))
        .collect();
    assert_eq!(told, table);
}

/// The words of a line of roff.
fn bare(line: &str) -> String {
    ["\\fB", "\\fR"]
        .iter()
        .fold(line.to_owned(), |line, font| line.replace(font, ""))
        .replace("\\-", "-")
        .replace("\\(aq", "'")
}

#[test]
fn examples_are_printed_line_by_line() {
    for (name, page) in council::cli::man_pages() {
        let page = String::from_utf8(page).expect("UTF-8");
        let examples = page.split(".SH EXAMPLES\n").nth(1).expect("examples");
        let lines = examples.split(".nf\n").nth(1).expect("not filled");
        let lines = lines.split(".fi\n").next().expect("their end");
        assert!(lines.lines().all(|line| !line.starts_with('.')), "{name}");
        assert!(lines.contains("council "), "{name}");
    }
}
