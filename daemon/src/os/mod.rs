//! Questions whose answer depends on the operating system; the only room with `cfg(target_os)` in its bodies.
//!
//! Each function answers on every platform: where a platform cannot say, the documentation names what is answered
//! instead, so that callers carry no `cfg` of their own.

pub mod create;
pub mod directory;
pub mod files;
pub mod memory;
pub mod private_dir;
pub mod process;
