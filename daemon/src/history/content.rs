//! What an artifact is made of, exactly enough to put it back: names, bytes, modes, links and empty directories.
//!
//! The recorded hash (H1) cannot identify that: it has no delimiters and knows no modes. A [`ContentId`] is a digest over
//! the whole list, framed, so that equal ids mean equal contents and a list read back proves itself.
//!
//! # Invariants
//!
//! Of every [`Content`] that leaves this room ([`Content::flaw`]): entries stand in component order and none twice, none
//! is below another, and no path leads out. So writing one below a fresh directory can neither follow a link that it
//! contains nor leave that directory.

use super::frame::Frame;
use crate::model::TreeKind;
use skillmeat_protocol::hash::ContentHash;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// Identifies a [`Content`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(pub [u8; 32]);

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ContentHash(self.0).fmt(f)
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A path below a content, `/` between components on every platform; empty for the content itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RelPath(OsString);

impl RelPath {
    /// None for what is absolute, has an empty component, or leads elsewhere than below.
    pub fn new(path: impl Into<OsString>) -> Option<Self> {
        let path = Self(path.into());
        let is_name = |part: &[u8]| !part.is_empty() && part != b"." && part != b".." && !part.contains(&0);
        // On Windows these would be separators and drives.
        let is_plain = |part: &[u8]| !cfg!(windows) || !part.iter().any(|byte| matches!(byte, b'\\' | b':'));
        (path.is_empty() || path.components().all(|part| is_name(part) && is_plain(part))).then_some(path)
    }

    /// As it was given.
    pub fn as_os_str(&self) -> &OsStr {
        &self.0
    }

    /// Whether it names the content itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where it is when the content is at `root`.
    pub fn below(&self, root: &Path) -> PathBuf {
        // Joining nothing would add a separator at the end.
        if self.is_empty() { root.to_owned() } else { root.join(&self.0) }
    }

    /// Bytes of its components; of the empty path, one that is empty.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.as_encoded_bytes().split(|byte| *byte == b'/')
    }

    fn is_above(&self, other: &Self) -> bool {
        let (above, below) = (self.0.as_encoded_bytes(), other.0.as_encoded_bytes());
        above.is_empty() || below.strip_prefix(above).is_some_and(|rest| rest.first() == Some(&b'/'))
    }
}

/// What is at one path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File {
        /// SHA-256 of its bytes, by which they are found.
        hash: [u8; 32],
        /// Bytes.
        size: u64,
        /// Permission bits, `0o777` at most. 0o644 where the platform has none.
        mode: u32,
    },
    /// A symbolic link.
    Symlink {
        /// As it is written, whether anything is there or not.
        target: OsString,
    },
    /// A directory in which there is nothing that was captured. Others follow from the paths of their files.
    EmptyDirectory {
        /// Permission bits, `0o777` at most.
        mode: u32,
    },
}

/// One path of a content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentEntry {
    /// Where.
    pub path: RelPath,
    /// What.
    pub kind: EntryKind,
}

/// An artifact's files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Content {
    /// [`TreeKind::File`] has exactly one entry, with the empty path: a file, or a link, which is never followed.
    pub kind: TreeKind,
    /// In component order.
    pub entries: Vec<ContentEntry>,
}

impl Content {
    /// What is at a path of it; none where nothing is.
    pub fn at(&self, path: &RelPath) -> Option<Self> {
        let single = |kind: &EntryKind| match kind {
            EntryKind::EmptyDirectory { .. } => Self { kind: TreeKind::Directory, entries: Vec::new() },
            kind => {
                let entries = vec![ContentEntry { path: RelPath::default(), kind: kind.clone() }];
                Self { kind: TreeKind::File, entries }
            }
        };
        // In component order, what is below a path follows it at once.
        let first = self.entries.partition_point(|entry| entry.path.components().lt(path.components()));
        let from = &self.entries[first..];
        if let Some(entry) = from.first().filter(|entry| entry.path == *path) {
            return Some(single(&entry.kind));
        }
        let prefix = Path::new(path.as_os_str());
        let below = from.iter().take_while(|entry| path.is_above(&entry.path)).filter_map(|entry| {
            let rest = Path::new(entry.path.as_os_str()).strip_prefix(prefix).ok()?;
            Some(ContentEntry { path: RelPath::new(rest.as_os_str())?, kind: entry.kind.clone() })
        });
        let entries: Vec<ContentEntry> = below.collect();
        (!entries.is_empty()).then_some(Self { kind: TreeKind::Directory, entries })
    }

