//! Who is alive: each recording process holds an exclusive lock on a file of its own beside the
//! store, and its rows name the file.
//!
//! The system frees the lock when the process ends, however it ends; children do not inherit it.
//! Readers probe with a shared lock, so that two of them never take each other for the owner.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// What a probe says of the process that holds a live file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It is there.
    Alive,
    /// It is gone: the file is free, or is no more.
    Dead,
    /// Nobody can tell: locks or the file are refused.
    Unknown,
}

/// The folder of live files beside a store.
#[derive(Debug, Clone)]
pub(super) struct LiveFolder(PathBuf);

/// This process's own live file, locked.
#[derive(Debug)]
pub(super) struct LiveFile {
    name: String,
    path: PathBuf,
    /// Held for its lock.
    file: File,
}

impl LiveFolder {
    /// The folder beside `store`, which has no symbolic links in it.
    pub(super) fn of(store: &Path) -> Self {
        let mut folder = store.as_os_str().to_owned();
        folder.push(".live");
        Self(folder.into())
    }

    /// A new live file that this process holds.
    ///
    /// # Errors
    /// The file cannot be made, or the file system takes no locks.
    pub(super) fn hold(&self) -> io::Result<LiveFile> {
        // The folder or the file may be swept away by another process before the lock is taken.
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_hold() {
                Ok(Some(live)) => return Ok(live),
                Ok(None) if tries < 100 => {}
                Err(fault) if fault.kind() == io::ErrorKind::NotFound && tries < 100 => {}
                Ok(None) => return Err(io::ErrorKind::NotFound.into()),
                Err(fault) => return Err(fault),
            }
        }
    }

    fn try_hold(&self) -> io::Result<Option<LiveFile>> {
        match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => return Err(fault),
            _ => {}
        }
        let name = Uuid::now_v7().to_string();
        let path = self.0.join(&name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        if let Err(fault) = file.lock() {
            drop(file);
            drop(fs::remove_file(&path));
            return Err(fault);
        }
        let own = file.metadata()?;
        let still_there = fs::metadata(&path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino()));
        Ok(still_there.then_some(LiveFile { name, path, file }))
    }

    /// Whether the process that a row names is alive; nobody knows of a row that names none.
    pub(super) fn probe(&self, name: Option<&str>) -> Life {
        match name.and_then(|name| self.path_of(name)) {
            Some(path) => probe_file(&path).0,
            None => Life::Unknown,
        }
    }

    /// Removes the live files of dead processes.
    pub(super) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(path) = name.to_str().and_then(|name| self.path_of(name)) else {
                continue;
            };
            // Removed under the lock: an owner that has made it and waits for its lock sees that.
            if let (Life::Dead, Some(_locked)) = probe_file(&path) {
                drop(fs::remove_file(&path));
            }
        }
        drop(fs::remove_dir(&self.0));
    }

    /// Only names that this program makes: a row may come from anywhere.
    fn path_of(&self, name: &str) -> Option<PathBuf> {
        Uuid::parse_str(name).ok()?;
        Some(self.0.join(name))
    }
}

fn probe_file(path: &Path) -> (Life, Option<File>) {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return (Life::Dead, None),
        Err(_) => return (Life::Unknown, None),
    };
    match file.try_lock_shared() {
        Ok(()) => (Life::Dead, Some(file)),
        Err(TryLockError::WouldBlock) => (Life::Alive, None),
        Err(TryLockError::Error(_)) => (Life::Unknown, None),
    }
}

impl LiveFile {
    /// The name that rows carry.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Removes the file, then frees the lock; the folder goes too when it was the last.
    pub(super) fn release(self) {
        drop(fs::remove_file(&self.path));
        drop(self.file);
        if let Some(folder) = self.path.parent() {
            drop(fs::remove_dir(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, LiveFolder) {
        let dir = tempfile::tempdir().expect("a folder");
        let live = LiveFolder::of(&dir.path().join("runs.db"));
        (dir, live)
    }

    #[test]
    fn a_held_file_is_alive_and_a_released_one_dead() {
        let (dir, folder) = folder();
        let live = folder.hold().expect("a live file");
        let name = live.name().to_owned();
        assert_eq!(folder.probe(Some(&name)), Life::Alive);
        folder.sweep();
        assert_eq!(folder.probe(Some(&name)), Life::Alive);
        live.release();
        assert_eq!(folder.probe(Some(&name)), Life::Dead);
        assert!(!dir.path().join("runs.db.live").exists());
    }

    #[test]
    fn a_file_that_nobody_holds_is_dead_and_is_swept() {
        let (dir, folder) = folder();
        let live = folder.hold().expect("a live file");
        let left = dir
            .path()
            .join("runs.db.live")
            .join(Uuid::now_v7().to_string());
        fs::write(&left, "").expect("a file that a killed process left");
        let name = left.file_name().and_then(|name| name.to_str());
        assert_eq!(folder.probe(name), Life::Dead);
        folder.sweep();
        assert!(!left.exists());
        assert_eq!(folder.probe(Some(live.name())), Life::Alive);
    }

    #[test]
    fn probes_at_the_same_time_never_take_each_other_for_the_owner() {
        let (dir, folder) = folder();
        folder.hold().expect("makes the folder").release();
        fs::create_dir(dir.path().join("runs.db.live")).expect("the folder");
        let name = Uuid::now_v7().to_string();
        fs::write(dir.path().join("runs.db.live").join(&name), "").expect("a dead file");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        assert_eq!(folder.probe(Some(&name)), Life::Dead);
                    }
                });
            }
        });
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_never_followed() {
        let (dir, folder) = folder();
        let precious = dir.path().join("precious");
        fs::write(&precious, "x").expect("a file");
        assert_eq!(folder.probe(Some("../precious")), Life::Unknown);
        assert_eq!(folder.probe(None), Life::Unknown);
    }

    #[test]
    fn owners_and_sweepers_do_not_disturb_each_other() {
        let (_dir, folder) = folder();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let live = folder.hold().expect("a live file");
                        assert_eq!(folder.probe(Some(live.name())), Life::Alive);
                        live.release();
                    }
                });
                scope.spawn(|| {
                    for _ in 0..100 {
                        folder.sweep();
                    }
                });
            }
        });
    }
}
