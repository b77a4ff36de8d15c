//! `skillmeatd`: watches Claude Code artifacts and knows, at every moment, how each deployment differs from the collection
//! it came from. `ARCHITECTURE.md` beside this crate says how it is built and what must stay true.
//!
//! Modules in reading order:
//!
//! * [`model`] – what the rooms tell each other: records, entries, trees
//! * [`library`] – SkillMeat's files on disk
//! * [`drift`] – three sides to a state
//! * [`os`], [`watch`] – the platform and its events
//! * [`scan`] – looking at the disk
//! * [`database`] – what SQLite databases have in common; [`cache`] – the index; [`history`] – what cannot be
//!   recomputed; [`snapshots`] – archives of collections; [`registry`] – the daemon's own two files
//! * [`engine`] – the single owner of state; [`ops`] – what changes files; [`diff`] – what differs; [`observer`] – keeps
//!   edits as versions; [`trials`] – which conflicts merge
//! * [`server`] – the socket; [`notifications`] – hooks and desktop
//! * [`runtime`] – start and end of the process; [`cli`] – its command line; [`clock`], [`metrics`] – time and
//!   counters

pub mod cache;
pub mod cli;
pub mod clock;
pub mod database;
pub mod diff;
pub mod drift;
pub mod engine;
pub mod history;
pub mod library;
pub mod metrics;
pub mod model;
pub mod notifications;
pub mod observer;
pub mod ops;
pub mod os;
pub mod registry;
pub mod runtime;
pub mod scan;
pub mod server;
pub mod snapshots;
pub mod trials;
pub mod watch;
