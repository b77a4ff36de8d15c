//! How answers look.

pub mod artifacts;
pub mod branches;
pub mod conflicts;
pub mod diff;
pub mod graph;
pub mod groups;
pub mod history;
pub mod json;
pub mod operation;
pub mod porcelain;
pub mod progress;
pub mod projects;
pub mod radius;
pub mod resolve;
pub mod snapshots;
pub mod stat;
pub mod status;
pub mod table;
pub mod term;
pub mod timeline;
pub mod versions;
