//! From the name or path that a user gives to a checked council: this room's only file I/O.

use super::check::document_of;
use super::council::Council;
use super::fault::InvalidCouncil;
use super::files::{FileFault, Files, MAX_BYTES};
use super::near::{all_of, meant};
use super::overrides::Overrides;
use super::render::{Fit, harmless};
use super::secret;
use super::shipped::{SHIPPED, Shipped};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A spec that cannot be had, or that has faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("there is no spec at {path}")]
    Missing {
        /// The path as given.
        path: String,
        /// What was probably meant: a spec in the same folder, or a shipped council.
        suggestion: Option<String>,
    },
    /// It is a folder.
    #[error("{path} is a folder, not a spec")]
    Folder {
        /// The path as given.
        path: String,
    },
    /// The system refuses to read it.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// It has more than 1 MiB.
    #[error("{path} is larger than 1 MiB, which no spec needs")]
    TooLarge {
        /// The path as given.
        path: String,
    },
    /// It is no text.
    #[error("{path} is not UTF-8 text: line {line} holds other bytes")]
    NotUtf8 {
        /// The path as given.
        path: String,
        /// The line of the first byte that is none, from 1.
        line: usize,
    },
    /// There is nothing in it.
    #[error("{path} is empty")]
    Empty {
        /// The path as given.
        path: String,
    },
    /// No shipped council has that name.
    #[error("there is no shipped council named `{name}`")]
    Unknown {
        /// The name as given.
        name: String,
        /// The shipped council that was probably meant.
        suggestion: Option<&'static str>,
        /// A file in the working folder that was probably meant.
        file: Option<String>,
    },
    /// It has faults.
    #[error("{name} has {} {}", faults.0.len(), if faults.0.len() == 1 { "fault" } else { "faults" })]
    Invalid {
        /// The path or name as given.
        name: String,
        /// The spec, with literal keys masked.
        document: String,
        /// Its faults.
        faults: InvalidCouncil,
    },
}

impl LoadError {
    /// What to do about it, where one line can say so; it may go to a terminal.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.advice().map(|help| harmless(&help).into_owned())
    }

    fn advice(&self) -> Option<String> {
        let names = || all_of(SHIPPED.iter().map(|shipped| shipped.name));
        match self {
            Self::Unknown {
                file: Some(file), ..
            } => Some(format!("did you mean the file `./{file}`?")),
            Self::Unknown { name, .. } if name.contains(char::is_whitespace) => {
                Some("a question is given by --input: council run SPEC --input \"…\"".to_owned())
            }
            Self::Unknown {
                suggestion: Some(suggestion),
                ..
            } => Some(format!("did you mean `{suggestion}`?")),
            Self::Unknown { .. } => Some(format!(
                "shipped are {}; a path to a spec has a `/` or ends in `.toml`",
                names()
            )),
            Self::Missing {
                suggestion: Some(suggestion),
                ..
            } => Some(format!("did you mean `{suggestion}`?")),
            Self::Missing { .. } => Some(format!(
                "check the path; councils that need no file are {}",
                names()
            )),
            Self::Empty { .. } => Some(
                "a spec needs a `name` and one `[[member]]`; `councils/quickstart.toml` shows how"
                    .to_owned(),
            ),
            Self::Folder { .. } => Some("name a `.toml` file in it".to_owned()),
            Self::NotUtf8 { .. } => Some("save it as UTF-8".to_owned()),
            Self::Unreadable { .. } | Self::TooLarge { .. } | Self::Invalid { .. } => None,
        }
    }

    /// What happened, in one line that may go to a terminal.
    #[must_use]
    pub fn message(&self) -> String {
        harmless(&self.to_string()).into_owned()
    }

    /// The faults of a spec in the look of rustc, where those are what is wrong; as
    /// [`InvalidCouncil::render`], without an end of line.
    #[must_use]
    pub fn picture(&self, colour: bool, fit: Option<Fit<'_>>) -> Option<String> {
        let Self::Invalid {
            name,
            document,
            faults,
        } = self
        else {
            return None;
        };
        let picture = faults.render(name, document, colour, fit);
        Some(picture.trim_end().to_owned())
    }
}

/// Whether a spec's name is that of a file; else it is that of a shipped council.
#[must_use]
pub fn is_path(spec: &str) -> bool {
    spec.contains('/') || spec.ends_with(".toml")
}

/// Loads and checks a council. With a `/`, or with `.toml` at its end, `spec` is the path of a
/// file, else the name of a shipped council.
///
/// # Errors
/// The file cannot be had, no council has that name, or the spec has faults.
pub fn load(spec: &str, overrides: &Overrides) -> Result<Council, LoadError> {
    let (document, files) = if is_path(spec) {
        let document = read_document(spec)?;
        let folder = Path::new(spec).parent().unwrap_or(Path::new(""));
        (document, Folder::of(folder))
    } else {
        let shipped = Shipped::find(spec).ok_or_else(|| unknown(spec))?;
        (shipped.document.to_owned(), Folder::of(Path::new("")))
    };
    match Council::check(&document, &files, overrides) {
        Ok(mut council) => {
            council.source.folder = files.0;
            Ok(council)
        }
        Err(faults) => Err(LoadError::Invalid {
            name: spec.to_owned(),
            document: secret::mask(&document),
            faults,
        }),
    }
}

