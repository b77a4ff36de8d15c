//! A directory that nobody else can write to: the place of the socket.
//!
//! The permissions of the directory, not those of the socket, keep other users out: not every Unix can set the mode of
//! a socket before it accepts connections, and in a shared temporary directory somebody may have made the directory
//! first. So it is looked at with `lstat` after it was made, and a wrong one is refused, never repaired: what is
//! already in it cannot be trusted (watchman `PathUtils.cpp`).

use std::io;
use std::path::{Path, PathBuf};

/// Why a directory cannot hold the socket. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PrivateDirError {
    /// It could not be made or looked at.
    #[error("cannot {verb} {path}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A link or a file is in its place.
    #[error("{path} is {what}, not a directory; remove it: rm {path}")]
    NotADirectory {
        /// The path.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// Another user made it.
    #[error(
        "{path} belongs to user {owner}, not to you (user {user}); have it removed, or point XDG_RUNTIME_DIR or \
         SKILLMEAT_HOME at a directory of yours"
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// This process's user.
        user: u32,
    },
    /// Others may write to it.
    #[error("{path} can be written to by other users (mode {mode:04o}); run: chmod 700 {path}")]
    Writable {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Makes `path` (mode 0700) and what leads to it where it is missing, and verifies that it is a real directory, ours,
/// and writable by nobody else. On Windows only the first part applies: pipes have no directory.
///
/// # Errors
/// [`PrivateDirError`].
pub fn ensure(path: &Path) -> Result<(), PrivateDirError> {
    let failed = |verb| move |source| PrivateDirError::Io { verb, path: path.to_path_buf(), source };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Err(error) = builder.create(path) {
        // A file or a dangling link in its place is told as what it is, not as `mkdir`'s "File exists".
        if std::fs::symlink_metadata(path).is_err() {
            return Err(failed("make directory")(error));
        }
    }
    verify(path, &std::fs::symlink_metadata(path).map_err(failed("look at"))?)
}

fn verify(path: &Path, found: &std::fs::Metadata) -> Result<(), PrivateDirError> {
    let path = || path.to_path_buf();
    if !found.is_dir() {
        let what = if found.is_symlink() { "a symbolic link" } else { "a file" };
        return Err(PrivateDirError::NotADirectory { path: path(), what });
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let user = rustix::process::geteuid().as_raw();
        if found.uid() != user {
            return Err(PrivateDirError::NotOurs { path: path(), owner: found.uid(), user });
        }
        let mode = found.mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(PrivateDirError::Writable { path: path(), mode });
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn a_missing_directory_is_made_private() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let path = temp.path().join("a/b");
        ensure(&path).expect("made");
        ensure(&path).expect("found again");
        assert_eq!(std::fs::metadata(&path).expect("there").mode() & 0o777, 0o700);
    }

    #[test]
    fn what_others_could_have_prepared_is_refused() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let (open, link, dangling, file) = (
            temp.path().join("open"),
            temp.path().join("link"),
            temp.path().join("dangling"),
            temp.path().join("file"),
        );
        std::fs::create_dir(&open).expect("create");
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o770)).expect("chmod");
        symlink(temp.path(), &link).expect("link");
        symlink("nowhere", &dangling).expect("link");
        std::fs::write(&file, "").expect("write");

        assert!(ensure(&open).expect_err("open").to_string().contains(&format!("chmod 700 {}", open.display())));
        for (path, what) in [(&link, "a symbolic link"), (&dangling, "a symbolic link"), (&file, "a file")] {
            let error = ensure(path).expect_err("refused").to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
