//! The `command` providers: any program is a model. The prompt goes to its standard input, or into
//! an argument where the spec says so; the answer is what comes on its standard output.
//!
//! A program sees nothing of this process's environment but a few plain variables and those that
//! the spec names. It leads a process group of its own, which ends with the call, however that
//! ends: see [`group`].
//!
//! An exit status of 0 makes an answer of the output. 75 (`EX_TEMPFAIL` of `sysexits.h`) is a
//! failure that may pass; any other status, or death by a signal, is not tried again: only the
//! program knows what its failure means, and a call may have cost money before it.

mod group;
mod output;

use super::context::Wire;
use super::secrets::Secrets;
use super::{CallError, Context, Piece, Pieces, Provider, Request, Stop};
use crate::event::{ErrorKind, Message, MessageRole};
use crate::spec::{Argument, ProviderSpec};
use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use group::Group;
use output::{Tail, Text};
use std::io;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

/// What every program sees of the environment.
const VARIABLES: &[&str] = &["PATH", "HOME", "LANG", "TERM", "TMPDIR"];

/// A failure that may pass, as `sysexits.h` has it.
const EX_TEMPFAIL: i32 = 75;

/// How much is read at a time.
const CHUNK: usize = 16 * 1024;

/// As much as a pipe holds on any system: no more can be left in one when its program has ended.
const PIPE: usize = 1 << 20;

/// A variable that a spec lets a program see, and that is not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the program of provider `{provider}` is to see the environment variable `{variable}`, which is not set"
)]
pub struct UnsetVariable {
    /// The provider's name in the spec.
    pub provider: String,
    /// The variable's name.
    pub variable: String,
}

/// The variables that programs of `providers` are to see and that are not set. Only the program
/// knows whether it can do without.
pub fn unset_variables<'a>(
    providers: impl IntoIterator<Item = &'a ProviderSpec>,
    context: &Context,
) -> Vec<UnsetVariable> {
    let listed = providers.into_iter().flat_map(|spec| {
        let variables = spec.env.iter();
        variables.map(|variable| (spec.name.clone(), variable.clone()))
    });
    listed
        .filter(|(_, variable)| context.variable(variable).is_none())
        .map(|(provider, variable)| UnsetVariable { provider, variable })
        .collect()
}

/// A program that answers.
pub(super) struct Program {
    command: Vec<Argument>,
    env: Vec<String>,
    context: Context,
}

impl Program {
    pub(super) fn open(spec: &ProviderSpec, context: &Context) -> Self {
        Self {
            command: spec.command.clone(),
            env: spec.env.clone(),
            context: context.clone(),
        }
    }

    /// The program's name, and its command line with nothing but the listed variables around it.
    fn command(&self, prompt: &str, model: &str) -> (String, Command) {
        let mut words = self.command.iter().map(|word| word.fill(prompt, model));
        let name = words.next().unwrap_or_default();
        let mut command = Command::new(&name);
        command.args(words).env_clear();
        let env = self.env.iter().map(String::as_str);
        for variable in VARIABLES.iter().copied().chain(env) {
            if let Some(value) = self.context.variable(variable) {
                command.env(variable, value);
            }
        }
        (name, command)
    }

    /// What of its variables must not be told.
    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        let held = self.env.iter().filter(|name| is_secret(name));
        for secret in held.filter_map(|name| self.context.secret(name)) {
            secrets.add(secret);
        }
        secrets
    }
}

