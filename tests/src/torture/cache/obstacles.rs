//! What can be in the way of using an undamaged cache: answers stay right, `doctor` says what it is, and once it is gone the
//! next start is an ordinary one.

use std::fs;
use std::process::Command;
use std::time::Instant;

use rusqlite::Connection;

use super::{Scene, Tally, path, wait_until_written};
use crate::compare;
use crate::process::{Daemon, PATIENCE};
use crate::sandbox::write;
use crate::torture::picture;

/// Puts an obstacle in the way, checks, and takes it away.
type Step = fn(&Scene) -> Result<(), String>;

/// Every obstacle in turn.
///
/// # Errors
/// A wrong answer, no start, or silence about it.
pub fn run(scene: &Scene, tally: &mut Tally) -> Result<(), String> {
    let steps: [(&str, Step); 6] = [
        ("a schema of the future", future),
        ("a lock held by another program at the start", locked_at_start),
        ("a lock held by another program while it runs", locked_while_running),
        ("deleted while it runs", deleted),
        ("its directory in the way", no_directory),
        ("files limited in size", limited),
    ];
    for (what, step) in steps {
        scene.put(&scene.cache, None);
        step(scene).map_err(|why| format!("{what}: {why}"))?;
        ordinary(scene).map_err(|why| format!("after {what}: {why}"))?;
        tally.count(format!("obstacles: {what}"));
    }
    for (what, options, expected) in
        [("a read-only file system", "ro", "is not used"), ("a full disk", "size=128k", "is not used")]
    {
        match mounted(scene, options, expected).map_err(|why| format!("{what}: {why}"))? {
            true => tally.count(format!("obstacles: {what}")),
            false => tally.count(format!("skipped, no user namespaces here: {what}")),
        }
    }
    Ok(())
}

fn future(scene: &Scene) -> Result<(), String> {
    let connection = Connection::open(path(scene.sandbox())).map_err(text)?;
    connection.pragma_update(None, "user_version", 1000).map_err(text)?;
    drop(connection);
    said_at_start(scene, "schema version 1000")
}

fn locked_at_start(scene: &Scene) -> Result<(), String> {
    let connection = Connection::open(path(scene.sandbox())).map_err(text)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").map_err(text)?;
    said_at_start(scene, "is not used")?;
    drop(connection);
    Ok(())
}

/// The writer gives up on what it cannot write within a second, says so, and the rows are thrown away at the next start.
fn locked_while_running(scene: &Scene) -> Result<(), String> {
    let (daemon, _) = scene.start_and_check()?;
    let connection = Connection::open(path(scene.sandbox())).map_err(text)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(text)?;
    let artifact = scene.sandbox().projects.join("p2/.claude/skills/s2/SKILL.md");
    let before = fs::read(&artifact).map_err(|e| e.to_string())?;
    write(&artifact, "changed while another program held the lock\n");
    let mut client = daemon.client();
    client.status();
    wait_until_written(&mut client);
    doctor_says(scene, "could not be written")?;
    connection.execute_batch("ROLLBACK").map_err(text)?;
    write(&artifact, before);
    same_answer(scene, &daemon)?;
    wait_until_written(&mut client);
    daemon.terminate();
    said_at_start(scene, "changes are missing")
}

fn deleted(scene: &Scene) -> Result<(), String> {
    let (daemon, _) = scene.start_and_check()?;
    let directory = path(scene.sandbox());
    let directory = directory.parent().ok_or("no directory")?;
    fs::remove_dir_all(directory).map_err(|e| e.to_string())?;
    touch(scene);
    same_answer(scene, &daemon)?;
    doctor_says(scene, "is gone")?;
    daemon.terminate();
    Ok(())
}

fn no_directory(scene: &Scene) -> Result<(), String> {
    let directory = path(scene.sandbox());
    let directory = directory.parent().ok_or("no directory")?;
    fs::remove_dir_all(directory).map_err(|e| e.to_string())?;
    fs::write(directory, "a file").map_err(|e| e.to_string())?;
    said_at_start(scene, "is not used")?;
    fs::remove_file(directory).map_err(|e| e.to_string())
}

