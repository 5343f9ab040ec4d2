//! The manual page, made from the same descriptions as `--help`.

use super::command;
use std::io;

/// `council.1`, as roff.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    Ok(page)
}
