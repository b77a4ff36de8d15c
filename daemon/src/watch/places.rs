//! Which directory each kernel watch stands for.
//!
//! A kernel watch belongs to an inode, our knowledge to a path. The paths are kept as a tree of names, because there are
//! tens of thousands of them that share their beginnings (90 bytes a directory instead of 350 with whole paths in two
//! maps), and because a directory that moves away takes everything below it along, which must cost what lies below.
//!
//! Invariants: every node but the root has a watch or a child. One watch may stand for several paths (a bind mount, or a
//! directory that is seen in its new place before the news that it left the old one); it lives until the last is gone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A kernel watch: inotify's watch descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Watch(pub i32);

/// The watched directories.
#[derive(Debug)]
pub struct Places {
    nodes: Vec<Node>,
    free: Vec<NodeId>,
    /// The first path of each watch.
    holders: HashMap<Watch, NodeId>,
    /// Further paths of the few watches that have several.
    others: HashMap<Watch, Vec<NodeId>>,
    watched: usize,
    forgettings: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NodeId(u32);

const ROOT: NodeId = NodeId(0);

#[derive(Debug)]
struct Node {
    name: Box<OsStr>,
    parent: NodeId,
    watch: Option<Watch>,
    /// By name.
    children: Vec<NodeId>,
}

impl Default for Places {
    fn default() -> Self {
        let root = Node { name: OsString::new().into(), parent: ROOT, watch: None, children: Vec::new() };
        Self {
            nodes: vec![root],
            free: Vec::new(),
            holders: HashMap::new(),
            others: HashMap::new(),
            watched: 0,
            forgettings: 0,
        }
    }
}

impl Places {
    /// Whether exactly this directory is watched.
    pub fn is_watched(&self, dir: &Path) -> bool {
        self.find(dir).is_some_and(|id| self.node(id).watch.is_some())
    }

    /// Whether `dir` and every directory above it, up to and with `top`, is watched.
    pub fn is_way_watched(&self, top: &Path, dir: &Path) -> bool {
        let above = names(top).count();
        let mut at = ROOT;
        let mut level = 0;
        let mut rest = names(dir);
        loop {
            if level >= above && self.node(at).watch.is_none() {
                return false;
            }
            let Some(name) = rest.next() else { return level >= above };
            let Ok(child) = self.child(at, name) else { return false };
            at = child;
            level += 1;
        }
    }

    /// How many directories are watched.
    pub fn len(&self) -> usize {
        self.watched
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.watched == 0
    }

    /// How often anything may have been forgotten. While it stays the same, what the kernel said still holds.
    pub fn forgettings(&self) -> u64 {
        self.forgettings
    }

    /// A new `watch` is not written down after all. Gives it when it stands for nothing.
    pub fn give_up(&mut self, watch: Watch) -> Option<Watch> {
        self.forgettings += 1;
        (!self.holders.contains_key(&watch)).then_some(watch)
    }

    /// `dir`, an absolute path, is watched by `watch` from now on. Gives a watch that stands for nothing any more.
    pub fn hold(&mut self, dir: &Path, watch: Watch) -> Option<Watch> {
        let mut at = ROOT;
        for name in names(dir) {
            at = match self.child(at, name) {
                Ok(child) => child,
                Err(place) => self.insert(at, place, name),
            };
        }
        if self.node(at).watch == Some(watch) {
            return None;
        }
        let unheld = self.unhold(at);
        self.forgettings += u64::from(unheld.is_some());
        self.node_mut(at).watch = Some(watch);
        self.watched += 1;
        match self.holders.entry(watch) {
            Entry::Vacant(free) => {
                free.insert(at);
            }
            Entry::Occupied(_) => self.others.entry(watch).or_default().push(at),
        }
        unheld
    }

    /// The directories that `watch` stands for.
    pub fn paths(&self, watch: Watch) -> impl Iterator<Item = PathBuf> + '_ {
        let others = self.others.get(&watch).into_iter().flatten();
        self.holders.get(&watch).into_iter().chain(others).map(|id| self.path(*id))
    }

    /// Forgets everything at or below `path`, and gives the watches that stand for nothing any more.
    pub fn forget(&mut self, path: &Path) -> Vec<Watch> {
        self.forgettings += 1;
        let Some(top) = self.find(path) else { return Vec::new() };
        let mut below = vec![top];
        let mut at = 0;
        while let Some(id) = below.get(at) {
            below.extend(self.nodes[id.0 as usize].children.clone());
            at += 1;
        }
        let unheld = below.iter().filter_map(|id| self.unhold(*id)).collect();
        // From the bottom, so that what is left without a child goes too.
        for id in below.into_iter().rev() {
            self.prune(id);
        }
        unheld
    }

