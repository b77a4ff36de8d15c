//! What must hold of every input: one property a parser, for the suite and for libFuzzer alike.
//!
//! `fuzz/` at the root of the repository runs them under libFuzzer and keeps their corpora; the suite
//! (`tests/tests/it/fuzz.rs`) runs each over its whole corpus and over seeded mutations of it. A property panics when it
//! does not hold, and says more than "does not crash": what was read is written and read again, good records are found
//! beside damaged ones, every complaint names a line that exists, chunks do not matter.
//!
//! * [`wire`] – preamble, binary requests and replies; [`lines`] – JSON-RPC
//! * `toml` – what all TOML readers have in common; [`collection`], [`project`], [`registry`] – the readers
//! * [`markdown`] – frontmatter; [`paths`] – names and paths that may not leave their root
//! * [`snapshots`] – their lists, and archives
//! * [`terminal`] – what the client prints
//! * `incoming` – bytes as a socket delivers them; [`mutate`] – inputs out of inputs

pub mod collection;
mod incoming;
pub mod lines;
pub mod markdown;
pub mod mutate;
pub mod paths;
pub mod project;
pub mod registry;
pub mod snapshots;
pub mod terminal;
mod toml;
pub mod wire;

/// A property under the name of its corpus and of its program in `fuzz/`.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Panics when the property does not hold of the input.
    pub check: fn(&[u8]),
}

/// Every property.
pub const TARGETS: [Target; 17] = [
    Target { name: "preamble", check: wire::preamble },
    Target { name: "request", check: wire::request },
    Target { name: "reply", check: wire::reply },
    Target { name: "json_line", check: lines::json_line },
    Target { name: "manifest", check: collection::manifest },
    Target { name: "groups", check: collection::groups },
    Target { name: "lock", check: collection::lock },
    Target { name: "deployed", check: project::deployed },
    Target { name: "project_file", check: project::project_file },
    Target { name: "config", check: project::config },
    Target { name: "projects", check: registry::projects },
    Target { name: "collections", check: registry::collections },
    Target { name: "frontmatter", check: markdown::frontmatter },
    Target { name: "paths", check: paths::paths },
    Target { name: "terminal", check: terminal::terminal },
    Target { name: "snapshots", check: snapshots::snapshots },
    Target { name: "archive", check: snapshots::archive },
];
