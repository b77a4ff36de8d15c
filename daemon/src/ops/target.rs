//! Where an operation may write: inside the root that it is about, and never through a link.
//!
//! Names and paths come from requests, manifests and records, so each is taken apart here, component by component, before
//! anything is made. A refusal names the path and the reason.

use crate::library::layout;
use crate::library::portable::{PathFlaw, name_flaw, nested_name_flaw, relative_path};
use skillmeat_protocol::ids::ArtifactType;
use std::io;
use std::path::{Path, PathBuf};

/// Names that Windows gives to devices, with any extension.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];
/// Bytes that a name may have on every file system.
const LONGEST: usize = 255;

/// Why nothing may be written there.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum TargetError {
    #[error("'{name}' cannot be a name: {flaw}")]
    Name { name: String, flaw: String },
    #[error("'{path}' cannot be used: {flaw}")]
    Path { path: String, flaw: PathFlaw },
    #[error("{} is a link; operations do not write through links", path.display())]
    Link { path: PathBuf },
    #[error("{} is not a directory", path.display())]
    NotADirectory { path: PathBuf },
    #[error("{} is there already, and file systems that ignore case take it for {}", other.display(), path.display())]
    Case { path: PathBuf, other: PathBuf },
    #[error("cannot look at {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// What is wrong with a name for a new artifact, group of files or collection, on any system.
///
/// # Errors
/// [`TargetError::Name`].
pub fn check_name(name: &str) -> Result<(), TargetError> {
    let wrong = |flaw: &str| Err(TargetError::Name { name: name.escape_debug().to_string(), flaw: flaw.to_owned() });
    if let Some(flaw) = nested_name_flaw(name) {
        return wrong(flaw);
    }
    for part in name.split('/') {
        let stem = part.split('.').next().unwrap_or(part).trim_end().to_ascii_lowercase();
        if RESERVED.contains(&&*stem) {
            return wrong("Windows keeps it for a device");
        }
        if part.ends_with(['.', ' ']) {
            return wrong("Windows drops a dot or space at the end");
        }
        if part.contains(['<', '>', ':', '"', '|', '?', '*', '\\']) {
            return wrong("it holds one of < > : \" | ? * \\");
        }
        if part.len() > LONGEST - ".md".len() {
            return wrong("it is longer than file systems allow");
        }
    }
    Ok(())
}

/// The same, without `/`: for what has a name of its own in a collection.
///
/// # Errors
/// [`TargetError::Name`].
pub fn check_plain_name(name: &str) -> Result<(), TargetError> {
    if let Some(flaw) = name_flaw(name) {
        return Err(TargetError::Name { name: name.escape_debug().to_string(), flaw: flaw.to_owned() });
    }
    check_name(name)
}

/// Where an artifact of this type and name is put, relative to a profile root (formats-core §3). A directory keeps the
/// `.md` that the original gives it.
///
/// # Errors
/// [`TargetError::Name`].
pub fn deployed_path(kind: ArtifactType, name: &str) -> Result<String, TargetError> {
    check_name(name)?;
    layout::default_paths(kind, name).into_iter().next().ok_or_else(|| TargetError::Name {
        name: name.to_owned(),
        flaw: format!("artifacts of type {kind} have no place of their own"),
    })
}

/// `path`, relative and inside.
///
/// # Errors
/// [`TargetError::Path`].
pub fn inside(path: &str) -> Result<String, TargetError> {
    let checked =
        relative_path(path).map_err(|flaw| TargetError::Path { path: path.escape_debug().to_string(), flaw })?;
    for part in checked.split('/') {
        check_component(part)?;
    }
    Ok(checked)
}

/// Directories may begin with a dot, unlike names of artifacts.
fn check_component(part: &str) -> Result<(), TargetError> {
    if part.eq_ignore_ascii_case(".git") {
        // What lies there may be run by the next git command.
        return Err(TargetError::Name { name: part.to_owned(), flaw: "it is git's own".to_owned() });
    }
    match part.strip_prefix('.') {
        Some(rest) if !rest.is_empty() => check_name(rest),
        _ => check_name(part),
    }
}