/// Makes a council again from [`Source::resolved`](super::Source::resolved), with `overrides`. Files
/// that it names are those `kept`; others, which only `overrides` can name, start from the working
/// folder. Faults are told of `name`.
///
/// # Errors
/// The spec has faults, be it by the overrides or because a newer version of the program wrote it.
pub fn reload(
    name: &str,
    resolved: &str,
    kept: &BTreeMap<String, Vec<u8>>,
    overrides: &Overrides,
) -> Result<Council, LoadError> {
    let invalid = |document: &str, faults| LoadError::Invalid {
        name: name.to_owned(),
        document: secret::mask(document),
        faults,
    };
    let document = document_of(resolved).map_err(|faults| invalid("", faults))?;
    let files = Kept {
        kept,
        folder: Folder::of(Path::new("")),
    };
    Council::check(&document, &files, overrides).map_err(|faults| invalid(&document, faults))
}

/// Whether `document` as it stands is another council than the `resolved` one that was made of it,
/// with files that it names `kept`: then flags changed it.
#[must_use]
pub fn was_changed(document: &[u8], resolved: &str, kept: &BTreeMap<String, Vec<u8>>) -> bool {
    let document = String::from_utf8_lossy(document);
    let plain = Council::check(&document, kept, &Overrides::default());
    plain.map_or(true, |council| council.source.resolved != resolved)
}

fn unknown(name: &str) -> LoadError {
    LoadError::Unknown {
        name: name.to_owned(),
        suggestion: meant(name, SHIPPED.iter().map(|shipped| shipped.name)),
        file: [name.to_owned(), format!("{name}.toml")]
            .into_iter()
            .find(|file| !name.is_empty() && Path::new(file).is_file()),
    }
}

/// The spec that was probably meant by a path where there is none.
fn beside(path: &str) -> Option<String> {
    let (folder, name) = match path.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), path),
    };
    let place = if folder.is_empty() { "." } else { &folder };
    let there = std::fs::read_dir(place).into_iter().flatten().flatten();
    let specs: Vec<String> = there
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .take(1_000)
        .collect();
    let stem = name.strip_suffix(".toml").unwrap_or(name);
    let stems = specs.iter().filter_map(|spec| spec.strip_suffix(".toml"));
    if let Some(meant) = meant(stem, stems) {
        return Some(format!("{folder}{meant}.toml"));
    }
    let shipped = || SHIPPED.iter().map(|shipped| shipped.name);
    shipped()
        .find(|known| *known == stem)
        .or_else(|| meant(stem, shipped()))
        .map(str::to_owned)
}

fn read_document(path: &str) -> Result<String, LoadError> {
    let name = path.to_owned();
    let bytes = read(Path::new(path)).map_err(|fault| match fault {
        FileFault::Missing => LoadError::Missing {
            suggestion: beside(path),
            path: name.clone(),
        },
        FileFault::Folder => LoadError::Folder { path: name.clone() },
        FileFault::TooLarge => LoadError::TooLarge { path: name.clone() },
        FileFault::Unreadable(reason) => LoadError::Unreadable {
            path: name.clone(),
            reason,
        },
    })?;
    let document = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..good];
        LoadError::NotUtf8 {
            path: name.clone(),
            line: before.iter().filter(|b| **b == b'\n').count() + 1,
        }
    })?;
    if document
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .is_empty()
    {
        return Err(LoadError::Empty { path: name });
    }
    Ok(document)
}

/// Reads a file, or a pipe, of at most [`MAX_BYTES`].
fn read(path: &Path) -> Result<Vec<u8>, FileFault> {
    let fault = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileFault::Missing,
        io::ErrorKind::IsADirectory => FileFault::Folder,
        _ => FileFault::Unreadable(error.to_string()),
    };
    let file = File::open(path).map_err(fault)?;
    if file.metadata().map_err(fault)?.is_dir() {
        return Err(FileFault::Folder);
    }
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() > MAX_BYTES {
        return Err(FileFault::TooLarge);
    }
    Ok(bytes)
}

/// The folder of a spec, from which the paths in it start.
struct Folder(PathBuf);

impl Folder {
    fn of(folder: &Path) -> Self {
        // Only an unreadable working folder keeps it relative, and then reading fails anyway.
        Self(std::path::absolute(folder.join(".")).unwrap_or_else(|_| folder.to_owned()))
    }
}

/// Files that were kept, and those of a folder.
struct Kept<'a> {
    kept: &'a BTreeMap<String, Vec<u8>>,
    folder: Folder,
}

impl Files for Kept<'_> {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileFault> {
        match self.kept.get(name) {
            Some(content) => Ok(content.clone()),
            None => self.folder.read(name),
        }
    }
}

impl Files for Folder {
    fn read(&self, name: &str) -> Result<Vec<u8>, FileFault> {
        read(&self.0.join(name))
    }
}
