//! The `council` program: parse, run, exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(council::cli::main(std::env::args_os()))
}
