//! Comparing and merging of texts and of trees of files: pure functions from bytes to bytes.
//!
//! Nothing here reads a file, a clock or the environment, so that what decides over people's texts can be compared with
//! `git` a hundred thousand times, and the same code runs in the daemon, its client and the tests.
//!
//! Reading order:
//!
//! * [`binary`] – what is a text
//! * [`diff`] – what differs between two files or two trees, and how that is written as a patch
//! * [`three_way`] – what two sides made of one base, as one
//!
//! # Invariants
//!
//! * What is given out consists of lines that came in; nothing is decoded, recoded or normalised on the way.
//! * The same input gives the same output, on every machine.

pub mod binary;
pub mod diff;
pub mod three_way;
