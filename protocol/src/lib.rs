//! Everything that `skillmeat`, `skillmeatd` and other programs exchange over the daemon's socket.
//!
//! This crate holds types, bytes and rules. It does no IO beyond [`std::io::Read`] and [`std::io::Write`], reads no
//! clock and no environment, so the same code runs in the smallest client and in tests. The JSON side (JSON-RPC 2.0,
//! one object per line) uses the `serde` names of these types; the contract is written down, with transcripts that
//! run as tests, in `protocol/README.md`.
//!
//! Reading order:
//!
//! * [`ids`], [`hash`], [`clock`] – names of things; [`bytes`] – what need not be text
//! * [`drift`] – the states of a deployed artifact and what to do about them
//! * [`request`] and [`reply`] – the closed enums of the conversation, [`event`] – what subscribers receive
//! * [`error`] – stable error codes and the exit codes of the client
//! * [`preamble`] – the eight bytes that never change; [`frame`] – length-prefixed messages; [`codec`] – bincode, and
//!   the only module that names it
//! * [`endpoint`] – where the socket, the lock and the logs are, as a pure function of the environment
//!
//! # Invariants
//!
//! * Enum variants are append-only: their order is the wire. Golden bytes in `tests/` fail on any change that does not
//!   raise [`preamble::PROTOCOL`].
//! * No recursive types: a decoder must not be able to overflow its stack.
//! * JSON field names are public and are never renamed.

pub mod bytes;
pub mod clock;
pub mod codec;
pub mod drift;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod frame;
pub mod hash;
pub mod ids;
pub mod preamble;
pub mod reply;
pub mod request;
