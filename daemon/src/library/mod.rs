//! The file formats of SkillMeat: text in, values out; and the texts of the daemon's own files.
//!
//! Nothing here walks, watches or hashes, and nothing reads the disk: callers read bytes, at a moment they choose, and
//! pass them with the path that messages should name. [`atomic`] alone touches the disk, to write.
//!
//! * [`toml_text`], [`section`], [`problems`], [`moment`], [`portable`] – what all formats share: values with their
//!   line, complaints, the original's clocks, names and paths that may not leave their root
//! * [`manifest`], [`lock`] – a collection: `collection.toml`, `collection.lock`
//! * [`records`], [`deployed`], [`plan`] – deployment records, in every schema that was ever written
//! * [`snapshots`], [`audit`] – the list of the snapshots of a collection, and what rollbacks did
//! * [`project_file`], [`config`] with [`observing`] and [`snapshot_settings`], [`registry`], [`init`] – the smaller files
//! * [`edit`] – changes to the files of the original that leave the rest of them as it is
//! * [`frontmatter`] – what an artifact's Markdown declares of itself
//! * [`layout`], [`profile`], [`ignore`] – where artifacts are, and which names never count
//!
//! # Invariants
//!
//! * Bad input never panics and never hides the rest: it becomes a [`Problem`] that names file, line and key.
//! * The original loses a whole file to one bad entry; here an entry that is named but unusable stays, with its flaw,
//!   so that it is never mistaken for a removed one.
//! * A path handed out for a record or entry cannot lead out of its root, unless it was absolute in a manifest, which
//!   marketplace imports are.
//!
//! [`Problem`]: skillmeat_protocol::reply::Problem

pub mod atomic;
pub mod audit;
pub mod config;
pub mod deployed;
pub mod edit;
pub mod frontmatter;
mod groups;
pub mod ignore;
pub mod init;
pub mod layout;
pub mod lock;
pub mod manifest;
pub mod moment;
pub mod observing;
pub mod plan;
pub mod portable;
pub mod problems;
pub mod profile;
pub mod project_file;
pub mod records;
pub mod registry;
pub mod section;
pub mod snapshot_settings;
pub mod snapshots;
pub mod strategies;
pub mod toml_text;
mod yaml;

#[cfg(test)]
mod damage_tests;
