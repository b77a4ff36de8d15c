//! Everything that differs between operating systems: the local socket, detached children, private directories.
//!
//! Both files offer the same names, so the rest of the crate has no `cfg`.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;
