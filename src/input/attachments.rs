//! Files beside the question: whole texts, few and not large.

use super::secrets::{Suspicion, suspect};
use crate::event::Attachment;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The most attachments of a run.
pub(super) const MOST: usize = 16;
/// The largest attachment, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// The most bytes that all attachments of a run have together.
pub(super) const MAX_BYTES_IN_ALL: usize = 4 << 20;

/// A file that cannot be attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// More than 16.
    #[error(
        "{0} files are attached, and {MOST} are the most; join some, or name what matters in the question"
    )]
    TooMany(usize),
    /// The same file again.
    #[error("`{}` is attached twice", .0.display())]
    Twice(PathBuf),
    /// There is no such file.
    #[error("there is no file `{}` to attach", .0.display())]
    Missing(PathBuf),
    /// Standard input, which belongs to the question.
    #[error("`--attach -` does not read standard input, which is for the question; attach a file")]
    Stdin,
    /// A folder.
    #[error("`{}` is a folder; attach the files in it that matter, one `--attach` each", .0.display())]
    Folder(PathBuf),
    /// There is nothing in it.
    #[error("`{}` is empty: there is nothing to attach", .0.display())]
    Empty(PathBuf),
    /// More than 1 MiB.
    #[error("`{}` is larger than 1 MiB; attach the part that matters", .0.display())]
    TooLarge(PathBuf),
    /// All together more than 4 MiB.
    #[error("with `{}` the attachments are larger than 4 MiB in all; attach the parts that matter", .0.display())]
    TooLargeInAll(PathBuf),
    /// Not a text: it has zero bytes.
    #[error("`{}` is binary; only text can be attached", .0.display())]
    Binary(PathBuf),
    /// It looks like it holds a secret.
    #[error("`{}` {}", .path.display(), told(.found))]
    Secret {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        found: Suspicion,
    },
    /// Bytes that are no text.
    #[error("`{}` is not UTF-8: the byte at offset {offset} belongs to no character; save it as UTF-8", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first byte that does not fit, from 0.
        offset: usize,
    },
    /// It cannot be read.
    #[error("`{}` cannot be read: {fault}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        fault: io::Error,
    },
}

/// Reads the files at `paths` and then those at `secret`, in their order. A file goes by the name
/// that it was given by. Only those at `secret` may look like they hold a secret.
///
/// # Errors
/// The first of them that cannot be attached; or they are too many, or too large in all.
pub fn attach(paths: &[PathBuf], secret: &[PathBuf]) -> Result<Vec<Attachment>, AttachError> {
    let all: Vec<&PathBuf> = paths.iter().chain(secret).collect();
    if all.len() > MOST {
        return Err(AttachError::TooMany(all.len()));
    }
    let mut attachments = Vec::new();
    let mut in_all = 0;
    for (place, &path) in all.iter().enumerate() {
        if all[..place].contains(&path) {
            return Err(AttachError::Twice(path.clone()));
        }
        let text = read(path)?;
        let found = suspect(path, &text).filter(|_| place < paths.len());
        if let Some(found) = found {
            let path = path.clone();
            return Err(AttachError::Secret { path, found });
        }
        in_all += text.len();
        if in_all > MAX_BYTES_IN_ALL {
            return Err(AttachError::TooLargeInAll(path.clone()));
        }
        attachments.push(Attachment {
            name: path.display().to_string(),
            text,
        });
    }
    Ok(attachments)
}

fn told(found: &Suspicion) -> String {
    match found.line {
        Some(line) => format!(
            "looks like it holds a secret: line {line} has {}",
            found.what
        ),
        None => format!("is {}", found.what),
    }
}

