//! What the end-to-end tests stand on: private homes, real daemons, three ways of asking, and comparisons.
//!
//! Reading order:
//!
//! * [`sandbox`] – a private home with its own environment, and where files are in it
//! * [`process`] – a real daemon that ends with the test, and commands of the client
//! * [`client`] and [`json`] – a connection in each encoding; [`raw`] – one that keeps to no rules
//! * [`library`] – collections, projects and deployment records, written as SkillMeat writes them
//! * [`world`] – the fixtures: homes that the original wrote, and the right answers
//! * [`compare`] – answers without what may differ between two daemons
//! * [`files`] – the state of a directory, byte for byte and stamp for stamp
//! * [`original`] – whether the original would read a file that it or the daemon wrote
//! * [`model`] – seeded random operations and the oracle "incremental equals from scratch"
//! * [`bench`](mod@bench) – what the programs cost, beside what others cost
//! * [`soak`] – everything at once for a long time, and what of it stayed flat
//! * [`unprivileged`] – leaving root, whom permissions do not stop
//! * [`torture`] – kills, damage and lost events against the real daemon, and what must hold after each
//! * [`patches`] – differences that are applied again, by three programs
//! * [`fuzz`] – what must hold of every input, whoever sent it
//! * [`encoding`] – hexadecimal and base64 of the fixtures
//!
//! # Invariants
//!
//! * No test sleeps. A test waits for the product: the barrier (`synced`), a readiness line, the end of a process. The
//!   only deadlines are [`process::PATIENCE`] guards against hanging.
//! * Nothing outside the sandbox is read or written; every process gets an environment of its own.

#![cfg(unix)]

pub mod bench;
pub mod client;
pub mod compare;
pub mod encoding;
pub mod files;
pub mod fuzz;
pub mod json;
pub mod library;
pub mod model;
pub mod original;
pub mod patches;
pub mod process;
pub mod raw;
pub mod sandbox;
pub mod soak;
pub mod unprivileged;

pub mod torture;
pub mod world;
