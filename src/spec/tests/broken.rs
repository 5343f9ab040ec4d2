//! Broken specs, each beside what a person sees of it. `SNAPSHOTS=overwrite cargo test` writes
//! those texts anew.

use super::super::files::{FileFault, Files};
use super::super::{Council, Overrides};
use std::path::Path;

/// The files that the broken specs name.
struct Named;

impl Files for Named {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileFault> {
        match name {
            "good.txt" => Ok(b"Look closely.".to_vec()),
            "template.txt" => Ok(b"Look.\n{{ anwsers }}\n".to_vec()),
            "bytes.txt" => Ok(vec![0xff, 0xfe]),
            "good.toml" => Ok(b"[[reply]]\ntext = \"yes\"\n".to_vec()),
            "broken.toml" => Ok(b"[[reply]]\ntext = \n".to_vec()),
            "large.toml" => Err(FileFault::TooLarge),
            _ => Err(FileFault::Missing),
        }
    }
}

#[test]
fn every_broken_spec_is_told_all_of_its_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/spec/tests/broken");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy();
        let document = std::fs::read_to_string(&path).expect("a spec");
        let faults = Council::check(&document, &Named, &Overrides::default())
            .expect_err("a broken spec has faults");
        let text = faults.render(&name, &document, false, None);
        assert!(!text.contains("hunter2"), "{name} shows a key:\n{text}");
        for fault in &faults.0 {
            assert!(fault.line.is_some() && fault.column.is_some(), "{fault:?}");
        }
        let expected = snapbox::Data::read_from(&path.with_extension("txt"), None);
        snapbox::Assert::new()
            .action_env("SNAPSHOTS")
            .eq(text, expected.raw());
        seen += 1;
    }
    assert!(seen >= 25, "only {seen} specs");
}

#[test]
fn every_code_of_a_fault_is_in_some_broken_spec() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/spec/tests/broken");
    let mut shown = String::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            shown += &std::fs::read_to_string(path).expect("a text");
        }
    }
    for code in [
        "bad_command",
        "bad_fallback",
        "bad_file",
        "bad_header",
        "bad_id",
        "bad_model",
        "bad_name",
        "bad_template",
        "bad_url",
        "bad_duration",
        "bare_duration",
        "duplicate_choice",
        "duplicate_id",
        "duplicate_member",
        "empty",
        "literal_key",
        "min_members",
        "missing_key",
        "needs_chair",
        "no_ballots",
        "no_model",
        "not_json",
        "not_yet",
        "out_of_range",
        "reserved_id",
        "syntax",
        "too_few_choices",
        "two_plans",
        "two_prompts",
        "unknown_key",
        "unknown_member",
        "unknown_profile",
        "unknown_provider",
        "unknown_value",
        "until",
        "wrong_aggregator",
        "wrong_kind",
        "wrong_type",
    ] {
        assert!(shown.contains(&format!("error[{code}]")), "{code}");
    }
}