fn read(path: &Path) -> Result<String, AttachError> {
    let owned = || path.to_owned();
    let unreadable = |fault: io::Error| match fault.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory if path == Path::new("-") => {
            AttachError::Stdin
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => AttachError::Missing(owned()),
        io::ErrorKind::IsADirectory => AttachError::Folder(owned()),
        _ => AttachError::Unreadable {
            path: owned(),
            fault,
        },
    };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(AttachError::Folder(owned()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    // What it is says more than how large it is.
    if bytes.contains(&0) {
        return Err(AttachError::Binary(owned()));
    }
    if bytes.len() > MAX_BYTES {
        return Err(AttachError::TooLarge(owned()));
    }
    let text = String::from_utf8(bytes).map_err(|fault| AttachError::NotText {
        path: owned(),
        offset: fault.utf8_error().valid_up_to(),
    })?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(AttachError::Empty(owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{assert_data_eq, str};
    use std::fs;

    #[test]
    fn files_are_taken_whole_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let paths: Vec<PathBuf> = ["b.md", "a.md"]
            .iter()
            .map(|name| folder.path().join(name))
            .collect();
        for path in &paths {
            fs::write(path, " \u{1b}[2J漢字\r\n").expect("written");
        }
        let attachments = attach(&paths, &[]).expect("taken");
        assert!(attachments[0].name.ends_with("/b.md"));
        assert_eq!(attachments[1].text, " \u{1b}[2J漢字\r\n");
        assert_eq!(attachments[1].named().bytes, 13);
        assert!(attachments[1].stored_as(2).starts_with("attachment:02:/"));
    }

    #[test]
    fn the_limits_are_inclusive() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, size: usize| {
            let path = folder.path().join(name);
            fs::write(&path, "x".repeat(size)).expect("written");
            path
        };
        let full: Vec<PathBuf> = (0..4).map(|n| file(&format!("{n}"), MAX_BYTES)).collect();
        assert_eq!(attach(&full, &[]).expect("taken").len(), 4);
        let more: Vec<PathBuf> = full.into_iter().chain([file("more", 1)]).collect();
        assert!(matches!(
            attach(&more, &[]),
            Err(AttachError::TooLargeInAll(_))
        ));
        let small: Vec<PathBuf> = (0..17).map(|n| file(&format!("s{n}"), 1)).collect();
        assert_eq!(attach(&small[..9], &small[9..16]).expect("taken").len(), 16);
        assert!(matches!(
            attach(&small[..9], &small[9..]),
            Err(AttachError::TooMany(17))
        ));
    }

    #[test]
    fn what_cannot_be_attached_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let contents: &[(&str, &[u8])] = &[
            ("empty", b" \n"),
            ("binary", b"\x7fELF\0\0"),
            ("latin1", b"ab\xe4"),
            ("large", &vec![b'x'; MAX_BYTES + 1]),
        ];
        let mut told = String::new();
        for (name, content) in contents {
            fs::write(folder.path().join(name), content).expect("written");
        }
        for name in ["empty", "binary", "latin1", "large", "missing", "."] {
            let fault = attach(&[folder.path().join(name)], &[]).expect_err("refused");
            told += &format!("{fault}\n");
        }
        let twice = [folder.path().join("a"), folder.path().join("a")];
        fs::write(&twice[0], "x").expect("written");
        told += &format!(
            "{}\n",
            attach(&twice[..1], &twice[1..]).expect_err("refused")
        );
        told += &format!("{}\n", attach(&["-".into()], &[]).expect_err("refused"));
        let secrets = [folder.path().join("keys.txt"), folder.path().join(".env")];
        let key = format!("ghp_{}", "a1B2c3".repeat(6));
        for path in &secrets {
            fs::write(path, format!("mine:\n{key}\n")).expect("written");
            let fault = attach(std::slice::from_ref(path), &[]).expect_err("refused");
            told += &format!("{fault}\n");
        }
        assert!(!told.contains(&key), "a secret is not shown");
        assert_eq!(attach(&[], &secrets).expect("as asked").len(), 2);
        let folder = format!("{}/", folder.path().display());
        assert_data_eq!(
            told.replace(&folder, ""),
            str![[r#"
`empty` is empty: there is nothing to attach
`binary` is binary; only text can be attached
`latin1` is not UTF-8: the byte at offset 2 belongs to no character; save it as UTF-8
`large` is larger than 1 MiB; attach the part that matters
there is no file `missing` to attach
`.` is a folder; attach the files in it that matter, one `--attach` each
`a` is attached twice
`--attach -` does not read standard input, which is for the question; attach a file
`keys.txt` looks like it holds a secret: line 2 has a GitHub token
`.env` is a file that holds secrets by its name

"#]]
        );
    }
}
