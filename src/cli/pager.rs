//! A pager for what is longer than the screen, with git's habits.
//!
//! The process becomes the pager, so that no key pressed there reaches two programs.

use console::measure_text_width;
use std::ffi::{OsStr, OsString};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// What a shell would not take as it stands.
const SHELL: &str = "|&;<>()$`\\\"'*?[#~=%{}";

/// The pager's command line, from the variables that `get` knows; none where none is wanted.
pub(super) fn chosen(get: impl Fn(&str) -> Option<OsString>) -> Option<OsString> {
    let named = get("COUNCIL_PAGER").or_else(|| get("PAGER"));
    let pager = named.unwrap_or_else(|| "less -FRX".into());
    (!pager.is_empty() && pager != "cat").then_some(pager)
}

/// Whether `text` takes more than `rows` rows of `columns` columns, one of them the prompt's.
pub(super) fn is_longer(text: &str, rows: usize, columns: usize) -> bool {
    let taken = text
        .lines()
        .map(|line| measure_text_width(line).div_ceil(columns.max(1)).max(1));
    taken.sum::<usize>() + 1 > rows
}

/// Becomes `pager`, with `text` before it. Comes back only with the reason why it could not.
pub(super) fn become_pager(pager: &OsStr, text: &str) -> io::Error {
    let prepared = tempfile::tempfile().and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.rewind()?;
        Ok(file)
    });
    let file = match prepared {
        Ok(file) => file,
        Err(error) => return error,
    };
    let mut command = command(pager);
    if std::env::var_os("LESS").is_none() {
        // Colours are shown, a short text stays on the screen.
        command.env("LESS", "FRX");
    }
    command.stdin(file).exec()
}

/// The command that a shell would make of `pager`; a shell where it takes one.
fn command(pager: &OsStr) -> Command {
    let simple = pager
        .to_str()
        .filter(|text| !text.contains(|c| SHELL.contains(c)));
    let mut words = simple.into_iter().flat_map(str::split_whitespace);
    if let Some(program) = words.next() {
        let mut command = Command::new(program);
        command.args(words);
        return command;
    }
    let mut command = Command::new("sh");
    command.arg("-c").arg(pager);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<OsString> {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        chosen(get)
    }

    #[test]
    fn the_nearest_variable_names_the_pager() {
        assert_eq!(with(&[]), Some("less -FRX".into()));
        assert_eq!(with(&[("PAGER", "more")]), Some("more".into()));
        let both = [("PAGER", "more"), ("COUNCIL_PAGER", "most -x")];
        assert_eq!(with(&both), Some("most -x".into()));
        for none in ["", "cat"] {
            assert_eq!(with(&[("PAGER", "more"), ("COUNCIL_PAGER", none)]), None);
        }
    }

    #[test]
    fn only_what_is_longer_than_the_screen_is_paged() {
        assert!(!is_longer("a\nb\nc\n", 4, 80));
        assert!(is_longer("a\nb\nc\nd\n", 4, 80));
        assert!(is_longer(&"x".repeat(31), 4, 10));
        assert!(!is_longer("\u{1b}[1mbold\u{1b}[0m", 2, 4));
    }

    #[test]
    fn a_simple_command_line_needs_no_shell() {
        let program = |line: &str| command(OsStr::new(line)).get_program().to_owned();
        assert_eq!(program("less -R"), "less");
        assert_eq!(program("less -R | tee log"), "sh");
    }
}
