//! Random changes against a model of plain maps: what is loaded is what was sent, and removal takes along what belongs.

use super::sample::Sample;
use super::{Place, close};
use crate::cache::{
    Change, Coverage, DriftKey, Loaded, LoadedCollection, LoadedProject, LoadedTree, TreeOwner, rows, schema::KIND,
};
use crate::model::{CollectionScan, ProjectScan, Timestamp};
use skillmeat_protocol::drift::DriftState;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PROJECTS: [&str; 3] = ["/home/me/a", "/home/me/b", "42"];
const COLLECTIONS: [&str; 3] = ["5a1c", "77e0", "007"];

#[derive(Default)]
struct Model {
    projects: BTreeMap<PathBuf, (Coverage, Arc<ProjectScan>)>,
    collections: BTreeMap<String, (String, PathBuf, Arc<CollectionScan>)>,
    trees: HashMap<PathBuf, (TreeOwner, LoadedTree)>,
    drift: HashMap<DriftKey, (DriftState, Timestamp)>,
}

impl Model {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Collection { id, name, path, scan } => {
                self.collections.insert(id, (name, path, scan));
            }
            Change::CollectionGone { id } => {
                self.collections.remove(&id);
                self.trees.retain(|_, (owner, _)| *owner != TreeOwner::Collection(id.clone()));
            }
            Change::Project { path, coverage, scan } => {
                self.projects.insert(path, (coverage, scan));
            }
            Change::ProjectGone { path } => {
                self.projects.remove(&path);
                self.trees.retain(|_, (owner, _)| *owner != TreeOwner::Project(path.clone()));
                self.drift.retain(|item, _| *item.project != *path);
            }
            Change::Tree { path, owner, tree, names } => {
                let known = match &owner {
                    TreeOwner::Collection(id) => self.collections.contains_key(id),
                    TreeOwner::Project(path) => self.projects.contains_key(path),
                };
                if known {
                    self.trees.insert(path.clone(), (owner, LoadedTree { path: path.into(), tree, names }))
                } else {
                    self.trees.remove(&path)
                };
            }
            Change::TreeGone { path } => {
                self.trees.remove(&path);
            }
            Change::Drift(row) => {
                if self.projects.contains_key(&*row.item.project) {
                    self.drift.insert(row.item, (row.state, row.since));
                }
            }
            Change::DriftGone(item) => {
                self.drift.remove(&item);
            }
        }
    }

    fn check(&self, loaded: Loaded, context: &str) {
        let mut projects = loaded.projects;
        projects.sort_by(|a, b| a.path.cmp(&b.path));
        let expected = self.projects.iter().map(|(path, (coverage, scan))| LoadedProject {
            path: path.clone(),
            coverage: coverage.clone(),
            scan: Arc::clone(scan),
        });
        assert_eq!(projects, expected.collect::<Vec<_>>(), "{context}");

        let mut collections = loaded.collections;
        collections.sort_by(|a, b| a.id.cmp(&b.id));
        let expected = self.collections.iter().map(|(id, (name, path, scan))| LoadedCollection {
            id: id.clone(),
            name: name.clone(),
            path: path.clone(),
            scan: CollectionScan::clone(scan),
        });
        assert_eq!(collections, expected.collect::<Vec<_>>(), "{context}");

        let n_trees = loaded.trees.len();
        let trees: HashMap<_, _> = loaded.trees.into_iter().map(|tree| (tree.path.clone(), tree)).collect();
        assert_eq!(trees.len(), n_trees, "{context}: a tree twice");
        let expected: HashMap<_, _> =
            self.trees.iter().map(|(path, (_, tree))| (path.as_path().into(), tree.clone())).collect();
        assert_eq!(trees, expected, "{context}");

        let n_items = loaded.first_seen.len();
        let drift: HashMap<_, _> = loaded.first_seen.into_iter().collect();
        assert_eq!(drift.len(), n_items, "{context}: an item twice");
        assert_eq!(drift, self.drift, "{context}");
    }
}

