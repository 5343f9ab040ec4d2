//! The manual pages are made from the program itself. `SNAPSHOTS=overwrite cargo test` writes them anew.

use snapbox::data::{Data, DataFormat};
use std::path::Path;

#[test]
fn the_manual_pages_are_those_that_the_program_describes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let pages = council::cli::man_pages().expect("pages");
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