#[async_trait]
impl Provider for Program {
    async fn send(&self, request: Request) -> Result<Pieces, CallError> {
        let prompt = prompt(&request.messages);
        let (name, mut command) = self.command(&prompt, &request.model);
        let secrets = self.secrets();
        let wire = self.context.wire(&request.call);
        wire.tell(|| {
            let std = command.as_std();
            let words = std::iter::once(std.get_program()).chain(std.get_args());
            let words: Vec<_> = words.map(|word| format!("{word:?}")).collect();
            secrets.strip_text(format!("> {}", words.join(" ")))
        });
        let in_argument = self.command.iter().any(Argument::takes_prompt);
        command
            .stdin(if in_argument {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group =
            Group::start(&mut command).map_err(|error| not_started(&name, in_argument, &error))?;
        if !in_argument {
            wire.tell(|| secrets.strip_text(format!("> {prompt}")));
        }
        let child = group.child();
        let call = Call {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            prompt: (prompt + "\n").into_bytes(),
            written: 0,
            text: Text::default(),
            said: Tail::default(),
            complaint: Tail::default(),
            group,
            name,
            end: None,
            wire,
            secrets,
            held: String::new(),
        };
        Ok(stream::unfold(Some(call), |call| async {
            let mut call = call?;
            match call.next().await {
                Ok(piece) => Some((Ok(piece?), Some(call))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed())
    }
}

/// Whether a variable of that name holds what must not be told.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let parts = ["KEY", "TOKEN", "SECRET", "PASSW", "CREDENTIAL"];
    parts.iter().any(|part| name.contains(part))
}

/// A program at work. Dropping it kills the program and all that it started.
struct Call {
    name: String,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    prompt: Vec<u8>,
    /// How much of the prompt the program has taken.
    written: usize,
    text: Text,
    /// The end of what it said on standard output, for programs that complain there.
    said: Tail,
    complaint: Tail,
    group: Group,
    end: Option<End>,
    wire: Wire,
    /// What it sees of the environment and must not tell.
    secrets: Secrets,
    /// The end of the text so far, where it may be the beginning of a secret.
    held: String,
}

/// What is left to say of a program that has ended.
enum End {
    Failed(CallError),
    Stop,
    Over,
}

/// What happened first.
enum Happened {
    Wrote(io::Result<usize>),
    Said(io::Result<usize>),
    Complained(io::Result<usize>),
    Ended(io::Result<ExitStatus>),
}

impl Call {
    async fn next(&mut self) -> Result<Option<Piece>, CallError> {
        let mut said = vec![0; CHUNK];
        let mut complaint = vec![0; CHUNK];
        loop {
            match self.end.take() {
                None => {}
                Some(End::Failed(error)) => return Err(error),
                Some(End::Stop) => {
                    self.end = Some(End::Over);
                    return Ok(Some(Piece::Stop(Stop::Done)));
                }
                Some(End::Over) => return Ok(None),
            }
            let happened = tokio::select! {
                wrote = write(&mut self.stdin, &self.prompt[self.written..]) => Happened::Wrote(wrote),
                read = read(&mut self.stdout, &mut said) => Happened::Said(read),
                read = read(&mut self.stderr, &mut complaint) => Happened::Complained(read),
                status = self.group.ended() => Happened::Ended(status),
            };
            let piece = match happened {
                Happened::Wrote(Ok(count)) if count > 0 => {
                    self.written += count;
                    if self.written == self.prompt.len() {
                        self.stdin = None;
                    }
                    None
                }
                // A program that wants no more of its input is at liberty to say so.
                Happened::Wrote(_) => {
                    self.stdin = None;
                    None
                }
                Happened::Said(Ok(count)) if count > 0 => self.take(&said[..count])?,
                Happened::Said(_) => {
                    self.stdout = None;
                    None
                }
                Happened::Complained(Ok(count)) if count > 0 => {
                    self.complaint.push(&complaint[..count]);
                    // Silence is counted from the first piece: a banner must not start the count.
                    self.text.has_begun().then_some(Piece::Alive)
                }
                Happened::Complained(_) => {
                    self.stderr = None;
                    None
                }
                Happened::Ended(status) => self.ended(status)?,
            };
            if piece.is_some() {
                return Ok(piece);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Option<Piece>, CallError> {
        if !bytes.is_empty() {
            let line = || format!("< {}", String::from_utf8_lossy(bytes));
            self.wire.tell(|| self.secrets.strip_text(line()));
        }
        self.said.push(bytes);
        let text = self.text.take(bytes).map_err(|at| self.no_text(at))?;
        let text = self.secrets.strip_piece(&mut self.held, &text);
        Ok((!text.is_empty()).then_some(Piece::Text(text)))
    }

    /// The program is gone. What it left in its pipes is read, and not waited for: who else holds
    /// them open has left the group, and may do so for ever.
    fn ended(&mut self, status: io::Result<ExitStatus>) -> Result<Option<Piece>, CallError> {
        let status = status.map_err(|error| {
            let message = format!("`{}` was lost: {error}", self.name);
            CallError::new(ErrorKind::Internal, message)
        })?;
        if let Some(stderr) = self.stderr.take() {
            left(&stderr, |bytes| self.complaint.push(bytes));
        }
        self.wire.tell(|| format!("< {status}"));
        let mut rest = Vec::new();
        if let Some(stdout) = self.stdout.take() {
            left(&stdout, |bytes| rest.extend_from_slice(bytes));
        }
        if !status.success() {
            self.said.push(&rest);
            self.end = Some(End::Failed(self.failed(status)));
            return Ok(None);
        }
        let piece = self.take(&rest)?;
        self.text.end().map_err(|at| self.no_text(at))?;
        self.end = Some(End::Stop);
        // Nothing comes after it that would make a secret of it.
        let held = std::mem::take(&mut self.held);
        Ok(match piece {
            Some(Piece::Text(text)) => Some(Piece::Text(text + &held)),
            other if held.is_empty() => other,
            _ => Some(Piece::Text(held)),
        })
    }

    fn failed(&self, status: ExitStatus) -> CallError {
        let kind = match status.code() {
            Some(EX_TEMPFAIL) => ErrorKind::Transient,
            _ => ErrorKind::InvalidRequest,
        };
        let words = [&self.complaint, &self.said]
            .into_iter()
            .map(Tail::text)
            .find(|text| !text.is_empty());
        let words = words.map_or_else(
            || ", and said nothing about it".to_owned(),
            |text| format!(": {text}"),
        );
        let message = format!("`{}` failed ({status}){words}", self.name);
        self.secrets.strip(CallError::new(kind, message))
    }

    fn no_text(&self, at: usize) -> CallError {
        let message = format!("the output of `{}` is not UTF-8 text: byte {at}", self.name);
        CallError::new(ErrorKind::InvalidOutput, message)
    }
}

/// Writes some of `bytes`; for ever where there is nothing to write to.
async fn write(pipe: &mut Option<ChildStdin>, bytes: &[u8]) -> io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.write(bytes).await,
        None => std::future::pending().await,
    }
}

/// Reads some bytes; for ever where there is nothing to read from.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, buffer: &mut [u8]) -> io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.read(buffer).await,
        None => std::future::pending().await,
    }
}

/// Takes what is in a pipe, which never waits.
fn left(pipe: &impl std::os::fd::AsFd, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; CHUNK];
    let mut taken = 0;
    while taken < PIPE {
        match rustix::io::read(pipe, &mut buffer) {
            Ok(count) if count > 0 => {
                taken += count;
                take(&buffer[..count]);
            }
            Err(rustix::io::Errno::INTR) => {}
            _ => break,
        }
    }
}

/// All messages as one text, in order. Who speaks is said only of the model itself.
fn prompt(messages: &[Message]) -> String {
    let texts = messages
        .iter()
        .filter(|message| !message.content.trim().is_empty());
    let texts: Vec<String> = texts
        .map(|message| match message.role {
            MessageRole::System | MessageRole::User => message.content.trim_end().to_owned(),
            MessageRole::Assistant => {
                format!("Your earlier reply was:\n\n{}", message.content.trim_end())
            }
        })
        .collect();
    texts.join("\n\n")
}

fn not_started(name: &str, in_argument: bool, error: &io::Error) -> CallError {
    use io::ErrorKind as Io;
    let (kind, what) = match error.kind() {
        Io::NotFound if name.contains('/') => (
            ErrorKind::NotFound,
            "there is no such file, or the interpreter that it names is not there".to_owned(),
        ),
        Io::NotFound => (
            ErrorKind::NotFound,
            "it is in no folder of PATH; install it, or write its whole path in the spec"
                .to_owned(),
        ),
        Io::PermissionDenied => (
            ErrorKind::NotFound,
            "it may not be executed (`chmod +x` makes a file a program)".to_owned(),
        ),
        Io::ArgumentListTooLong if in_argument => (
            ErrorKind::InvalidRequest,
            "the prompt is too long for an argument; without `{{ prompt }}` in `command` it goes \
             to standard input"
                .to_owned(),
        ),
        Io::InvalidInput if in_argument => (
            ErrorKind::InvalidRequest,
            "the prompt holds a NUL character, which no argument can; without `{{ prompt }}` in \
             `command` it goes to standard input"
                .to_owned(),
        ),
        Io::NotADirectory => (ErrorKind::NotFound, error.to_string()),
        Io::WouldBlock | Io::OutOfMemory | Io::ExecutableFileBusy => {
            (ErrorKind::Transient, error.to_string())
        }
        _ if too_many_files(error) => (ErrorKind::Transient, error.to_string()),
        _ => (ErrorKind::InvalidRequest, error.to_string()),
    };
    CallError::new(kind, format!("`{name}` cannot be started: {what}"))
}

fn too_many_files(error: &io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE]
        .iter()
        .any(|full| error.raw_os_error() == Some(full.raw_os_error()))
}

#[cfg(test)]
mod tests;
