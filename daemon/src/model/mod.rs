//! Domain types: what the rooms of the daemon tell each other.
//!
//! Plain data without behaviour beyond formatting. Everything here may be used by every room and uses none of them.
//! A *scan* type is what one look at the disk found; the engine keeps the latest of each and the cache stores it, so
//! that a restarted daemon can continue from the same values.

pub mod collection;
pub mod following;
pub mod marked;
pub mod project;
pub mod texts;
pub mod time;
pub mod tree;

pub use collection::{CollectionScan, Entry, EntryFlaw, LockEntry, Metadata};
pub use following::{Deployment, Followed, Following, Imprint, Tip};
pub use marked::Marked;
pub use project::{OnDisk, Profile, ProjectScan, Record, RecordSchema, Unread};
pub use texts::SharedTexts;
pub use time::Timestamp;
pub use tree::{Fingerprint, MAX_DEPTH, MAX_FILES, MAX_IGNORED, Names, Stamp, Tree, TreeInfo, TreeKind};
