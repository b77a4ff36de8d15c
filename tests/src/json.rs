//! A connection in JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::process::PATIENCE;

/// A connection. Every method panics when the daemon does not answer.
#[derive(Debug)]
pub struct JsonClient {
    stream: BufReader<UnixStream>,
    last_id: u64,
}

impl JsonClient {
    /// Connects.
    pub fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap_or_else(|e| panic!("{}: {e}", socket.display()));
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
        Self { stream: BufReader::new(stream), last_id: 0 }
    }

    /// Sends one line as it stands.
    pub fn send_line(&mut self, line: &str) {
        self.stream.get_mut().write_all(format!("{line}\n").as_bytes()).expect("the daemon reads");
    }

    /// The next line, as it stands; empty when the daemon closed.
    pub fn receive_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the daemon answers");
        line
    }

    /// The next message.
    pub fn receive(&mut self) -> Value {
        let line = self.receive_line();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
    }

    /// Sends a request and gives the whole answer; notifications before it are skipped.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        self.send_line(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        loop {
            let answer = self.receive();
            if answer["id"] == id {
                return answer;
            }
        }
    }

    /// The result of a request.
    #[track_caller]
    pub fn result(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.call(method, params);
        match answer.get_mut("result") {
            Some(result) => result.take(),
            None => panic!("{method}: {answer}"),
        }
    }

    /// The error of a request.
    #[track_caller]
    pub fn error(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.call(method, params);
        match answer.get_mut("error") {
            Some(error) => error.take(),
            None => panic!("{method}: {answer}"),
        }
    }
}
