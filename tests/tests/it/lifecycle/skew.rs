//! Client and daemon of different protocols.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use skillmeat_protocol::preamble::{PREAMBLE_LEN, PROTOCOL, Welcome, preamble};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::Sandbox;

use super::with_drift;
use crate::binaries;

/// A daemon of another protocol: answers each binary connection with this welcome and goes; gives the JSON lines it
/// was sent. Ends with the first of them.
fn impostor(listener: UnixListener, welcome: Welcome) -> thread::JoinHandle<Vec<String>> {
    thread::spawn(move || {
        let mut lines = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut first = [0; PREAMBLE_LEN];
            stream.read_exact(&mut first).expect("a client says something");
            if first.starts_with(b"SKMT") {
                stream.write_all(&welcome.to_bytes()).expect("the client reads");
                if welcome.protocol > PROTOCOL {
                    return lines;
                }
                continue;
            }
            let mut line = String::from_utf8_lossy(&first).into_owned();
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            reader.read_line(&mut line).expect("a whole line");
            lines.push(line);
            let answer = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pid\":1}}\n";
            stream.write_all(answer).expect("the client reads");
            return lines;
        }
        lines
    })
}

fn listen(sandbox: &Sandbox) -> UnixListener {
    let socket = sandbox.socket();
    let directory = socket.parent().expect("it has one");
    fs::create_dir_all(directory).expect("a directory of the sandbox");
    for dir in [directory, sandbox.places().state.as_path()] {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).expect("our own directory");
    }
    UnixListener::bind(&socket).expect("nobody listens there")
}

#[test]
fn a_newer_daemon_is_left_alone() {
    let sandbox = Sandbox::new(&binaries());
    let welcome = Welcome { protocol: PROTOCOL + 1, instance: 1, version: "99.0.0".into() };
    let daemon = impostor(listen(&sandbox), welcome);
    let output = sandbox.cli(&["status", "--all"]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.stderr.contains("older than the running daemon (99.0.0)"), "{output:?}");
    assert_eq!(daemon.join().expect("it does not panic"), Vec::<String>::new(), "it was asked to end");
}

#[test]
fn an_older_daemon_is_asked_to_hand_over() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    let welcome = Welcome { protocol: PROTOCOL - 1, instance: 1, version: "0.0.1".into() };
    let daemon = impostor(listen(&sandbox), welcome);
    sandbox.cli(&["project", "add", &project]).ok();
    let lines = daemon.join().expect("it does not panic");
    assert!(lines.len() == 1 && lines[0].contains("\"shutdown\"") && lines[0].contains("\"upgrade\""), "{lines:?}");
    assert!(sandbox.cli(&["status", "--all", "--porcelain"]).ok().starts_with("M  skill:pdf"));
}

/// A daemon that is beyond what it can even refuse closes without a word; its lock says that it lives.
#[test]
fn a_daemon_that_closes_every_connection_is_not_said_to_be_away() {
    let sandbox = Sandbox::new(&binaries());
    let listener = listen(&sandbox);
    let lock = fs::File::create(sandbox.places().lock_file()).expect("a file of the sandbox");
    lock.lock().expect("nobody holds it");
    let closing = thread::spawn(move || {
        for stream in listener.incoming() {
            // The last one says more than a preamble does.
            let mut opening = [0; PREAMBLE_LEN];
            if stream.and_then(|mut stream| stream.read(&mut opening)).is_ok_and(|_| opening.starts_with(b"{")) {
                return;
            }
        }
    });
    for command in [&["daemon", "status"][..], &["status", "--all"]] {
        let output = sandbox.cli(command);
        assert_eq!(output.code, Some(3), "{output:?}");
        assert!(output.stderr.contains("too many connections are open"), "{output:?}");
    }
    UnixStream::connect(sandbox.socket()).and_then(|mut last| last.write_all(b"{")).expect("it listens");
    closing.join().expect("it does not panic");
}

#[test]
fn a_client_of_another_protocol_learns_who_is_newer() {
    let sandbox = Sandbox::new(&binaries());
    let daemon = Daemon::start(&sandbox);
    let mut stream = UnixStream::connect(daemon.socket()).expect("it listens");
    stream.write_all(&preamble(PROTOCOL + 7)).expect("it reads");
    let welcome = Welcome::read(&mut stream).expect("a welcome");
    assert_eq!(welcome.protocol, PROTOCOL);
    assert_eq!(stream.read(&mut [0; 16]).expect("an orderly end"), 0, "it closes");
}
