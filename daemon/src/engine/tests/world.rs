//! A disk that exists in memory, and what looks at it find.

use crate::library::config::Config;
use crate::model::{
    CollectionScan, Deployment, Entry, EntryFlaw, Fingerprint, Followed, Following, LockEntry, Marked, Metadata, Names,
    OnDisk, Profile, ProjectScan, Record, RecordSchema, Timestamp, Tip, Tree, TreeInfo, TreeKind,
};
use crate::scan::home::{DirectoryId, FoundCollection, HomeScan};
use crate::scan::job::{Known, TreeFinding, Wants};
use crate::scan::{Finding, Job, JobKind, Look, Outcome};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub(super) const HOME: &str = "/home/u/.skillmeat";
pub(super) const CLAUDE: &str = "claude_code";

pub(super) fn skill(name: &str) -> ArtifactKey {
    ArtifactKey::new(ArtifactType::Skill, name)
}

pub(super) fn hash(content: u8) -> ContentHash {
    ContentHash([content; 32])
}

pub(super) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A collection in the home.
#[derive(Clone, Debug, Default)]
pub(super) struct Collection {
    pub(super) inode: u64,
    /// Names of skills with an entry.
    pub(super) entries: BTreeSet<String>,
    /// Names whose entry is unusable.
    pub(super) flawed: BTreeSet<String>,
    pub(super) unnamed_flaws: bool,
    pub(super) unreadable: Option<String>,
    pub(super) locked: BTreeMap<String, u8>,
}

/// One deployment record.
#[derive(Clone, Debug)]
pub(super) struct Deployed {
    pub(super) name: String,
    pub(super) from: Option<String>,
    pub(super) baseline: Option<u8>,
    pub(super) flaw: Option<String>,
    pub(super) detected: Option<i64>,
}

pub(super) fn deployed(name: &str, from: &str, baseline: u8) -> Deployed {
    Deployed { name: name.into(), from: Some(from.into()), baseline: Some(baseline), flaw: None, detected: None }
}

/// A copy that follows branch `next` of the collection with this inode.
pub(super) fn following(project: &str, name: &str, inode: u64, tip: Tip) -> Following {
    Following {
        copy: Deployment { key: skill(name), project: project.into(), profile: CLAUDE.to_owned() },
        followed: Followed {
            collection: uuid::Uuid::from_u128(u128::from(inode)).to_string(),
            branch: "next".to_owned(),
        },
        tip,
    }
}

/// A copy that was given markers when it had content `ours`, after content 1 of the collection with this inode was deployed.
pub(super) fn marked(project: &str, name: &str, inode: u64, ours: u8) -> Marked {
    Marked {
        copy: Deployment { key: skill(name), project: project.into(), profile: CLAUDE.to_owned() },
        collection: uuid::Uuid::from_u128(u128::from(inode)).to_string(),
        baseline: Some(hash(1)),
        ours: hash(ours),
    }
}

/// A project.
#[derive(Clone, Debug, Default)]
pub(super) struct Project {
    pub(super) gone: bool,
    pub(super) records: Vec<Deployed>,
}

/// What is on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) config: Config,
    pub(super) collections: BTreeMap<String, Collection>,
    pub(super) projects: BTreeMap<PathBuf, Project>,
    /// Content of each artifact's directory.
    pub(super) files: BTreeMap<PathBuf, u8>,
    /// Versions that artifacts declare.
    pub(super) versions: BTreeMap<PathBuf, String>,
    /// Artifacts that change while they are read.
    pub(super) unstable: BTreeSet<PathBuf>,
    /// Artifacts that cannot be read.
    pub(super) unreadable: BTreeSet<PathBuf>,
    /// Files elsewhere that artifacts link to.
    pub(super) links: BTreeMap<PathBuf, PathBuf>,
    /// What a collection's look found above it, by its root.
    pub(super) above: BTreeMap<PathBuf, PathBuf>,
    /// Units whose directories cannot be watched, by path.
    pub(super) unwatched: BTreeSet<PathBuf>,
    /// Artifacts whose stamps are too young.
    pub(super) racy: BTreeSet<PathBuf>,
    /// Copies that follow a branch by its name; no file says so.
    pub(super) followings: Vec<Following>,
    /// Copies that were given markers; no file says so.
    pub(super) marked: Vec<Marked>,
    inodes: u64,
    /// How often files were written that say what they said: their stamps are others.
    pub(super) touches: u32,
}

impl World {
    /// A collection with these skills, whose content is given.
    pub(super) fn collection(&mut self, name: &str, skills: &[(&str, u8)]) {
        self.inodes += 1;
        let entries = skills.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.collections.insert(name.into(), Collection { inode: self.inodes, entries, ..Collection::default() });
        for (skill, content) in skills {
            self.files.insert(original(name, skill), *content);
        }
    }

