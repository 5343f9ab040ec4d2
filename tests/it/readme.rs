//! The README keeps its word: its reference is that of the schema, its specs are good, and what it
//! tells to type exists. `SNAPSHOTS=overwrite cargo test` writes the reference anew.

use crate::common::{COMMANDS, TestEnv};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const BEGIN: &str = "<!-- reference:";
const END: &str = "<!-- end of reference -->";

#[test]
fn the_reference_is_made_from_the_schema() {
    let readme = readme();
    let begin = readme.find(BEGIN).expect("its beginning");
    let begin = begin + readme[begin..].find('\n').expect("a line") + 1;
    let end = readme.find(END).expect("its end");
    let made = Reference::of(&council::spec::schema());
    let made = format!("{}{made}{}", &readme[..begin], &readme[end..]);
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(made, snapbox::Data::read_from(&path(), None).raw());
}

#[test]
fn the_specs_of_the_readme_are_good() {
    let env = TestEnv::new();
    let readme = readme();
    let mut specs = 0;
    let blocks = readme.split("```toml\n").skip(1);
    for block in blocks.filter_map(|rest| rest.split("```").next()) {
        if block.starts_with("# replies.toml") {
            env.write("replies.toml", block);
        }
    }
    for block in readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| !block.starts_with("# replies.toml"))
    {
        specs += 1;
        let provider = block
            .lines()
            .find_map(|line| line.strip_prefix("[providers.")?.strip_suffix(']'));
        // A part of a spec is tried in the smallest one that uses it.
        let spec = match provider {
            Some(name) => {
                format!("name = \"x\"\n[[member]]\nid = \"a\"\nmodel = \"{name}/m\"\n{block}")
            }
            None => block.to_owned(),
        };
        env.write("team.toml", spec);
        env.run(["validate", "./team.toml"]).assert_code(0);
        let is_first = block.starts_with("name = \"team\"");
        if is_first || provider == Some("stage") {
            let run = ["run", "./team.toml", "--input", "A queue?", "--no-record"];
            env.run(run).assert_code(0);
        }
        if is_first {
            assert_eq!(block.lines().count(), 10, "ten lines");
        }
    }
    assert_eq!(specs, 5);
}

#[test]
fn commands_and_flags_of_the_readme_exist() {
    let env = TestEnv::new();
    let readme = readme();
    let mut help = env.run(["--help"]).assert_code(0).stdout();
    for command in COMMANDS {
        help += &env.run([command, "--help"]).assert_code(0).stdout();
    }
    let lines = readme.lines().filter(|line| !line.contains("cargo "));
    for word in lines.flat_map(|line| line.split([' ', '`', '(', ')', ',', '.', ';', '|', '"'])) {
        let is_flag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
        if word.strip_prefix("--").is_some_and(is_flag) {
            let flag = word.split('=').next().unwrap_or(word);
            assert!(help.contains(flag), "{flag}");
        }
    }
    for line in readme
        .lines()
        .filter_map(|line| line.trim().strip_prefix("council "))
    {
        let command = line.split_whitespace().next().unwrap_or_default();
        env.run([command, "--help"]).assert_code(0);
    }
}

#[test]
fn every_shipped_council_is_named() {
    for shipped in council::spec::SHIPPED {
        let name = format!("`{}`", shipped.name);
        assert!(readme().contains(&name), "{name}");
    }
}

