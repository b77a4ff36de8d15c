//! Unix: sockets with deadlines, the peer's user, directories that only their owner may enter.

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use skillmeat_protocol::endpoint::Endpoint;

/// File name of the daemon.
pub const DAEMON_EXE: &str = "skillmeatd";
/// What a person types at.
pub const TERMINAL: &str = "/dev/tty";
/// Where a started daemon stands: it must not pin the directory of whoever started it.
pub const ROOT_DIR: &str = "/";

/// The user of this process.
pub fn uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// A connection on which no read outlives a deadline.
#[derive(Debug)]
pub struct Stream {
    socket: UnixStream,
    deadline: Option<Instant>,
    path: PathBuf,
}

impl Stream {
    /// Connects within `timeout`.
    ///
    /// # Errors
    /// Those of `connect`; `TimedOut` when nobody accepted. The kernel queues a limited number of connections for a
    /// process that hangs and then lets `connect` block without end, so the limit is set before it.
    pub fn connect(endpoint: &Endpoint, timeout: Duration) -> io::Result<Self> {
        let Endpoint::Socket(path) = endpoint else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "named pipes exist on Windows only"));
        };
        let address = SocketAddrUnix::new(path)?;
        let socket = new_socket()?;
        sockopt::set_socket_timeout(&socket, Timeout::Send, Some(timeout))?;
        rustix::net::connect(&socket, &address).map_err(timed_out)?;
        Ok(Self { socket: UnixStream::from(socket), deadline: None, path: path.clone() })
    }

    /// Whether the process that listens belongs to the user of this one.
    ///
    /// # Errors
    /// Those of the system call.
    pub fn peer_is_ours(&self) -> io::Result<bool> {
        Ok(peer_uid(&self.socket, &self.path)? == uid())
    }

    /// From now on reads fail with `TimedOut` at `deadline`.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.deadline = deadline;
        if deadline.is_none() { self.socket.set_read_timeout(None) } else { Ok(()) }
    }

    /// A second handle for writing, for another thread.
    pub fn writer(&self) -> io::Result<Writer> {
        self.socket.try_clone().map(Writer)
    }
}

/// The writing side of a [`Stream`].
#[derive(Debug)]
pub struct Writer(UnixStream);

impl Writer {
    /// Says that nothing more will be written; reading goes on.
    pub fn finish(&self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn new_socket() -> rustix::io::Result<OwnedFd> {
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

#[cfg(not(target_os = "linux"))]
fn new_socket() -> rustix::io::Result<OwnedFd> {
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn peer_uid(socket: &UnixStream, _path: &Path) -> io::Result<u32> {
    Ok(sockopt::socket_peercred(socket)?.uid.as_raw())
}

/// Without a portable call for the peer, the owner of the socket file speaks for it: only they could bind it there.
#[cfg(not(target_os = "linux"))]
fn peer_uid(_socket: &UnixStream, path: &Path) -> io::Result<u32> {
    Ok(std::fs::symlink_metadata(path)?.uid())
}

fn timed_out(error: rustix::io::Errno) -> io::Error {
    if error == rustix::io::Errno::AGAIN { io::ErrorKind::TimedOut.into() } else { error.into() }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.socket.set_read_timeout(Some(left))?;
        }
        self.socket.read(buffer).map_err(|e| match e.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => e,
        })
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a file for reading. A FIFO in its place, where opening waits for a writer, is an error like anything else that
/// is no file: `prompt` must not hang.
///
/// # Errors
/// Those of `open`.
pub fn open_file(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a file")) }
}

/// Opens a file to lock it, making it when it is missing. A link is not followed, a FIFO does not wait for its reader,
/// and what is no file of this user is refused.
///
/// # Errors
/// Those of `open`, or what is in the place of the file.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    let in_the_way = |what: &str| Err(io::Error::other(format!("it is {what}; move it away")));
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let opened = File::options().create(true).truncate(false).write(true).mode(0o600).custom_flags(flags).open(path);
    let found = match &opened {
        Ok(file) => file.metadata()?,
        // A link, a directory and a FIFO without a reader fail to open, each with an error that names none of them.
        Err(_) => match std::fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(_) => return opened,
        },
    };
    match found.file_type() {
        kind if kind.is_symlink() => in_the_way("a symbolic link"),
        kind if kind.is_dir() => in_the_way("a directory"),
        kind if !kind.is_file() => in_the_way("not a file"),
        _ if found.uid() != uid() => in_the_way(&format!("a file of user {}", found.uid())),
        _ => opened,
    }
}

/// What the file system of a directory says against writing there.
///
/// # Errors
/// Those of `statvfs`.
pub fn disk_flaw(dir: &Path) -> io::Result<Option<String>> {
    let disk = rustix::fs::statvfs(dir)?;
    Ok(if disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) {
        Some("is on a read-only file system".to_owned())
    } else if disk.f_bavail == 0 {
        Some("is on a full file system".to_owned())
    } else if disk.f_files > 0 && disk.f_favail == 0 {
        Some("is on a file system that takes no more files".to_owned())
    } else {
        rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).err().map(|e| format!("cannot be written to: {e}"))
    })
}

