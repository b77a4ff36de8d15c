//! From a path to the units that an event there concerns.
//!
//! A lookup walks up from the path and asks a map at each ancestor, so it costs the depth of the path, however many
//! projects are registered.

use super::state::TreeState;
use super::unit::{TreeSlot, Unit};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an event at or below a routed path means to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Everything at or below it.
    Inside,
    /// It and its direct entries.
    Listing,
    /// It and those direct entries whose name begins with a dot: the root of a project, where people work.
    Dotted,
    /// Itself only: directories that a root lies in.
    Itself,
}

/// A unit concerned by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub unit: Unit,
    /// By which kind of route.
    pub reach: Reach,
    /// Levels between the route and the event's path.
    pub depth: usize,
}

/// The map.
#[derive(Debug, Default)]
pub struct Routes {
    targets: HashMap<Arc<Path>, Targets>,
}

type Target = (Unit, Reach);

/// Almost every path has one target, and a list of one costs as much as the rest of the entry.
#[derive(Debug)]
enum Targets {
    One(Target),
    /// Sorted: the directory that holds ten thousand artifacts is on the way to each of them.
    Several(Vec<Target>),
}

impl Targets {
    fn as_slice(&self) -> &[Target] {
        match self {
            Self::One(target) => std::slice::from_ref(target),
            Self::Several(targets) => targets,
        }
    }

    fn add(&mut self, target: Target) {
        match self {
            Self::One(only) if *only == target => {}
            Self::One(only) => {
                let mut both = vec![*only, target];
                both.sort_unstable();
                *self = Self::Several(both);
            }
            Self::Several(targets) => {
                if let Err(place) = targets.binary_search(&target) {
                    targets.insert(place, target);
                }
            }
        }
    }
}

impl Routes {
    /// Adds a route; adding it again changes nothing.
    pub fn add(&mut self, path: &Arc<Path>, unit: Unit, reach: Reach) {
        match self.targets.entry(Arc::clone(path)) {
            Entry::Occupied(mut known) => known.get_mut().add((unit, reach)),
            Entry::Vacant(free) => drop(free.insert(Targets::One((unit, reach)))),
        }
    }

    /// Removes a route.
    pub fn remove(&mut self, path: &Path, unit: Unit, reach: Reach) {
        let is_empty = match self.targets.get_mut(path) {
            None => false,
            Some(Targets::One(only)) => *only == (unit, reach),
            Some(Targets::Several(targets)) => {
                if let Ok(place) = targets.binary_search(&(unit, reach)) {
                    targets.remove(place);
                }
                targets.is_empty()
            }
        };
        if is_empty {
            self.targets.remove(path);
        }
    }

    /// Adds all routes of a tree.
    pub(super) fn add_tree(&mut self, slot: TreeSlot, tree: &TreeState) {
        for (path, reach) in of_tree(tree) {
            self.add(&path, Unit::Tree(slot), reach);
        }
    }

    /// Removes all routes of a tree.
    pub(super) fn remove_tree(&mut self, slot: TreeSlot, tree: &TreeState) {
        for (path, reach) in of_tree(tree) {
            self.remove(&path, Unit::Tree(slot), reach);
        }
    }

    /// The units that an event at `path` concerns.
    pub fn hits(&self, path: &Path) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut below = None;
        for (depth, ancestor) in path.ancestors().enumerate() {
            for &(unit, reach) in self.targets.get(ancestor).map_or(&[][..], Targets::as_slice) {
                let concerned = match reach {
                    Reach::Inside => true,
                    Reach::Listing => depth <= 1,
                    Reach::Dotted => depth == 0 || depth == 1 && below.is_some_and(is_dotted),
                    Reach::Itself => depth == 0,
                };
                if concerned {
                    hits.push(Hit { unit, reach, depth });
                }
            }
            below = ancestor.file_name();
        }
        hits
    }

    /// Whether anything at or below `root` is routed. Costs the number of routes: for registration only.
    pub fn any_below(&self, root: &Path) -> bool {
        self.targets.keys().any(|path| path.starts_with(root))
    }

    /// Routed paths.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether nothing is routed.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}

/// Where events concern a unit that lists: at the `listed` directories and their entries, and at each `passed` path itself.
pub(super) fn of_listing<'a>(
    listed: impl IntoIterator<Item = &'a PathBuf>,
    passed: &'a [PathBuf],
) -> impl Iterator<Item = (Arc<Path>, Reach)> {
    let route = |path: &PathBuf, reach| (Arc::from(path.as_path()), reach);
    let listed = listed.into_iter().map(move |path| route(path, Reach::Listing));
    listed.chain(passed.iter().map(move |path| route(path, Reach::Itself)))
}

/// Where events concern a tree; some of it may come twice. What is above an artifact, up to its guard, or above a place
/// that decides where a link leads, takes it along when it comes or goes, without an event at the artifact itself.
fn of_tree(tree: &TreeState) -> impl Iterator<Item = (Arc<Path>, Reach)> {
    let TreeState { path, guard, linked, .. } = tree;
    let itself = |dir: &Path| (Arc::from(dir), Reach::Itself);
    let ways = path.ancestors().skip(1).take_while(move |dir| dir.starts_with(guard));
    let real = linked.first().map(|real| (Arc::clone(real), Reach::Inside));
    let places = linked.iter().flat_map(|place| place.ancestors());
    std::iter::once((Arc::clone(path), Reach::Inside)).chain(real).chain(ways.chain(places).map(itself))
}

fn is_dotted(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::super::unit::{ProjectSlot, TreeSlot};
    use super::*;

    #[test]
    fn reaches_differ_in_depth_and_name() {
        let mut routes = Routes::default();
        let (project, tree) = (Unit::Project(ProjectSlot(1)), Unit::Tree(TreeSlot(2)));
        let path = |text: &str| Arc::<Path>::from(Path::new(text));
        routes.add(&path("/a"), project, Reach::Itself);
        routes.add(&path("/a/p"), project, Reach::Dotted);
        routes.add(&path("/a/p/.claude"), project, Reach::Listing);
        routes.add(&path("/a/p/.claude/skills/x"), tree, Reach::Inside);
        let cases: [(&str, &[Unit]); 9] = [
            ("/a", &[project]),
            ("/a/q", &[]),
            ("/a/p", &[project]),
            ("/a/p/Cargo.toml", &[]),
            ("/a/p/.claude", &[project, project]),
            ("/a/p/.claude/deployment.toml", &[project]),
            ("/a/p/.claude/skills/y", &[]),
            ("/a/p/.claude/skills/x", &[tree]),
            ("/a/p/.claude/skills/x/b/c.md", &[tree]),
        ];
        for (at, want) in cases {
            let got: Vec<_> = routes.hits(Path::new(at)).iter().map(|hit| hit.unit).collect();
            assert_eq!(got, want, "{at}");
        }
        routes.remove(Path::new("/a/p/.claude/skills/x"), tree, Reach::Inside);
        assert!(routes.hits(Path::new("/a/p/.claude/skills/x")).is_empty());
        assert_eq!(routes.len(), 3);
    }
}
