//! Changes to files that the original writes too: text in, text out, no disk.
//!
//! * [`records`], [`legacy`] – `.skillmeat-deployed.toml`, and what older generations left in its place
//! * [`manifest`], [`groups`], [`lock`], [`config`] – `collection.toml`, `collection.lock`, `config.toml`
//! * [`snapshots`], [`audit`] – the list of snapshots, and what rollbacks did
//! * `dialect` – values as the original writes them; `times` – its clocks
//! * `source` – a text and where its tables are; `table`, `list`, `array` – what changes in it
//!
//! # Invariants
//!
//! * What a change does not concern survives byte for byte: unknown keys, comments, order, spacing, line endings, the
//!   byte order mark. Nothing is printed from a parsed tree; bytes are replaced where a value is.
//! * What is new is written as the original writes it (formats-core §1.2), in the file's own line endings.
//! * What is handed out is TOML that our readers accept, or it is not handed out.
//! * A change that says what the file says already changes nothing, except a collection's `updated`.

mod array;
pub mod audit;
mod collection;
pub mod config;
pub(super) mod dialect;
mod error;
pub mod groups;
pub mod legacy;
mod list;
pub mod lock;
pub mod manifest;
pub mod records;
pub mod snapshots;
mod source;
mod table;
mod times;

pub use error::EditError;
pub use source::Before;

#[cfg(test)]
mod tests;
