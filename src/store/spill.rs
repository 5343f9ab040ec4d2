//! Files for what the store cannot take: one a run, one event a line, as it would stand in a row.
//!
//! They are in a folder beside the store, else in one in the temporary folder, which belong to
//! this user and which nobody else can write. A file begins with the first event that the store
//! lacks and has no gap; what follows its last line end was being written when its process died.
//! Whatever else stands in such a folder is left alone.

use super::sql::{Ending, Line};
use crate::event::{Event, Record, RecordState, RunId, hex};
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The most that one file holds, and the most that is read of one, in bytes.
const MOST: u64 = 256 << 20;

/// How many files of a folder are looked at when a store is opened.
const LOOKED_AT: usize = 10_000;

/// What a file's name ends with, after the run's id.
const SUFFIX: &str = ".ndjson";

/// What a file is known again by, as long as nothing is added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    file: (u64, u64),
    len: u64,
    changed: (i64, i64),
}

/// Where a store's spill files are, the best place first.
#[derive(Debug, Clone)]
pub(super) struct Spills(Vec<PathBuf>);

impl Spills {
    /// The places of `store`, which has no symbolic links in it.
    pub(super) fn of(store: &Path) -> Self {
        let mut beside = store.as_os_str().to_owned();
        beside.push(".spill");
        let digest = Sha256::digest(store.as_os_str().as_bytes());
        let name = format!("council-{}-{}.spill", own_user(), hex(&digest[..8]));
        Self(vec![beside.into(), std::env::temp_dir().join(name)])
    }

    #[cfg(test)]
    pub(super) fn places(&self) -> &[PathBuf] {
        &self.0
    }

    /// A new file for `run_id`, in the first place that takes one.
    ///
    /// # Errors
    /// No place does.
    pub(super) fn create(&self, run_id: &RunId) -> io::Result<SpillFile> {
        self.create_from(0, run_id)
    }

    fn create_from(&self, first: usize, run_id: &RunId) -> io::Result<SpillFile> {
        let mut fault = io::ErrorKind::NotFound.into();
        for (place, folder) in self.0.iter().enumerate().skip(first) {
            match create_in(folder, run_id) {
                Ok((path, file)) => {
                    return Ok(SpillFile {
                        run_id: run_id.clone(),
                        places: self.clone(),
                        place,
                        path,
                        file,
                        len: 0,
                        synced: 0,
                    });
                }
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    /// What was spilled of `run_id`; none where nothing was, or nothing that can be used.
    pub(super) fn read(&self, run_id: &RunId) -> Option<Spilled> {
        let mut places = self.0.iter();
        places.find_map(|folder| {
            let path = folder.join(format!("{run_id}{SUFFIX}"));
            read(folder, &path, run_id).ok()
        })
    }

    /// What tells the files of `run_id` as they are now from what they come to be; empty where
    /// there are none. Opens nothing.
    pub(super) fn marks(&self, run_id: &RunId) -> Vec<Mark> {
        let name = format!("{run_id}{SUFFIX}");
        let there = |folder: &PathBuf| fs::symlink_metadata(folder.join(&name)).ok();
        let mark = |file: Metadata| Mark {
            file: (file.dev(), file.ino()),
            len: file.len(),
            changed: (file.mtime(), file.mtime_nsec()),
        };
        self.0.iter().filter_map(there).map(mark).collect()
    }

    /// What stands in these folders. One in the temporary folder that is not this user's alone may
    /// be anybody's, and is passed over.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let ours = |(place, folder): &(usize, &PathBuf)| *place == 0 || is_own_folder(folder);
        let folders = self.0.iter().enumerate().filter(ours);
        folders
            .filter_map(|(_, folder)| fs::read_dir(folder).ok())
            .flat_map(|entries| entries.flatten().take(LOOKED_AT))
            .map(|entry| entry.path())
            .collect()
    }
}

/// What the file at `path` holds, of the run that it is named after; or why nobody knows.
pub(super) fn read_named(path: &Path) -> Result<Spilled, String> {
    let name = path.file_name().and_then(|name| name.to_str());
    let run_id = name.and_then(|name| name.strip_suffix(SUFFIX)?.parse::<RunId>().ok());
    match (run_id, path.parent()) {
        (Some(run_id), Some(folder)) => read(folder, path, &run_id),
        _ => Err("its name is not that of a run".to_owned()),
    }
}

/// The file that a run is spilled into.
#[derive(Debug)]
pub(super) struct SpillFile {
    run_id: RunId,
    places: Spills,
    place: usize,
    path: PathBuf,
    file: File,
    /// The length of the whole lines.
    len: u64,
    /// The length that is known to be on disk.
    synced: u64,
}

impl SpillFile {
    /// The record of a run of which the rest is here.
    pub(super) fn record(&self) -> Record {
        record_at(&self.path)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds one event. Where this place is full, all moves on to the next.
    ///
    /// # Errors
    /// No place takes it; what stood there still does.
    pub(super) fn append(&mut self, body: &str) -> io::Result<()> {
        let line = format!("{body}\n");
        if self.len + line.len() as u64 > MOST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let Err(fault) = self.write(line.as_bytes()) else {
            return Ok(());
        };
        match self.moved() {
            Ok(mut moved) => {
                moved
                    .write(line.as_bytes())
                    .inspect_err(|_| moved.remove())?;
                self.remove();
                *self = moved;
                Ok(())
            }
            Err(_) => Err(fault),
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line).inspect_err(|_| {
            // Half a line in the middle would make all that follows unreadable.
            drop(self.file.set_len(self.len));
        })?;
        self.len += line.len() as u64;
        Ok(())
    }

    /// A copy in a later place.
    fn moved(&self) -> io::Result<Self> {
        let mut other = self.places.create_from(self.place + 1, &self.run_id)?;
        let copied = File::open(&self.path).and_then(|from| {
            let copied = io::copy(&mut from.take(self.len), &mut other.file)?;
            if copied == self.len {
                Ok(copied)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        });
        other.len = copied.inspect_err(|_| other.remove())?;
        Ok(other)
    }

    /// Waits until all of it is on disk.
    ///
    /// # Errors
    /// It is not known to be; what was added since the last time is taken away.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.synced < self.len {
            self.file.sync_data().inspect_err(|_| {
                drop(self.file.set_len(self.synced));
                self.len = self.synced;
            })?;
            self.synced = self.len;
        }
        Ok(())
    }

    fn remove(&self) {
        remove(&self.path);
    }
}

/// What was spilled of a run: events without a gap.
#[derive(Debug)]
pub(super) struct Spilled {
    pub(super) run_id: RunId,
    pub(super) path: PathBuf,
    /// All but the last event of the run.
    pub(super) lines: Vec<Line>,
    /// The last event of the run, where it came to that.
    pub(super) ending: Option<Ending>,
}

impl Spilled {
    /// The record of a run that ends here.
    pub(super) fn record(&self) -> Record {
        record_at(&self.path)
    }

    /// All of its lines, the ending's too.
    pub(super) fn all(&self) -> impl Iterator<Item = &Line> {
        let last = self.ending.as_ref().map(|ending| &ending.line);
        self.lines.iter().chain(last)
    }
}

fn record_at(path: &Path) -> Record {
    Record {
        path: Some(path.display().to_string()),
        ..Record::of(RecordState::Spilled)
    }
}

/// Removes a spill file whose events are in the store, and the folder after the last.
pub(super) fn remove(path: &Path) {
    drop(fs::remove_file(path));
    if let Some(folder) = path.parent() {
        drop(fs::remove_dir(folder));
    }
}

fn create_in(folder: &Path, run_id: &RunId) -> io::Result<(PathBuf, File)> {
    match try_create_in(folder, run_id) {
        // Another process may have removed the empty folder before the file was in it.
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => try_create_in(folder, run_id),
        done => done,
    }
}

fn try_create_in(folder: &Path, run_id: &RunId) -> io::Result<(PathBuf, File)> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => return Err(fault),
        _ => {}
    }
    if !is_own_folder(folder) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let path = folder.join(format!("{run_id}{SUFFIX}"));
    let file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    // Its name is to outlive a loss of power as its lines do.
    drop(File::open(folder).and_then(|folder| folder.sync_all()));
    Ok((path, file))
}

