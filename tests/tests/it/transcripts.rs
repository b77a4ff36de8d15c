//! The transcripts of `protocol/README.md`, run against a real daemon. The grammar is at the end of that document.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value};
use skillmeat_tests::json::JsonClient;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, write};

use crate::binaries;

#[test]
fn every_transcript_of_the_protocol_document_is_true() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/README.md");
    let text = fs::read_to_string(document).expect("the document is there");
    let blocks = transcripts(&text);
    assert!(blocks.len() >= 15, "{} transcripts", blocks.len());
    let mut failures = Vec::new();
    for (line, block) in &blocks {
        if let Err(what) = run(block) {
            failures.push(format!("the transcript at line {line}: {what}"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Line of the fence, and the lines between the fences.
fn transcripts(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line == "```transcript" {
            blocks.push((at + 1, lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect()));
        }
    }
    blocks
}

/// What the placeholders stand for.
struct Names {
    home: String,
    root: String,
    project: String,
    clock: String,
    snapshot: String,
}

impl Names {
    fn filled(&self, text: &str) -> String {
        text.replace("<home>", &self.home)
            .replace("<root>", &self.root)
            .replace("<project>", &self.project)
            .replace("<clock>", &self.clock)
            .replace("<snapshot>", &self.snapshot)
    }
}

fn run(block: &[&str]) -> Result<(), String> {
    let sandbox = Sandbox::new(&binaries());
    let mut names = world(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(Path::new(&names.project));
    daemon.client().sync();
    let mut connection = daemon.json();
    for line in block {
        if let Some(request) = line.strip_prefix("→ ") {
            connection.send_line(&names.filled(request));
        } else if let Some(answer) = line.strip_prefix("← ") {
            let given = next(&mut connection);
            remember_clock(&given, &mut names.clock);
            if let Some(id) = given["result"]["snapshot"]["id"].as_str() {
                id.clone_into(&mut names.snapshot);
            }
            let wanted = serde_json::from_str(answer).map_err(|e| format!("{e}: {answer}"))?;
            matches("", &wanted, &given, &names).map_err(|what| format!("{what}\n given {given}"))?;
        } else if let Some(path) = line.strip_prefix("$ mkdir ") {
            fs::create_dir_all(names.filled(path)).map_err(|e| format!("{line}: {e}"))?;
        } else if let Some(path) = line.strip_prefix("$ append ") {
            let file = OpenOptions::new().create(true).append(true).open(names.filled(path));
            file.and_then(|mut file| file.write_all(b"one more line\n")).map_err(|e| format!("{line}: {e}"))?;
        } else {
            return Err(format!("'{line}' is not in the grammar"));
        }
    }
    Ok(())
}

/// The world that the document describes.
fn world(sandbox: &Sandbox) -> Names {
    sandbox.config("[settings]\ndefault-collection = \"default\"\n");
    let collection = sandbox.collection("default");
    let described = |what: &str| format!("---\ndescription: {what}\n---\nText\n");
    collection.put("skill:pdf", &described("Reads PDF files"));
    collection.put("command:review", &described("Reviews a diff"));
    collection.list(&["skill:pdf", "command:review"]);
    let project = sandbox.project("app");
    project.deploy(&collection, &["skill:pdf", "command:review"]);
    write(&project.file("skill:pdf"), "edited\n");
    let text = |path: &Path| path.to_str().expect("test paths are text").to_owned();
    let (home, root) = (text(&sandbox.home), text(&sandbox.projects));
    Names { home, root, project: project.text(), clock: String::new(), snapshot: String::new() }
}

fn next(connection: &mut JsonClient) -> Value {
    loop {
        let message = connection.receive();
        if message["method"] != "progress" {
            return message;
        }
    }
}

fn remember_clock(message: &Value, clock: &mut String) {
    match message {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get("clock") {
                clock.clone_from(text);
            }
            members.values().for_each(|value| remember_clock(value, clock));
        }
        Value::Array(elements) => elements.iter().for_each(|value| remember_clock(value, clock)),
        _ => {}
    }
}

fn matches(at: &str, wanted: &Value, given: &Value, names: &Names) -> Result<(), String> {
    let differ = || Err(format!("at {at}: wanted {wanted}, given {given}"));
    match (wanted, given) {
        (Value::String(text), _) if is_placeholder(text) => {
            if fits(text, given) {
                Ok(())
            } else {
                differ()
            }
        }
        (Value::String(text), Value::String(given)) if names.filled(text) == *given => Ok(()),
        (Value::Object(wanted), Value::Object(given)) => members_match(at, wanted, given, names),
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => wanted
            .iter()
            .zip(given)
            .enumerate()
            .try_for_each(|(i, (wanted, given))| matches(&format!("{at}[{i}]"), wanted, given, names)),
        (wanted, given) if wanted == given => Ok(()),
        _ => differ(),
    }
}

fn members_match(
    at: &str,
    wanted: &Map<String, Value>,
    given: &Map<String, Value>,
    names: &Names,
) -> Result<(), String> {
    for name in wanted.keys().chain(given.keys()) {
        let (Some(wanted), Some(given)) = (wanted.get(name), given.get(name)) else {
            return Err(format!("at {at}: '{name}' is on one side only"));
        };
        matches(&format!("{at}.{name}"), wanted, given, names)?;
    }
    Ok(())
}

const PLACEHOLDERS: [&str; 12] = [
    "<clock>",
    "<snapshot>",
    "<instance>",
    "<hash>",
    "<uuid>",
    "<time>",
    "<version>",
    "<path>",
    "<text>",
    "<number>",
    "<boolean>",
    "<list>",
];

fn is_placeholder(text: &str) -> bool {
    PLACEHOLDERS.contains(&text)
}

fn fits(placeholder: &str, given: &Value) -> bool {
    let hexadecimal = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    match (placeholder, given) {
        ("<number>", Value::Number(_)) | ("<boolean>", Value::Bool(_)) | ("<list>", Value::Array(_)) => true,
        ("<text>", Value::String(_)) => true,
        ("<clock>", Value::String(text)) => text.parse::<skillmeat_protocol::clock::Clock>().is_ok(),
        ("<instance>", Value::String(text)) => hexadecimal(text, 16),
        ("<hash>", Value::String(text)) => hexadecimal(text, 64),
        ("<uuid>", Value::String(text)) => {
            text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && hexadecimal(&text.replace('-', ""), 32)
        }
        ("<time>", Value::String(text)) => {
            let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            shape.starts_with("0000-00-00T00:00:00") && shape.ends_with('Z')
        }
        ("<version>", Value::String(text)) => {
            text.split('.').count() == 3 && text.split('.').all(|part| part.parse::<u32>().is_ok())
        }
        ("<snapshot>", Value::String(text)) => {
            text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        }
        ("<path>", Value::String(text)) => text.starts_with('/'),
        _ => false,
    }
}
