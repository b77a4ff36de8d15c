//! The socket: bound, claimed, given back.
//!
//! Precondition of [`Listener::bind`]: the caller holds the instance lock. Therefore a *socket* that is already at the
//! path and that nobody listens on is stale and is unlinked; anything else there is somebody's and is refused (two homes
//! can share a runtime directory, and each has a lock of its own). The crate's own ways to do this are
//! not used: `try_overwrite` displaces a live daemon and deletes regular files, and reclaiming on drop unlinks by name,
//! so that a displaced daemon removes its successor's socket. Instead the device and inode of what was bound are kept,
//! and only that is unlinked.

use crate::os::private_dir::{self, PrivateDirError};
use interprocess::local_socket::tokio::{Listener as Inner, Stream};
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName};
use skillmeat_protocol::endpoint::Endpoint;
use std::io;
use std::path::PathBuf;

/// Why there is no listener. Each message names the path and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The directory of the socket cannot be trusted.
    #[error(transparent)]
    Directory(#[from] PrivateDirError),
    /// Something that is not a socket is in its place.
    #[error("{path} is in the way of the socket and is {what}; move it away")]
    Occupied {
        /// The path.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// Somebody listens there, although the instance lock is ours: the daemon of another home.
    #[error(
        "another home's daemon listens on {path}; give this one a directory of its own with XDG_RUNTIME_DIR or \
         SKILLMEAT_HOME"
    )]
    InUse {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {verb} {endpoint}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// Where.
        endpoint: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// A bound endpoint. Dropping it removes its socket, if the one at the path is still this one.
#[derive(Debug)]
pub struct Listener {
    inner: Inner,
    endpoint: Endpoint,
    /// None for a socket that somebody else bound and removes (systemd), and for pipes.
    bound: Option<Bound>,
}

/// The socket file that this process made.
#[derive(Debug, PartialEq, Eq)]
struct Bound {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Listener {
    /// Binds `endpoint`. The caller holds the instance lock and is inside a tokio runtime.
    ///
    /// # Errors
    /// [`ListenError`].
    pub fn bind(endpoint: &Endpoint) -> Result<Self, ListenError> {
        match endpoint {
            Endpoint::Socket(path) => Self::bind_socket(endpoint, path),
            Endpoint::Pipe(name) => Self::bind_pipe(endpoint, name),
        }
    }

    #[cfg(unix)]
    fn bind_socket(endpoint: &Endpoint, path: &std::path::Path) -> Result<Self, ListenError> {
        use interprocess::os::unix::local_socket::ListenerOptionsExt;

        if let Some(directory) = path.parent() {
            private_dir::ensure(directory)?;
        }
        unlink_stale(endpoint, path)?;
        let options = || {
            let name = path.to_fs_name::<GenericFilePath>().map_err(failed("name", endpoint))?;
            Ok::<_, ListenError>(ListenerOptions::new().name(name).reclaim_name(false))
        };
        // Some Unixes cannot set the mode before the socket accepts; there the directory alone keeps others out.
        let inner = match options()?.mode(0o600).create_tokio() {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => options()?.create_tokio(),
            other => other,
        };
        let inner = inner.map_err(failed("listen on", endpoint))?;
        let bound = Bound::at(path).map_err(failed("look at", endpoint))?;
        Ok(Self { inner, endpoint: endpoint.clone(), bound: Some(bound) })
    }

    #[cfg(unix)]
    fn bind_pipe(endpoint: &Endpoint, _name: &str) -> Result<Self, ListenError> {
        Err(failed("listen on", endpoint)(io::ErrorKind::Unsupported.into()))
    }

    #[cfg(windows)]
    fn bind_socket(endpoint: &Endpoint, _path: &std::path::Path) -> Result<Self, ListenError> {
        Err(failed("listen on", endpoint)(io::ErrorKind::Unsupported.into()))
    }

    /// The pipe's access list is its owner and the system; the default would let every user read.
    #[cfg(windows)]
    fn bind_pipe(endpoint: &Endpoint, name: &str) -> Result<Self, ListenError> {
        use interprocess::os::windows::local_socket::ListenerOptionsExt;
        use interprocess::os::windows::security_descriptor::SecurityDescriptor;

        const OWNER_AND_SYSTEM: &widestring::U16CStr = widestring::u16cstr!("D:P(A;;GA;;;OW)(A;;GA;;;SY)");
        let descriptor = SecurityDescriptor::deserialize(OWNER_AND_SYSTEM).map_err(failed("restrict", endpoint))?;
        let name = name.to_fs_name::<GenericFilePath>().map_err(failed("name", endpoint))?;
        let options = ListenerOptions::new().name(name).security_descriptor(descriptor);
        let inner = options.create_tokio().map_err(failed("listen on", endpoint))?;
        Ok(Self { inner, endpoint: endpoint.clone(), bound: None })
    }

    /// Takes over a socket that the service manager bound and keeps. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the runtime cannot register it.
    #[cfg(unix)]
    pub fn adopt(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        use interprocess::os::unix::uds_local_socket::tokio::Listener as Socket;

        let path = listener.local_addr()?.as_pathname().map(PathBuf::from).unwrap_or_default();
        let inner = Inner::from(Socket::try_from(std::os::fd::OwnedFd::from(listener))?);
        Ok(Self { inner, endpoint: Endpoint::Socket(path), bound: None })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether clients can no longer find this listener by its path: a cleaner of temporary files or another process
    /// removed or replaced the socket.
    pub fn was_stolen(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| !bound.is_in_place())
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        self.inner.accept().await
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(bound) = self.bound.take().filter(Bound::is_in_place)
            && let Err(error) = std::fs::remove_file(&bound.path)
        {
            tracing::warn!(path = %bound.path.display(), %error, "cannot remove the socket");
        }
    }
}

impl Bound {
    #[cfg(unix)]
    fn at(path: &std::path::Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_path_buf(), device: found.dev(), inode: found.ino() })
    }

    #[cfg(windows)]
    fn at(_path: &std::path::Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn is_in_place(&self) -> bool {
        Self::at(&self.path).is_ok_and(|found| found == *self)
    }
}

#[cfg(unix)]
fn unlink_stale(endpoint: &Endpoint, path: &std::path::Path) -> Result<(), ListenError> {
    use std::os::unix::fs::FileTypeExt;
    let kind = match std::fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at", endpoint)(error)),
    };
    if !kind.is_socket() {
        let what = match (kind.is_symlink(), kind.is_dir()) {
            (true, _) => "a symbolic link",
            (_, true) => "a directory",
            _ => "a file",
        };
        return Err(ListenError::Occupied { path: path.to_path_buf(), what });
    }
    if somebody_listens(path).map_err(failed("look at", endpoint))? {
        return Err(ListenError::InUse { path: path.to_path_buf() });
    }
    std::fs::remove_file(path).map_err(failed("remove stale", endpoint))
}

