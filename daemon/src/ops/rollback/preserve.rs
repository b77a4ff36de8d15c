//! The snapshot with what people changed since: three sides, merged as an artifact's are.
//!
//! The base is the collection as operations left it. What differs from it now was changed by people and stays; what differs from
//! it in the snapshot was changed by operations and goes; a file that both changed is merged within, if that takes no choice.
//! `collection.toml` and `collection.lock` are merged by their entries and never by lines.

use super::goal::{Selection, Target, finished, leaves};
use crate::history::{Content, ContentEntry, EntryKind, RelPath};
use skillmeat_merge::three_way::{LARGEST_TEXT, Leaf, Merged, Refusal, TomlShape, Tree, Trees};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files of every collection in which entries are merged.
pub(super) const STRUCTURED: [(&str, TomlShape<'static>); 2] = [
    (
        "collection.toml",
        TomlShape {
            lists: &[
                ("artifacts", &["type", "name"]),
                ("groups", &["name"]),
                ("mcp_servers", &["name"]),
                ("tag_definitions", &["slug"]),
            ],
            moments: &["updated", "last_updated", "discovered_at", "added", "created"],
        },
    ),
    ("collection.lock", TomlShape { lists: &[], moments: &["fetched"] }),
];

/// A file by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Blob {
    pub(super) hash: [u8; 32],
    pub(super) size: u64,
}

/// Who has the bytes of files, and takes those of new ones.
pub(super) trait Files {
    /// Why it may fail.
    type Error;

    /// The bytes of a file.
    fn read(&mut self, hash: [u8; 32]) -> Result<Vec<u8>, Self::Error>;

    /// A file of these.
    fn write(&mut self, bytes: Vec<u8>, mode: u32) -> Result<EntryKind, Self::Error>;
}

/// What becomes of three sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Joined {
    /// What the collection is to hold.
    pub(super) content: Content,
    /// Files that no side has as they are in it.
    pub(super) merged: Vec<String>,
}

/// The snapshot, with what is not as in `base` now.
///
/// # Errors
/// That of `files`. The inner one has the paths at which somebody must choose.
pub(super) fn preserving<F: Files>(
    base: &Content,
    current: &Content,
    target: &Target,
    selected: &Selection<'_>,
    files: &mut F,
) -> Result<Result<Joined, Vec<String>>, F::Error> {
    let is_structured = |path: &RelPath| STRUCTURED.iter().any(|(name, _)| path.as_os_str() == *name);
    let side = |content: &Content| -> Tree<Blob> {
        let about = |entry: &&ContentEntry| target.is_about(selected, &entry.path) && !is_structured(&entry.path);
        let entries = content.entries.iter().filter(about);
        entries.filter_map(|entry| Some((PathBuf::from(entry.path.as_os_str()), leaf(&entry.kind)?))).collect()
    };
    let (before, ours, theirs) = (side(base), side(current), side(&target.content));
    let trees = Trees { base: Some(&before), ours: &ours, theirs: &theirs, name: Path::new("") };
    let read = |blob: &Blob| match blob.size > LARGEST_TEXT as u64 {
        true => Ok(None),
        false => files.read(blob.hash).map(Some),
    };
    let merge = match trees.merge(read) {
        Ok(merge) => merge,
        Err(Refusal::Unreadable(error)) => return Err(error),
        Err(Refusal::Clash(paths)) => return Ok(Err(paths.iter().map(|path| path.display().to_string()).collect())),
    };
    let mut conflicts: Vec<String> = merge.conflicts.iter().map(|found| found.path.display().to_string()).collect();
    let (mut merged, mut chosen) = (Vec::new(), Vec::new());
    for (path, there) in merge.tree {
        let kind = match there {
            Merged::Kept(Leaf::File { content: Blob { hash, size }, mode }) => EntryKind::File { hash, size, mode },
            Merged::Kept(Leaf::Link { target }) => EntryKind::Symlink { target },
            Merged::Written { bytes, mode } => {
                merged.push(path.display().to_string());
                files.write(bytes, mode)?
            }
        };
        // It is one of the paths that came in.
        chosen.extend(RelPath::new(path).map(|path| ContentEntry { path, kind }));
    }
    let (was, now, then) = (leaves(base), leaves(current), leaves(&target.content));
    for (name, shape) in STRUCTURED {
        let Some(path) = RelPath::new(name).filter(|path| target.is_about(selected, path)) else { continue };
        let kind = |side: &BTreeMap<Vec<&[u8]>, &ContentEntry>| {
            side.get(&path.components().collect::<Vec<_>>()).map(|entry| entry.kind.clone())
        };
        match structured(&shape, [kind(&was), kind(&now), kind(&then)], files)? {
            Entries::Of(kind) => chosen.extend(kind.map(|kind| ContentEntry { path, kind })),
            Entries::Merged(kind) => {
                merged.push(name.to_owned());
                chosen.push(ContentEntry { path, kind });
            }
            Entries::Conflict => conflicts.push(name.to_owned()),
        }
    }
    if !conflicts.is_empty() {
        conflicts.sort();
        return Ok(Err(conflicts));
    }
    let stays = now.values().filter(|entry| !target.is_about(selected, &entry.path)).map(|entry| (*entry).clone());
    let content = finished(stays.chain(chosen), current, target, selected);
    Ok(content.map(|content| Joined { content, merged }))
}

