//! Socket activation and notification.

use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::Stdio;

use skillmeat_tests::client::Client;
use skillmeat_tests::process::{Daemon, PATIENCE};
use skillmeat_tests::sandbox::Sandbox;

use super::note;
use crate::binaries;

#[test]
fn systemd_may_listen_for_it() {
    let sandbox = Sandbox::new(&binaries());
    let path = sandbox.root.join("activated.sock");
    let listener = UnixListener::bind(&path).expect("nobody listens there");
    // `sh` puts the socket where systemd does: number 3, and the number of the process that will be the daemon.
    let mut command = sandbox.command("sh");
    command
        .args(["-c", "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" run --ready stdout"])
        .arg(&sandbox.binaries.daemon)
        .stdin(Stdio::from(OwnedFd::from(listener)));
    let daemon = Daemon::spawn(&sandbox, command).expect("it starts");
    let mut client = Client::connect(&path);
    client.sync();
    assert_eq!(Path::new(&note(&sandbox).endpoint), path);
    assert_eq!(sandbox.cli(&["socket"]).ok().trim_end(), path.to_str().expect("test paths are text"));
    assert!(!sandbox.socket().exists(), "it bound a socket of its own");
    drop(client);
    assert!(daemon.terminate().success());
    assert!(path.exists(), "the socket is systemd's");
}

#[test]
fn systemd_is_told() {
    let mut sandbox = Sandbox::new(&binaries());
    let path = sandbox.root.join("notify.sock");
    let receiver = UnixDatagram::bind(&path).expect("nobody listens there");
    receiver.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
    sandbox.set("NOTIFY_SOCKET", &path);
    let daemon = Daemon::start(&sandbox);
    let mut buffer = [0; 512];
    let mut said = || {
        let n = receiver.recv(&mut buffer).expect("it says something");
        String::from_utf8_lossy(&buffer[..n]).into_owned()
    };
    assert!(said().contains("READY=1"));
    assert!(daemon.terminate().success());
    assert!(said().contains("STOPPING=1"));
}