/// Without waiting: the queue of a process that hangs may be full, which is an answer too.
#[cfg(unix)]
fn somebody_listens(path: &std::path::Path) -> io::Result<bool> {
    use rustix::io::Errno;
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};
    let probe = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::fs::fcntl_setfl(&probe, rustix::fs::OFlags::NONBLOCK)?;
    match connect(&probe, &SocketAddrUnix::new(path)?) {
        Ok(()) | Err(Errno::AGAIN | Errno::INPROGRESS) => Ok(true),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn failed(verb: &'static str, endpoint: &Endpoint) -> impl FnOnce(io::Error) -> ListenError {
    let endpoint = endpoint.to_string();
    move |source| ListenError::Io { verb, endpoint, source }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    fn place() -> (tempfile::TempDir, PathBuf, Endpoint) {
        let temp = tempfile::tempdir().expect("temporary directory");
        let path = temp.path().join("run").join("daemon.sock");
        let endpoint = Endpoint::Socket(path.clone());
        (temp, path, endpoint)
    }

    fn occupy(path: &Path, with: impl FnOnce(&Path)) {
        private_dir::ensure(path.parent().expect("has a parent")).expect("made");
        with(path);
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_the_new_one_is_private() {
        let (_temp, path, endpoint) = place();
        occupy(&path, |path| drop(UnixListener::bind(path).expect("bound")));
        assert!(UnixStream::connect(&path).is_err(), "nobody listens on a stale socket");
        let listener = Listener::bind(&endpoint).expect("bound over a stale socket");
        UnixStream::connect(&path).expect("connected");
        if cfg!(target_os = "linux") {
            assert_eq!(std::fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
        }
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_is_not_a_socket_is_left_alone() {
        for (what, make) in [
            ("a file", (|path| std::fs::write(path, "precious").expect("written")) as fn(&Path)),
            ("a symbolic link", |path| symlink("/nowhere", path).expect("linked")),
            ("a directory", |path| std::fs::create_dir(path).expect("made")),
        ] {
            let (_temp, path, endpoint) = place();
            occupy(&path, make);
            let error = Listener::bind(&endpoint).expect_err("refused").to_string();
            assert!(error.contains(what) && error.contains(&path.display().to_string()), "{error}");
            assert!(std::fs::symlink_metadata(&path).is_ok(), "{what} is still there");
        }
    }

    #[tokio::test]
    async fn a_directory_open_to_others_is_refused_with_the_command_that_closes_it() {
        let (temp, _path, endpoint) = place();
        let directory = temp.path().join("run");
        std::fs::create_dir(&directory).expect("made");
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o777)).expect("opened");
        let error = Listener::bind(&endpoint).expect_err("refused").to_string();
        assert!(error.contains(&format!("chmod 700 {}", directory.display())), "{error}");
    }

    #[tokio::test]
    async fn a_displaced_listener_knows_it_and_leaves_its_successor_alone() {
        let (_temp, path, endpoint) = place();
        let first = Listener::bind(&endpoint).expect("bound");
        assert!(!first.was_stolen());
        let error = Listener::bind(&endpoint).expect_err("somebody listens").to_string();
        assert!(error.contains("another home") && error.contains("XDG_RUNTIME_DIR"), "{error}");
        std::fs::remove_file(&path).expect("taken away");
        let second = Listener::bind(&endpoint).expect("bound again");
        assert!(first.was_stolen() && !second.was_stolen());
        drop(first);
        UnixStream::connect(&path).expect("the second still listens");
        std::fs::remove_file(&path).expect("cleaned away");
        assert!(second.was_stolen());
    }

    #[tokio::test]
    async fn an_adopted_socket_is_not_removed() {
        let (_temp, path, _) = place();
        occupy(&path, |_| ());
        let listener = Listener::adopt(UnixListener::bind(&path).expect("bound")).expect("adopted");
        assert_eq!(*listener.endpoint(), Endpoint::Socket(path.clone()));
        assert!(!listener.was_stolen());
        drop(listener);
        assert!(path.exists());
    }
}
