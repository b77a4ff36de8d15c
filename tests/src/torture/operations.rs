//! Operations that end in the middle: the daemon is killed, or a step fails, at every named point of every operation.
//!
//! Each operation is run once undisturbed, which gives what the files are before and after. Then it is run again and again
//! on the same files, and disturbed at one point more each time, until the point is not reached any more. After the next
//! start everything must be as before or as after, times in the files of the original excepted: every artifact, every record,
//! every manifest; nothing else may lie about; what the journal says must be what the files are; and an operation that was
//! done must be undone by `undo` to what was before. Every content that the journal names must be in the store.

mod prepare;
mod scenes;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use skillmeatd::ops::Point;

use super::kill::KEPT;
use super::{Tally, own_files};
use crate::model::rng::Rng;
use crate::process::{Daemon, PATIENCE};
use crate::sandbox::{Binaries, Sandbox};
use scenes::{SCENES, Scene};

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Of the scenes and points, every so manieth: 1 is all of them.
    pub every: usize,
    /// Where to begin.
    pub offset: usize,
    /// Kills at random instants, after that.
    pub random: u64,
    /// Decides the instants.
    pub seed: u64,
}

/// Longest time from the request to a random kill.
const LATEST: Duration = Duration::from_millis(60);

/// How an operation is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disturbance {
    /// Killed when a point is reached for this time.
    Kill(Point, u64),
    /// The step after that fails.
    Fail(Point, u64),
    /// Killed so long after it was asked for.
    After(Duration),
}

/// All files below the roots that operations change: path, and mode with content, or where a link leads.
pub type Files = BTreeMap<String, (u32, Vec<u8>)>;

/// Disturbs every operation at every point.
///
/// # Errors
/// The first thing that does not hold.
pub fn run(binaries: &Binaries, options: Options) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut number = options.offset;
    let mut rng = Rng::new(options.seed);
    for scene in SCENES {
        let mut case = Case { binaries, scene, ends: undisturbed(binaries, scene, &mut tally)?, tally: &mut tally };
        for kind in [Disturbance::Kill, Disturbance::Fail] {
            for point in Point::ALL {
                for times in 1.. {
                    number += 1;
                    if !number.is_multiple_of(options.every) || !case.disturbed(kind(point, times))? {
                        break;
                    }
                    reached.insert(point.name());
                }
            }
        }
        for _ in 0..options.random / SCENES.len() as u64 {
            let micros = rng.below(LATEST.as_micros() as u64);
            case.disturbed(Disturbance::After(Duration::from_micros(micros)))?;
        }
    }
    if options.every == 1 {
        let missed: Vec<String> =
            Point::ALL.iter().map(|point| point.name()).filter(|name| !reached.contains(name)).collect();
        if !missed.is_empty() {
            return Err(format!("no operation ever reached {}", missed.join(", ")));
        }
    }
    Ok(tally)
}

fn undisturbed(binaries: &Binaries, scene: &Scene, tally: &mut Tally) -> Result<(Files, Files), String> {
    let sandbox = scene.build(binaries);
    let before = files(&sandbox)?;
    let daemon = Daemon::start(&sandbox);
    scene.register(&sandbox, &daemon);
    let answer = ask(&daemon, scene.method, &(scene.params)(&sandbox)).ok_or("no answer")?;
    let result = answer.get("result").ok_or_else(|| format!("{}: {answer}", scene.name))?;
    if result["complete"] != true || result["operation"].is_null() {
        return Err(format!("{} undisturbed: {result}", scene.name));
    }
    daemon.terminate();
    let after = files(&sandbox)?;
    if before == after && scene.is_of_files() {
        return Err(format!("{} changes nothing", scene.name));
    }
    tidy(&sandbox)?;
    tally.count("operations undisturbed");
    Ok((before, after))
}

/// One scene, and what its files are without and with the operation.
struct Case<'a> {
    binaries: &'a Binaries,
    scene: &'a Scene,
    ends: (Files, Files),
    tally: &'a mut Tally,
}

