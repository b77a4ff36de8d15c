//! Which paths of two trees differ.
//!
//! In the order of path components, but for one thing: where a file takes the place of a directory, what was in the directory
//! goes first, since programs that apply a patch do so from its beginning to its end.

use super::file::Mode;
use std::collections::BTreeMap;

/// A file of a tree: its mode, and anything that is equal exactly when contents are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<C> {
    /// Its mode.
    pub mode: Mode,
    /// Its content, or what stands for it.
    pub content: C,
}

/// Files by path, `/` between components.
pub type Tree<'a, C> = BTreeMap<Vec<&'a [u8]>, Entry<C>>;

/// A path of which the two sides differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<C> {
    /// Where.
    pub path: Vec<u8>,
    /// On the first side.
    pub old: Option<Entry<C>>,
    /// On the second side.
    pub new: Option<Entry<C>>,
}

/// Makes a tree of paths and files.
pub fn tree<'a, C>(files: impl IntoIterator<Item = (&'a [u8], Entry<C>)>) -> Tree<'a, C> {
    files.into_iter().map(|(path, entry)| (path.split(|byte| *byte == b'/').collect(), entry)).collect()
}

/// What differs. A file that becomes a link, or the other way round, is one that goes and one that comes.
pub fn changes<C: Clone + PartialEq>(old: &Tree<'_, C>, new: &Tree<'_, C>) -> Vec<Change<C>> {
    let mut found = Vec::new();
    // A file that comes where a directory was waits until everything in that has gone.
    let mut waiting: Option<(&[&[u8]], Change<C>)> = None;
    let mut paths: Vec<&Vec<&[u8]>> = old.keys().chain(new.keys().filter(|path| !old.contains_key(*path))).collect();
    paths.sort_unstable();
    for path in paths {
        if let Some((_, change)) = waiting.take_if(|(above, _)| !path.starts_with(above)) {
            found.push(change);
        }
        let change = |old: Option<&Entry<C>>, new: Option<&Entry<C>>| Change {
            path: path.join(&b'/'),
            old: old.cloned(),
            new: new.cloned(),
        };
        match (old.get(path), new.get(path)) {
            (a, b) if a == b => {}
            (Some(a), Some(b)) if (a.mode == Mode::Symlink) != (b.mode == Mode::Symlink) => {
                found.extend([change(Some(a), None), change(None, Some(b))]);
            }
            (None, Some(b)) => waiting = Some((path, change(None, Some(b)))),
            (a, b) => found.push(change(a, b)),
        }
    }
    found.extend(waiting.map(|(_, change)| change));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path=content`, with `*` before the content of a program and `>` before that of a link.
    fn read<'a>(files: &'a [&'a str]) -> Tree<'a, &'a str> {
        tree(files.iter().map(|file| {
            let (path, content) = file.split_once('=').expect("path=content");
            let mode = match content.as_bytes().first() {
                Some(b'*') => Mode::Executable,
                Some(b'>') => Mode::Symlink,
                _ => Mode::Regular,
            };
            (path.as_bytes(), Entry { mode, content: content.trim_start_matches(['*', '>']) })
        }))
    }

    #[test]
    fn every_path_that_differs_is_found_once_in_an_order_that_can_be_applied() {
        let table: [(&[&str], &[&str], &[&str]); 9] = [
            (&["a=1", "b=1"], &["a=1", "b=1"], &[]),
            (&["a=1", "b=1", "c=1"], &["a=1", "b=2", "d=1"], &["b 1 2", "c 1 -", "d - 1"]),
            (&["a=1"], &["a=*1"], &["a 1 1"]),
            (&["a=1"], &["a=>1"], &["a 1 -", "a - 1"]),
            (&["a=>1"], &["a=>2"], &["a 1 2"]),
            (&["x=1"], &["x/y=1"], &["x 1 -", "x/y - 1"]),
            (&["x/y=1", "x/z/w=1", "x-=1"], &["x=1"], &["x/y 1 -", "x/z/w 1 -", "x - 1", "x- 1 -"]),
            (&["A=1"], &["a=1"], &["A 1 -", "a - 1"]),
            (&["a b/x=1", "a/x=1"], &["a.md=1"], &["a/x 1 -", "a b/x 1 -", "a.md - 1"]),
        ];
        for (old, new, want) in table {
            let side = |entry: &Option<Entry<&str>>| entry.map_or("-".to_owned(), |entry| entry.content.to_owned());
            let found = changes(&read(old), &read(new));
            let shown: Vec<String> = found
                .iter()
                .map(|c| format!("{} {} {}", String::from_utf8_lossy(&c.path), side(&c.old), side(&c.new)))
                .collect();
            assert_eq!(shown, want, "{old:?} {new:?}");
        }
    }
}
