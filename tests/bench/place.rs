//! A folder of its own for each topic, and the program in it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

pub(crate) struct Place(TempDir);

impl Place {
    /// The program is copied here, as an install does: what a linker has just written lies in the
    /// page cache in smaller pieces, and costs a tenth more to start.
    pub(crate) fn new() -> Self {
        let place = Self(TempDir::new().expect("a folder"));
        std::fs::copy(env!("CARGO_BIN_EXE_council"), place.path("council")).expect("a copy");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).expect("a file");
    }

    /// `council` with `args` and the store `store`, with nothing of the machine's around it.
    pub(crate) fn council(&self, store: &str, args: &[&str]) -> Command {
        let mut command = self.program(self.path("council"), args);
        command.env("COUNCIL_STORE", self.path(store));
        command
    }

    /// Another program, likewise.
    pub(crate) fn program(&self, name: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(name);
        command
            .args(args)
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path());
        command
    }
}
