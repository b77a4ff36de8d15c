//! Random pairs of trees: the difference of each, written as a patch and applied to the first side, must give the second, byte for
//! byte.
//!
//! * `generate` – pairs, with everything in names, lines and modes that a patch has words for
//! * [`apply`] – a reader of patches of a few lines, which accepts what it must and guesses nothing
//! * [`programs`] – `git apply` and `patch`, for as long as one likes

pub mod apply;
mod generate;
pub mod programs;

use std::collections::BTreeMap;

use skillmeat_merge::diff::tree::{Entry, changes, tree};
use skillmeat_merge::diff::{File, Marks, Mode, Options, compare, patch};

/// Files by path.
pub type Files = BTreeMap<Vec<u8>, (Mode, Vec<u8>)>;

/// The patch that makes `new` of `old`.
pub fn patch_of(old: &Files, new: &Files, context: u32) -> Vec<u8> {
    fn read(files: &Files) -> skillmeat_merge::diff::tree::Tree<'_, &Vec<u8>> {
        tree(files.iter().map(|(path, (mode, content))| (path.as_slice(), Entry { mode: *mode, content })))
    }
    let mut out = Vec::new();
    for change in changes(&read(old), &read(new)) {
        let file = |entry: &Option<Entry<&'_ Vec<u8>>>| entry.map(|entry| (entry.mode, entry.content.clone()));
        let (old, new) = (file(&change.old), file(&change.new));
        fn side(file: &Option<(Mode, Vec<u8>)>) -> Option<File<'_>> {
            file.as_ref().map(|(mode, bytes)| File { mode: *mode, bytes })
        }
        let options = Options { context, marks: Marks::Words };
        let diff = compare(side(&old), side(&new), options).expect("what changed differs");
        patch::write(&change.path, &diff, &mut out).expect("memory takes everything");
    }
    out
}
