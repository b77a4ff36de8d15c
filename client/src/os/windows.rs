//! Windows: named pipes with deadlines, detached children.
//!
//! A pipe opened with std is synchronous: one operation at a time and no timeout. So reads happen on a thread of
//! their own, one per request of the owner and never ahead of one (a read ahead would block the next write), and the
//! owner waits for it as long as its deadline allows. The pipe's access list (daemon side) keeps other users out; who
//! listens cannot be asked without `unsafe`.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use skillmeat_protocol::endpoint::Endpoint;

/// File name of the daemon.
pub const DAEMON_EXE: &str = "skillmeatd.exe";
/// What a person types at.
pub const TERMINAL: &str = "CONIN$";
/// Where a started daemon stands: it must not pin the directory of whoever started it.
pub const ROOT_DIR: &str = r"C:\";

const ERROR_PIPE_BUSY: i32 = 231;
const DETACHED_PROCESS: u32 = 0x0000_0008;
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;

/// Users are told apart by the pipe's name and access list here.
pub fn uid() -> u32 {
    0
}

/// A connection on which no read outlives a deadline.
#[derive(Debug)]
pub struct Stream {
    pipe: File,
    wanted: Sender<usize>,
    arrived: Receiver<io::Result<Vec<u8>>>,
    deadline: Option<Instant>,
}

impl Stream {
    /// Connects within `timeout`; all instances of a pipe may be busy for a moment.
    pub fn connect(endpoint: &Endpoint, timeout: Duration) -> io::Result<Self> {
        let Endpoint::Pipe(name) = endpoint else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "sockets are named pipes on Windows"));
        };
        let give_up = Instant::now() + timeout;
        let pipe = loop {
            match OpenOptions::new().read(true).write(true).open(name) {
                Err(e) if e.raw_os_error() == Some(ERROR_PIPE_BUSY) => {
                    if Instant::now() >= give_up {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                other => break other?,
            }
        };
        let mut reader = pipe.try_clone()?;
        let (wanted, requests) = channel::<usize>();
        let (answers, arrived) = channel();
        std::thread::spawn(move || {
            while let Ok(len) = requests.recv() {
                let mut buffer = vec![0; len];
                let result = reader.read(&mut buffer).map(|n| {
                    buffer.truncate(n);
                    buffer
                });
                if answers.send(result).is_err() {
                    return;
                }
            }
        });
        Ok(Self { pipe, wanted, arrived, deadline: None })
    }

    /// The access list of the pipe answers this.
    pub fn peer_is_ours(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// From now on reads fail with `TimedOut` at `deadline`. After that the connection is of no further use.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.deadline = deadline;
        Ok(())
    }

    /// A second handle for writing, for another thread. A write waits while a read is under way, so on Windows a
    /// program that mixes the two (`rpc`) should send its requests before it expects answers.
    pub fn writer(&self) -> io::Result<Writer> {
        self.pipe.try_clone().map(Writer)
    }
}

/// The writing side of a [`Stream`].
#[derive(Debug)]
pub struct Writer(File);

impl Writer {
    /// Pipes have no half-close: the daemon learns of the end when the process goes.
    pub fn finish(&self) -> io::Result<()> {
        Ok(())
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

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.wanted.send(buffer.len()).map_err(|_| gone())?;
        let bytes = match self.deadline {
            None => self.arrived.recv().map_err(|_| gone())??,
            Some(deadline) => match self.arrived.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(result) => result?,
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            },
        };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the file system of a directory says against writing there: nothing that writing would not say.
///
/// # Errors
/// None.
pub fn disk_flaw(_dir: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

/// Not asked for here.
pub fn free_bytes(_dir: &Path) -> Option<u64> {
    None
}

/// Directories are not locked on Windows, where an open file cannot be deleted.
///
/// # Errors
/// Always.
pub fn open_dir(_path: &Path) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Creates a directory and its parents; the profile directory's access list protects them.
pub fn private_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Who may write to a directory beside its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// The owner's group.
    Group,
    /// Nobody.
    Nobody,
}

/// Access lists are inherited from the profile directory.
pub fn privacy_flaw(_meta: &Metadata, _beside_owner: Writers) -> Option<String> {
    None
}

/// Opens a file for reading.
///
/// # Errors
/// Those of the system.
pub fn open_file(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a file to lock it, making it when it is missing.
///
/// # Errors
/// Those of the system.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(path)
}

/// The command that would repair a directory.
pub fn privacy_repair(_meta: &Metadata, path: &str) -> String {
    format!("icacls {path} /reset")
}

/// Lets the daemon outlive the console.
pub fn detach(command: &mut Command) {
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
}

/// Keeps Ctrl-C of the console away from a child.
pub fn own_group(command: &mut Command) {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

/// Runs another program to its end.
pub fn become_program(command: &mut Command) -> io::Result<u8> {
    Ok(command.status()?.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Runs a program that reads `text` from its standard input.
pub fn show(command: &mut Command, text: &[u8]) -> io::Result<u8> {
    let mut child = command.stdin(std::process::Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // Who leaves it early wants no more.
        let _ = input.write_all(text);
    }
    child.wait().map(|_| 0)
}

/// Whether terminals understand colour sequences.
pub fn terminal_has_colour() -> bool {
    std::env::var_os("WT_SESSION").is_some()
}
