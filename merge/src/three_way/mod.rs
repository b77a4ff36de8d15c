//! Three-way merge: what two sides made of one base, as one.
//!
//! Reading order: [`TextMerge`] (three texts), made of `lines`, the `changes` between two of them and the `chunks` of both
//! sides' changes; `markers` shows conflicts to people. [`Trees`] of [`Leaf`]s merges files by path, after `renames`;
//! `keys` takes over where lines are in conflict and keys are not. [`TomlShape`] merges lists whose elements have names.
//!
//! # Invariants
//!
//! * Exchanging the sides changes neither whether a merge is clean nor what comes of it.
//! * A merge with a side that did not change is the other side, byte for byte.
//! * Wherever `git merge-file` merges cleanly, so does this, to the same bytes, and the other way round (`torture merge` compares).

mod changes;
mod chunks;
mod keys;
mod leaf;
mod lines;
mod markers;
mod renames;
mod text;
mod tree;

pub use chunks::{Chunk, Verdict};
pub use keys::TomlShape;
pub use leaf::{Leaf, Tree};
pub use markers::{Labels, Style};
pub use text::{LARGEST_TEXT, TextConflict, TextMerge};
pub use tree::{Conflict, ConflictKind, Merged, Reason, Refusal, Taken, TreeMerge, Trees};