/// A limit on the size of files (`ulimit -f`) that the database reaches while the daemon runs. The signal that comes with it
/// is ignored, as service managers have it.
fn limited(scene: &Scene) -> Result<(), String> {
    scene.put(&[], None);
    let mut command = scene.sandbox().command("sh");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" run --ready stdout";
    command.args(["-c", script]).arg(&scene.sandbox().binaries.daemon);
    let daemon = Daemon::spawn(scene.sandbox(), command)?;
    same_answer(scene, &daemon)?;
    wait_until_written(&mut daemon.client());
    let health = daemon.client().health();
    if health.notes.is_empty() && health.problems.iter().all(|problem| !problem.message.contains("not be written")) {
        return Err(format!("nobody says that files are limited: {health:?}"));
    }
    daemon.terminate();
    Ok(())
}

/// A file system of its own over the cache's directory, for the daemon alone; false where that is not allowed.
fn mounted(scene: &Scene, options: &str, expected: &str) -> Result<bool, String> {
    if !namespaces() {
        return Ok(false);
    }
    scene.put(&scene.cache, None);
    let directory = path(scene.sandbox());
    let directory = directory.parent().ok_or("no directory")?;
    let mut command = scene.sandbox().command("unshare");
    let script = "mount -t tmpfs -o \"$2\" none \"$1\" && exec \"$0\" run --ready stdout";
    command.args(["-Urm", "sh", "-c", script]).arg(&scene.sandbox().binaries.daemon).arg(directory).arg(options);
    let daemon = Daemon::spawn(scene.sandbox(), command)?;
    same_answer(scene, &daemon)?;
    wait_until_written(&mut daemon.client());
    let health = daemon.client().health();
    let problems = health.problems.iter().map(|problem| &problem.message);
    if !health.notes.iter().chain(problems).any(|said| said.contains(expected) || said.contains("not be written")) {
        return Err(format!("nobody says {expected:?}: {health:?}"));
    }
    daemon.terminate();
    Ok(true)
}

/// Whether a process may have a user and a mount namespace of its own.
pub fn namespaces() -> bool {
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", "mount -t tmpfs none /mnt"]);
    command.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
}

fn said_at_start(scene: &Scene, expected: &str) -> Result<(), String> {
    let (daemon, notes) = scene.start_and_check()?;
    if !notes.iter().any(|note| note.contains(expected)) {
        return Err(format!("no note says {expected:?}: {notes:?}"));
    }
    doctor_says(scene, expected)?;
    touch(scene);
    same_answer(scene, &daemon)?;
    if !daemon.terminate().success() {
        return Err("it does not end in order".to_owned());
    }
    Ok(())
}

/// Once nothing is in the way any more; the first start may still throw away what was left.
fn ordinary(scene: &Scene) -> Result<(), String> {
    scene.start_and_check()?.0.terminate();
    let (daemon, notes) = scene.start_and_check()?;
    daemon.terminate();
    if notes.is_empty() { Ok(()) } else { Err(format!("the start is no ordinary one: {notes:?}")) }
}

fn doctor_says(scene: &Scene, expected: &str) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let doctor = scene.sandbox().cli(&["doctor"]).stdout;
        if doctor.contains(expected) {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            return Err(format!("doctor does not say {expected:?}: {doctor}"));
        }
    }
}

fn same_answer(scene: &Scene, daemon: &Daemon) -> Result<(), String> {
    let difference = compare::difference(&scene.answer, &picture(&mut daemon.client()));
    difference.map_or(Ok(()), |difference| Err(format!("a wrong answer at {difference}")))
}

/// Work for the cache that leaves everything as it was.
fn touch(scene: &Scene) {
    let artifact = scene.sandbox().projects.join("p2/.claude/skills/s2/SKILL.md");
    let content = fs::read(&artifact).expect("it was deployed");
    write(&artifact, content);
}

fn text(error: rusqlite::Error) -> String {
    error.to_string()
}
