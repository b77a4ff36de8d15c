//! What the cache remembers is shown at once, is not news, and is compared.

use super::bench::Bench;
use super::world::{World, collection_root, copy, hash, original};
use crate::cache::{Change, Loaded, LoadedCollection, LoadedProject, LoadedTree};
use crate::engine::event::Event;
use crate::model::Tree;
use skillmeat_protocol::drift::DriftState as S;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What a cache that took these changes in gives back.
fn loaded(changes: &[Change]) -> Loaded {
    let mut collections = BTreeMap::new();
    let mut projects = BTreeMap::new();
    let mut trees = BTreeMap::new();
    let mut drift = Vec::new();
    for change in changes.iter().cloned() {
        match change {
            Change::Collection { id, name, path, scan } => {
                let scan = (*scan).clone();
                collections.insert(id.clone(), LoadedCollection { id, name, path, scan });
            }
            Change::CollectionGone { id } => drop(collections.remove(&id)),
            Change::Project { path, coverage, scan } => {
                projects.insert(path.clone(), LoadedProject { path, coverage, scan });
            }
            Change::ProjectGone { path } => drop(projects.remove(&path)),
            Change::Tree { path, tree, names, .. } => {
                drop(trees.insert(path.clone(), LoadedTree { path: path.into(), tree, names }))
            }
            Change::TreeGone { path } => drop(trees.remove(&path)),
            Change::Drift(row) => {
                drift.retain(|(item, _)| *item != row.item);
                drift.push((row.item, (row.state, row.since)));
            }
            Change::DriftGone(gone) => drift.retain(|(item, _)| *item != gone),
        }
    }
    Loaded {
        projects: projects.into_values().collect(),
        collections: collections.into_values().collect(),
        trees: trees.into_values().collect(),
        first_seen: drift,
    }
}

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1), ("csv", 2), ("spare", 3)]);
    world.project("/p", "default", &[("pdf", 1), ("csv", 2)]);
    world.files.insert(copy("/p", "csv"), 9);
    world.versions.insert(original("default", "pdf"), "2.0".into());
    world.versions.insert(copy("/p", "pdf"), "1.0".into());
    world.links.insert(copy("/p", "pdf"), "/elsewhere/shared.md".into());
    world
}

/// A daemon that ran in this world, and what its cache holds.
fn ran(world: World) -> (Bench, Loaded) {
    let mut bench = Bench::new(world);
    bench.time = Duration::from_secs(3);
    bench.settle();
    let loaded = loaded(&bench.persisted);
    (bench, loaded)
}

fn again(before: &Bench, world: World, loaded: Loaded) -> Bench {
    Bench::restarted(world, before.state.identities.clone(), loaded)
}

#[test]
fn what_is_remembered_is_shown_at_once_and_is_no_news() {
    let (before, loaded) = ran(world());
    let mut bench = again(&before, before.world.clone(), loaded);
    assert!(!bench.snapshot().verified);
    for name in ["pdf", "csv"] {
        assert_eq!(bench.item("/p", name), before.item("/p", name));
    }
    assert_eq!(bench.view("/p").added, before.view("/p").added);
    bench.settle();
    bench.wait(Duration::from_secs(1));
    assert!(bench.announced.is_empty(), "{:?}", bench.announced);
    assert!(bench.snapshot().verified);
    assert_eq!(bench.item("/p", "csv"), before.item("/p", "csv"), "first seen included");
    bench.assert_like_fresh();
}

#[test]
fn that_a_collection_is_nowhere_is_known_when_the_home_was_looked_at() {
    let (before, loaded) = ran({
        let mut world = world();
        world.project("/q", "lost", &[("pdf", 1)]);
        world
    });
    let mut bench = again(&before, before.world.clone(), loaded);
    bench.settle();
    assert_eq!(bench.item("/q", "pdf"), before.item("/q", "pdf"));
    assert_eq!(bench.drift("/q", "pdf"), S::Removed);
    bench.assert_like_fresh();
}

