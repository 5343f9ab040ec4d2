//! Before the build: where the linker has it, the unwinder is linked into the program.
//!
//! Otherwise every start finds, maps and relocates libgcc_s, which is needed for panics alone: a
//! tenth of the time that `council --version` takes. Nothing else depends on it.

use std::env;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let mut tell = vec!["cargo::rerun-if-changed=src/link.rs"];
    let own = env::var("HOST").ok() == env::var("TARGET").ok();
    let gnu = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if own && gnu && has("libgcc_eh.a") {
        tell.push("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
    let told = writeln!(std::io::stdout(), "{}", tell.join("\n"));
    told.expect("cargo listens");
}

/// Whether the program that links knows where `library` is; it answers with the bare name if not.
fn has(library: &str) -> bool {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let asked = Command::new(linker)
        .arg(format!("-print-file-name={library}"))
        .output();
    let place = asked
        .ok()
        .and_then(|told| String::from_utf8(told.stdout).ok());
    place.is_some_and(|place| PathBuf::from(place.trim_end()).is_absolute())
}