    /// The kernel ended `watch`.
    pub fn ended(&mut self, watch: Watch) {
        self.forgettings += 1;
        let ids: Vec<NodeId> = self
            .holders
            .get(&watch)
            .into_iter()
            .chain(self.others.get(&watch).into_iter().flatten())
            .copied()
            .collect();
        for id in ids {
            self.unhold(id);
            self.prune(id);
        }
    }

    fn find(&self, dir: &Path) -> Option<NodeId> {
        names(dir).try_fold(ROOT, |at, name| self.child(at, name).ok())
    }

    fn child(&self, of: NodeId, name: &OsStr) -> Result<NodeId, usize> {
        let children = &self.node(of).children;
        let bytes = name.as_encoded_bytes();
        children.binary_search_by(|id| self.node(*id).name.as_encoded_bytes().cmp(bytes)).map(|at| children[at])
    }

    fn insert(&mut self, parent: NodeId, place: usize, name: &OsStr) -> NodeId {
        let node = Node { name: name.into(), parent, watch: None, children: Vec::new() };
        let id = match self.free.pop() {
            Some(id) => {
                *self.node_mut(id) = node;
                id
            }
            None => {
                self.nodes.push(node);
                NodeId(u32::try_from(self.nodes.len() - 1).expect("the kernel has fewer watches"))
            }
        };
        self.node_mut(parent).children.insert(place, id);
        id
    }

    fn unhold(&mut self, id: NodeId) -> Option<Watch> {
        let watch = self.node_mut(id).watch.take()?;
        self.watched -= 1;
        let mut others = self.others.remove(&watch).unwrap_or_default();
        if self.holders.get(&watch) == Some(&id) {
            match others.pop() {
                Some(next) => drop(self.holders.insert(watch, next)),
                None => drop(self.holders.remove(&watch)),
            }
        } else {
            others.retain(|other| *other != id);
        }
        if !others.is_empty() {
            self.others.insert(watch, others);
        }
        (!self.holders.contains_key(&watch)).then_some(watch)
    }

    /// Removes a node that has neither watch nor child, and those above it that are left so.
    fn prune(&mut self, mut id: NodeId) {
        while id != ROOT && self.node(id).watch.is_none() && self.node(id).children.is_empty() {
            let parent = self.node(id).parent;
            let children = &mut self.node_mut(parent).children;
            // Absent when it was removed before: it lies below several that are forgotten.
            let Some(at) = children.iter().position(|child| *child == id) else { return };
            children.remove(at);
            if children.is_empty() {
                *children = Vec::new();
            }
            self.node_mut(id).name = OsString::new().into();
            self.free.push(id);
            id = parent;
        }
    }

    fn path(&self, id: NodeId) -> PathBuf {
        let mut up = Vec::new();
        let mut at = id;
        while at != ROOT {
            let node = self.node(at);
            up.push(&*node.name);
            at = node.parent;
        }
        let mut path = PathBuf::with_capacity(up.iter().map(|name| name.len() + 1).sum());
        path.push("/");
        path.extend(up.into_iter().rev());
        path
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }
}