impl Case<'_> {
    /// Whether the point was reached so often.
    fn disturbed(&mut self, disturbance: Disturbance) -> Result<bool, String> {
        let mut sandbox = self.scene.build(self.binaries);
        let came = self.disturb(&mut sandbox, disturbance);
        let checked = came.and_then(|came| match came {
            Some(answer) => self.check(&sandbox, disturbance, &answer).map(|()| true),
            None => Ok(false),
        });
        checked.map_err(|why| format!("{}, {disturbance:?}: {why}", self.scene.name))
    }

    /// What was answered; none when the point was not reached.
    fn disturb(&self, sandbox: &mut Sandbox, disturbance: Disturbance) -> Result<Option<Option<Value>>, String> {
        let at = |point: Point, times| format!("{}={times}", point.name());
        let is_rollback = |point| matches!(point, Point::RollbackBegun | Point::RolledBack);
        match disturbance {
            Disturbance::Kill(point, times) => {
                if is_rollback(point) {
                    sandbox.set("SKILLMEAT_TEST_FAIL", at(Point::TextsJournalled, 1));
                }
                sandbox.set("SKILLMEAT_TEST_KILL", at(point, times));
            }
            Disturbance::Fail(point, _) if is_rollback(point) => return Ok(None),
            Disturbance::Fail(point, times) => sandbox.set("SKILLMEAT_TEST_FAIL", at(point, times)),
            Disturbance::After(_) => {}
        }
        let daemon = Daemon::start(sandbox);
        self.scene.register(sandbox, &daemon);
        let params = (self.scene.params)(sandbox);
        for variable in ["SKILLMEAT_TEST_KILL", "SKILLMEAT_TEST_FAIL"] {
            sandbox.unset(variable);
        }
        if let Disturbance::After(time) = disturbance {
            let pending = begin(&daemon, self.scene.method, &params);
            std::thread::sleep(time);
            daemon.kill();
            drop(pending);
            return Ok(Some(None));
        }
        let answer = ask(&daemon, self.scene.method, &params);
        match (disturbance, &answer) {
            (Disturbance::Fail(..), None) => Err("the daemon died of a step that failed".to_owned()),
            (Disturbance::Fail(..), Some(said)) => {
                daemon.terminate();
                let failed = said.get("error").is_some() || said["result"]["complete"] == false;
                Ok(failed.then_some(answer))
            }
            (_, None) => {
                daemon.wait();
                Ok(Some(None))
            }
            (_, Some(_)) => {
                daemon.terminate();
                Ok(None)
            }
        }
    }

    fn check(&mut self, sandbox: &Sandbox, disturbance: Disturbance, answer: &Option<Value>) -> Result<(), String> {
        let (before, after) = &self.ends;
        let tally = &mut *self.tally;
        let daemon = Daemon::start(sandbox);
        let found = files(sandbox)?;
        let is_failure = matches!(disturbance, Disturbance::Fail(..));
        let state = last_state(&daemon)?;
        let done = if !self.scene.is_of_files() && found == *after {
            state.as_deref() == Some("done")
        } else if found == *after {
            true
        } else if found == *before {
            false
        } else if is_failure && answer.as_ref().is_some_and(|a| a.get("result").is_some()) {
            // Some of the items failed, each by itself; the others are recorded as what they are.
            tally.count("operations of which a part failed");
            return self.ended(daemon, sandbox);
        } else {
            return Err(format!("neither as before nor as after: {}", difference(&found, before, after)));
        };
        let expected = if done { "done" } else { "rolled_back" };
        if state.as_deref().is_some_and(|state| state != expected) || state.is_none() && done {
            return Err(format!("the journal says {state:?} of what is {expected}"));
        }
        tally.count(match (is_failure, done) {
            (false, true) => "kills after which it was done",
            (false, false) => "kills after which it was taken back",
            (true, true) => "failures after which it was done",
            (true, false) => "failures after which it was taken back",
        });
        if done {
            let undone = ask(&daemon, "undo", &json!({})).ok_or("no answer to undo")?;
            if undone["result"]["complete"] != true {
                return Err(format!("undo: {undone}"));
            }
            let found = files(sandbox)?;
            if found != *before {
                return Err(format!("undone, it is not as before: {}", difference(&found, before, before)));
            }
            tally.count("of those undone to what was before");
        }
        self.ended(daemon, sandbox)
    }

    /// What must be so whatever came of it.
    fn ended(&mut self, daemon: Daemon, sandbox: &Sandbox) -> Result<(), String> {
        daemon.terminate();
        let read = store::readable(&sandbox.home.join("daemon/history.db"))?;
        self.tally.add("contents of the journal read whole", read);
        tidy(sandbox)
    }
}

