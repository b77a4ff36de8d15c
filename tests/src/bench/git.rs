//! Repositories for comparison, and for checkouts that touch many files.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::sandbox::{Sandbox, copy_tree};

/// Makes a repository with one commit of the files of another directory, or an empty one.
///
/// # Panics
/// When git is not installed or fails.
pub fn repository(sandbox: &Sandbox, at: &Path, files: Option<&Path>) {
    match files {
        Some(files) => copy_tree(files, at),
        None => fs::create_dir_all(at).expect("a directory of the sandbox"),
    }
    git(sandbox, at, &["init", "--quiet", "--initial-branch=main"]);
    if files.is_some() {
        commit(sandbox, at, "as deployed");
    }
}

/// Commits everything.
///
/// # Panics
/// When git fails.
pub fn commit(sandbox: &Sandbox, at: &Path, message: &str) {
    git(sandbox, at, &["add", "--all"]);
    git(sandbox, at, &["commit", "--quiet", "-m", message]);
}

/// Runs git in a repository, without any settings but its own. It takes as long as the repository is large.
///
/// # Panics
/// When it fails.
pub fn git(sandbox: &Sandbox, at: &Path, args: &[&str]) {
    let mut command = sandbox.command("git");
    command.args(["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "gc.auto=0"]);
    command.args(args).current_dir(at);
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("cannot run git: {e}"));
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}
