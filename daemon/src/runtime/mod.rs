//! The process: what it is to the system and to whoever started it, before and around the engine.
//!
//! In the order of a start: [`instance`] (one daemon per home), [`detach`], [`log`], [`signals`], and when all is up
//! [`ready`]; [`run`] is that order, and `listening` where it ends up. [`names`] notices when the lock or the socket is taken away. [`paths`] says where the daemon keeps its own files;
//! [`home_files`] makes a fresh home.

pub mod detach;
pub mod home_files;
mod home_work;
pub mod instance;
mod listening;
pub mod log;
pub mod names;
pub mod paths;
pub mod ready;
pub mod run;
pub mod signals;
#[cfg(all(test, unix))]
pub(crate) mod testing;
