//! The question of a run: from the command line, a file, or a pipe; and the files beside it.
//!
//! It is taken as it is, byte for byte; what is not UTF-8, too large or empty is refused before
//! anything is started.

mod attachments;
mod secrets;

pub use attachments::{AttachError, attach};
pub use secrets::Suspicion;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest input, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// It is given on the command line.
    Text(String),
    /// It is in a file.
    File(PathBuf),
    /// It comes on standard input.
    Stdin,
}

/// An input that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Nothing to ask.
    #[error("the input {place} is empty: there is nothing to ask")]
    Empty {
        /// Where it came from.
        place: String,
    },
    /// More than [`MAX_BYTES`].
    #[error("the input {place} is larger than 10 MiB; shorten it")]
    TooLarge {
        /// Where it came from.
        place: String,
    },
    /// Bytes that are no text.
    #[error("the input {place} is not UTF-8: the byte at offset {offset} belongs to no character{}", advice(*.utf16))]
    NotText {
        /// Where it came from.
        place: String,
        /// The first byte that does not fit, from 0.
        offset: usize,
        /// Whether it begins as UTF-16 does.
        utf16: bool,
    },
    /// `@` without a name.
    #[error("`@` wants a file's name after it; a text that begins with `@` is written with `@@`")]
    NoName,
    /// There is no such file.
    #[error("there is no file `{}` to read the input from; a text that begins with `@` is written with `@@`", .path.display())]
    Missing {
        /// The name that was given.
        path: PathBuf,
    },
    /// A folder where a file was wanted.
    #[error("the input cannot be read from `{}`: it is a folder", .path.display())]
    Folder {
        /// The name that was given.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("the input {place} cannot be read: {fault}")]
    Unreadable {
        /// Where it came from.
        place: String,
        /// What the system said.
        #[source]
        fault: io::Error,
    },
}

fn advice(utf16: bool) -> &'static str {
    if utf16 {
        " (it looks like UTF-16; save it as UTF-8)"
    } else {
        ""
    }
}

impl Source {
    /// What the value of `--input` means: none or `-` is standard input, `@NAME` a file, and
    /// `@@text` the text `@text`.
    ///
    /// # Errors
    /// `@` alone.
    pub fn parse(value: Option<&str>) -> Result<Self, InputError> {
        Ok(match value {
            None | Some("-") => Self::Stdin,
            Some("@") => return Err(InputError::NoName),
            Some(text) => match text.strip_prefix('@') {
                Some(rest) if rest.starts_with('@') => Self::Text(rest.to_owned()),
                Some(name) => Self::File(name.into()),
                None => Self::Text(text.to_owned()),
            },
        })
    }

    /// The input itself. Only [`Source::Stdin`] touches `stdin`, and reads it to its end.
    ///
    /// # Errors
    /// It is missing, unreadable, empty but for white space, no text, or too large.
    pub fn read(&self, stdin: impl Read) -> Result<String, InputError> {
        let bytes = match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::File(path) => self.bytes(open(path)?)?,
            Self::Stdin => self.bytes(stdin)?,
        };
        check(bytes, &self.place())
    }

    /// As much as shows that it is too large, and no more.
    fn bytes(&self, from: impl Read) -> Result<Vec<u8>, InputError> {
        let mut bytes = Vec::new();
        from.take(MAX_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|fault| InputError::Unreadable {
                place: self.place(),
                fault,
            })?;
        Ok(bytes)
    }

    fn place(&self) -> String {
        match self {
            Self::Text(_) => "on the command line".to_owned(),
            Self::File(path) => format!("in `{}`", path.display()),
            Self::Stdin => "on standard input".to_owned(),
        }
    }
}

/// The input that the value of `--input` means; `stdin` is read only where it is meant.
///
/// # Errors
/// As those of [`Source::parse`] and [`Source::read`].
pub fn read(value: Option<&str>, stdin: impl Read) -> Result<String, InputError> {
    Source::parse(value)?.read(stdin)
}

