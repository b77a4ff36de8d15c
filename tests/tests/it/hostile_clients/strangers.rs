//! Other users. They are kept out by the directory, by the socket's mode, and, tested here, by the check of the peer.
//!
//! A thread can be another user on Linux, if the process is root. Elsewhere these tests say that they did nothing.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use skillmeat_tests::process::{Daemon, PATIENCE};
use skillmeat_tests::sandbox::Sandbox;

use super::Scene;
use crate::binaries;

/// `nobody`.
const STRANGER: u32 = 65_534;

/// Does something as another user, if that is possible.
fn as_a_stranger<T: Send>(act: impl FnOnce() -> T + Send) -> Option<T> {
    if !geteuid().is_root() {
        println!("skipped: only root can act as another user");
        return None;
    }
    // Of this thread alone: the system call knows threads, not processes.
    let become_one = || {
        let (uid, gid) = (Uid::from_raw(STRANGER), Gid::from_raw(STRANGER));
        set_thread_groups(&[]).and_then(|()| set_thread_res_gid(gid, gid, gid))?;
        set_thread_res_uid(uid, uid, uid)
    };
    let acting = |act: Box<dyn FnOnce() -> T + Send + '_>| match become_one() {
        Ok(()) => Some(act()),
        Err(error) => {
            println!("skipped: cannot act as another user: {error}");
            None
        }
    };
    thread::scope(|scope| scope.spawn(|| acting(Box::new(act))).join().expect("it does not panic"))
}

/// Opens the way to `path`, for everybody.
fn reachable(path: &Path, root: &Path) {
    for dir in path.ancestors().skip(1).take_while(|dir| dir.starts_with(root)) {
        fs::set_permissions(dir, Permissions::from_mode(0o711)).expect("our own directory");
    }
    fs::set_permissions(path, Permissions::from_mode(0o777)).expect("our own socket");
}

#[test]
fn another_user_is_refused_even_where_the_directory_lets_them_in() {
    let scene = Scene::new();
    let socket = scene.daemon.socket().to_owned();
    let connect = || -> std::io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // The daemon may have closed already.
        let _ = stream.write_all(b"{\"id\":1,\"method\":\"hello\"}\n");
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Err(e) if e.kind() != std::io::ErrorKind::ConnectionReset => Err(e),
            _ => Ok(answer),
        }
    };
    let Some(kept_out) = as_a_stranger(connect) else { return };
    assert_eq!(kept_out.expect_err("the directory is private").kind(), std::io::ErrorKind::PermissionDenied);

    reachable(&socket, &scene.sandbox.root);
    for _ in 0..100 {
        let answer = as_a_stranger(connect).expect("it went a moment ago");
        assert_eq!(answer.expect("it could connect"), b"", "a stranger was answered");
    }
    scene.others_are_served();
}

#[test]
fn a_socket_of_another_user_is_not_talked_to() {
    let sandbox = Sandbox::new(&binaries());
    let socket = sandbox.socket();
    Daemon::start(&sandbox).terminate();
    fs::set_permissions(socket.parent().expect("it has one"), Permissions::from_mode(0o777)).expect("ours");
    reachable_for_writing(&socket, &sandbox.root);
    let Some(listener) = as_a_stranger(|| UnixListener::bind(&socket).expect("the directory is open")) else { return };
    for arguments in [&["status", "--all"][..], &["daemon", "stop"], &["prompt"]] {
        let output = sandbox.cli(arguments);
        if arguments == ["prompt"] {
            assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{output:?}");
        } else {
            assert_eq!(output.code, Some(3), "{output:?}");
            assert!(output.stderr.contains("belongs to another user"), "{output:?}");
            assert!(output.stderr.contains(socket.to_str().expect("test paths are text")), "{output:?}");
        }
        let (mut stream, _) = listener.accept().expect("the client came");
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).expect("it went away");
        assert_eq!(heard, b"", "a stranger was told something");
    }
}

fn reachable_for_writing(socket: &Path, root: &Path) {
    for dir in socket.ancestors().skip(2).take_while(|dir| dir.starts_with(root)) {
        fs::set_permissions(dir, Permissions::from_mode(0o711)).expect("our own directory");
    }
}
