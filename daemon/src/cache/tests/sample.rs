//! Values as awkward as the files can make them, from a fixed seed.

use crate::cache::{Change, Coverage, DriftKey, DriftRow, TreeOwner};
use crate::model::{
    CollectionScan, Entry, EntryFlaw, Fingerprint, LockEntry, Metadata, Names, OnDisk, Profile, ProjectScan, Record,
    RecordSchema, Timestamp, Tree, TreeInfo, TreeKind,
};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::{Group, Problem, TagDefinition};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Texts that lose something when they pass through the wrong type.
const TEXTS: [&str; 10] =
    ["", "pdf", "123", "1e5", "x'00'", "naïve – 日本語 🦀", "a'b\"c;--", "with\0zero", " spaces ", "line\nbreak\r\n"];

/// SplitMix64.
pub(in crate::cache) struct Sample(u64);

impl Sample {
    pub(in crate::cache) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::cache) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn flip(&mut self) -> bool {
        self.bits() & 1 == 1
    }

    fn text(&mut self) -> String {
        self.one_of(&TEXTS).to_owned()
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flip().then(|| make(self))
    }

    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(5)).map(|_| make(self)).collect()
    }

    fn os_text(&mut self) -> OsString {
        #[cfg(unix)]
        if self.below(4) == 0 {
            return std::os::unix::ffi::OsStringExt::from_vec(vec![b'/', 0xff, 0xfe, b'x', self.bits() as u8 | 0x80]);
        }
        OsString::from(format!("/{}/{}", self.text(), self.below(1000)))
    }

    fn path(&mut self) -> PathBuf {
        self.os_text().into()
    }

    fn hash(&mut self) -> ContentHash {
        let mut bytes = [0; 32];
        bytes.fill_with(|| self.bits() as u8);
        ContentHash(bytes)
    }

    fn time(&mut self) -> Timestamp {
        Timestamp(self.bits().cast_signed())
    }

    pub(in crate::cache) fn key(&mut self) -> ArtifactKey {
        ArtifactKey { kind: self.one_of(&ArtifactType::ALL), name: self.text() }
    }

    fn problem(&mut self) -> Problem {
        Problem {
            file: self.text(),
            line: self.some(|s| s.bits() as u32),
            key: self.some(Self::text),
            message: self.text(),
            hint: self.some(Self::text),
        }
    }

    fn entry(&mut self) -> Entry {
        Entry {
            key: self.key(),
            path: self.path(),
            in_manifest: self.flip(),
            metadata: Metadata {
                title: self.some(Self::text),
                description: self.some(Self::text),
                version: self.some(Self::text),
                author: self.some(Self::text),
                license: self.some(Self::text),
                tags: self.list(Self::text),
            },
            origin: self.some(Self::text),
            upstream: self.some(Self::text),
            resolved_version: self.some(Self::text),
            uuid: self.some(Self::text),
            added: self.some(Self::time),
            flaw: self.some(|s| EntryFlaw(s.text())),
        }
    }

    pub(in crate::cache) fn collection(&mut self) -> CollectionScan {
        CollectionScan {
            present: self.flip(),
            unreadable: self.some(Self::text),
            unnamed_flaws: self.flip(),
            entries: self.list(Self::entry),
            lock: self.list(|s| LockEntry {
                key: s.key(),
                content_hash: s.hash(),
                resolved_version: s.some(Self::text),
            }),
            groups: self.list(|s| Group {
                name: s.text(),
                description: s.text(),
                color: s.text(),
                icon: s.text(),
                position: s.bits().cast_signed(),
                members: s.list(Self::text),
            }),
            tags: self.list(|s| TagDefinition {
                name: s.text(),
                slug: s.text(),
                color: s.text(),
                description: s.text(),
            }),
            problems: self.list(Self::problem),
            directories: self.list(Self::path),
            ancestors: self.list(Self::path),
        }
    }

    fn record(&mut self) -> Record {
        Record {
            key: self.key(),
            profile: self.text().into(),
            platform: self.some(|s| s.text().into()),
            from_collection: self.some(|s| s.text().into()),
            path: self.path().into(),
            baseline: self.some(Self::hash),
            deployed_at: self.some(Self::time),
            modification_detected_at: self.some(Self::time),
            version: self.some(|s| s.text().into()),
            schema: self.one_of(&[RecordSchema::Deployed, RecordSchema::Sync, RecordSchema::Plan]),
            line: self.bits() as u32,
            flaw: self.some(|s| s.text().into()),
        }
    }

    pub(in crate::cache) fn project(&mut self) -> ProjectScan {
        ProjectScan {
            present: self.flip(),
            name: self.text(),
            profiles: self.list(|s| Profile { id: s.text().into(), root: s.text(), has_records: s.flip() }),
            unread: Vec::new(),
            records: self.list(|s| Arc::new(s.record())),
            on_disk: self.list(|s| OnDisk { key: s.key(), profile: s.text().into(), path: s.path().into() }),
            problems: self.list(Self::problem),
            directories: self.list(Self::path),
            ancestors: self.list(Self::path),
            stamps: self.some(Self::fingerprint),
        }
    }

    fn fingerprint(&mut self) -> Fingerprint {
        Fingerprint(self.bits().to_le_bytes().repeat(2).try_into().expect("16 bytes"))
    }

    pub(in crate::cache) fn coverage(&mut self) -> Coverage {
        if self.flip() { Coverage::Watched } else { Coverage::Polled { reason: self.text() } }
    }

    pub(in crate::cache) fn tree(&mut self) -> Tree {
        match self.below(4) {
            0 => Tree::Absent,
            1 => Tree::Unreadable { message: self.text() },
            _ => Tree::Present(Arc::new(TreeInfo {
                kind: self.one_of(&[TreeKind::File, TreeKind::Directory]),
                hash: self.hash(),
                hash_with_ignored: self.some(Self::hash),
                fingerprint: self.fingerprint(),
                racy: self.flip(),
                file_count: self.bits() as u32,
                total_size: self.bits(),
                version: self.some(|s| s.text().into()),
                linked: self.list(Self::path),
            })),
        }
    }

    pub(in crate::cache) fn names(&mut self) -> Option<Names> {
        self.some(Self::known_names)
    }

    pub(in crate::cache) fn known_names(&mut self) -> Names {
        self.bits().to_le_bytes().to_vec().into()
    }

    pub(in crate::cache) fn drift(&mut self, item: DriftKey, collection_id: Option<String>) -> DriftRow {
        DriftRow {
            item,
            state: self.one_of(&DriftState::ALL),
            since: self.time(),
            baseline: self.some(Self::hash),
            in_collection: self.some(Self::hash),
            in_project: self.some(Self::hash),
            collection_id,
        }
    }
}

/// A small project at `path` with one item and one tree, enough to recognise it by.
pub(in crate::cache) fn small_project(path: &str) -> Vec<Change> {
    let mut sample = Sample::new(path.len() as u64);
    let mut scan = sample.project();
    scan.records = vec![Arc::new(sample.record())];
    let item = DriftKey { project: Path::new(path).into(), profile: None, key: sample.key() };
    vec![
        Change::Project { path: path.into(), coverage: Coverage::Watched, scan: Arc::new(scan) },
        Change::Tree {
            path: format!("{path}/.claude/skills/pdf").into(),
            owner: TreeOwner::Project(path.into()),
            tree: sample.tree(),
            names: sample.names(),
        },
        Change::Drift(Box::new(sample.drift(item, None))),
    ]
}
