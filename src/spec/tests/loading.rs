//! From a name or a path to a council.

use super::super::near::all_of;
use super::super::{LoadError, MAX_BYTES, Overrides, SHIPPED, load};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_string_lossy().into_owned()
}

fn load_it(spec: &str) -> Result<super::Council, LoadError> {
    load(spec, &Overrides::default())
}

/// What a person sees of an error, without the folder of the test.
fn shown(folder: &TempDir, spec: &str) -> String {
    let error = load_it(spec).expect_err("an error");
    let place = format!("{}/", folder.path().display());
    said(&error).replace(&place, "")
}

fn said(error: &LoadError) -> String {
    error.picture(false, None).unwrap_or_else(|| {
        let help = error.help().map(|help| format!("\nhint: {help}"));
        format!("error: {}{}", error.message(), help.unwrap_or_default())
    })
}

/// The names of all shipped councils, as a sentence has them.
fn shipped() -> String {
    all_of(SHIPPED.iter().map(|shipped| shipped.name))
}

#[test]
fn every_shipped_council_is_good_and_runs_on_any_model() {
    for shipped in SHIPPED {
        let council = load_it(shipped.name).expect("a shipped council is good");
        assert_eq!(council.name, shipped.name);
        assert!(council.chair.is_some() && council.members.len() >= 3);
        let overrides = Overrides {
            model: Some("rehearsal/any".to_owned()),
            ..Overrides::default()
        };
        let council = load(shipped.name, &overrides).expect("any model will do");
        assert!(council.key_variables().is_empty());
        assert_eq!(council.providers.len(), 1);
    }
    let quickstart = load_it("quickstart").expect("it is shipped");
    assert!(quickstart.key_variables().is_empty(), "it needs no key");
}

#[test]
fn shipped_councils_are_the_files_in_the_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("councils");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let mut shipped: Vec<&str> = SHIPPED.iter().map(|shipped| shipped.name).collect();
    names.sort();
    shipped.sort_unstable();
    assert_eq!(names, shipped);
}

#[test]
fn files_that_cannot_be_had_say_why_and_what_to_do() {
    let folder = folder();
    fs::write(path(&folder, "bytes.toml"), b"name = 1\nx = \"\xff\"").expect("written");
    fs::write(path(&folder, "empty.toml"), " \n\n").expect("written");
    fs::write(path(&folder, "large.toml"), "#".repeat(MAX_BYTES + 1)).expect("written");
    fs::create_dir(path(&folder, "folder.toml")).expect("made");
    for (name, says) in [
        (
            "none.toml",
            "error: there is no spec at none.toml\nhint: check the path; councils that need no file are ALL",
        ),
        (
            "bytes.toml/none",
            "error: there is no spec at bytes.toml/none\nhint: check the path; councils that need no file are ALL",
        ),
        (
            "bytes.toml",
            "error: bytes.toml is not UTF-8 text: line 2 holds other bytes\nhint: save it as UTF-8",
        ),
        (
            "empty.toml",
            "error: empty.toml is empty\nhint: a spec needs a `name` and one `[[member]]`; `councils/quickstart.toml` shows how",
        ),
        (
            "large.toml",
            "error: large.toml is larger than 1 MiB, which no spec needs",
        ),
        (
            "folder.toml",
            "error: folder.toml is a folder, not a spec\nhint: name a `.toml` file in it",
        ),
    ] {
        let says = says.replace("ALL", &shipped());
        assert_eq!(shown(&folder, &path(&folder, name)), says);
    }
}

#[test]
fn a_spec_of_one_mebibyte_is_read() {
    let folder = folder();
    let spec = "name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"rehearsal/m\"\n";
    let filler = "#".repeat(MAX_BYTES - spec.len());
    fs::write(path(&folder, "x.toml"), format!("{spec}{filler}")).expect("written");
    load_it(&path(&folder, "x.toml")).expect("it is good");
}

#[test]
fn unknown_names_are_told_what_was_meant() {
    for (name, says) in [
        (
            "quikstart",
            "error: there is no shipped council named `quikstart`\nhint: did you mean `quickstart`?",
        ),
        (
            "design",
            "error: there is no shipped council named `design`\nhint: did you mean `design-review`?",
        ),
        (
            "weather",
            "error: there is no shipped council named `weather`\nhint: shipped are ALL; a path to a spec has a `/` or ends in `.toml`",
        ),
        (
            "Cargo.lock",
            "error: there is no shipped council named `Cargo.lock`\nhint: did you mean the file `./Cargo.lock`?",
        ),
        (
            "",
            "error: there is no shipped council named ``\nhint: shipped are ALL; a path to a spec has a `/` or ends in `.toml`",
        ),
        (
            "a\u{1b}[2J",
            "error: there is no shipped council named `a\\u{1b}[2J`\nhint: shipped are ALL; a path to a spec has a `/` or ends in `.toml`",
        ),
    ] {
        let error = load_it(name).expect_err("no such council");
        assert_eq!(said(&error), says.replace("ALL", &shipped()));
    }
}

#[test]
fn files_in_a_spec_start_from_its_folder_and_are_kept() {
    let folder = folder();
    fs::create_dir(path(&folder, "prompts")).expect("made");
    fs::write(path(&folder, "prompts/a.txt"), "Look closely.").expect("written");
    fs::write(path(&folder, "replies.toml"), "[[reply]]\ntext = \"yes\"\n").expect("written");
    let spec = "name = \"x\"\n[providers.tape]\nkind = \"script\"\nfile = \"replies.toml\"\n\
        [[member]]\nid = \"a\"\nmodel = \"tape/m\"\nprompt_file = \"prompts/a.txt\"\n";
    fs::write(path(&folder, "x.toml"), spec).expect("written");
    let council = load_it(&path(&folder, "x.toml")).expect("it is good");
    let prompt = council.members[0].prompt.as_ref().expect("a prompt");
    assert_eq!(prompt.source(), "Look closely.");
    let script = council.providers["tape"].script.as_deref();
    assert_eq!(script, Some("[[reply]]\ntext = \"yes\"\n"));
    let names: Vec<_> = council.source.files.keys().collect();
    assert_eq!(names, ["prompts/a.txt", "replies.toml"]);
    assert_eq!(council.source.bytes, spec.as_bytes());
    assert_eq!(council.source.folder, folder.path());
}

#[test]
fn a_file_that_a_spec_names_has_limits_too() {
    let folder = folder();
    fs::write(path(&folder, "large.txt"), "x".repeat(MAX_BYTES + 1)).expect("written");
    for (file, says) in [
        (
            "large.txt",
            "the file `large.txt` cannot be used: it is larger than 1 MiB",
        ),
        (
            ".",
            "the file `.` cannot be used: it is a folder, not a file",
        ),
        (
            "none",
            "the file `none` cannot be used: there is no such file",
        ),
    ] {
        let spec = format!(
            "name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"rehearsal/m\"\nprompt_file = \"{file}\"\n"
        );
        fs::write(path(&folder, "x.toml"), spec).expect("written");
        let Err(LoadError::Invalid { faults, .. }) = load_it(&path(&folder, "x.toml")) else {
            panic!("{file} is no prompt");
        };
        assert_eq!(faults.0.len(), 1);
        assert_eq!(faults.0[0].message, says);
    }
}

#[test]
fn no_part_of_an_error_holds_a_key() {
    let folder = folder();
    let spec = include_str!("broken/literal-keys.toml");
    fs::write(path(&folder, "x.toml"), spec).expect("written");
    let error = load_it(&path(&folder, "x.toml")).expect_err("keys are refused");
    for text in [said(&error), error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
