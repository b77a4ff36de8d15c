//! The single owner of what the daemon knows.
//!
//! One thread feeds a [`State`] and performs what it asks for. The state itself is `step(event, now) -> effects`: no
//! clock, no IO, no threads, no randomness inside, so every order of events can be tested by feeding them.
//!
//! Reading order:
//!
//! * [`mod@unit`] – what is looked at as a whole: the home, a collection, a project, the files of one artifact
//! * [`event`] – the closed enums of what comes in and what is asked for
//! * [`routes`] – from a path to the units that an event there concerns
//! * [`work`] – which units must be looked at, since when, and when at the latest
//! * [`state`] – collections, projects, trees; `apply_*` take in what a look found
//! * `listen` – what a touched path concerns; `verify` – what is compared without one
//! * `items` – from records and listings to classified items; `followed` – which follow a branch by its name; `marked` – which
//!   hold conflict markers; [`trials`] – which conflicts merge
//! * `pending`, `publish` and [`snapshot`] – the immutable picture for readers, [`wire`] – its edge to the wire
//! * [`announce`] – what subscribers hear, and when
//! * [`barrier`] – read your writes
//! * [`driver`] – the thread around it all, and [`handle`] – how others talk to it
//!
//! # Invariants
//!
//! * A finding is believed only if nothing changed while it was made; whatever is marked during a look is looked at
//!   again. Incremental state therefore equals a scan from scratch once nothing is outstanding.
//! * A barrier ends when everything marked before its drain ended was looked at, including what those looks discovered.
//! * A change costs what changed: nothing here iterates over all projects but registration, lost events and the slow
//!   verification.
//! * A status request changes nothing.

pub mod announce;
mod apply_collection;
mod apply_home;
mod apply_project;
mod apply_tree;
pub mod barrier;
mod commands;
pub mod driver;
pub mod event;
mod followed;
pub mod handle;
mod items;
mod listen;
pub mod load;
mod marked;
mod pending;
mod publish;
pub mod routes;
pub mod snapshot;
pub mod state;
#[cfg(test)]
mod tests;
pub mod trials;
pub mod unit;
mod verify;
pub mod wire;
pub mod work;

pub use event::{Command, Effect, Event, Now, Touch, WaiterId};
pub use state::State;
pub use unit::Unit;
