//! Replacing a small file of the daemon's own so that a crash leaves the old or the new content, never a mixture.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How the names of temporary files end; the ignore list covers them.
pub const SUFFIX: &str = ".tmp";

/// A file that could not be replaced.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {}: {source}", path.display())]
pub struct WriteError {
    verb: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Writes `text` to `path`, readable by the user only. When `path` is a link, what it leads to is replaced.
///
/// The temporary file is `.<name>.<random>.tmp` in the same directory, which the ignore list covers. The directory must
/// exist; it is synced too, since a rename is lost with its directory's entry.
///
/// # Errors
/// Any step failed; then the old file is as it was.
pub fn write_atomically(path: &Path, text: &str) -> Result<(), WriteError> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let failed = |verb| {
        let path = target.clone();
        move |source| WriteError { verb, path, source }
    };
    let (Some(directory), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(failed("write")(io::Error::new(io::ErrorKind::InvalidInput, "it names no file")));
    };
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let prefix = format!(".{}.", name.to_string_lossy());
    // Created 0600 by `tempfile` on Unix; a rename keeps that.
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(SUFFIX)
        .tempfile_in(directory)
        .map_err(failed("create a temporary file for"))?;
    file.write_all(text.as_bytes()).map_err(failed("write"))?;
    file.as_file().sync_all().map_err(failed("sync"))?;
    file.persist(&target).map_err(|e| failed("replace")(e.error))?;
    sync_directory(directory).map_err(failed("sync the directory of"))
}

/// Removes the temporary files that a kill left of writing `path`. Only for whoever is sure that nobody is writing it.
///
/// # Errors
/// The directory cannot be read, or a file cannot be removed.
pub fn remove_leftovers(path: &Path) -> Result<(), WriteError> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (Some(directory), Some(name)) = (target.parent(), target.file_name()) else { return Ok(()) };
    remove_temporaries(directory, &format!(".{}.", name.to_string_lossy()))
}

/// Removes the files of `directory` that are called `<prefix>…`[`SUFFIX`].
///
/// # Errors
/// The directory cannot be read, or a file cannot be removed.
pub fn remove_temporaries(directory: &Path, prefix: &str) -> Result<(), WriteError> {
    let failed = |verb, path: &Path| {
        let path = path.to_owned();
        move |source| WriteError { verb, path, source }
    };
    for entry in std::fs::read_dir(directory).map_err(failed("read", directory))? {
        let entry = entry.map_err(failed("read", directory))?;
        let name = entry.file_name();
        if name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_suffix(SUFFIX)).is_some() {
            std::fs::remove_file(entry.path()).map_err(failed("remove", &entry.path()))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

/// Windows cannot open a directory for this, and journals renames itself.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn replaces_and_leaves_nothing_else() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("projects.toml");
        for text in ["first", "second and longer"] {
            write_atomically(&path, text).expect("written");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
        }
        assert_eq!(fs::read_dir(directory.path()).expect("listed").count(), 1);
    }

    #[test]
    fn what_a_kill_left_is_removed_and_nothing_else() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("projects.toml");
        let others = ["projects.toml", "projects.toml.tmp", ".collections.toml.a1.tmp", ".projects.toml.swp"];
        for name in others.iter().chain([&".projects.toml.0jLQnY.tmp", &".projects.toml.rvyWrG.tmp"]) {
            fs::write(directory.path().join(name), "x").expect("written");
        }
        remove_leftovers(&path).expect("removed");
        let left = fs::read_dir(directory.path()).expect("listed").map(|e| e.expect("readable").file_name());
        let left: std::collections::BTreeSet<_> = left.collect();
        assert_eq!(left, others.into_iter().map(Into::into).collect());
    }

    #[cfg(unix)]
    #[test]
    fn is_private_and_follows_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&real, "old").expect("written");
        symlink(&real, &link).expect("linked");
        write_atomically(&link, "new").expect("written");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).expect("read"), "new");
        let mode = fs::metadata(&real).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_failure_names_the_file_and_changes_nothing() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("missing").join("projects.toml");
        let message = write_atomically(&path, "x").expect_err("no such directory").to_string();
        assert!(message.contains("projects.toml"), "{message}");
        assert!(write_atomically(Path::new("/"), "x").is_err());
    }
}
