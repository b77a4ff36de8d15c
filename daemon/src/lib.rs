//! `skillmeatd`: watches Claude Code artifacts and knows, at every moment, how each deployment differs from the collection
//! it came from.

pub mod cache;
pub mod drift;
pub mod library;
pub mod model;
pub mod os;
