//! What differs between two sides of an artifact, or between any two files or directories. Nothing is changed to say so.
//!
//! Reading order: [`choose`] (which sides a request means), [`side`] (a side as a tree of files), `past` (the sides that are
//! nowhere now: versions and snapshots) with [`archived`] (files out of archives), [`prepare`](mod@prepare) (which files
//! differ), [`page`] (their lines, page by page).
//!
//! The sides of an artifact are read as deploying reads them: links to files are read through, and what the ignore list names
//! does not count. So a difference is empty exactly where the state says that the sides are equal, but for modes, which no
//! recorded hash counts. Two paths are compared as they are: a link is a link.
//!
//! # Invariants
//!
//! * All pages show one moment: what a page reads again must have the hash that the first page found.
//! * A page is bounded whatever the files hold, and so is what a connection keeps between two of them: names and hashes.

pub mod archived;
pub mod choose;
pub mod page;
mod past;
pub mod prepare;
pub mod side;

pub use page::{Position, fill};
pub use prepare::{Prepared, prepare};