fn item(sample: &mut Sample) -> DriftKey {
    let profiles = [None, Some(String::new()), Some("claude_code".to_owned())];
    let mut few = Sample::new(sample.bits() % 4);
    DriftKey {
        project: Path::new(PROJECTS[sample.bits() as usize % 3]).into(),
        profile: profiles[sample.bits() as usize % 3].clone(),
        key: few.key(),
    }
}

fn random_change(sample: &mut Sample) -> Change {
    let project = PathBuf::from(PROJECTS[sample.bits() as usize % 3]);
    let collection = COLLECTIONS[sample.bits() as usize % 3].to_owned();
    let tree = PathBuf::from(format!("/trees/{}", sample.bits() % 8));
    match sample.bits() % 16 {
        0..3 => Change::Project { path: project, coverage: sample.coverage(), scan: Arc::new(sample.project()) },
        3..6 => Change::Collection {
            name: format!("name of {collection}"),
            path: Path::new("/collections").join(&collection),
            id: collection,
            scan: Arc::new(sample.collection()),
        },
        6 => Change::ProjectGone { path: project },
        7 => Change::CollectionGone { id: collection },
        8..11 => Change::Tree {
            path: tree,
            owner: if sample.bits() & 1 == 0 { TreeOwner::Project(project) } else { TreeOwner::Collection(collection) },
            tree: sample.tree(),
            names: sample.names(),
        },
        11 => Change::TreeGone { path: tree },
        12..15 => {
            let item = item(sample);
            Change::Drift(Box::new(sample.drift(item, Some(collection))))
        }
        _ => Change::DriftGone(item(sample)),
    }
}

#[test]
fn a_restart_finds_exactly_what_was_sent() {
    for seed in 0..12 {
        let place = Place::new();
        let mut sample = Sample::new(seed);
        let mut model = Model::default();
        for restart in 0..3 {
            let opened = place.open();
            model.check(opened.loaded, &format!("seed {seed}, restart {restart}"));
            for _ in 0..30 {
                let change = random_change(&mut sample);
                model.apply(change.clone());
                opened.writer.send(vec![change]);
            }
            assert_eq!(opened.writer.status(), None);
            if restart == 1 { opened.writer.abandon() } else { close(opened.writer) }
        }
        model.check(place.load(), &format!("seed {seed}, at the end"));
    }
}

#[test]
fn nothing_is_left_when_every_owner_is_gone() {
    let place = Place::new();
    let opened = place.open();
    let mut sample = Sample::new(99);
    opened.writer.send((0..200).map(|_| random_change(&mut sample)).collect());
    opened.writer.send(PROJECTS.map(|path| Change::ProjectGone { path: path.into() }).into());
    opened.writer.send(COLLECTIONS.map(|id| Change::CollectionGone { id: id.to_owned() }).into());
    close(opened.writer);
    let connection = KIND.open_file(&place.path).expect("opens");
    let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("sql");
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).expect("rows").map(|t| t.expect("name")).collect();
    assert_eq!(tables.len(), 13);
    for table in tables.iter().filter(|table| *table != "cache_metadata") {
        let count = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
        assert_eq!(count, Ok(0), "{table}");
    }
}

#[test]
fn a_collection_that_goes_leaves_the_drift_of_projects() {
    let mut connection = crate::database::open_memory().expect("memory");
    KIND.migrate(&mut connection).expect("schema");
    let mut sample = Sample::new(3);
    let id = COLLECTIONS[0];
    rows::project::store(&connection, Path::new("/p"), &Coverage::Watched, &sample.project()).expect("project");
    rows::collection::store(&connection, id, "c", Path::new("/c"), &sample.collection()).expect("collection");
    let item = DriftKey { project: Path::new("/p").into(), profile: None, key: sample.key() };
    rows::drift::store(&connection, &sample.drift(item, Some(id.to_owned()))).expect("drift");
    let of_collection = "SELECT count(*), count(collection_id) FROM drift";
    let count = || connection.query_row(of_collection, [], |row| Ok((row.get(0)?, row.get(1)?)));
    assert_eq!(count(), Ok((1, 1)));
    rows::collection::remove(&connection, id).expect("removes");
    assert_eq!(count(), Ok((1, 0)));
}