fn leaf(kind: &EntryKind) -> Option<Leaf<Blob>> {
    match kind {
        EntryKind::File { hash, size, mode } => {
            Some(Leaf::File { content: Blob { hash: *hash, size: *size }, mode: *mode })
        }
        EntryKind::Symlink { target } => Some(Leaf::Link { target: target.clone() }),
        EntryKind::EmptyDirectory { .. } => None,
    }
}

/// What becomes of a file with entries.
enum Entries {
    /// What a side has.
    Of(Option<EntryKind>),
    /// Those of both.
    Merged(EntryKind),
    Conflict,
}

fn structured<F: Files>(
    shape: &TomlShape<'_>,
    [base, now, then]: [Option<EntryKind>; 3],
    files: &mut F,
) -> Result<Entries, F::Error> {
    Ok(match (base, now, then) {
        (base, now, then) if now == then || then == base => Entries::Of(now),
        (base, now, then) if now == base => Entries::Of(then),
        (
            Some(EntryKind::File { hash: base, .. }),
            Some(EntryKind::File { hash: ours, mode, .. }),
            Some(EntryKind::File { hash: theirs, .. }),
        ) => {
            let (base, ours, theirs) = (files.read(base)?, files.read(ours)?, files.read(theirs)?);
            match shape.merge(&base, &ours, &theirs) {
                Some(bytes) => Entries::Merged(files.write(bytes, mode)?),
                None => Entries::Conflict,
            }
        }
        _ => Entries::Conflict,
    })
}

#[cfg(test)]
mod tests {
    use super::super::goal::tests::{content, paths, target};
    use super::*;
    use std::collections::HashMap;

    /// Files whose hash is one letter, which stands for a text.
    struct Letters(HashMap<[u8; 32], Vec<u8>>);

    impl Letters {
        fn new(texts: &[(char, &str)]) -> Self {
            let all = (b'0'..=b'z').map(|letter| ([letter; 32], vec![letter, b'\n']));
            let mut letters = Self(all.collect());
            for (letter, text) in texts {
                letters.0.insert([*letter as u8; 32], text.as_bytes().to_vec());
            }
            letters
        }
    }

    impl Files for Letters {
        type Error = String;

        fn read(&mut self, hash: [u8; 32]) -> Result<Vec<u8>, String> {
            self.0.get(&hash).cloned().ok_or_else(|| format!("{hash:?}"))
        }

        fn write(&mut self, bytes: Vec<u8>, mode: u32) -> Result<EntryKind, String> {
            let known = self.0.iter().find(|(_, text)| **text == bytes).map(|(hash, _)| *hash);
            let hash = known.ok_or_else(|| String::from_utf8_lossy(&bytes).into_owned())?;
            Ok(EntryKind::File { hash, size: 1, mode })
        }
    }

    fn joined(
        [base, now, then]: [&str; 3],
        named: &[&str],
        texts: &[(char, &str)],
    ) -> Result<Result<Joined, Vec<String>>, String> {
        let named = paths(named);
        let (base, now, then) = (content(base), content(now), target(then, &["l"]));
        preserving(&base, &now, &then, &Selection::new(&named), &mut Letters::new(texts))
    }

    fn of(text: &str, merged: &[&str]) -> Joined {
        Joined { content: content(text), merged: paths(merged) }
    }

