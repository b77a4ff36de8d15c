//! Files and links at places where nothing is yet.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates the file at `path`, where nothing may be, for the user only until it gets another mode.
///
/// # Errors
/// Those of `open`; something is there.
pub fn file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Gives a file or directory its permission bits.
///
/// # Errors
/// Those of `chmod`.
#[cfg(unix)]
pub fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// Makes a file read-only, or not, by whether its owner may write to it: there are no other bits.
///
/// # Errors
/// Those of the file system.
#[cfg(not(unix))]
pub fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    let mut permissions = std::fs::metadata(path)?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    std::fs::set_permissions(path, permissions)
}

/// Makes the symbolic link `at`, where nothing may be.
///
/// # Errors
/// Those of `symlink`; something is there.
#[cfg(unix)]
pub fn link(target: &OsStr, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

/// Makes the symbolic link `at`, where nothing may be. Windows has two kinds of links, and which one it was is not kept.
///
/// # Errors
/// Those of the file system; something is there.
#[cfg(not(unix))]
pub fn link(target: &OsStr, at: &Path) -> io::Result<()> {
    let leads_to = at.parent().map(|above| above.join(target));
    if leads_to.is_some_and(|path| path.is_dir()) {
        std::os::windows::fs::symlink_dir(target, at)
    } else {
        std::os::windows::fs::symlink_file(target, at)
    }
}