/// The events that the file at `path` holds of `run_id`; or why it is not one of ours.
pub(super) fn read(folder: &Path, path: &Path, run_id: &RunId) -> Result<Spilled, String> {
    let unreadable = |fault: io::Error| format!("it cannot be read: {fault}");
    let there = fs::symlink_metadata(path).map_err(unreadable)?;
    if !is_own_folder(folder) || !there.is_file() || !is_own(&there) {
        return Err("it is no file of this user alone".to_owned());
    }
    if there.len() > MOST {
        return Err("it is larger than any that is written here".to_owned());
    }
    let file = File::open(path).map_err(unreadable)?;
    let opened = file.metadata().map_err(unreadable)?;
    if (opened.dev(), opened.ino()) != (there.dev(), there.ino()) {
        return Err("it was replaced while it was read".to_owned());
    }
    let mut spilled = Spilled {
        run_id: run_id.clone(),
        path: path.to_owned(),
        lines: Vec::new(),
        ending: None,
    };
    let mut reader = BufReader::new(file.take(MOST));
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        reader.read_until(b'\n', &mut bytes).map_err(unreadable)?;
        if bytes.pop() != Some(b'\n') {
            // The end, or what was being written when its process died.
            break;
        }
        let number = spilled.lines.len() + 1;
        spilled
            .take_in(&bytes)
            .map_err(|why| format!("line {number} {why}"))?;
    }
    Ok(spilled)
}

impl Spilled {
    fn take_in(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is no text".to_owned())?;
        let event: Event =
            serde_json::from_str(text).map_err(|fault| format!("is no event: {fault}"))?;
        if event.run_id != self.run_id {
            return Err("is of another run".to_owned());
        }
        if self.ending.is_some() {
            return Err("follows the end of the run".to_owned());
        }
        if let Some(last) = self.lines.last()
            && event.seq != last.seq + 1
        {
            return Err(format!("is event {} after event {}", event.seq, last.seq));
        }
        let unwritable = |fault: serde_json::Error| fault.to_string();
        match event.outcome() {
            Some(outcome) => {
                let mut ending = Ending::of(&event, outcome).map_err(unwritable)?;
                text.clone_into(&mut ending.line.body);
                self.ending = Some(ending);
            }
            None => {
                let mut line = Line::of(&event).map_err(unwritable)?;
                text.clone_into(&mut line.body);
                self.lines.push(line);
            }
        }
        Ok(())
    }
}

/// Whether a folder is this user's and nobody else can put files into it.
fn is_own_folder(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|there| there.is_dir() && is_own(&there))
}

fn is_own(there: &Metadata) -> bool {
    there.uid() == own_user() && there.mode() & 0o022 == 0
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}
