//! The opening sequence, made to hold when many processes open one new store at once.
//!
//! SQLite does not wait for a lock while it switches a file to WAL, and a deferred transaction
//! cannot wait when it begins to write; so the switch is tried again here, and every write begins
//! with `BEGIN IMMEDIATE`. The file is never opened beside SQLite: closing it would drop the locks
//! that SQLite holds on it in this process.

use super::StoreError;
use super::error::is_lock;
use super::schema::{self, Kind};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, DirBuilder, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a lock is waited for before it is an error.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A store that is open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) conn: Connection,
    /// Without symbolic links, so that all processes find the same files beside it.
    pub(super) path: PathBuf,
}

/// Opens the store at `path` for writing; makes and migrates it where that is due.
pub(super) fn for_writing(path: &Path, patience: Duration) -> Result<Opened, StoreError> {
    create(path)?;
    let path = fs::canonicalize(path).map_err(|source| unreachable(path, source))?;
    let error = |error: rusqlite::Error| StoreError::of(&path, patience, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = connect(&path, flags, patience).map_err(error)?;
    if conn.is_readonly("main").map_err(error)? {
        return Err(StoreError::ReadOnly { path });
    }
    let kind = insist(patience, || schema::kind(&conn)).map_err(error)?;
    refuse_strangers(kind, &path)?;
    let mode = insist(patience, || switch_to_wal(&conn)).map_err(|fault| {
        // All that the switch opens are files beside the store.
        if fault.sqlite_error_code() == Some(ErrorCode::CannotOpen) {
            StoreError::ReadOnly { path: path.clone() }
        } else {
            error(fault)
        }
    })?;
    if mode != "wal" {
        return Err(StoreError::NotLocal { path });
    }
    conn.pragma_update(None, "synchronous", "FULL")
        .map_err(error)?;
    if kind != Kind::Current {
        insist(patience, || schema::bring_up(&conn)).map_err(error)?;
    }
    Ok(Opened { conn, path })
}

/// Opens the store at `path` for reading; none where there is no store. Makes no file of its own.
pub(super) fn for_reading(path: &Path, patience: Duration) -> Result<Option<Opened>, StoreError> {
    let named = path;
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(unreachable(path, source)),
    };
    refuse_folder(&path, named)?;
    let mut last = None;
    for way in [Way::ReadWrite, Way::ReadOnly, Way::Immutable] {
        if way == Way::Immutable && wal_holds_data(&path) {
            return Err(StoreError::NeedsWal { path });
        }
        match read_by(way, &path, patience) {
            Ok((kind, conn)) => return accept(way, kind, conn, path, patience),
            Err(fault) if is_refusal(&fault) => last = Some(fault),
            Err(fault) => return Err(StoreError::of(&path, patience, &fault)),
        }
    }
    let why = last.map_or_else(String::new, |fault| fault.to_string());
    let source = io::Error::new(io::ErrorKind::PermissionDenied, why);
    Err(unreachable(&path, source))
}

/// Whether the file at `path`, which must not be empty, holds a whole store for all who open it
/// now. Beside an empty one SQLite would throw the -wal away.
pub(super) fn is_whole(path: &Path, patience: Duration) -> bool {
    let check = || -> rusqlite::Result<(Kind, String)> {
        let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience)?;
        let word = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((schema::kind(&conn)?, word))
    };
    check().is_ok_and(|(kind, word)| kind == Kind::Current && word == "ok")
}

/// How a store is opened for reading, the first that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As any process does.
    ReadWrite,
    /// The file may not be written.
    ReadOnly,
    /// Nothing may be written beside the file either; what its -wal holds would be missed.
    Immutable,
}

fn read_by(way: Way, path: &Path, patience: Duration) -> rusqlite::Result<(Kind, Connection)> {
    let conn = match way {
        Way::ReadWrite => connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience)?,
        Way::ReadOnly => connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, patience)?,
        Way::Immutable => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            connect(Path::new(&immutable_uri(path)), flags, patience)?
        }
    };
    let kind = insist(patience, || schema::kind(&conn))?;
    Ok((kind, conn))
}

fn accept(
    way: Way,
    kind: Kind,
    conn: Connection,
    path: PathBuf,
    patience: Duration,
) -> Result<Option<Opened>, StoreError> {
    refuse_strangers(kind, &path)?;
    match kind {
        // Somebody is about to make a store of it.
        Kind::Empty => return Ok(None),
        Kind::Older(found) if way != Way::ReadWrite => {
            return Err(StoreError::Older { path, found });
        }
        Kind::Older(found) => {
            insist(patience, || schema::bring_up(&conn)).map_err(|fault| {
                if is_refusal(&fault) {
                    let path = path.clone();
                    StoreError::Older { path, found }
                } else {
                    StoreError::of(&path, patience, &fault)
                }
            })?;
        }
        Kind::Current | Kind::Newer(_) | Kind::Foreign => {}
    }
    Ok(Some(Opened { conn, path }))
}

fn connect(path: &Path, flags: OpenFlags, patience: Duration) -> rusqlite::Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    wait_for_locks(&mut conn, patience)?;
    Ok(conn)
}