/// Checks the way from `root`, a real directory, down to `root/relative`: directories that are there must be directories and
/// no links, and no other spelling of a name may be there. Gives the path, and the directories that are missing above it,
/// the outermost first.
///
/// # Errors
/// [`TargetError`].
pub fn way(root: &Path, relative: &str) -> Result<(PathBuf, Vec<PathBuf>), TargetError> {
    let mut at = root.to_owned();
    let mut missing = Vec::new();
    let mut parts = relative.split('/').peekable();
    while let Some(part) = parts.next() {
        if matches!(part, "" | "." | "..") {
            return Err(TargetError::Path { path: relative.escape_debug().to_string(), flaw: PathFlaw::Escapes });
        }
        if missing.is_empty() {
            check_case(&at, part)?;
        }
        at.push(part);
        let is_last = parts.peek().is_none();
        let metadata = match at.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if !is_last {
                    missing.push(at.clone());
                }
                continue;
            }
            Err(source) => return Err(TargetError::Io { path: at, source }),
        };
        if metadata.is_symlink() {
            return Err(TargetError::Link { path: at });
        }
        if !is_last && !metadata.is_dir() {
            return Err(TargetError::NotADirectory { path: at });
        }
    }
    Ok((at, missing))
}

/// A name that differs in case only is the same name elsewhere: whoever clones the project there loses one of the two.
fn check_case(dir: &Path, name: &str) -> Result<(), TargetError> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(source) => return Err(TargetError::Io { path: dir.to_owned(), source }),
    };
    let folded = name.to_lowercase();
    for entry in entries.flatten() {
        let other = entry.file_name();
        let Some(other) = other.to_str() else { continue };
        if other != name && other.to_lowercase() == folded && dir.join(name).symlink_metadata().is_err() {
            return Err(TargetError::Case { path: dir.join(name), other: dir.join(other) });
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn names_that_are_names_everywhere() {
        for good in ["pdf", "my.skill", "frontend/button", "ünïcode", "a b", "console", "com10", "nul-device"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(253);
        for bad in [
            "", "..", "../x", "/x", "a/../b", ".hidden", "con", "NUL.txt", "a/aux", "x.", "x ", "a:b", "a\\b", "a?",
            &long,
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert_eq!(deployed_path(ArtifactType::Command, "a/b").expect("nested"), "commands/a/b.md");
        assert!(deployed_path(ArtifactType::Skill, "../x").is_err());
    }

    #[test]
    fn paths_stay_inside() {
        for (path, want) in [("tools", "tools"), ("./a//b/", "a/b"), (".github/x", ".github/x")] {
            assert_eq!(inside(path).expect(path), want);
        }
        for bad in ["", "..", "/etc", "a/../../b", "C:/x", "nul/x", "\\\\server\\x", ".git/hooks", "a/.GIT"] {
            assert!(inside(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_way_leads_through_directories_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path();
        fs::create_dir_all(root.join("skills/pdf")).expect("made");
        fs::write(root.join("file"), "x").expect("written");
        symlink("skills", root.join("link")).expect("made");
        let (path, missing) = way(root, "skills/pdf").expect("there");
        assert_eq!((path, missing), (root.join("skills/pdf"), vec![]));
        let (path, missing) = way(root, "a/b/c").expect("free");
        assert_eq!((path, missing), (root.join("a/b/c"), vec![root.join("a"), root.join("a/b")]));
        assert!(matches!(way(root, "link/x"), Err(TargetError::Link { .. })));
        assert!(matches!(way(root, "link"), Err(TargetError::Link { .. })));
        assert!(matches!(way(root, "file/x"), Err(TargetError::NotADirectory { .. })));
        let error = way(root, "Skills/x").expect_err("another spelling").to_string();
        assert!(error.contains("skills") && error.contains("Skills"), "{error}");
        assert!(way(root, "skills/PDF").is_err());
        for bad in ["../x", "skills/../../x", "skills//x", "/etc", ""] {
            assert!(matches!(way(root, bad), Err(TargetError::Path { .. })), "{bad}");
        }
    }
}