    /// What identifies it.
    pub fn id(&self) -> ContentId {
        let mut frame = Frame::new("skillmeat content 1");
        frame.number(match self.kind {
            TreeKind::File => 0,
            TreeKind::Directory => 1,
        });
        frame.number(self.entries.len() as u64);
        for ContentEntry { path, kind } in &self.entries {
            frame.name(path.as_os_str());
            match kind {
                EntryKind::File { hash, size, mode } => {
                    frame.number(0);
                    frame.number(u64::from(*mode));
                    frame.number(*size);
                    frame.bytes(hash);
                }
                EntryKind::Symlink { target } => {
                    frame.number(1);
                    frame.name(target);
                }
                EntryKind::EmptyDirectory { mode } => {
                    frame.number(2);
                    frame.number(u64::from(*mode));
                }
            }
        }
        ContentId(frame.finish())
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.entries.iter().map(|entry| if let EntryKind::File { size, .. } = entry.kind { size } else { 0 }).sum()
    }

    /// Why it is none that could have been captured.
    pub fn flaw(&self) -> Option<&'static str> {
        for pair in self.entries.windows(2) {
            if !pair[0].path.components().lt(pair[1].path.components()) {
                return Some("its paths are out of order");
            }
            // In component order, what is below a path follows it at once.
            if pair[0].path.is_above(&pair[1].path) {
                return Some("one of its paths is below another");
            }
        }
        let is_itself = |entry: &ContentEntry| entry.path.is_empty();
        let fits = match (self.kind, &self.entries[..]) {
            (TreeKind::File, [entry]) => is_itself(entry) && !matches!(entry.kind, EntryKind::EmptyDirectory { .. }),
            (TreeKind::File, _) => false,
            (TreeKind::Directory, entries) => !entries.iter().any(is_itself),
        };
        (!fits).then_some("its kind and its paths disagree")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> ContentEntry {
        let path = RelPath::new(path).expect("a path");
        ContentEntry { path, kind: EntryKind::File { hash: [7; 32], size: 3, mode: 0o644 } }
    }

    fn directory(paths: &[&str]) -> Content {
        Content { kind: TreeKind::Directory, entries: paths.iter().map(|path| file(path)).collect() }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_none() {
        for good in ["", "a", "a/b", "..a", "a/...", " "] {
            assert!(RelPath::new(good).is_some(), "{good}");
        }
        for bad in ["/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "a\0"] {
            assert!(RelPath::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_what_could_have_been_captured_is_without_flaw() {
        for good in [&[][..], &["a"], &["B", "a/b", "a/b-c", "a/b.c/d", "a-b", "a.md"]] {
            assert_eq!(directory(good).flaw(), None, "{good:?}");
        }
        for bad in [&["a", "a"][..], &["b", "a"], &["a-b", "a/b"], &["a", "a/b"], &[""], &["", "a"]] {
            assert!(directory(bad).flaw().is_some(), "{bad:?}");
        }
        for (paths, good) in [(&[""][..], true), (&["a"], false), (&[], false)] {
            let content = Content { kind: TreeKind::File, ..directory(paths) };
            assert_eq!(content.flaw().is_none(), good, "{paths:?}");
        }
    }

    #[test]
    fn whatever_differs_makes_another_id() {
        let one = |path: &str, kind| Content {
            kind: TreeKind::Directory,
            entries: vec![ContentEntry { path: RelPath::new(path).expect("a path"), kind }],
        };
        let link = |path: &str, target: &str| one(path, EntryKind::Symlink { target: target.into() });
        let file = |hash, size, mode| one("a", EntryKind::File { hash, size, mode });
        let all = [
            directory(&[]),
            Content { kind: TreeKind::File, entries: Vec::new() },
            directory(&["a"]),
            directory(&["a", "b"]),
            file([8; 32], 3, 0o644),
            file([7; 32], 4, 0o644),
            file([7; 32], 3, 0o755),
            link("a", "bc"),
            link("ab", "c"),
            one("a", EntryKind::EmptyDirectory { mode: 0o755 }),
            one("a", EntryKind::EmptyDirectory { mode: 0o700 }),
        ];
        let ids: std::collections::HashSet<_> = all.iter().map(Content::id).collect();
        assert_eq!(ids.len(), all.len());
    }

    /// Databases hold it: a change would make every stored content look damaged.
    #[test]
    fn ids_stay_what_they_are() {
        let content = Content {
            kind: TreeKind::Directory,
            entries: vec![
                file("SKILL.md"),
                ContentEntry {
                    path: RelPath::new("empty").expect("a path"),
                    kind: EntryKind::EmptyDirectory { mode: 0o755 },
                },
                ContentEntry {
                    path: RelPath::new("link").expect("a path"),
                    kind: EntryKind::Symlink { target: "SKILL.md".into() },
                },
            ],
        };
        assert_eq!(content.id().to_string(), "c222aa6625f8cc016ed64bd5df630b7a8ce305841109dc07e75c1057dad61086");
    }
}