/// Makes each statement wait up to `patience` for a lock.
pub(super) fn wait_for_locks(conn: &mut Connection, patience: Duration) -> rusqlite::Result<()> {
    let mut since = Instant::now();
    // `busy_timeout` sleeps in steps up to 100 ms; many short ones let each process have its turn.
    conn.busy_handler(Some(move |tries| {
        if tries == 0 {
            since = Instant::now();
        }
        pause(300..2_000);
        since.elapsed() < patience
    }))
}

/// Does `work` again while a lock that SQLite does not wait for is in the way.
fn insist<T>(
    patience: Duration,
    mut work: impl FnMut() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let since = Instant::now();
    loop {
        match work() {
            Err(fault) if is_lock(&fault) && since.elapsed() < patience => pause(1_000..4_000),
            done => return done,
        }
    }
}

/// Sleeps for a random time out of `micros`, so that processes do not meet again and again.
pub(super) fn pause(micros: std::ops::Range<u64>) {
    let draw = RandomState::new().hash_one(0) % (micros.end - micros.start);
    std::thread::sleep(Duration::from_micros(micros.start + draw));
}

fn switch_to_wal(conn: &Connection) -> rusqlite::Result<String> {
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode == "wal" {
        return Ok(mode);
    }
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
}

fn refuse_strangers(kind: Kind, path: &Path) -> Result<(), StoreError> {
    let path = path.to_owned();
    match kind {
        Kind::Foreign => Err(StoreError::Foreign { path }),
        Kind::Newer(found) => Err(StoreError::Newer {
            path,
            found,
            known: schema::VERSION,
        }),
        Kind::Empty | Kind::Current | Kind::Older(_) => Ok(()),
    }
}

fn refuse_folder(path: &Path, named: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() => Err(StoreError::NotAFile {
            path: named.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Makes the file and the folders that lead to it, for this user alone, unless they are there.
fn create(path: &Path) -> Result<(), StoreError> {
    refuse_folder(path, path)?;
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| unreachable(path, source))?;
    }
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(unreachable(path, source)),
    }
}

fn unreachable(path: &Path, source: io::Error) -> StoreError {
    StoreError::Unreachable {
        path: path.to_owned(),
        source,
    }
}

/// Whether the system, not another process, is in the way.
fn is_refusal(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
    )
}

fn wal_holds_data(path: &Path) -> bool {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    fs::metadata(wal).is_ok_and(|wal| wal.len() > 0)
}

fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{block_on, child, is_child, output, run, write_open, write_whole};
    use crate::store::{Reader, Writer};
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;

    const NOBODY: u32 = 65_534;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn mode(path: &Path) -> u32 {
        let there = fs::metadata(path).expect("it is there");
        there.permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }

    #[test]
    fn a_new_store_and_what_is_beside_it_belong_to_this_user_alone() {
        let dir = folder();
        let store = dir.path().join("a/b/runs.db");
        let writer = Writer::open(&store).expect("a new store");
        block_on(write_open(&writer, run("a"), 1));
        for folder in ["a", "a/b", "a/b/runs.db.live"] {
            assert_eq!(mode(&dir.path().join(folder)), 0o700, "{folder}");
        }
        for file in ["runs.db", "runs.db-wal", "runs.db-shm"] {
            assert_eq!(mode(&dir.path().join("a/b").join(file)), 0o600, "{file}");
        }
    }

    #[test]
    fn many_that_open_a_new_store_at_once_all_succeed() {
        for _ in 0..5 {
            let dir = folder();
            let store = dir.path().join("runs.db");
            std::thread::scope(|scope| {
                for index in 0..32 {
                    let store = &store;
                    scope.spawn(move || {
                        let writer = Writer::open(store).expect("it opens");
                        let record = block_on(write_whole(&writer, run(&format!("r{index}")), 5));
                        assert_eq!(record.state, crate::event::RecordState::Complete);
                        writer.close();
                    });
                }
            });
            let reader = Reader::open(&store).expect("it opens").expect("a store");
            let all = reader.summaries(100, true).expect("the list");
            assert_eq!(all.len(), 32);
        }
    }

    #[test]
    fn what_is_no_store_is_refused_and_left_as_it_is() {
        let dir = folder();
        let text = dir.path().join("notes.txt");
        fs::write(&text, "dear diary, ".repeat(200)).expect("a file");
        let theirs = dir.path().join("theirs.db");
        let conn = Connection::open(&theirs).expect("a database");
        conn.execute_batch("CREATE TABLE x (y)").expect("a table");
        drop(conn);
        let newer = dir.path().join("newer.db");
        Writer::open(&newer).expect("a store").close();
        let conn = Connection::open(&newer).expect("a database");
        conn.execute_batch("PRAGMA user_version = 99")
            .expect("a newer version");
        drop(conn);
        let before = [&text, &theirs, &newer].map(|file| fs::read(file).expect("its bytes"));

        let faults = |path: &Path| {
            [
                Writer::open(path).map(drop).expect_err("no writer"),
                Reader::open(path).map(drop).expect_err("no reader"),
            ]
        };
        for fault in faults(dir.path()) {
            assert!(matches!(fault, StoreError::NotAFile { .. }), "{fault:?}");
        }
        for fault in faults(&text) {
            assert!(
                matches!(fault, StoreError::NotADatabase { .. }),
                "{fault:?}"
            );
        }
        for fault in faults(&theirs) {
            assert!(matches!(fault, StoreError::Foreign { .. }), "{fault:?}");
        }
        for fault in faults(&newer) {
            assert!(
                matches!(fault, StoreError::Newer { found: 99, .. }),
                "{fault:?}"
            );
            let text = fault.to_string();
            assert!(
                text.contains("newer.db") && text.contains("use a newer council"),
                "{text}"
            );
        }
        let after = [&text, &theirs, &newer].map(|file| fs::read(file).expect("its bytes"));
        assert!(before == after);
    }

    #[test]
    fn where_no_store_is_readers_find_none_and_make_none() {
        let dir = folder();
        let store = dir.path().join("deep/runs.db");
        assert!(Reader::open(&store).expect("no fault").is_none());
        assert!(!dir.path().join("deep").exists());
        let empty = dir.path().join("empty.db");
        fs::write(&empty, "").expect("a file that a writer has just made");
        assert!(Reader::open(&empty).expect("no fault").is_none());
    }

    #[test]
    fn a_lock_that_stays_ends_the_opening_with_the_file_named() {
        let dir = folder();
        let store = dir.path().join("runs.db");
        Writer::open(&store).expect("a store").close();
        let holder = Connection::open(&store).expect("a database");
        holder
            .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE x (y)")
            .expect("a lock on all of it");
        let fault = Writer::open_with(&store, Duration::from_millis(20)).map(drop);
        let fault = fault.expect_err("no writer");
        assert!(matches!(fault, StoreError::Locked { .. }), "{fault:?}");
        assert!(fault.to_string().contains("runs.db"), "{fault}");
    }

    /// Permissions bind no superuser, so that one is made a nobody first.
    fn as_nobody(test: &str, dir: &Path) {
        let mut command = child(test, &dir.join("runs.db"), None);
        if fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
        {
            command.uid(NOBODY).gid(NOBODY);
        }
        let done = output(command);
        let text = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{text}");
    }

    fn give_to_nobody(dir: &Path) {
        for entry in fs::read_dir(dir).expect("a folder").flatten() {
            drop(chown(entry.path(), Some(NOBODY), Some(NOBODY)));
        }
        drop(chown(dir, Some(NOBODY), Some(NOBODY)));
    }

    #[test]
    fn a_store_that_may_not_be_written_can_be_read() {
        const NAME: &str = "store::open::tests::a_store_that_may_not_be_written_can_be_read";
        if let Some(store) = is_child() {
            let reader = Reader::open(&store).expect("it opens").expect("a store");
            let found = reader.find("latest").expect("a run");
            assert_eq!(reader.bodies(&found).expect("its events").len(), 6);
            let fault = Writer::open(&store).map(drop).expect_err("no writer");
            assert!(matches!(fault, StoreError::ReadOnly { .. }), "{fault:?}");
            return;
        }
        // The file alone, the folder alone, both.
        for (file, folder_mode) in [(0o400, 0o700), (0o600, 0o500), (0o400, 0o500)] {
            let dir = folder();
            let store = dir.path().join("runs.db");
            let writer = Writer::open(&store).expect("a store");
            block_on(write_whole(&writer, run("a"), 5));
            writer.close();
            give_to_nobody(dir.path());
            set_mode(&store, file);
            set_mode(dir.path(), folder_mode);
            as_nobody(NAME, dir.path());
            set_mode(dir.path(), 0o700);
        }
    }

    #[test]
    fn a_read_only_folder_whose_wal_holds_data_is_not_read_without_it() {
        const NAME: &str =
            "store::open::tests::a_read_only_folder_whose_wal_holds_data_is_not_read_without_it";
        if let Some(store) = is_child() {
            let fault = Reader::open(&store).map(drop).expect_err("no reader");
            assert!(matches!(fault, StoreError::NeedsWal { .. }), "{fault:?}");
            return;
        }
        let dir = folder();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        let writer = Writer::open(&from.join("runs.db")).expect("a store");
        block_on(write_open(&writer, run("a"), 5));
        fs::create_dir(&to).expect("a folder");
        for name in ["runs.db", "runs.db-wal"] {
            fs::copy(from.join(name), to.join(name)).expect("a copy of a store in use");
        }
        give_to_nobody(&to);
        set_mode(dir.path(), 0o755);
        set_mode(&to, 0o500);
        as_nobody(NAME, &to);
        set_mode(&to, 0o700);
    }

    #[test]
    fn a_path_of_any_letters_can_be_read_as_immutable() {
        let dir = folder();
        let store = dir.path().join("ä b?c#d%20.db");
        let writer = Writer::open(&store).expect("a store");
        block_on(write_whole(&writer, run("a"), 1));
        writer.close();
        let (kind, _) = read_by(Way::Immutable, &store, PATIENCE).expect("it opens");
        assert_eq!(kind, Kind::Current);
    }
}
