//! `skillmeatd`: watches Claude Code artifacts and knows, at every moment, how each deployment differs from the collection
//! it came from.

pub mod cache;
pub mod clock;
pub mod drift;
pub mod engine;
pub mod library;
pub mod metrics;
pub mod model;
pub mod os;
pub mod registry;
pub mod scan;
pub mod server;
pub mod watch;