#[test]
fn every_guarantee_names_tests_that_exist() {
    let program = std::env::current_exe().expect("this program");
    let listed = Command::new(program)
        .arg("--list")
        .output()
        .expect("a list");
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    let tests: HashSet<&str> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    let readme = readme();
    let (_, section) = readme
        .split_once("## What you can rely on")
        .expect("it is there");
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2);
    let mut named = 0;
    for row in rows {
        let proof = row.split(" | ").nth(1).expect("a second cell");
        let names: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test shows it: {row}");
        for name in names {
            assert!(tests.contains(name), "there is no test `{name}`");
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn readme() -> String {
    std::fs::read_to_string(path()).expect("the README")
}

/// The reference as Markdown: a table for each table of a spec, and the words that keys take.
struct Reference<'a> {
    definitions: &'a Map<String, Value>,
    text: String,
}

impl<'a> Reference<'a> {
    fn of(schema: &'a Value) -> String {
        let mut reference = Self {
            definitions: schema["$defs"].as_object().expect("definitions"),
            text: String::new(),
        };
        reference.table("The spec as a whole", schema, None);
        let profile = &schema["$defs"]["Profile"];
        for (key, value) in keys(schema) {
            let (heading, table) = if let Some(named) = value.get("additionalProperties") {
                (format!("`[{key}.NAME]`"), named)
            } else if let Some(items) = value.get("items") {
                (format!("`[[{key}]]`"), items)
            } else {
                (format!("`[{key}]`"), value)
            };
            let table = reference.resolved(table);
            if table.get("properties").is_some() {
                let shared = (table != profile).then_some(profile);
                reference.table(&heading, table, shared);
            }
        }
        reference.text + "\n"
    }

    fn resolved(&self, schema: &'a Value) -> &'a Value {
        schema["$ref"]
            .as_str()
            .and_then(|name| self.definitions.get(name.strip_prefix("#/$defs/")?))
            .unwrap_or(schema)
    }

    /// A table's keys; those that it has of `shared`, all of them, are named in one line.
    fn table(&mut self, heading: &str, table: &'a Value, shared: Option<&Value>) {
        let required = table["required"].as_array();
        let is_shared = |key: &str, value: &Value| {
            shared.is_some_and(|shared| shared["properties"].get(key) == Some(value))
        };
        let _ = write!(
            self.text,
            "\n### {heading}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n"
        );
        let mut words = String::new();
        let mut has_shared = false;
        for (key, value) in keys(table) {
            if is_shared(key, value) {
                has_shared = true;
                continue;
            }
            let (meaning, default) = meaning(value);
            let must = required.is_some_and(|required| required.iter().any(|name| name == key));
            let default = if must { "required".to_owned() } else { default };
            let kind = self.kind(value);
            let _ = writeln!(self.text, "| `{key}` | {kind} | {default} | {meaning} |");
            words += &self.words(key, value);
        }
        self.text += &words;
        if has_shared {
            self.text += "\nAnd all keys of `[profiles.NAME]`.\n";
        }
        if heading == "`[[round]]`" {
            self.within(heading, table);
        }
    }

    /// The tables within a table: in a line where they have the keys of that table, else as a
    /// table of their own.
    fn within(&mut self, heading: &str, table: &'a Value) {
        for (key, value) in keys(table) {
            let inner = self.resolved(value.get("items").unwrap_or(value));
            if inner.get("properties").is_none() {
                continue;
            }
            let has = |of: &Value, key: &str| of["properties"].get(key).is_some();
            if !keys(inner).all(|(key, _)| has(table, key)) {
                self.table(&format!("`{key}` of {heading}"), inner, None);
                continue;
            }
            let others = keys(table).filter(|(key, _)| !has(inner, key));
            let others: Vec<String> = others.map(|(key, _)| format!("`{key}`")).collect();
            let others = others.join(", ");
            let _ = writeln!(
                self.text,
                "\nEach entry of `{key}` takes the keys of {heading}, but not {others}."
            );
        }
    }

    fn kind(&self, value: &'a Value) -> String {
        let schema = self.resolved(value);
        if schema.get("oneOf").is_some() {
            return "word, below".to_owned();
        }
        let bound = |key: &str| schema[key].as_u64();
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (_, Some("council-id")) => "id".to_owned(),
            (_, Some(format)) if format.starts_with("council-") => "duration".to_owned(),
            (Some("string"), _) => "text".to_owned(),
            (Some("boolean"), _) => "`true` or `false`".to_owned(),
            (Some("integer"), _) => match (bound("minimum"), bound("maximum")) {
                (Some(least), Some(most)) if most < 1 << 31 => {
                    format!("whole number, {least} to {most}")
                }
                (Some(least), _) => format!("whole number from {least}"),
                _ => "whole number".to_owned(),
            },
            (Some("number"), _) => match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
                (Some(least), Some(most)) => format!("number, {least} to {most}"),
                (Some(least), None) => format!("number from {least}"),
                _ if schema["exclusiveMinimum"].as_f64() == Some(0.0) => {
                    "number above 0".to_owned()
                }
                _ => "number".to_owned(),
            },
            (Some("array"), _) => match self.resolved(&schema["items"])["type"].as_str() {
                Some("object") => "tables".to_owned(),
                _ => "list of texts".to_owned(),
            },
            (Some("object"), _) => match &schema["additionalProperties"] {
                Value::Object(named) if named.get("type") == Some(&"string".into()) => {
                    "table of texts".to_owned()
                }
                Value::Object(_) => "tables".to_owned(),
                _ => "table".to_owned(),
            },
            other => panic!("the reference has no name for {other:?}"),
        }
    }

    /// The words that a key takes.
    fn words(&self, key: &str, value: &'a Value) -> String {
        let mut text = String::new();
        for word in self.resolved(value)["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if is_later(word) {
                continue;
            }
            if text.is_empty() {
                let _ = write!(text, "\n`{key}` is one of\n\n");
            }
            let name = word["const"].as_str().expect("a word");
            let _ = match meaning(word).0.as_str() {
                "" => writeln!(text, "- `{name}`"),
                meaning => writeln!(text, "- `{name}`: {meaning}"),
            };
        }
        text
    }
}

/// The keys of a table that this version has.
fn keys(table: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let keys = table["properties"].as_object();
    keys.into_iter()
        .flatten()
        .filter(|(_, value)| !is_later(value))
}

fn is_later(schema: &Value) -> bool {
    schema["x-not-yet"] == true
}

/// A description as a cell of a table, and the default that it names.
fn meaning(schema: &Value) -> (String, String) {
    let text = schema["description"].as_str().unwrap_or_default();
    let text = text.replace('\n', " ").replace('|', "\\|");
    match text.split_once(" Default: ") {
        Some((meaning, default)) => (meaning.to_owned(), default.trim_end_matches('.').to_owned()),
        None => (text, String::new()),
    }
}