    /// A project whose skills were deployed from `from` and are as recorded.
    pub(super) fn project(&mut self, root: &str, from: &str, skills: &[(&str, u8)]) {
        let records = skills.iter().map(|(name, content)| deployed(name, from, *content)).collect();
        self.projects.insert(root.into(), Project { gone: false, records });
        for (skill, content) in skills {
            self.files.insert(copy(root, skill), *content);
        }
    }

    pub(super) fn coll(&mut self, name: &str) -> &mut Collection {
        self.collections.get_mut(name).expect("a collection of the world")
    }

    pub(super) fn proj(&mut self, root: &str) -> &mut Project {
        self.projects.get_mut(Path::new(root)).expect("a project of the world")
    }

    /// Renames a directory of the collections with everything in it.
    pub(super) fn rename_collection(&mut self, from: &str, to: &str) {
        let collection = self.collections.remove(from).expect("a collection of the world");
        self.collections.insert(to.into(), collection);
        let (from, to) = (collection_root(from), collection_root(to));
        for path in self.files.keys().filter(|p| p.starts_with(&from)).cloned().collect::<Vec<_>>() {
            let content = self.files.remove(&path).expect("just listed");
            self.files.insert(to.join(path.strip_prefix(&from).expect("just filtered")), content);
        }
    }

    pub(super) fn look(&self, job: &Job) -> Outcome {
        let mut unwatched = None;
        let mut watch = |path: &Path| {
            if self.unwatched.contains(path) {
                unwatched = Some("no events here".to_owned());
            }
        };
        let finding = match &job.kind {
            JobKind::Home { .. } => Finding::Home(Box::new(self.home())),
            JobKind::Collection { root } => {
                watch(root);
                Finding::Collection(Box::new(self.scan_collection(root)))
            }
            JobKind::Project { root, known } => {
                watch(root);
                let found = self.scan_project(root);
                match known.as_ref().is_some_and(|known| known.stamps == found.stamps) {
                    true => Finding::Unchanged { metadata: None, names: None },
                    false => Finding::Project(Box::new(found)),
                }
            }
            JobKind::Tree { path, guard, look, known, names, wants, .. } => {
                watch(path);
                self.tree(path, guard, *look, *known, names.as_ref(), *wants)
            }
        };
        Outcome { unit: job.unit, finding, unwatched }
    }

    fn home(&self) -> HomeScan {
        let collections = self.collections.iter().map(|(name, collection)| FoundCollection {
            name: name.clone(),
            path: collection_root(name),
            directory: DirectoryId { device: 1, inode: collection.inode, created_ns: Some(1) },
            fresh_id: uuid::Uuid::from_u128(u128::from(collection.inode)),
        });
        HomeScan {
            config: self.config.clone(),
            collections: collections.collect(),
            problems: Vec::new(),
            directories: vec![HOME.into(), Path::new(HOME).join("collections")],
            ancestors: Vec::new(),
        }
    }

    fn scan_collection(&self, root: &Path) -> CollectionScan {
        let name = root.file_name().and_then(|n| n.to_str()).expect("UTF-8");
        let found = self.collections.get(name);
        let empty = Collection::default();
        let collection = found.unwrap_or(&empty);
        let on_disk = self.files.keys().filter(|path| path.starts_with(root)).filter_map(|path| name_of(path));
        let on_disk = on_disk.filter(|name| !collection.entries.contains(name));
        let listed = collection.entries.iter().map(|name| (name.clone(), true));
        let entries = listed.chain(on_disk.map(|name| (name, false))).map(|(name, in_manifest)| Entry {
            key: skill(&name),
            path: Path::new("skills").join(&name),
            in_manifest,
            metadata: Metadata::default(),
            origin: None,
            upstream: None,
            resolved_version: None,
            uuid: None,
            added: None,
            flaw: collection.flawed.contains(&name).then(|| EntryFlaw("no path".into())),
        });
        let lock = |(name, content): (&String, &u8)| LockEntry {
            key: skill(name),
            content_hash: hash(*content),
            resolved_version: None,
        };
        CollectionScan {
            present: found.is_some(),
            unreadable: collection.unreadable.clone(),
            unnamed_flaws: collection.unnamed_flaws,
            entries: if collection.unreadable.is_some() { Vec::new() } else { entries.collect() },
            lock: collection.locked.iter().map(lock).collect(),
            groups: Vec::new(),
            tags: Vec::new(),
            problems: Vec::new(),
            directories: found.map(|_| vec![root.to_owned(), root.join("skills")]).unwrap_or_default(),
            ancestors: self.above.get(root).cloned().into_iter().collect(),
        }
    }