fn open(path: &Path) -> Result<File, InputError> {
    let unreadable = |fault: io::Error| match fault.kind() {
        io::ErrorKind::NotFound => InputError::Missing {
            path: path.to_owned(),
        },
        _ => InputError::Unreadable {
            place: format!("in `{}`", path.display()),
            fault,
        },
    };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(InputError::Folder {
            path: path.to_owned(),
        });
    }
    File::open(path).map_err(unreadable)
}

/// Bytes as an input.
fn check(bytes: Vec<u8>, place: &str) -> Result<String, InputError> {
    let place = || place.to_owned();
    if bytes.len() > MAX_BYTES {
        return Err(InputError::TooLarge { place: place() });
    }
    let text = String::from_utf8(bytes).map_err(|fault| InputError::NotText {
        place: place(),
        offset: fault.utf8_error().valid_up_to(),
        utf16: matches!(fault.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]),
    })?;
    // A byte order mark is not white space to Unicode, and still nothing to ask.
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(InputError::Empty { place: place() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{assert_data_eq, str};

    /// A standard input that must not be touched.
    struct Untouched;

    impl Read for Untouched {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("standard input was read");
        }
    }

    fn fault(value: Option<&str>, stdin: impl Read) -> String {
        read(value, stdin).expect_err("refused").to_string()
    }

    #[test]
    fn texts_are_taken_as_they_are() {
        for (value, text) in [
            ("What now?", "What now?"),
            ("@@at", "@at"),
            ("@@@at", "@@at"),
            ("-text", "-text"),
            (" \u{1b}[2J漢字\r\n", " \u{1b}[2J漢字\r\n"),
        ] {
            assert_eq!(read(Some(value), Untouched).expect("taken"), text);
        }
    }

    #[test]
    fn standard_input_is_read_where_it_is_meant() {
        for value in [None, Some("-")] {
            assert_eq!(read(value, &b"piped\n"[..]).expect("taken"), "piped\n");
        }
    }

    #[test]
    fn a_file_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("question.md");
        fs::write(&path, "from a file\n").expect("written");
        let value = format!("@{}", path.display());
        assert_eq!(
            read(Some(&value), Untouched).expect("taken"),
            "from a file\n"
        );
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let told = [
            fault(None, &b""[..]),
            fault(None, &b" \n\t"[..]),
            fault(None, &b"\xef\xbb\xbf\n"[..]),
            fault(Some(""), Untouched),
            fault(Some("@"), Untouched),
            fault(Some("@no/such/file"), Untouched),
            fault(Some("@/"), Untouched),
            fault(None, &b"ab\xffcd"[..]),
            fault(None, &b"\xff\xfea\0b\0"[..]),
            fault(None, io::repeat(b'x')),
        ];
        assert_data_eq!(
            told.join("\n"),
            str![[r#"
the input on standard input is empty: there is nothing to ask
the input on standard input is empty: there is nothing to ask
the input on standard input is empty: there is nothing to ask
the input on the command line is empty: there is nothing to ask
`@` wants a file's name after it; a text that begins with `@` is written with `@@`
there is no file `no/such/file` to read the input from; a text that begins with `@` is written with `@@`
the input cannot be read from `/`: it is a folder
the input on standard input is not UTF-8: the byte at offset 2 belongs to no character
the input on standard input is not UTF-8: the byte at offset 0 belongs to no character (it looks like UTF-16; save it as UTF-8)
the input on standard input is larger than 10 MiB; shorten it
"#]]
        );
    }

    #[test]
    fn the_limit_is_inclusive() {
        let most = vec![b'x'; MAX_BYTES];
        assert_eq!(read(None, &most[..]).expect("taken").len(), MAX_BYTES);
    }

    #[test]
    fn a_broken_pipe_into_us_is_told() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the cable is out"))
            }
        }
        assert_eq!(
            fault(None, Broken),
            "the input on standard input cannot be read: the cable is out"
        );
    }
}