#[test]
fn what_changed_meanwhile_is_news() {
    for reverse in [false, true] {
        let (before, loaded) = ran(world());
        let mut world = before.world.clone();
        world.files.insert(copy("/p", "pdf"), 7);
        world.files.insert(original("default", "csv"), 7);
        let mut bench = again(&before, world, loaded);
        bench.settle_choosing(|n| if reverse { n - 1 } else { 0 });
        bench.wait(Duration::from_secs(1));
        let mut told: Vec<_> = bench.announced.iter().flat_map(|e| &e.items).collect();
        told.sort_by(|a, b| a.item.name.cmp(&b.item.name));
        let told: Vec<_> = told.iter().map(|c| (&*c.item.name, c.previous, c.item.state)).collect();
        let want = [("csv", Some(S::Modified), S::Conflict), ("pdf", Some(S::InSync), S::Modified)];
        assert_eq!(told, want);
        bench.assert_like_fresh();
    }
}

#[test]
fn unchanged_files_are_not_read_again() {
    let (before, loaded) = ran(world());
    let mut bench = again(&before, before.world.clone(), loaded);
    bench.settle();
    let read: Vec<_> = bench.persisted.iter().filter(|c| matches!(c, Change::Tree { .. })).collect();
    assert!(read.is_empty(), "{read:?}");
}

#[test]
fn names_that_are_not_remembered_are_stored_again_without_news() {
    let (before, mut loaded) = ran(world());
    assert!(loaded.trees.iter().all(|tree| tree.names.is_some() || tree.tree == Tree::Absent), "{:?}", loaded.trees);
    let whole = loaded.clone();
    loaded.trees.iter_mut().for_each(|tree| tree.names = None);
    let mut bench = again(&before, before.world.clone(), loaded);
    bench.settle();
    bench.wait(Duration::from_secs(1));
    assert!(bench.announced.is_empty(), "{:?}", bench.announced);
    let stored = bench.persisted.iter().filter_map(|change| match change {
        Change::Tree { path, tree, names, .. } => {
            Some(LoadedTree { path: path.as_path().into(), tree: tree.clone(), names: names.clone() })
        }
        _ => None,
    });
    let mut stored: Vec<_> = stored.collect();
    stored.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(stored, whole.trees.into_iter().filter(|tree| tree.tree != Tree::Absent).collect::<Vec<_>>());
    bench.assert_like_fresh();
}

#[test]
fn files_that_remembered_links_lead_to_are_listened_to() {
    let (before, loaded) = ran(world());
    let mut bench = again(&before, before.world.clone(), loaded);
    bench.settle();
    bench.world.files.insert(copy("/p", "pdf"), 7);
    bench.touch("/elsewhere/shared.md");
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
}

#[test]
fn a_state_seen_before_the_restart_is_new_when_it_comes_back_after_another() {
    let (before, loaded) = ran(world());
    let mut bench = again(&before, before.world.clone(), loaded);
    bench.settle();
    bench.time = Duration::from_secs(60);
    bench.edit_and_settle(&copy("/p", "csv"), 2);
    bench.wait(Duration::from_secs(1));
    bench.edit_and_settle(&copy("/p", "csv"), 8);
    assert_eq!(bench.item("/p", "csv").since, Some(bench.now().wall));
}

#[test]
fn a_restart_without_identities_or_with_half_a_cache_ends_right() {
    let (before, whole) = ran(world());
    let halves = [
        Loaded { collections: Vec::new(), ..whole.clone() },
        Loaded { projects: Vec::new(), ..whole.clone() },
        Loaded { trees: Vec::new(), ..whole.clone() },
        Loaded { first_seen: Vec::new(), ..whole.clone() },
    ];
    for half in halves {
        let mut bench = again(&before, before.world.clone(), half);
        bench.settle();
        bench.assert_like_fresh();
    }
    let mut bench = Bench::restarted(before.world.clone(), Vec::new(), whole);
    bench.settle();
    bench.assert_like_fresh();
}

#[test]
fn a_project_without_an_answer_yet_is_introduced_and_one_with_is_not() {
    let (before, loaded) = ran(world());
    let mut world = before.world.clone();
    world.project("/new", "default", &[("pdf", 1)]);
    let mut bench = again(&before, world, loaded);
    bench.settle();
    let told: Vec<_> = bench.announced.iter().map(|e| &*e.project).collect();
    assert_eq!(told, ["/new"]);
}

