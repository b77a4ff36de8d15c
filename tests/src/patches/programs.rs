//! Patches given to the programs that they are written for.

use super::{Files, apply, generate, patch_of};
use crate::model::rng::Rng;
use crate::torture::Tally;
use skillmeat_merge::diff::Mode;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// How long, and which pairs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Pairs.
    pub times: u64,
    /// Seed.
    pub seed: u64,
    /// Who applies them.
    pub by: Readers,
}

/// Who applies patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// The reader of this crate.
    Ours,
    /// Programs too, where they are installed.
    Programs,
}

/// Compares pairs of trees, and applies what came of it.
///
/// # Errors
/// The first pair for which one of them does not arrive at the second side.
pub fn run(options: Options) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let all = Rng::new(options.seed);
    for n in 0..options.times {
        let mut rng = all.fork(n);
        let (old, new) = generate::pair(&mut rng);
        let context = rng.below(4) as u32 + 1;
        let patch = patch_of(&old, &new, context);
        tally.count("pairs");
        if patch.is_empty() {
            tally.count("of which nothing differs");
            continue;
        }
        let told = |who: &str, what: String| {
            format!("seed {} pair {n}: {who}: {what}\n{}", options.seed, String::from_utf8_lossy(&patch))
        };
        let ours = apply::apply(&patch, &old).map_err(|what| told("this reader", what))?;
        if ours != new {
            return Err(told("this reader", "it is not the second side".into()));
        }
        let programs = [("git apply", git as fn() -> Command), ("patch", gnu)];
        for (who, program) in programs.into_iter().filter(|_| options.by == Readers::Programs) {
            if who == "patch" && changes_what_a_path_is(&old, &new) {
                tally.count("patch cannot: a path becomes another kind of thing");
                continue;
            }
            let given = by_program(program(), &patch, &old).map_err(|what| told(who, what))?;
            match given {
                None => tally.count(format!("for which there is no {who}")),
                Some(given) if given == new => tally.count(format!("applied by {who}")),
                Some(given) => return Err(told(who, format!("it made {given:?}\nof {old:?}"))),
            }
        }
    }
    Ok(tally)
}

/// Whether a directory, a file or a link takes the place of another of these: `patch` removes files last of all.
fn changes_what_a_path_is(old: &Files, new: &Files) -> bool {
    let below = |above: &[u8], path: &[u8]| path.strip_prefix(above).is_some_and(|rest| rest.starts_with(b"/"));
    old.iter().any(|(path, (mode, _))| {
        let is_link = |mode: Mode| mode == Mode::Symlink;
        new.get(path).is_some_and(|(other, _)| is_link(*mode) != is_link(*other))
            || new.keys().any(|other| below(path, other) || below(other, path))
    })
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git.args(["apply", "--whitespace=nowarn", "-"]);
    git
}

fn gnu() -> Command {
    let mut patch = Command::new("patch");
    patch.args(["-p1", "-s", "-f", "--binary", "--fuzz=0", "--no-backup-if-mismatch"]);
    patch
}

/// None when the program is not installed.
fn by_program(mut program: Command, patch: &[u8], old: &Files) -> Result<Option<Files>, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    write(dir.path(), old).map_err(|e| e.to_string())?;
    program.current_dir(dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match program.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if let Some(mut input) = child.stdin.take() {
        // What it does not read, it says.
        let _ = input.write_all(patch);
    }
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err([output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat());
    }
    let mut found = Files::new();
    read(dir.path(), dir.path(), &mut found).map_err(|e| e.to_string())?;
    Ok(Some(found))
}

fn write(root: &Path, files: &Files) -> std::io::Result<()> {
    for (path, (mode, bytes)) in files {
        let at = root.join(OsStr::from_bytes(path));
        fs::create_dir_all(at.parent().unwrap_or(root))?;
        match mode {
            Mode::Symlink => symlink(OsStr::from_bytes(bytes), &at)?,
            mode => {
                fs::write(&at, bytes)?;
                let bits = if *mode == Mode::Executable { 0o755 } else { 0o644 };
                fs::set_permissions(&at, fs::Permissions::from_mode(bits))?;
            }
        }
    }
    Ok(())
}

fn read(root: &Path, dir: &Path, files: &mut Files) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let metadata = path.symlink_metadata()?;
        let name = path.strip_prefix(root).unwrap_or(&path).as_os_str().as_bytes().to_vec();
        if metadata.is_dir() {
            read(root, &path, files)?;
        } else if metadata.is_symlink() {
            files.insert(name, (Mode::Symlink, fs::read_link(&path)?.as_os_str().as_bytes().to_vec()));
        } else {
            files.insert(name, (Mode::of_permissions(metadata.permissions().mode()), fs::read(&path)?));
        }
    }
    Ok(())
}
