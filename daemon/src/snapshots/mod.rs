//! Snapshots of collections, where and as the original keeps them: `snapshots/<collection>/<id>.tar.gz`, and a list beside.
//!
//! Reading order: [`Listing`] (what is in a collection now), `pack` (from there into an archive), [`archive`] (out of one,
//! which nobody is trusted to have written), [`unpack`], [`content`] (what of both can be compared),
//! [`Shelf`] (the archives of one collection and their list), [`retention`], [`baseline`] (what was deployed, found again).
//!
//! # Invariants
//!
//! * An archive is listed when it is whole and on the disk, and never before.
//! * A list that cannot be read is not written. Names and ids become paths only after a look at them.
//! * What comes out of an archive stays below where it is put, and is not more than its size can explain. An archive with one
//!   entry that nobody could have made of a collection gives nothing at all.
//! * What is in an archive was there at one moment, or it is an error.

pub mod archive;
pub mod baseline;
mod bounded;
pub mod content;
mod error;
mod pack;
pub mod retention;
mod shelf;
#[cfg(all(test, unix))]
mod tests;
mod unpack;
mod walk;

pub use error::SnapshotError;
pub use shelf::{Created, Listed, Shelf, shelves};
pub use unpack::{Unpacked, unpack};
pub use walk::{Found, FoundKind, Listing};

use std::sync::atomic::{AtomicBool, Ordering};

/// Who waits for packing.
pub struct Watch<'a> {
    /// Nobody does any more.
    pub cancelled: &'a AtomicBool,
    /// Is told how many entries are done, of how many.
    pub told: &'a mut dyn FnMut(u64, u64),
}

impl Watch<'_> {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// How hard archives are packed. One step more costs a third more time for a fiftieth less.
pub const LEVEL: u32 = 6;