/// Nothing lies about: no staging directory, no temporary file.
fn tidy(sandbox: &Sandbox) -> Result<(), String> {
    // A copy of the history a day is no leftover.
    let is_kept = |name: &String| KEPT.iter().any(|kept| name.ends_with(kept)) || name.ends_with(".bak");
    let strange: Vec<String> = own_files(sandbox).into_iter().filter(|name| !is_kept(name)).collect();
    // What a kill leaves of packing is removed when something is packed again.
    let shelves = sandbox.home.join("snapshots").display().to_string();
    let is_left = |name: &String| name.contains(".tmp") && !name.starts_with(&shelves);
    let left: Vec<String> = all_names(&sandbox.root).into_iter().filter(is_left).collect();
    if strange.is_empty() && left.is_empty() {
        return Ok(());
    }
    Err(format!("left behind: {strange:?} {left:?}"))
}

fn all_names(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            found.push(entry.path().display().to_string());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
    found
}

/// The files of collections, config and projects; in those that the original writes, times are taken out.
///
/// # Errors
/// One cannot be read.
pub fn files(sandbox: &Sandbox) -> Result<Files, String> {
    let mut found = Files::new();
    for root in [sandbox.home.join("collections"), sandbox.projects.clone()] {
        read_below(&root, &sandbox.root, &mut found)?;
    }
    read_one(&sandbox.home.join("config.toml"), &sandbox.root, &mut found)?;
    Ok(found)
}

fn read_below(directory: &Path, root: &Path, found: &mut Files) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", directory.display());
    let name = directory.strip_prefix(root).unwrap_or(directory).display().to_string();
    found.insert(format!("{name}/"), (0, Vec::new()));
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() && !path.is_symlink() {
            read_below(&path, root, found)?;
        } else {
            read_one(&path, root, found)?;
        }
    }
    Ok(())
}

fn read_one(path: &Path, root: &Path, found: &mut Files) -> Result<(), String> {
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let content = if metadata.is_symlink() {
        fs::read_link(path).map(|to| to.to_string_lossy().into_owned().into_bytes())
    } else {
        fs::read(path)
    };
    let content = content.map_err(|e| format!("{}: {e}", path.display()))?;
    let is_dated = path.extension().is_some_and(|e| e == "toml" || e == "lock");
    let content = if is_dated { without_times(&content) } else { content };
    found.insert(name, (metadata.permissions().mode() & 0o777, content));
    Ok(())
}

/// The same with the values of keys that say when.
fn without_times(content: &[u8]) -> Vec<u8> {
    let keys = ["deployed_at", "updated", "added", "fetched", "last_updated", "created"];
    let text = String::from_utf8_lossy(content);
    let lines = text.lines().map(|line| match line.split_once(" = ") {
        Some((key, _)) if keys.contains(&key.trim()) => format!("{key} = then\n"),
        _ => format!("{line}\n"),
    });
    lines.collect::<String>().into_bytes()
}

/// What differs between `found`, `before` and `after`, for people.
pub fn difference(found: &Files, before: &Files, after: &Files) -> String {
    let names: BTreeSet<&String> = found.keys().chain(before.keys()).chain(after.keys()).collect();
    let shown = |files: &Files, name: &String| match files.get(name) {
        Some((mode, content)) => format!("{mode:o} {:?}", String::from_utf8_lossy(content)),
        None => "nothing".to_owned(),
    };
    let differs =
        names.into_iter().filter(|name| before.get(*name) != after.get(*name) || found.get(*name) != before.get(*name));
    let lines = differs.map(|name| {
        format!(
            "\n  {name}\n    found  {}\n    before {}\n    after  {}",
            shown(found, name),
            shown(before, name),
            shown(after, name)
        )
    });
    lines.collect()
}

/// What the journal says of the last operation.
fn last_state(daemon: &Daemon) -> Result<Option<String>, String> {
    let answer = ask(daemon, "operations.list", &json!({})).ok_or("no answer to operations.list")?;
    let operations = answer["result"]["operations"].as_array().ok_or_else(|| answer.to_string())?;
    Ok(operations.first().and_then(|operation| operation["state"].as_str()).map(str::to_owned))
}

/// A request whose answer is not waited for.
fn begin(daemon: &Daemon, method: &str, params: &Value) -> Option<UnixStream> {
    let mut stream = UnixStream::connect(daemon.socket()).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
    let line = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    stream.write_all(format!("{line}\n").as_bytes()).ok()?;
    Some(stream)
}

/// The answer to one request; none when the daemon ended before it gave one.
fn ask(daemon: &Daemon, method: &str, params: &Value) -> Option<Value> {
    let stream = begin(daemon, method, params)?;
    for line in BufReader::new(stream).lines() {
        let value: Value = serde_json::from_str(&line.ok()?).ok()?;
        if value.get("id").is_some_and(|id| !id.is_null()) {
            return Some(value);
        }
    }
    None
}