    fn scan_project(&self, root: &Path) -> ProjectScan {
        let found = self.projects.get(root).filter(|project| !project.gone);
        let records: Vec<_> = found.into_iter().flat_map(|p| &p.records).map(|r| Arc::new(record(root, r))).collect();
        let recorded: BTreeSet<_> = records.iter().map(|r| r.path.to_path_buf()).collect();
        let skills = root.join(".claude/skills");
        let here = self.files.keys().filter(|path| found.is_some() && path.parent() == Some(&*skills));
        let on_disk = here.filter(|path| !recorded.contains(*path)).filter_map(|path| {
            Some(OnDisk { key: skill(&name_of(path)?), profile: CLAUDE.into(), path: path.as_path().into() })
        });
        let mut directories = Vec::new();
        if found.is_some() {
            directories.extend([root.to_owned(), root.join(".claude")]);
            if self.files.keys().any(|path| path.starts_with(&skills)) {
                directories.push(skills.clone());
            }
        }
        let mut scan = ProjectScan {
            present: found.is_some(),
            name: root.file_name().and_then(|n| n.to_str()).expect("UTF-8").to_owned(),
            profiles: found
                .map(|_| vec![Profile { id: CLAUDE.into(), root: ".claude".into(), has_records: true }])
                .unwrap_or_default(),
            on_disk: on_disk.collect(),
            unread: Vec::new(),
            records,
            problems: Vec::new(),
            directories,
            ancestors: vec![root.to_owned()],
            stamps: None,
        };
        let mut digest = DefaultHasher::new();
        format!("{scan:?} {}", self.touches).hash(&mut digest);
        scan.stamps = Some(Fingerprint(u128::from(digest.finish()).to_le_bytes()));
        scan
    }

    fn tree(
        &self,
        path: &Path,
        guard: &Path,
        look: Look,
        known: Option<Known>,
        remembered: Option<&Names>,
        wants: Wants,
    ) -> Finding {
        let guarded = |p: &Path| self.projects.get(p).is_some_and(|p| !p.gone);
        let guard_is_there =
            self.collections.keys().any(|name| collection_root(name) == guard) || guard.ancestors().any(guarded);
        if !guard_is_there {
            return Finding::RootGone;
        }
        if self.unstable.contains(path) && look != Look::AsItIs {
            return Finding::Unstable;
        }
        let mut linked: Vec<_> = self.links.get(path).cloned().into_iter().collect();
        if !linked.is_empty() && !self.files.contains_key(path) {
            // A link that leads nowhere is itself where it ends.
            linked.insert(0, path.to_owned());
        }
        let names = self.files.get(path).map(|content| vec![*content].into());
        let found = |tree, metadata, names| {
            Finding::Tree(Box::new(TreeFinding { tree, metadata, names, linked: linked.clone() }))
        };
        if self.unreadable.contains(path) {
            return found(Tree::Unreadable { message: format!("cannot read {}", path.display()) }, None, None);
        }
        let Some(content) = self.files.get(path).copied() else { return found(Tree::Absent, None, None) };
        let version = self.versions.get(path).cloned();
        let metadata = (wants == Wants::Metadata).then(|| Metadata { version: version.clone(), ..Metadata::default() });
        let fingerprint = Fingerprint([content; 16]);
        if look == Look::Verify && known == Some(Known { fingerprint, racy: false }) {
            return Finding::Unchanged { metadata, names: names.filter(|names| Some(names) != remembered) };
        }
        let info = TreeInfo {
            kind: TreeKind::Directory,
            hash: hash(content),
            hash_with_ignored: None,
            fingerprint,
            racy: self.racy.contains(path),
            file_count: 1,
            total_size: 1,
            version: version.map(Into::into),
            linked: linked.clone(),
        };
        found(Tree::Present(Arc::new(info)), metadata, names)
    }
}

fn name_of(path: &Path) -> Option<String> {
    path.file_name().and_then(|n| n.to_str()).map(str::to_owned)
}

fn record(root: &Path, deployed: &Deployed) -> Record {
    Record {
        key: skill(&deployed.name),
        profile: CLAUDE.into(),
        platform: None,
        from_collection: deployed.from.as_deref().map(Into::into),
        path: root.join(".claude/skills").join(&deployed.name).into(),
        baseline: deployed.baseline.map(hash),
        deployed_at: None,
        modification_detected_at: deployed.detected.map(Timestamp),
        version: None,
        schema: RecordSchema::Deployed,
        line: 1,
        flaw: deployed.flaw.as_deref().map(Into::into),
    }
}

pub(super) fn collection_root(name: &str) -> PathBuf {
    Path::new(HOME).join("collections").join(name)
}

/// Where a collection keeps a skill.
pub(super) fn original(collection: &str, name: &str) -> PathBuf {
    collection_root(collection).join("skills").join(name)
}

/// Where a project keeps a skill.
pub(super) fn copy(project: &str, name: &str) -> PathBuf {
    Path::new(project).join(".claude/skills").join(name)
}