    #[test]
    fn what_people_changed_stays() {
        let base = "same=1 tool=1 mine=1 both=1 equal=1 gone=1 taken=1";
        let then = "same=1 tool=2 mine=1 equal=3 new=1 taken=1";
        for (now, want) in [
            // Only the operations' changes are taken back.
            ("same=1 tool=1 mine=2 equal=3 own=1 taken=1", Ok("same=1 tool=2 mine=2 equal=3 own=1 new=1 taken=1")),
            ("same=1 tool=1 equal=1 gone=1", Ok("same=1 tool=2 equal=3 new=1")),
            ("same=1 tool=3 mine=1 both=2 equal=1 gone=2 new=2 taken=1", Err(&["both", "gone", "new", "tool"][..])),
        ] {
            let found = joined([base, now, then], &[], &[]).expect("readable");
            assert_eq!(found, want.map(|want| of(want, &[])).map_err(paths), "{now}");
        }
        let sides = ["a=1 b=3", "a=1 b=1 own=1", "a=1 b=2 new=1"];
        assert_eq!(joined(sides, &[], &[]), Ok(Err(paths(&["b"]))));
        let found = joined(sides, &["a", "new"], &[]).expect("readable");
        assert_eq!(found, Ok(of("a=1 b=1 new=1 own=1", &[])), "what is not named is not in the way");
        let found = joined(["l=1", "l=2", "l=3"], &[], &[]).expect("readable");
        assert_eq!(found, Ok(of("l=2", &[])), "what is left out stays");
    }

    #[test]
    fn a_file_that_both_changed_is_merged_within() {
        let texts = [
            ('b', "one\ntwo\nthree\nfour\nfive\n"),
            ('n', "ONE\ntwo\nthree\nfour\nfive\n"),
            ('t', "one\ntwo\nthree\nfour\nFIVE\n"),
            ('m', "ONE\ntwo\nthree\nfour\nFIVE\n"),
            ('x', "one\ntwo\nthree\nfour\n5\n"),
            ('z', "\0"),
        ];
        for (sides, want) in [
            (["a/f=b g=1", "a/f=n g=1", "a/f=t g=2"], Ok(("a/f=m g=2", &["a/f"][..]))),
            (["f=b", "f=x", "f=t"], Err(&["f"][..])),
            (["f=b g=b", "f=x g=n", "f=t g=t"], Err(&["f"])),
            (["f=b", "f=z", "f=t"], Err(&["f"])),
            // An operation gave it another name, and people edited it there.
            (["new=b", "new=n", "old=b"], Ok(("old=n", &[]))),
            (["f=b", "f/x=n", "f=t"], Err(&["f"])),
        ] {
            let found = joined(sides, &[], &texts).expect("readable");
            let want = want.map(|(want, merged)| of(want, merged)).map_err(paths);
            assert_eq!(found, want, "{sides:?}");
        }
    }

    #[test]
    fn lists_are_merged_by_their_entries() {
        let entry = |names: &str| -> String {
            let entries = names.split_whitespace();
            entries.map(|name| format!("[[artifacts]]\nname = \"{name}\"\ntype = \"skill\"\n\n")).collect()
        };
        // By lines it would have b twice.
        let (b, n, t, m) = (entry("a c"), entry("b a c"), entry("a b"), entry("b a"));
        let texts = [('b', &*b), ('n', &*n), ('t', &*t), ('m', &*m), ('x', "artifacts = 1\n")];
        for (sides, want) in [
            (["b", "n", "t"], Some("m")),
            (["b", "b", "t"], Some("t")),
            (["b", "n", "b"], Some("n")),
            (["b", "n", "x"], None),
        ] {
            let name = |letter: &str| format!("collection.toml={letter}");
            let [base, now, then] = sides.map(name);
            let found = joined([&base, &now, &then], &[], &texts).expect("readable");
            let found = found.map(|joined| joined.content);
            assert_eq!(found, want.map(|want| content(&name(want))).ok_or(paths(&["collection.toml"])), "{sides:?}");
        }
        for sides in [["collection.lock=1", "", "collection.lock=2"], ["", "collection.lock=1", "collection.lock=2"]] {
            assert_eq!(joined(sides, &[], &[]), Ok(Err(paths(&["collection.lock"]))), "{sides:?}");
        }
    }
}
