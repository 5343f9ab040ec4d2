//! The manual pages, made from the same descriptions as `--help`.

use super::command;
use clap_mangen::Man;
use std::io;

/// Each page's file name and its roff: one for the program, one for each command.
///
/// # Errors
/// None in practice: they are written to memory.
pub fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut program = command().disable_help_subcommand(true);
    // Names of commands and the flags that all of them take are filled in by this.
    program.build();
    let mut pages = vec![("council.1".to_owned(), roff(program.clone())?)];
    for command in program.get_subcommands() {
        pages.push((
            format!("council-{}.1", command.get_name()),
            roff(command.clone())?,
        ));
    }
    Ok(pages)
}

fn roff(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command)
        .source(concat!("council ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)?;
    Ok(page)
}
