//! Errors at the edge: what happened, what to do next, and the exit code.

use super::exit;
use crate::event::InvalidId;
use crate::input::{AttachError, InputError};
use crate::run::StartError;
use crate::spec::LoadError;
use crate::store::{FindError, StoreError};
use anyhow::anyhow;
use std::fmt::Display;
use std::io;

/// What the system says of a file, in words and without the names of files that are ours.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is no folder".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
        io::ErrorKind::InvalidData => "it is no UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

/// Why a command ends without having done its work.
#[derive(Debug)]
pub(super) struct CliError {
    pub(super) message: Message,
    pub(super) hints: Vec<String>,
    pub(super) code: u8,
}

/// What is printed of an error.
#[derive(Debug)]
pub(super) enum Message {
    /// What happened, printed after `error: `.
    Sentence(anyhow::Error),
    /// A spec that cannot be used; its faults draw their own picture.
    Spec(Box<LoadError>),
    /// What clap says of a command line that it refuses.
    Usage(String),
    /// Help or version: it was asked for, and is no error.
    Help(String),
}

impl CliError {
    /// Something that whoever typed the command can mend; nothing was started.
    pub(super) fn usage(message: impl Display) -> Self {
        Self {
            message: Message::Sentence(anyhow!("{message}")),
            hints: Vec::new(),
            code: exit::USAGE,
        }
    }

    /// What was asked for can't be done or is not there.
    pub(super) fn failed(message: impl Display) -> Self {
        Self {
            code: exit::FAILED,
            ..Self::usage(message)
        }
    }

    /// A fault of this program.
    pub(super) fn bug(message: impl Display) -> Self {
        Self {
            code: exit::BUG,
            ..Self::usage(message)
        }
    }

    /// A name that a later version will have.
    pub(super) fn not_yet(what: impl Display) -> Self {
        Self::usage(format_args!("{what} does not exist yet in this version"))
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<clap::Error> for CliError {
    fn from(error: clap::Error) -> Self {
        let text = error
            .render()
            .to_string()
            .replace("\n  tip: ", "\n  hint: ");
        let (message, code) = if error.use_stderr() {
            (Message::Usage(text), exit::USAGE)
        } else {
            (Message::Help(text), exit::OK)
        };
        Self {
            message,
            hints: Vec::new(),
            code,
        }
    }
}

impl From<LoadError> for CliError {
    fn from(error: LoadError) -> Self {
        Self {
            message: Message::Spec(Box::new(error)),
            hints: Vec::new(),
            code: exit::USAGE,
        }
    }
}

impl From<InputError> for CliError {
    fn from(error: InputError) -> Self {
        Self::usage(error)
    }
}

impl From<AttachError> for CliError {
    fn from(error: AttachError) -> Self {
        let hint = match &error {
            AttachError::Secret { path, .. } => Some(format!(
                "models would read it, and the record would keep it; if that is what you want: \
                 --attach-secret {}",
                path.display()
            )),
            _ => None,
        };
        Self {
            hints: hint.into_iter().collect(),
            ..Self::usage(error)
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::usage(error)
    }
}

impl From<InvalidId> for CliError {
    fn from(error: InvalidId) -> Self {
        Self::usage(error)
    }
}

impl From<FindError> for CliError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Store(broken) => broken.into(),
            other => Self::failed(other),
        }
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        let hint = match &error {
            StartError::MissingKey(_) => Some(
                "`council run SPEC --model rehearsal/any` goes without a key (a --set of a model \
                 goes over it)"
                    .to_owned(),
            ),
            StartError::TakenRunId(run_id) => Some(format!(
                "`council show {run_id}` shows it; choose another --run-id, or none"
            )),
            StartError::RecorderRefused(_) => {
                Some("--store names another file; --no-record runs without one".to_owned())
            }
            StartError::Provider(_) | StartError::Lost(_) | StartError::SupervisorStopped => None,
        };
        Self {
            hints: hint.into_iter().collect(),
            ..Self::usage(error)
        }
    }
}
