//! A hermetic place to run the binary in: its own home, folder, store and environment.

pub(crate) mod councils;
pub(crate) mod server;

use snapbox::Redactions;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// All commands.
pub(crate) const COMMANDS: &[&str] = &[
    "run",
    "show",
    "list",
    "validate",
    "topologies",
    "diagram",
    "events",
    "watch",
    "cancel",
    "schema",
    "completions",
    "resume",
    "retry",
    "replay",
];

/// A folder of its own with nothing of the machine's in its environment.
pub(crate) struct TestEnv {
    folder: TempDir,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder for the test");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("data/council/runs.db")
    }

    /// Writes a file below the test's folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a written file");
        path
    }

    /// The binary with `args`, not started yet.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_council"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        let output = self.command(args).output().expect("the binary runs");
        Ran {
            output,
            folder: self.folder.path().to_owned(),
        }
    }

    /// Runs the binary to its end with further environment variables.
    pub(crate) fn run_as<S: AsRef<OsStr>>(
        &self,
        variables: &[(&str, &str)],
        args: impl IntoIterator<Item = S>,
    ) -> Ran {
        let output = self
            .command(args)
            .envs(variables.iter().copied())
            .output()
            .expect("the binary runs");
        Ran {
            output,
            folder: self.folder.path().to_owned(),
        }
    }

    /// All files below the test's folder.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files
    }

    /// What is in a folder below the test's, by name; nothing where there is none.
    pub(crate) fn listing(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Fails if a file below the test's folder holds `secret`.
    #[track_caller]
    pub(crate) fn assert_nowhere(&self, secret: &str) {
        for file in self.files() {
            let content = std::fs::read(&file).expect("a file of the test");
            let mut windows = content.windows(secret.len());
            let found = windows.any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` is in {}", file.display());
        }
    }

    /// Runs the binary with `input` on its standard input.
    pub(crate) fn run_with<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        input: impl AsRef<[u8]>,
    ) -> Ran {
        let mut child = self.start_piped(args);
        let mut stdin = child.stdin.take().expect("its standard input");
        // A program that refuses early may not read it all.
        let _unread = stdin.write_all(input.as_ref());
        drop(stdin);
        let output = child.wait_with_output().expect("the binary ends");
        Ran {
            output,
            folder: self.folder.path().to_owned(),
        }
    }

    fn start_piped<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Child {
        self.command(args)
            .stdin(Stdio::piped())
            .spawn()
            .expect("the binary starts")
    }
}

/// Waits, for a minute at most, until `is_so`; `what` is said where it never comes to that.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}

/// Waits, for a minute at most, for what `look` finds.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Fails unless a command ended with 2, and printed and stored nothing.
#[track_caller]
pub(crate) fn refused(env: &TestEnv, ran: &Ran) {
    ran.assert_code(2);
    assert_eq!(ran.stdout(), "", "nothing on standard output");
    assert!(!env.store().exists(), "nothing is stored");
}

/// What is said of each of these command lines, all of which are to be refused.
#[track_caller]
pub(crate) fn refusals(env: &TestEnv, commands: &[&[&str]]) -> String {
    let mut all = String::new();
    for args in commands {
        let ran = env.run(*args);
        refused(env, &ran);
        all.push_str(&format!("$ council {}\n{}\n", args.join(" "), ran.stderr()));
    }
    all
}

/// What a finished command left.
pub(crate) struct Ran {
    output: Output,
    folder: PathBuf,
}

impl Ran {
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("UTF-8 on stdout")
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("UTF-8 on stderr")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout()).unwrap_or_else(|error| {
            panic!(
                "stdout is no JSON ({error}):\n{}\n{}",
                self.stdout(),
                self.stderr()
            )
        })
    }

    /// The events on standard output, one a line.
    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        let event = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no event ({error}): {line}"))
        };
        self.stdout().lines().map(event).collect()
    }

    /// The whole output as one text, with what varies replaced.
    pub(crate) fn snapshot(&self) -> String {
        let whole = format!(
            "exit code: {}\n--- stdout\n{}--- stderr\n{}",
            self.code()
                .map_or_else(|| "none".to_owned(), |code| code.to_string()),
            self.stdout(),
            self.stderr(),
        );
        redact(&whole, &self.folder)
    }

    /// Fails with the whole output unless the command ended with `code`.
    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code(), Some(code), "{}", self.snapshot());
        self
    }
}

fn redact(text: &str, folder: &Path) -> String {
    let mut redactions = Redactions::new();
    redactions
        .insert("[DIR]", folder.to_path_buf())
        .expect("a redaction");
    let times = [
        (
            "[RUN]",
            "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        ),
        ("[AT]", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    ];
    for (name, pattern) in times {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        redactions.insert(name, pattern).expect("a redaction");
    }
    redactions.redact(text)
}

/// A council that must be valid.
#[track_caller]
pub(crate) fn check(document: &str) -> council::spec::Council {
    let files = std::collections::BTreeMap::new();
    council::spec::Council::check(document, &files, &council::spec::Overrides::default())
        .unwrap_or_else(|faults| panic!("{}", faults.render("spec.toml", document, false)))
}
