//! Where the files that a spec names come from: a folder, a store's row, or nowhere.

use std::collections::BTreeMap;

/// The most bytes that a spec, or a file that it names, may have.
pub const MAX_BYTES: usize = 1 << 20;

/// Gives the content of files that a spec names.
pub trait Files {
    /// The content of the file that the spec calls `name`.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn read(&self, name: &str) -> Result<Vec<u8>, FileFault>;
}

/// Why a file that a spec names cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// There is none.
    #[error("there is no such file")]
    Missing,
    /// It is a folder.
    #[error("it is a folder, not a file")]
    Folder,
    /// It has more than [`MAX_BYTES`].
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// The system refuses.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// Files that were read before, by name.
impl Files for BTreeMap<String, Vec<u8>> {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileFault> {
        self.get(name).cloned().ok_or(FileFault::Missing)
    }
}

/// No files at all.
impl Files for () {
    fn read(&self, _: &str) -> Result<Vec<u8>, FileFault> {
        Err(FileFault::Missing)
    }
}
