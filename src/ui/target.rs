//! Where data goes: a stream, or a file that appears whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A place for bytes that has an end.
pub(super) enum Target {
    /// A stream: what is written is gone.
    Stream(Box<dyn Write + Send>),
    /// A file beside its place, renamed at the end.
    Beside(NamedTempFile, PathBuf),
}

impl Target {
    /// A target for `--output`. Devices and pipes are written as they come; another file is
    /// replaced at the end, where a link points.
    ///
    /// # Errors
    /// The place cannot be written, or is a folder.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if names_a_folder(path) && !place.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "only a folder's name ends so",
            ));
        }
        match fs::metadata(&place) {
            Ok(there) if there.is_dir() => {
                return Err(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "it is a folder",
                ));
            }
            Ok(there) if !there.is_file() => {
                let device = fs::OpenOptions::new().write(true).open(&place)?;
                return Ok(Self::Stream(Box::new(device)));
            }
            // A file that may not be written stays as it is, also where its folder would allow it.
            Ok(_) => drop(fs::OpenOptions::new().append(true).open(&place)?),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
            // A name that no file can have, or a folder that may not be entered.
            Err(fault) => return Err(fault),
        }
        let folder = match place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".council-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // What the umask leaves of it, as for any file that a shell makes.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Self::Beside(builder.tempfile_in(folder)?, place))
    }

    /// The end: a file takes its place.
    pub(super) fn commit(self) -> io::Result<()> {
        match self {
            Self::Stream(_) => Ok(()),
            Self::Beside(file, place) => {
                file.as_file().sync_all()?;
                file.persist(place).map(drop).map_err(|fault| fault.error)
            }
        }
    }
}

/// Whether `path` can be no file's, whatever is there: it ends in `/`, `.` or `..`.
fn names_a_folder(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let last = bytes.rsplit(|byte| *byte == b'/').next();
    bytes.contains(&b'/') && last.is_some_and(|last| matches!(last, b"" | b"." | b".."))
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(bytes),
            Self::Beside(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.flush(),
            Self::Beside(file, _) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_file_can_have_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["x".repeat(300).as_str(), "new/", "new/."] {
            let refused = Target::file(&folder.path().join(name));
            assert!(refused.is_err(), "{name}");
        }
        let mut left = fs::read_dir(folder.path()).expect("it is read");
        assert!(left.next().is_none(), "nothing is left beside it");
    }
}
