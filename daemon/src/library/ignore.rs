//! The one list of names that never count: not in hashes, copies, differences, merges or events.
//!
//! The original copies without such files but hashes them, so one `.DS_Store` is drift for ever (formats-core §7.5,
//! #6). One list for everything ends that. A name is one path component; a directory on the list hides all below it.

use std::ffi::OsStr;

/// What the original's copy leaves out, and `4913`, the file by which Vim tries whether it may create one.
const EXACT: [&str; 10] =
    [".git", ".github", ".gitignore", "__pycache__", "node_modules", ".venv", "venv", ".DS_Store", "Thumbs.db", "4913"];

/// `*.pyc` and so on, and what editors leave beside a file. `.tmp` covers `.<name>.<random>.tmp`, by which the original
/// (and this daemon) replaces files.
const SUFFIXES: [&str; 8] = [".pyc", ".pyo", ".egg-info", "~", ".swp", ".swo", ".swx", ".tmp"];

/// Emacs locks, GLib's temporaries.
const PREFIXES: [&str; 2] = [".#", ".goutputstream-"];

/// Whether `name`, one component of a path, is on the list. Case matters, as in the original's `fnmatch` on POSIX.
pub fn is_ignored(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    EXACT.iter().any(|exact| exact.as_bytes() == name)
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix.as_bytes()))
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
        || (name.len() > 1 && name.starts_with(b"#") && name.ends_with(b"#"))
        || name.windows(5).any(|window| window == b".tmp.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_and_temporaries_are_ignored_and_nothing_else() {
        for junk in [
            ".git",
            ".gitignore",
            "__pycache__",
            "x.pyc",
            ".pyo",
            "venv",
            "pkg.egg-info",
            ".DS_Store",
            "Thumbs.db",
            "SKILL.md~",
            ".SKILL.md.swp",
            "x.swx",
            ".#SKILL.md",
            "#SKILL.md#",
            "##",
            "SKILL.md.tmp.1234.abc",
            ".collection.toml.k3j2.tmp",
            ".tmp",
            "4913",
            ".goutputstream-ABC",
        ] {
            assert!(is_ignored(OsStr::new(junk)), "{junk}");
        }
        for kept in [
            "SKILL.md",
            "",
            "#",
            ".ds_store",
            "thumbs.db",
            ".hidden",
            "gitignore",
            "a.tmpl",
            "tmp",
            "build",
            "venv2",
            "x.SWP",
        ] {
            assert!(!is_ignored(OsStr::new(kept)), "{kept}");
        }
    }
}
