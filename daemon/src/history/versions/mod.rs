//! Versions: every distinct content that an artifact ever had, where each was seen, and what came from what.
//!
//! A version is an artifact and a recorded hash. It is written down once, when it is seen for the first time, with the
//! versions that it was made of; whenever it comes to a place, or goes, that is a *sighting*. So contents that come back
//! (`undo`, an edit taken back by hand) are the same version seen again, and the lineage cannot run in circles.
//!
//! Reading order: `sight` (what there is), `record` (how it is written down), `find` (how it is found again), `lineage`
//! (what follows from parents; pure), `tags`, `branches`, `followings` (who follows one),
//! `imprints` (which deployment does), `rows` (how it stands in the database).
//!
//! # Invariants
//!
//! * A parent is older than its child: the lineage is a directed graph without circles.
//! * What an operation made is written down in the commit that makes the operation irrevocable, not before.
//! * A version whose content was not kept, or is no longer, is known by its hash: `content` is none, and never another's.

mod branches;
mod find;
mod followings;
mod imprints;
mod lineage;
mod record;
mod rows;
mod sight;
mod tags;

pub use branches::{Branch, Carried, MAIN, Switch};
pub use find::{Page, Sought};
pub use followings::{Advance, Turn};
pub use lineage::Lineage;
pub use sight::{
    Account, Ancestor, Baseline, Cause, Origin, Seen, Sighting, Spot, SpotRow, Version, VersionId, VersionRow,
};
pub use tags::Tag;
