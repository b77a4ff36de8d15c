//! How a database file is opened, and whose it is.
//!
//! The owner is read from the file's first bytes before SQLite sees it, because merely opening a foreign database in
//! WAL mode can change it. That works because our mark is written before WAL is switched on: it is in the file itself,
//! whatever a kill leaves in the log.

use super::{Commits, Kind, Obstacle};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

/// Only a person with `sqlite3` can compete for the database; long enough for a query, short enough for a shutdown.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// What is left of the log after a checkpoint.
const LOG_LIMIT: i64 = 16 << 20;
/// More than there are different statements.
const STATEMENTS: usize = 64;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER: usize = 100;
const APPLICATION_ID_AT: usize = 68;

/// Opens the file, and creates it and its directory (for the user only) where they are missing.
pub(super) fn open_file(kind: &Kind, path: &Path) -> Result<Connection, Obstacle> {
    let unusable = |verb: &str, e: io::Error| Obstacle::Unusable(format!("cannot {verb}: {e}"));
    if let Some(parent) = path.parent() {
        create_directory(parent).map_err(|e| unusable("create its directory", e))?;
    }
    if path.is_symlink() {
        return Err(Obstacle::Unusable("it is a symbolic link; move it away".to_owned()));
    }
    let mut file = create_file(path).map_err(|e| unusable("open it", e))?;
    if !file.metadata().map_err(|e| unusable("open it", e))?.is_file() {
        return Err(Obstacle::Unusable("it is not a file".to_owned()));
    }
    check_owner(kind, &mut file)?;
    drop(file);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    if connection.pragma_query_value(None, "application_id", |row| row.get::<_, i32>(0))? != kind.mark {
        connection.pragma_update(None, "application_id", kind.mark)?;
    }
    choose_journal(&connection, kind.commits)?;
    Ok(connection)
}

/// An empty database that ends with the connection.
pub(crate) fn open_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A plan depends on no value, or a statement that is kept would be planned anew whenever it gets another limit.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT)
}

/// WAL where the file system can do it. Network file systems and WSL 1 cannot share memory; some refuse by name, some
/// with an error, and a truncated rollback journal works on all of them.
fn choose_journal(connection: &Connection, commits: Commits) -> rusqlite::Result<()> {
    let switch =
        |mode: &str| connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0));
    if !matches!(switch("WAL"), Ok(mode) if mode == "wal") {
        switch("TRUNCATE")?;
    }
    match commits {
        Commits::Quick => connection.pragma_update(None, "synchronous", "NORMAL"),
        Commits::Durable => {
            connection.pragma_update(None, "synchronous", "FULL")?;
            // Without it, fsync on macOS leaves the data in the drive's cache.
            connection.pragma_update(None, "fullfsync", true)
        }
    }
}

/// An empty file is one whose creation was interrupted, so it is ours to fill.
fn check_owner(kind: &Kind, file: &mut File) -> Result<(), Obstacle> {
    let mut header = Vec::with_capacity(HEADER);
    file.take(HEADER as u64)
        .read_to_end(&mut header)
        .map_err(|e| Obstacle::Unusable(format!("cannot read it: {e}")))?;
    if header.is_empty() {
        return Ok(());
    }
    if header.len() < HEADER || !header.starts_with(MAGIC) {
        return Err(Obstacle::Damaged("it is not a database".to_owned()));
    }
    let mark = &header[APPLICATION_ID_AT..APPLICATION_ID_AT + 4];
    if mark == kind.mark.to_be_bytes() { Ok(()) } else { Err(Obstacle::Foreign) }
}

fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A link leads to a file that is not known to be ours to fill; opening a FIFO must not wait.
        options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind { mark: 0x7465_7374, migrations: &[], commits: Commits::Quick };

    #[test]
    fn the_file_carries_its_mark_before_there_is_a_log() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("a/b/some.db");
        let connection = open_file(&KIND, &path).expect("opens");
        let mut file = File::open(&path).expect("file");
        check_owner(&KIND, &mut file).expect("ours");
        assert!(file.metadata().expect("metadata").len() > 0);
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("pragma");
        assert_eq!(mode, "wal");
    }

    #[cfg(unix)]
    #[test]
    fn where_wal_is_refused_a_rollback_journal_serves() {
        let directory = tempfile::tempdir().expect("directory");
        // This lock style has no shared memory, as network file systems have none.
        let connection = Connection::open_with_flags_and_vfs(
            directory.path().join("some.db"),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            c"unix-dotfile",
        );
        let connection = connection.expect("opens");
        choose_journal(&connection, Commits::Quick).expect("some journal");
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("pragma");
        assert_eq!(mode, "truncate");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("new/some.db");
        let connection = open_file(&KIND, &path).expect("opens");
        connection.execute_batch("CREATE TABLE t (x)").expect("writes");
        let mode = |path: &Path| path.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode(&directory.path().join("new")), 0o700);
        for name in ["new/some.db", "new/some.db-wal", "new/some.db-shm"] {
            assert_eq!(mode(&directory.path().join(name)), 0o600, "{name}");
        }
    }
}
