//! The manual pages, made from the same descriptions as `--help`.

use super::command;
use clap_mangen::Man;
use std::io;

/// Each page's file name and its roff: one for the program, one for each command.
///
/// # Errors
/// None in practice: they are written to memory.
pub fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let program = command();
    let commands = program
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut pages = vec![("council.1".to_owned(), roff(program.clone())?)];
    for command in commands {
        let name = format!("council-{}", command.get_name());
        let page = command
            .clone()
            .name(name.clone())
            .version(env!("CARGO_PKG_VERSION"));
        pages.push((format!("{name}.1"), roff(page)?));
    }
    Ok(pages)
}

fn roff(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.disable_help_flag(true)).render(&mut page)?;
    Ok(page)
}
