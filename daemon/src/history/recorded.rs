//! The recorded hash (H1, formats-core §6) of a content that is not on the disk as it is: merged, or out of an archive.

use super::content::{Content, ContentEntry, EntryKind, RelPath};
use crate::model::TreeKind;
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Write};

/// Takes the bytes of files for the hash.
pub struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The hash of `content`; `feed` writes the bytes of the file with a hash. None when it cannot be told: a link is hashed as what
/// it leads to, which may be elsewhere.
///
/// # Errors
/// That of `feed`.
pub fn recorded<E>(
    content: &Content,
    mut feed: impl FnMut([u8; 32], &mut Hasher) -> Result<(), E>,
) -> Result<Option<ContentHash>, E> {
    let Some(content) = resolved(content) else { return Ok(None) };
    let mut hasher = Hasher(Sha256::new());
    for entry in &content.entries {
        let EntryKind::File { hash, .. } = entry.kind else { continue };
        if content.kind == TreeKind::Directory {
            hasher.0.update(entry.path.as_os_str().as_encoded_bytes());
        }
        feed(hash, &mut hasher)?;
    }
    Ok(Some(ContentHash(hasher.0.finalize().into())))
}

/// The content as it is deployed: with files in place of links to them, without links to directories. None where a link leads
/// out of it, or to what is not known to be there.
pub fn resolved(content: &Content) -> Option<Content> {
    let files: HashMap<&[u8], &EntryKind> = content
        .entries
        .iter()
        .filter(|entry| matches!(entry.kind, EntryKind::File { .. }))
        .map(|entry| (entry.path.as_os_str().as_encoded_bytes(), &entry.kind))
        .collect();
    let mut entries = Vec::with_capacity(content.entries.len());
    for entry in &content.entries {
        let EntryKind::Symlink { target } = &entry.kind else {
            entries.push(entry.clone());
            continue;
        };
        let leads_to = led(&entry.path, target)?;
        let is_above = |path: &&[u8]| path.strip_prefix(&*leads_to).is_some_and(|rest| rest.first() == Some(&b'/'));
        match files.get(&*leads_to) {
            Some(kind) => entries.push(ContentEntry { path: entry.path.clone(), kind: (*kind).clone() }),
            None if files.keys().any(is_above) => {}
            None => return None,
        }
    }
    Some(Content { kind: content.kind, entries })
}

/// Where a link at `path` leads within the content, if no other link can be on the way.
fn led(path: &RelPath, target: &OsStr) -> Option<Vec<u8>> {
    let target = target.as_encoded_bytes();
    if target.starts_with(b"/") {
        return None;
    }
    let mut way: Vec<&[u8]> = path.components().collect();
    way.pop();
    let mut down = false;
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if down => return None,
            b".." => drop(way.pop()?),
            part => {
                way.push(part);
                down = true;
            }
        }
    }
    Some(way.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Scope, inspect};
    use std::fs;
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    fn told(path: &Path) -> (Option<ContentHash>, Option<ContentHash>) {
        let (content, read) = inspect(path, Scope::Counted, &AtomicBool::new(false)).expect("read");
        let feed = |hash: [u8; 32], to: &mut Hasher| {
            let has =
                |entry: &&ContentEntry| matches!(entry.kind, EntryKind::File { hash: other, .. } if other == hash);
            let entry = content.entries.iter().find(has).expect("one of them");
            to.write_all(&fs::read(entry.path.below(path)).expect("read"))
        };
        (recorded(&content, feed).expect("fed"), read.map(|read| read.hash))
    }

    #[test]
    #[cfg(unix)]
    fn it_is_that_of_the_files_or_not_told() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().join("a");
        fs::create_dir_all(root.join("b/none")).expect("made");
        for (path, text) in [("SKILL.md", "one"), ("b/two.md", "two"), ("b-c", ""), ("b/Z", "z")] {
            fs::write(root.join(path), text).expect("written");
        }
        symlink("../SKILL.md", root.join("b/link")).expect("made");
        let (found, want) = told(&root);
        assert!(found.is_some());
        assert_eq!(found, want);
        let (found, want) = told(&root.join("SKILL.md"));
        assert_eq!(found, want, "a single file has no name");
        symlink("../b", root.join("b/directory")).expect("made");
        let (found, want) = told(&root);
        assert_eq!(found, want, "a link to a directory");
        for target in ["/etc/hostname", "../../a/SKILL.md", "b/../SKILL.md", "b/link", "gone"] {
            symlink(target, root.join("other")).expect("made");
            assert_eq!(told(&root).0, None, "{target}");
            fs::remove_file(root.join("other")).expect("there");
        }
    }
}
