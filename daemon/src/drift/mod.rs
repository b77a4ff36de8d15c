//! Three-way classification: pure and total. Nothing here reads a file, a clock or another room.
//!
//! * [`sides`] brings the two trees and the recorded baseline to comparable hashes (the ignored-files rule of design §6)
//! * [`classify()`] maps the three sides to a state, by the table of design §6
//! * [`verdict`] says what a state means: the original's word, the side that moved, what resolves it

pub mod classify;
pub mod sides;
pub mod verdict;

pub use classify::{Baseline, Side, classify};
pub use sides::compare;
pub use verdict::Verdict;