/// The names on a real path. [`Path::components`] would do, and take longer than what is done with them.
fn names(dir: &Path) -> impl Iterator<Item = &OsStr> {
    let parts = dir.as_os_str().as_bytes().split(|byte| *byte == b'/');
    parts.filter(|name| !name.is_empty()).map(OsStr::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(held: &[(&str, i32)]) -> Places {
        let mut places = Places::default();
        for (dir, watch) in held {
            places.hold(Path::new(dir), Watch(*watch));
        }
        places
    }

    fn paths(places: &Places, watch: i32) -> Vec<String> {
        places.paths(Watch(watch)).map(|path| path.to_str().expect("text").to_owned()).collect()
    }

    #[test]
    fn what_is_forgotten_takes_what_lay_below_it_along_and_nothing_else() {
        let mut places = places(&[("/p", 1), ("/p/a", 2), ("/p/a/x", 3), ("/p/a-b", 4), ("/p/ab", 5), ("/q/r/s", 6)]);
        assert_eq!(places.len(), 6);
        assert!(!places.is_watched(Path::new("/q")) && places.is_watched(Path::new("/q/r/s")));
        assert_eq!(places.forget(Path::new("/p/a")), [Watch(2), Watch(3)]);
        assert_eq!(places.forget(Path::new("/p/a")), []);
        assert_eq!((places.len(), paths(&places, 3)), (4, vec![]));
        for dir in ["/p", "/p/a-b", "/p/ab", "/q/r/s"] {
            assert!(places.is_watched(Path::new(dir)), "{dir}");
        }
        assert_eq!(places.forget(Path::new("/q")), [Watch(6)], "a directory that is not watched itself");
        places.forget(Path::new("/"));
        assert!(places.is_empty() && places.nodes[0].children.is_empty());
        assert_eq!(places.nodes.len(), places.free.len() + 1, "every place is free again");
        places.hold(Path::new("/z/y"), Watch(9));
        assert_eq!(paths(&places, 9), ["/z/y"]);
    }

    #[test]
    fn a_way_is_watched_when_every_directory_on_it_is() {
        let places = places(&[("/p", 1), ("/p/a", 2), ("/p/a/x", 3), ("/p/b/y", 4)]);
        for (top, dir, want) in [
            ("/p", "/p", true),
            ("/p", "/p/a/x", true),
            ("/p/a", "/p/a/x", true),
            ("/", "/p/a/x", false),
            ("/p", "/p/b/y", false),
            ("/p/b/y", "/p/b/y", true),
            ("/p", "/p/a/z", false),
            ("/p/a", "/p", false),
        ] {
            assert_eq!(places.is_way_watched(Path::new(top), Path::new(dir)), want, "{top} {dir}");
        }
    }

    #[test]
    fn a_watch_lives_until_the_last_path_that_it_stands_for_is_gone() {
        let mut places = places(&[("/old", 1), ("/new", 1), ("/bound", 1)]);
        assert_eq!(paths(&places, 1), ["/old", "/new", "/bound"]);
        assert_eq!(places.forget(Path::new("/old")), []);
        let mut left = paths(&places, 1);
        left.sort();
        assert_eq!(left, ["/bound", "/new"]);
        assert_eq!(places.forget(Path::new("/new")), []);
        assert_eq!(places.forget(Path::new("/bound")), [Watch(1)]);
    }

    #[test]
    fn another_directory_in_the_same_place_has_another_watch() {
        let mut places = places(&[("/p/a", 1)]);
        assert_eq!(places.hold(Path::new("/p/a"), Watch(1)), None);
        assert_eq!(places.hold(Path::new("/p/a"), Watch(2)), Some(Watch(1)));
        assert_eq!((paths(&places, 1).len(), places.len()), (0, 1));
        places.ended(Watch(1));
        assert!(places.is_watched(Path::new("/p/a")));
        places.ended(Watch(2));
        assert!(places.is_empty() && places.nodes[0].children.is_empty());
    }

    /// Random operations against whole paths in a map.
    #[test]
    fn it_agrees_with_a_plain_map() {
        let mut random = 1u32;
        let mut next = |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) % below
        };
        let mut places = Places::default();
        let mut plain: HashMap<PathBuf, i32> = HashMap::new();
        for _ in 0..20_000 {
            let depth = next(4);
            let dir: PathBuf = std::iter::once("/".to_owned()).chain((0..depth).map(|_| next(3).to_string())).collect();
            match next(4) {
                0 => {
                    let mut gone: Vec<i32> =
                        plain.extract_if(|path, _| path.starts_with(&dir)).map(|(_, w)| w).collect();
                    gone.retain(|watch| !plain.values().any(|other| other == watch));
                    gone.sort_unstable();
                    gone.dedup();
                    let mut unheld: Vec<i32> = places.forget(&dir).into_iter().map(|watch| watch.0).collect();
                    unheld.sort_unstable();
                    assert_eq!(unheld, gone);
                }
                1 => {
                    let watch = next(30) as i32;
                    plain.retain(|_, other| *other != watch);
                    places.ended(Watch(watch));
                }
                _ => {
                    let watch = next(30) as i32;
                    let before = plain.insert(dir.clone(), watch).filter(|before| *before != watch);
                    let gone = before.filter(|before| !plain.values().any(|other| other == before));
                    assert_eq!(places.hold(&dir, Watch(watch)), gone.map(Watch));
                }
            }
            assert_eq!(places.len(), plain.len());
        }
        for (path, watch) in &plain {
            assert!(places.is_watched(path) && places.paths(Watch(*watch)).any(|held| held == *path));
        }
    }
}
