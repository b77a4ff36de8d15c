//! A daemon of a few lines: real sockets and frames, canned replies.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use skillmeat::surroundings::Surroundings;
use skillmeat_protocol::codec::{decode_request, encode};
use skillmeat_protocol::endpoint::{Env, Places};
use skillmeat_protocol::frame;
use skillmeat_protocol::preamble::{PREAMBLE_LEN, Welcome, protocol_of};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::Call;
use tempfile::TempDir;

/// What a fake daemon was sent.
#[derive(Debug, Default)]
pub struct Seen {
    pub calls: Vec<Call>,
    pub lines: Vec<String>,
}

/// A home in a temporary directory, and whoever answers for it.
pub struct Home {
    pub dir: TempDir,
    pub around: Surroundings,
    pub places: Places,
    pub seen: Arc<Mutex<Seen>>,
}

/// How a fake daemon introduces itself and what it answers.
#[derive(Clone, Default)]
pub struct Script {
    /// Its protocol.
    pub protocol: u16,
    /// Its version.
    pub version: &'static str,
    /// Replies to the calls in order; one call can have several.
    pub replies: Vec<Vec<Reply>>,
    /// What a JSON connection is answered.
    pub line: &'static str,
}

impl Home {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("temporary directory");
        let env = Env {
            skillmeat_home: Some(dir.path().join("home")),
            temp_dir: "/tmp".into(),
            uid: skillmeat::os::uid(),
            ..Env::default()
        };
        let cwd = dir.path().join("work");
        fs::create_dir_all(&cwd).expect("create");
        let places = Places::resolve(&env).expect("has a home");
        fs::create_dir_all(&places.state).expect("create");
        let around = Surroundings { env, cwd: Some(cwd), no_start: true, ..Surroundings::default() };
        Self { dir, around, places, seen: Arc::default() }
    }

    /// The path where clients of this home look first.
    pub fn socket(&self) -> PathBuf {
        PathBuf::from(self.places.endpoint.to_string())
    }

    /// Serves `script` at the expected place until the process ends.
    pub fn serve(&self, script: Script) {
        self.serve_at(&self.socket(), script, None);
    }

    /// Serves at `socket`; `lock` is released, and nobody served any more, once a JSON line arrives.
    pub fn serve_at(&self, socket: &Path, script: Script, lock: Option<File>) {
        fs::create_dir_all(socket.parent().expect("has a parent")).expect("create");
        let listener = UnixListener::bind(socket).expect("bind");
        let (seen, socket) = (Arc::clone(&self.seen), socket.to_owned());
        thread::spawn(move || {
            let mut replies = VecDeque::from(script.replies.clone());
            for stream in listener.incoming() {
                let json = answer(stream.expect("accept"), &script, &mut replies, &seen);
                if json && lock.is_some() {
                    break;
                }
            }
            fs::remove_file(&socket).expect("remove");
            drop(lock);
        });
    }

    /// Runs a command line; returns exit code, standard output, standard error.
    pub fn run(&self, line: &[&str]) -> (u8, String, String) {
        let args: Vec<_> = line.iter().map(Into::into).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = skillmeat::run(&args, &self.around, &mut out, &mut err);
        (code, String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
    }
}

/// Answers one connection to its end; says whether it was a JSON one.
fn answer(mut stream: UnixStream, script: &Script, replies: &mut VecDeque<Vec<Reply>>, seen: &Mutex<Seen>) -> bool {
    let mut first = [0; PREAMBLE_LEN];
    if stream.read_exact(&mut first).is_err() {
        return false;
    }
    if first[0] == b'{' {
        let mut line = String::from_utf8(first.to_vec()).expect("text");
        BufReader::new(&stream).read_line(&mut line).expect("a line");
        seen.lock().expect("not poisoned").lines.push(line);
        stream.write_all(script.line.as_bytes()).expect("write");
        return true;
    }
    let protocol = protocol_of(&first).expect("a preamble");
    let welcome = Welcome { protocol: script.protocol, instance: 7, version: script.version.into() };
    stream.write_all(&welcome.to_bytes()).expect("write");
    if protocol != script.protocol {
        return false;
    }
    while let Ok(body) = frame::read(&mut stream, frame::MAX_REQUEST) {
        let call: Call = decode_request(&body).expect("a call");
        seen.lock().expect("not poisoned").calls.push(call);
        let Some(answers) = replies.pop_front() else { break };
        for reply in answers {
            frame::write(&mut stream, &encode(&reply).expect("encodes")).expect("write");
        }
    }
    false
}
