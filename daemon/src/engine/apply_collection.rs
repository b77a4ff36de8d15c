//! Takes in a look at a collection: its entries, and which files are to be looked at.

use super::event::Now;
use super::items::cause;
use super::routes::{Reach, of_listing};
use super::snapshot::ArtifactView;
use super::state::{Collection, State};
use super::unit::{CollectionSlot, Root, TreeSlot, Unit};
use super::work::{Mark, Running};
use crate::library::frontmatter;
use crate::model::{CollectionScan, Entry};
use crate::scan::Look;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

impl State {
    pub(super) fn apply_collection(&mut self, slot: CollectionSlot, scan: CollectionScan, ended: &Running, now: Now) {
        // Also when its listing is what it was: the routes below the root go with a root that is away for a moment.
        self.route_collection(slot, &scan, ended, now);
        if !scan.present {
            // The list of collections decides whether it is gone; an empty one would make everything `removed`. It may be
            // back before that is looked at, and then only its own routes tell.
            let mark = Mark::at_once(ended.since, Look::Read);
            return self.work.mark(Unit::Home, Root::Home, mark, now.mono);
        }
        let Some(collection) = self.collections.get_mut(&slot) else { return };
        if collection.scan.as_deref() == Some(&scan) {
            return;
        }
        let root = Arc::clone(&collection.root);
        // What the cache has was completed from the files, so the first look after a start differs although nothing does.
        let before = collection.scan.as_deref().filter(|before| before.is_same_but_metadata(&scan));
        let shown = before.map(|_| collection.shown());
        let scan = Arc::new(scan);
        collection.scan = Some(Arc::clone(&scan));
        self.rebuild_artifacts(slot, &root, &scan, ended, now);
        if shown.is_some() && shown == self.collections.get(&slot).map(Collection::shown) {
            return;
        }
        self.pending.collection(slot);
        let cause = cause(CauseKind::Collection, Some(&root.join("collection.toml")));
        // A later listing may change what any project that uses the collection could deploy, and which of its
        // artifacts are foreign.
        let projects = self.users.get(&slot).cloned().unwrap_or_default();
        for project in projects {
            self.relist(project, &cause, now);
        }
    }

    pub(super) fn route_collection(&mut self, slot: CollectionSlot, scan: &CollectionScan, ended: &Running, now: Now) {
        let Some(collection) = self.collections.get_mut(&slot) else { return };
        let mut routed = vec![(Arc::clone(&collection.root), Reach::Listing)];
        routed.extend(of_listing(&scan.directories, &scan.ancestors));
        let old = std::mem::replace(&mut collection.routed, routed.clone());
        self.reroute(Unit::Collection(slot), Root::Collection(slot), &old, &routed, ended.since, now);
    }

    fn rebuild_artifacts(
        &mut self,
        slot: CollectionSlot,
        root: &Path,
        scan: &CollectionScan,
        ended: &Running,
        now: Now,
    ) {
        let Some(collection) = self.collections.get_mut(&slot) else { return };
        let mut before: HashMap<ArtifactKey, (Arc<ArtifactView>, Option<TreeSlot>)> =
            std::mem::take(&mut collection.artifacts)
                .into_iter()
                .map(|(view, tree)| (view.entry.key.clone(), (view, tree)))
                .collect();
        let locked: HashMap<&ArtifactKey, ContentHash> = scan.lock.iter().map(|l| (&l.key, l.content_hash)).collect();
        let guard: Arc<Path> = root.into();
        let mut artifacts = Vec::with_capacity(scan.entries.len());
        for entry in &scan.entries {
            let path = root.join(&entry.path);
            let old = before.remove(&entry.key).and_then(|(_, tree)| tree);
            let usable = entry.flaw.is_none();
            let kept = old.filter(|t| usable && self.trees.get(t).is_some_and(|tree| *tree.path == *path));
            if kept.is_none()
                && let Some(old) = old
            {
                self.drop_tree(old, now);
            }
            let tree = kept.or_else(|| {
                usable.then(|| {
                    self.new_tree(Root::Collection(slot), &path.into(), &guard, entry.key.kind, ended.since, now)
                })
            });
            let view = self.artifact_view(entry, tree, locked.get(&entry.key).copied());
            artifacts.push((Arc::new(view), tree));
        }
        for (_, (_, tree)) in before {
            if let Some(tree) = tree {
                self.drop_tree(tree, now);
            }
        }
        artifacts.sort_by(|(a, _), (b, _)| a.entry.key.cmp(&b.entry.key));
        if let Some(collection) = self.collections.get_mut(&slot) {
            collection.artifacts = artifacts;
        }
    }

    /// What readers see of an artifact: its entry, completed from its files.
    pub(super) fn artifact_view(
        &self,
        entry: &Entry,
        tree: Option<TreeSlot>,
        locked: Option<ContentHash>,
    ) -> ArtifactView {
        let tree = tree.and_then(|slot| self.trees.get(&slot));
        let metadata = match tree.and_then(|t| t.metadata.as_deref()) {
            Some(declared) => frontmatter::complete(entry.metadata.clone(), declared.clone()),
            None => entry.metadata.clone(),
        };
        let entry = Arc::new(Entry { metadata, ..entry.clone() });
        ArtifactView { entry, tree: tree.and_then(|t| t.tree.clone()), locked }
    }
}