/// Bytes that can still be written to the file system of a directory; none when it does not say.
pub fn free_bytes(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Opens a directory, to lock it.
///
/// # Errors
/// Those of `open`.
pub fn open_dir(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Creates a directory and its parents, for the owner only.
pub fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Who may write to a directory beside its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// The owner's group: usual for what people share.
    Group,
    /// Nobody.
    Nobody,
}

/// What is wrong with who owns a directory or may write to it.
pub fn privacy_flaw(meta: &Metadata, beside_owner: Writers) -> Option<String> {
    if meta.uid() != uid() {
        return Some(format!("belongs to user {}, not to you", meta.uid()));
    }
    let forbidden = if beside_owner == Writers::Group { 0o002 } else { 0o022 };
    (meta.mode() & forbidden != 0).then(|| format!("can be written by others (mode {:04o})", meta.mode() & 0o7777))
}

/// What repairs what [`privacy_flaw`] found. Another user's directory cannot be had by changing its mode.
pub fn privacy_repair(meta: &Metadata, path: &str) -> String {
    if meta.uid() == uid() { format!("chmod go-w {path}") } else { format!("have its owner remove {path}") }
}

/// Nothing to do here: the daemon makes its own session, which a leader of a process group could not.
pub fn detach(_command: &mut Command) {}

/// Keeps signals of the terminal away from a child.
pub fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// Becomes another program; returns only when that failed.
pub fn become_program(command: &mut Command) -> io::Result<u8> {
    Err(command.exec())
}

/// Becomes a program that reads `text` from its standard input; returns only when that failed.
pub fn show(command: &mut Command, text: &[u8]) -> io::Result<u8> {
    let name =
        format!("skillmeat-{}-{:x}", std::process::id(), std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_nanos()));
    let path = std::env::temp_dir().join(name);
    let mut file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    // From here on nobody else can reach it, and nothing is left of it.
    std::fs::remove_file(&path)?;
    file.write_all(text)?;
    file.seek(io::SeekFrom::Start(0))?;
    become_program(command.stdin(file))
}

/// Whether terminals understand colour sequences.
pub fn terminal_has_colour() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_opened() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let path = temp.path().join("daemon.lock");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .expect("made");
        // Held open, so that a version that waits for a writer fails here instead of hanging.
        let _both = File::options().read(true).write(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(&path);
        open_file(&path).expect_err("a FIFO");
        open_file(temp.path()).expect_err("a directory");
    }

    #[test]
    fn the_mode_of_a_foreign_directory_is_not_the_repair() {
        let ours = tempfile::tempdir().expect("temporary directory");
        let meta = ours.path().metadata().expect("there");
        assert_eq!(privacy_repair(&meta, "/x"), "chmod go-w /x");
        let root = Path::new("/").metadata().expect("there");
        if root.uid() != uid() {
            assert_eq!(privacy_repair(&root, "/"), "have its owner remove /");
        }
    }
}
