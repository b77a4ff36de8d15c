//! What differs between two files or two trees, by line, and how that is written as a patch.
//!
//! Reading order: [`tree`] (which paths differ), [`file`](mod@file) (what kind of difference one of them is), [`text`] (hunks of
//! lines), [`words`] (what differs within changed lines), [`patch`] and [`name`] (what `git apply` and `patch` read).
//!
//! # Invariants
//!
//! * Applying the lines of a difference to the first side gives the second, byte for byte.
//! * The numbers are those of the lines given out: what is counted is not looked for in printed text.
//! * No input makes it quadratic: what is larger than [`file::MAX_TEXT`], or has a line longer than [`file::MAX_LINE`], is
//!   said to differ and not compared by line.

pub mod file;
pub mod name;
pub mod patch;
pub mod text;
pub mod tree;
pub mod words;

pub use file::{File, FileDiff, Kind, Mode, Options, Status, compare};
pub use text::{Hunk, Line, LineKind, Span};
pub use words::Marks;
