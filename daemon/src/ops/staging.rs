//! Where new content is made before it is swapped in, and where old content waits until the operation is over.
//!
//! It must be on the file system of the target, or a rename cannot do it; and outside the directories that Claude Code
//! watches: beside the root, where the file system is the same, else in it. Its name is on the ignore list.

use super::error::OpError;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// How the name of every staging directory begins.
pub const PREFIX: &str = ".skillmeat.tmp.";

/// The staging directories of one operation: one for each file system.
#[derive(Debug)]
pub struct Staging {
    name: String,
    by_device: BTreeMap<u64, PathBuf>,
    next: usize,
}

impl Default for Staging {
    /// Under a name of its own; nothing is made yet.
    fn default() -> Self {
        let name = format!("{PREFIX}{}", uuid::Uuid::new_v4().simple());
        Self { name, by_device: BTreeMap::new(), next: 0 }
    }
}

impl Staging {
    /// A path for what is to change places with something below `root`, in `parent` or where that will be.
    ///
    /// # Errors
    /// A directory cannot be looked at.
    pub fn place(&mut self, root: &Path, parent: &Path) -> Result<PathBuf, OpError> {
        let there = parent.ancestors().find(|dir| dir.exists()).unwrap_or(root);
        let wanted = device(there).map_err(OpError::io("look at", there))?;
        let name = &self.name;
        let directory = match self.by_device.get(&wanted) {
            Some(known) => known.clone(),
            None => {
                let beside = root.parent().filter(|dir| device(dir).is_ok_and(|d| d == wanted) && is_writable(dir));
                let directory = beside.unwrap_or(there).join(name);
                self.by_device.insert(wanted, directory.clone());
                directory
            }
        };
        self.next += 1;
        Ok(directory.join(self.next.to_string()))
    }

    /// The directories.
    pub fn directories(&self) -> impl Iterator<Item = &PathBuf> {
        self.by_device.values()
    }

    /// Makes the directories that are not there yet, for nobody else to read. Nobody can have guessed their name.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn make(&self) -> Result<(), OpError> {
        for directory in self.directories().filter(|directory| !directory.exists()) {
            make_private(directory).map_err(OpError::io("make", directory))?;
        }
        Ok(())
    }

    /// Has everything on these file systems written to the disk: once for all files, instead of once for each.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn flush(&self) -> Result<(), OpError> {
        for directory in self.directories() {
            flush(directory).map_err(OpError::io("write to the disk what is in", directory))?;
        }
        Ok(())
    }

    /// Removes the directories with what is in them.
    ///
    /// # Errors
    /// One cannot be removed.
    pub fn remove(&self) -> Result<(), OpError> {
        self.directories().try_for_each(|directory| remove(directory))
    }
}

/// Removes one staging directory, whatever modes it holds.
///
/// # Errors
/// It cannot be removed.
pub fn remove(directory: &Path) -> Result<(), OpError> {
    match std::fs::remove_dir_all(directory) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            allow(directory);
            std::fs::remove_dir_all(directory).map_err(OpError::io("remove", directory))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(OpError::io("remove", directory)),
    }
}

/// A directory that nobody may write to keeps what is in it.
fn allow(directory: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700));
    }
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            allow(&entry.path());
        }
    }
}

#[cfg(unix)]
fn device(path: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().map(|metadata| metadata.dev())
}

#[cfg(not(unix))]
fn device(path: &Path) -> io::Result<u64> {
    path.metadata().map(|_| 0)
}

#[cfg(unix)]
fn is_writable(directory: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(directory, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(directory: &Path) -> bool {
    directory.metadata().is_ok_and(|metadata| !metadata.permissions().readonly())
}

#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> io::Result<()> {
    std::fs::create_dir(directory)
}

#[cfg(target_os = "linux")]
fn flush(directory: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(std::fs::File::open(directory)?)?)
}

#[cfg(not(target_os = "linux"))]
fn flush(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            flush(&entry.path())?;
        } else if entry.file_type()?.is_file() {
            std::fs::File::open(entry.path())?.sync_all()?;
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_lies_beside_the_root_and_goes_with_everything_in_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("app/.claude");
        fs::create_dir_all(&root).expect("made");
        let mut staging = Staging::default();
        let one = staging.place(&root, &root.join("skills")).expect("placed");
        let two = staging.place(&root, &root.join("skills/deep")).expect("placed");
        assert_ne!(one, two);
        let directory = one.parent().expect("it is in one");
        assert_eq!(directory.parent(), Some(&*dir.path().join("app")));
        assert!(crate::library::ignore::is_ignored(directory.file_name().expect("it has a name")));
        staging.make().expect("made");
        fs::create_dir(&one).expect("made");
        fs::write(one.join("x"), "x").expect("written");
        fs::set_permissions(&one, fs::Permissions::from_mode(0o500)).expect("closed");
        staging.flush().expect("flushed");
        staging.remove().expect("removed");
        staging.remove().expect("removed before");
        assert_eq!(fs::read_dir(dir.path().join("app")).expect("listed").count(), 1);
    }
}