#[test]
fn a_project_whose_stamps_alone_differ_is_stored_and_told_to_nobody() {
    let (before, loaded) = ran(world());
    for (touches, stored) in [(0, vec![]), (1, vec![PathBuf::from("/p")])] {
        let mut world = before.world.clone();
        world.touches = touches;
        let mut bench = again(&before, world, loaded.clone());
        bench.settle();
        let projects = bench.persisted.iter().filter_map(|change| match change {
            Change::Project { path, .. } => Some(path.clone()),
            _ => None,
        });
        assert_eq!(projects.collect::<Vec<_>>(), stored);
        assert!(bench.announced.is_empty(), "{:?}", bench.announced);
    }
}

#[test]
fn what_was_read_before_the_cache_turned_out_to_be_damaged_is_not_remembered() {
    let (before, loaded) = ran(world());
    let identities = before.state.identities.clone();
    let mut bench = Bench::restarted_on(before.world.clone(), identities, &loaded.projects, Loaded::default());
    bench.settle();
    assert_eq!(bench.item("/p", "pdf").state, before.item("/p", "pdf").state);
    assert_eq!(bench.snapshot().projects.len(), before.snapshot().projects.len());
}

#[test]
fn a_collection_whose_metadata_the_files_complete_is_not_taken_for_another() {
    let (before, loaded) = ran(world());
    let mut bench = again(&before, before.world.clone(), loaded);
    bench.settle();
    let stored = bench.persisted.iter().filter(|change| matches!(change, Change::Collection { .. })).count();
    assert_eq!(stored, 1, "as it was remembered, and not once more as it was found");
}

#[test]
fn what_nobody_registers_any_more_leaves_the_cache() {
    let (before, mut loaded) = ran(world());
    let stray = LoadedProject { path: "/stray".into(), ..loaded.projects[0].clone() };
    loaded.projects.push(stray);
    let stray = LoadedCollection { id: uuid::Uuid::from_u128(99).to_string(), ..loaded.collections[0].clone() };
    loaded.collections.push(stray);
    let mut bench = again(&before, before.world.clone(), loaded);
    bench.settle();
    let gone: Vec<PathBuf> = bench
        .persisted
        .iter()
        .filter_map(|change| match change {
            Change::ProjectGone { path } => Some(path.clone()),
            Change::CollectionGone { id } => Some(id.into()),
            _ => None,
        })
        .collect();
    assert_eq!(gone, [PathBuf::from(uuid::Uuid::from_u128(99).to_string()), "/stray".into()]);
    assert_eq!(bench.snapshot().projects.len(), 1);
}

#[test]
fn events_before_the_first_look_are_heard() {
    let (before, loaded) = ran(world());
    let mut bench = again(&before, before.world.clone(), loaded);
    let first = bench.look_at(copy("/p", "pdf"));
    bench.edit(&copy("/p", "pdf"), 7);
    bench.step(Event::Scanned(first));
    bench.settle();
    assert_eq!(bench.item("/p", "pdf").project_hash, Some(hash(7)));
    assert!(
        bench
            .snapshot()
            .collection("default")
            .is_some_and(|c| *c.path == *collection_root("default").to_string_lossy())
    );
}

#[test]
fn owners_are_stored_before_what_they_own() {
    let (bench, _) = ran(world());
    let mut owners = Vec::new();
    for change in &bench.persisted {
        match change {
            Change::Collection { id, .. } => owners.push(id.clone()),
            Change::Project { path, .. } => owners.push(path.display().to_string()),
            Change::Tree { owner, path, .. } => {
                let owner = match owner {
                    crate::cache::TreeOwner::Collection(id) => id.clone(),
                    crate::cache::TreeOwner::Project(path) => path.display().to_string(),
                };
                assert!(owners.contains(&owner), "{} before its owner", path.display());
            }
            Change::Drift(row) => assert!(owners.contains(&row.item.project.display().to_string())),
            _ => {}
        }
    }
}
