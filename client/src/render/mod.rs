//! How answers look.

pub mod artifacts;
pub mod json;
pub mod porcelain;
pub mod projects;
pub mod resolve;
pub mod status;
pub mod table;
pub mod term;
