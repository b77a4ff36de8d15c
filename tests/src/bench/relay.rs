//! The least that an answer costs which has to look at an artifact first: a question that goes from a client over a socket
//! to one thread, to a second that decides, to a third that reads and hashes, and all the way back.
//!
//! The threads are the daemon's in number and in nothing else: nothing is listened for, compared, kept or encoded.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use sha2::{Digest, Sha256};

/// What travels to the thread that decides.
enum Heard {
    Asked(PathBuf),
    Read([u8; 32]),
}

/// The client's end. Dropping it ends the threads.
pub(super) struct Relay {
    stream: UnixStream,
}

impl Relay {
    /// Starts the threads.
    ///
    /// # Panics
    /// They or the socket cannot be had.
    pub(super) fn start() -> Self {
        let (stream, other) = UnixStream::pair().expect("a pair of sockets");
        let ((to_decider, heard), (to_reader, jobs), (to_server, answers)) = (channel(), channel(), channel());
        let from_reader = to_decider.clone();
        std::thread::spawn(move || serve(other, &to_decider, &answers));
        std::thread::spawn(move || decide(&heard, &to_reader, &to_server));
        std::thread::spawn(move || read(&jobs, &from_reader));
        Self { stream }
    }

    /// Has the files directly in `directory` read and hashed.
    ///
    /// # Panics
    /// A thread ended.
    pub(super) fn ask(&mut self, directory: &Path) {
        let path = directory.to_str().expect("our own name");
        self.stream.write_all(path.as_bytes()).expect("the other end is open");
        self.stream.read_exact(&mut [0; 32]).expect("an answer");
    }
}

fn serve(mut stream: UnixStream, decider: &Sender<Heard>, answers: &Receiver<[u8; 32]>) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let path = std::str::from_utf8(&buffer[..length]).expect("what was sent");
        decider.send(Heard::Asked(path.into())).expect("it ends last");
        let Ok(answer) = answers.recv() else { return };
        stream.write_all(&answer).expect("somebody waits");
    }
}

fn decide(heard: &Receiver<Heard>, reader: &Sender<PathBuf>, server: &Sender<[u8; 32]>) {
    for heard in heard {
        let passed_on = match heard {
            Heard::Asked(path) => reader.send(path).is_ok(),
            Heard::Read(hash) => server.send(hash).is_ok(),
        };
        if !passed_on {
            return;
        }
    }
}

fn read(jobs: &Receiver<PathBuf>, decider: &Sender<Heard>) {
    for directory in jobs {
        let mut hash = Sha256::new();
        for entry in fs::read_dir(&directory).expect("our own directory") {
            hash.update(fs::read(entry.expect("an entry").path()).expect("our own file"));
        }
        if decider.send(Heard::Read(hash.finalize().into())).is_err() {
            return;
        }
    }
}
